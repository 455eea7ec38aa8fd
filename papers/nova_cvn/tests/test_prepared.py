"""Only hits are stored, batches are shuffled, mirrored and jittered, and nothing gets lost."""

import tracemalloc

import numpy as np
import pytest

from papers.nova_cvn.prepared.batches import BLOCK_EVENTS, augment, join, plain_batches, take, training_batches
from papers.nova_cvn.prepared.file import Prepared
from papers.nova_cvn.prepared.moments import MOMENTS, image_moments
from papers.nova_cvn.prepared.pixel_map import Events
from papers.nova_cvn.settings import AugmentConfig
from papers.nova_cvn.tests.made_events import paint, write_prepared

NOTHING = AugmentConfig(mirror=False, jitter=0)


@pytest.fixture
def painted():
    return paint(50)


@pytest.fixture
def prepared(painted, tmp_path):
    return Prepared(write_prepared(tmp_path / "a.h5", painted))


def test_images_come_back_as_they_were(painted, prepared):
    images = np.concatenate([images for images, _ in plain_batches(prepared, batch=7)])
    labels = np.concatenate([label for _, label in plain_batches(prepared, batch=7)])
    assert np.allclose(images, painted.views / 255) and np.array_equal(labels, painted.interaction)
    assert np.array_equal(prepared.energy_gev, painted.energy_gev)


def epoch(prepared, *, seed, config=NOTHING, batch=8, shuffle_blocks=2):
    return list(
        training_batches(
            prepared, config, batch=batch, shuffle_blocks=shuffle_blocks, random=np.random.default_rng(seed)
        )
    )


def test_an_epoch_has_every_event_once_in_a_new_order(tmp_path):
    n = 3 * BLOCK_EVENTS + 100
    views = np.zeros((n, 2, 100, 80), np.uint8)
    views[np.arange(n), 0, np.arange(n) % 100, np.arange(n) // 100] = 255  # every event has a pixel of its own
    none = np.zeros(n, np.float32)
    prepared = Prepared(write_prepared(tmp_path / "b.h5", Events(views, np.arange(n) % 15, none, none)))
    found = []
    for seed in (1, 2):
        batches = epoch(prepared, seed=seed)
        images, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
        plane, cell = np.divmod(images[:, 0].reshape(n, -1).argmax(axis=1), 80)
        number = plane + 100 * cell
        assert np.array_equal(np.sort(number), np.arange(n))
        assert np.array_equal(labels, number % 15)  # labels follow their images
        assert [len(label) for _, label in batches[:-1]] == [8] * (len(batches) - 1)
        found.append(number)
    assert not np.array_equal(*found)
    assert np.abs(np.diff(found[0])).mean() > BLOCK_EVENTS / 4  # mixed, not just blocks in another order


def test_the_same_seed_gives_the_same_batches(prepared):
    config = AugmentConfig(mirror=True, jitter=0.01)
    for (one, _), (other, _) in zip(*(epoch(prepared, seed=3, config=config) for _ in range(2)), strict=True):
        assert np.array_equal(one, other)


def test_training_batches_are_mirrored_and_jittered(painted, prepared):
    config = AugmentConfig(mirror=True, jitter=0.01)
    images = np.concatenate([images for images, _ in epoch(prepared, seed=3, config=config)])
    found = set()
    for image in images:
        for mirrored, step in enumerate((1, -1)):
            same = np.flatnonzero(((painted.views[..., ::step] > 0) == (image > 0)).all(axis=(1, 2, 3)))
            found |= {(int(event), mirrored) for event in same}
            for event in same:
                ratio = 255 * image[image > 0] / painted.views[event, ..., ::step][image > 0]
                assert 0.003 < ratio.std() < 0.03
    assert len(found) == 50 and 10 < sum(mirrored for _, mirrored in found) < 40


def test_both_views_are_mirrored_together(painted, prepared):
    hits = prepared.hits(0, 50)
    config = AugmentConfig(mirror=True, jitter=0)
    images = augment(hits, prepared.shape, config, np.random.default_rng(0)).images(prepared.shape)
    as_is = np.isclose(images, painted.views / 255).all(axis=(1, 2, 3))
    mirrored = np.isclose(images, painted.views[..., ::-1] / 255).all(axis=(1, 2, 3))
    assert np.all(as_is ^ mirrored) and 10 < mirrored.sum() < 40


def test_jitter_has_the_articles_width(prepared):
    hits = prepared.hits(0, 50)
    changed = augment(hits, prepared.shape, AugmentConfig(mirror=False, jitter=0.01), np.random.default_rng(0))
    ratio = changed.value / hits.value
    assert ratio.std() == pytest.approx(0.01, rel=0.1) and ratio.mean() == pytest.approx(1, abs=0.001)


def test_take_and_join(prepared):
    hits = prepared.hits(0, 50)
    chosen = np.array([7, 3, 49, 3])
    images = hits.images(prepared.shape)
    assert np.array_equal(take(hits, chosen).images(prepared.shape), images[chosen])
    assert np.array_equal(join([take(hits, chosen), hits]).images(prepared.shape), images[[*chosen, *range(50)]])


def test_memory_does_not_grow_with_the_file(tmp_path):
    painted = paint(200)
    path = tmp_path / "long.h5"
    many = Events(*(np.tile(values, (20, *[1] * (values.ndim - 1))) for values in vars(painted).values()))
    prepared = Prepared(write_prepared(path, many))
    tracemalloc.start()
    for _ in training_batches(prepared, NOTHING, batch=8, shuffle_blocks=1, random=np.random.default_rng(0)):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < many.views.nbytes / 4


def test_moments_of_a_straight_track():
    views = np.zeros((1, 2, 100, 80), np.uint8)
    views[0, :, np.arange(10, 50), 40] = 100
    found = dict(zip(MOMENTS, image_moments(views)[0], strict=True))
    assert found["hits"] == 80 and found["value_sum"] == 8000 and found["value_per_hit"] == 100
    assert found["length"] == 40 and found["hits_per_plane"] == 1 and found["empty_planes"] == 0
    assert found["rms_plane"] == pytest.approx(np.sqrt((40**2 - 1) / 12), rel=1e-4)
    assert found["rms_cell"] == 0 and found["width"] == pytest.approx(0, abs=0.1)
    assert found["elongation"] == pytest.approx(1, abs=1e-4)
    assert found["mean_plane"] == pytest.approx(19.5 / 40)


def test_moments_of_an_inclined_track_have_no_width():
    views = np.zeros((1, 2, 100, 80), np.uint8)
    views[0, :, np.arange(10, 50), np.arange(10, 50)] = 100
    found = dict(zip(MOMENTS, image_moments(views)[0], strict=True))
    assert found["rms_cell"] > 10 and found["width"] == pytest.approx(0, abs=0.1)


def test_moments_of_an_empty_event_are_finite():
    assert np.isfinite(image_moments(np.zeros((1, 2, 100, 80), np.uint8))).all()
