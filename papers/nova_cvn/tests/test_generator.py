"""Generated events: the published mix, the order of axes of the public files, seeds, and the real events."""

import h5py
import numpy as np
import pytest

from common.settings import load_settings
from common.workflow.closure import ROOT
from papers.nova_cvn.prepared.labels import COSMIC, NC
from papers.nova_cvn.settings import Settings

pytest.importorskip("numba")
pytest.importorskip("pythia8mc")

from papers.nova_cvn.archive.nova import read_nova
from papers.nova_cvn.generator.event import Generator, count_visible
from papers.nova_cvn.generator.particles import MUON, NEUTRON, PION, Particle
from papers.nova_cvn.metrics.thesis_events import TYPES
from papers.nova_cvn.simulate import choose_labels, generate, write_events
from papers.nova_cvn.tests.made_events import needs_real_events, real_events
from tests.guards.chain import call
from tests.run_settings import write_settings

CONFIG = load_settings(ROOT / "papers/nova_cvn", "smoke", Settings).simulate


@pytest.fixture(scope="module")
def generator():
    return Generator(CONFIG)


def test_classes_have_the_published_shares():
    labels = choose_labels(CONFIG, n_events=200_000, random=np.random.default_rng(1))
    total = sum(CONFIG.class_counts.values())
    for label, count in CONFIG.class_counts.items():
        expected = 200_000 * count / total
        assert abs(np.sum(labels == label) - expected) < 5 * np.sqrt(expected) + 1, label


def test_an_event_depends_on_its_class_and_seed_alone(generator):
    first, other_generator = [generator.event(label, (7, label)) for label in (2, 10, NC, COSMIC)], Generator(CONFIG)
    again = [other_generator.event(label, (7, label)) for label in (COSMIC, NC, 10, 2)][::-1]
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(one.maps, two.maps)
        assert one[1:] == two[1:]
    other = generator.event(2, (8, 2))
    assert not np.array_equal(other.maps, first[0].maps)


@pytest.mark.parametrize("label", sorted(CONFIG.class_counts))
def test_every_class_makes_visible_events(label, generator):
    for index in range(3):
        event = generator.event(label, (9, label, index))
        assert event.maps.shape == (2, 100, 80)
        assert (event.maps > 0).sum() >= 0.6 * CONFIG.min_hits  # a few hits are outside of the 80 cells
        assert (event.energy_gev == 0) == (label == COSMIC)
        assert (event.lepton_gev == 0) == (label in (NC, COSMIC))
        assert event.lepton_gev <= event.energy_gev
        assert event.n_visible >= 1 or label == NC


def test_a_muon_leaves_two_mev_per_centimetre(generator):
    """In the 5.6 cm of a cell, of a density of 0.86 g/cm3: 9.8 MeV of the 80 that a full pixel stands for."""
    values = np.concatenate([m[m > 0] for k in range(12) for m in generator.event(COSMIC, (13, k)).maps])
    assert np.median(values) * CONFIG.full_mev / 255 == pytest.approx(9.8, rel=0.35)


def test_electrons_deposit_what_neutrinos_bring(generator):
    """Visible energy of νe QE events: all but the dead plastic, threshold and quenching of the electron's energy."""
    events = [generator.event(4, (15, k)) for k in range(25)]
    seen = [event.maps.sum() * CONFIG.full_mev / 255 * 1e-3 / event.lepton_gev for event in events]
    assert np.median(seen) == pytest.approx(0.65 * 0.95, abs=0.12)


def test_a_file_is_read_as_the_public_ones_are(tmp_path):
    labels, events = generate(CONFIG, n_events=30, seed=5)
    path = tmp_path / "train_0.h5"
    write_events(path, labels, events)
    with h5py.File(path) as file:
        assert file["cvnmap"].shape == (30, 16000) and file["cvnmap"].dtype == np.uint8
        assert set(file["neutrino"]) == {"interaction", "nuenergy", "lepenergy", "finalstate"}
        assert np.array_equal(file["cvnmap"][3, :8000].reshape(100, 80), events[3].maps[0])
        assert np.array_equal(file["cvnmap"][3, 8000:].reshape(100, 80), events[3].maps[1])
    (block,) = read_nova(path, block_events=64, min_order_ratio=1.2)
    assert np.array_equal(block.interaction, labels)
    assert np.allclose(block.energy_gev, [event.energy_gev for event in events])
    assert np.allclose(block.lepton_gev, [event.lepton_gev for event in events])
    assert 1 < np.median(block.energy_gev[labels < COSMIC]) < 8  # GeV, from the beam's peak to its tail
    again = generate(CONFIG, n_events=30, seed=5)
    assert np.array_equal(again[0], labels)
    assert all(np.array_equal(one.maps, two.maps) for one, two in zip(again[1], events, strict=True))


def test_files_of_a_run_have_events_of_their_own(tmp_path, monkeypatch):
    """Two files of a split and one of another; the same name gives the same file again."""
    monkeypatch.setenv("PAPERS_DATA", str(tmp_path))
    config = CONFIG.model_copy(update={"n_events": dict.fromkeys(CONFIG.n_events, 2)})
    settings, found = write_settings(tmp_path / "settings.yaml", simulate=config.model_dump(mode="json")), []
    for folder, name in (("a", "train_0"), ("a", "train_1"), ("a", "test_0"), ("b", "train_0")):
        files = {"events": tmp_path / folder / f"{name}.h5", "receipt": tmp_path / folder / f"{name}.json"}
        call("papers.nova_cvn.simulate", settings=settings, split=name.split("_")[0], **files)
        with h5py.File(files["events"]) as file:
            found.append([image.tobytes() for image in file["cvnmap"][:]])
    assert found[0] == found[3] and len({image for images in found for image in images}) == 6


def test_visible_particles_are_counted():
    particles = [Particle(MUON, (0, 0, 1.0)), Particle(PION, (0, 0, 0.05)), Particle(NEUTRON, (0, 0, 2.0))]
    assert count_visible(particles) == 1
    assert count_visible([*particles, Particle(-PION, (0.3, 0, 0))]) == 2


# ---- the real events ----


def columns_and_hits(view: np.ndarray) -> dict[str, float]:
    """Return summary numbers of one view (column, row)."""
    seen = view > 0
    columns, rows = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(columns):
        return {"hits": 0, "columns": 0, "rows": 0, "occupancy": 0, "filled": 0}
    extent = columns[-1] - columns[0] + 1
    return {
        "hits": seen.sum(),
        "columns": extent,
        "rows": rows[-1] - rows[0] + 1,
        "occupancy": seen.sum(axis=1)[columns].mean(),
        "filled": len(columns) / extent,
    }


@needs_real_events
@pytest.mark.parametrize("label", [2, 6, NC])
def test_real_events_lie_within_the_generated_ones(label, generator):
    """Hits, extent, hits per column and gaps: between the 2nd and 98th percentile of events of their class."""
    ours = [columns_and_hits(view) for k in range(80) for view in generator.event(label, (11, label, k)).maps]
    for view in real_events()[TYPES[label]]:
        assert (view > 0).sum() > 50
        for name, value in columns_and_hits(view).items():
            low, high = np.percentile([row[name] for row in ours], [2, 98])
            assert low <= value <= high, name
