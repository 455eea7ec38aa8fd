"""The networks beside plain transcriptions of the article's layers in NumPy, and what predictions must not see.

Sec. 4 of arXiv:1511.05190; the local response normalisation is that of the authors' code.
"""

import numpy as np
import pytest
from scipy.signal import correlate2d

torch = pytest.importorskip("torch")

from papers.jet_images.generator import imaging  # noqa: E402
from papers.jet_images.generator.imaging import Deposits, make_image  # noqa: E402
from papers.jet_images.image import normalise  # noqa: E402
from papers.jet_images.model import build  # noqa: E402
from papers.jet_images.predict import score  # noqa: E402
from papers.jet_images.prepared import Jets  # noqa: E402


def random_network(kind):
    """Return a network with biases, in double precision, and its parameters in their order."""
    torch.manual_seed(2)
    network = build(kind).double().eval()
    for name, value in network.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(value, std=0.3)
    return network, [value.detach().numpy() for value in network.parameters()]


def relu(values):
    return np.maximum(values, 0)


def plain_maxout(image, parameters):
    """625 -> maxout 256 of 5 -> maxout 128 of 5 -> 64 ReLU -> 25 ReLU -> 1."""
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = parameters
    values = image.ravel()
    values = (w1 @ values + b1).reshape(256, 5).max(axis=1)
    values = (w2 @ values + b2).reshape(128, 5).max(axis=1)
    nodes = relu(w4 @ relu(w3 @ values + b3) + b4)
    return (w5 @ nodes + b5).item(), nodes


def pooled(image, size):
    """Return the largest pixel of each square; what is left over at the end is dropped."""
    n = len(image) // size
    return image[: n * size, : n * size].reshape(n, size, n, size).max(axis=(1, 3))


def plain_convnet(image, parameters):
    """Three times: full correlation, ReLU, largest of 2, 3, 3; then normalisation over five maps -> 64 ReLU -> 1."""
    maps = [image]
    for layer, pool in enumerate((2, 3, 3)):
        kernels, biases = parameters[2 * layer : 2 * layer + 2]
        found = []
        for kernel, bias in zip(kernels, biases, strict=True):
            padded = (np.pad(own, kernel.shape[-1] - 1) for own in maps)
            total = sum(correlate2d(own, part, mode="valid") for own, part in zip(padded, kernel, strict=True))
            found.append(pooled(relu(total + bias), pool))
        maps = found
    maps = np.array(maps)  # (32, 2, 2)
    squares = np.pad(maps**2, ((2, 2), (0, 0), (0, 0)))
    nearby = sum(squares[first : first + 32] for first in range(5))
    values = (maps / (2 + 1e-4 * nearby) ** 0.75).ravel()
    w1, b1, w2, b2 = parameters[6:]
    return (w2 @ relu(w1 @ values + b1) + b2).item()


def images(n=4):
    generator = np.random.default_rng(5)
    return generator.gamma(0.3, 3, (n, 25, 25))


def test_maxout_is_the_plain_transcription():
    network, parameters = random_network("maxout")
    for image in images():
        logit, nodes = plain_maxout(image, parameters)
        assert network(torch.from_numpy(image[None])).item() == pytest.approx(logit)
        assert network.last(torch.from_numpy(image[None])).detach().numpy()[0] == pytest.approx(nodes)


def test_the_convnet_is_the_plain_transcription():
    network, parameters = random_network("convnet")
    for image in images(2):
        for scale in (1.0, 30.0):  # with large responses the normalisation matters
            found = network(torch.from_numpy(scale * image[None])).item()
            assert found == pytest.approx(plain_convnet(scale * image, parameters))


@pytest.mark.parametrize(("kind", "rates"), [("maxout", [0.3, 0.2, 0.2, 0.3]), ("convnet", [0.2, 0.1])])
def test_dropout_has_the_article_s_rates_and_sleeps_at_prediction(kind, rates):
    network = build(kind)
    assert [layer.p for layer in network.modules() if isinstance(layer, torch.nn.Dropout)] == rates
    image = torch.from_numpy(images(1)).float()
    network.train()
    assert len({float(network(image)) for _ in range(5)}) > 1
    network.eval()
    assert len({float(network(image)) for _ in range(3)}) == 1


def test_the_penalty_is_a_hundredth_of_the_convolutions_squared_weights():
    network, parameters = random_network("convnet")
    assert float(network.penalty()) == pytest.approx(0.01 * sum(np.sum(kernel**2) for kernel in parameters[:6:2]))
    assert float(build("maxout").penalty()) == 0


def test_scores_are_those_of_one_jet_at_a_time_in_their_order():
    """On unequal jets, with random weights; a mirrored jet is another one, because nothing is augmented."""
    network, parameters = random_network("maxout")
    jets = Jets(images(7).astype(np.float32), np.zeros(7), np.ones(7), {})
    found = score(network.float(), jets.inputs(normalised=True), batch=3)
    expected = [plain_maxout(normalise(image[None])[0], parameters)[0] for image in jets.image.astype(float)]
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-3)
    assert np.abs(score(network, normalise(jets.image)[:, :, ::-1].copy(), batch=3) - found).min() > 0.01


# Invariances of the preprocessing


def jet(*, turn=0.0, mirror=1.0, eta=0.4, phi=0.6):
    """Return a jet of two subjets and soft towers, turned about the first subjet, mirrored, and moved."""
    distance = np.array([0.0, 0.52, 0.31, 0.44, 0.2])
    direction = np.array([0.0, -1.3, 0.4, 0.1, 2.5]) * mirror + turn
    pt = np.array([170.0, 80.0, 12.0, 9.0, 4.0])
    azimuth = (phi + distance * np.sin(direction) + np.pi) % (2 * np.pi) - np.pi  # with its cut at pi
    towers = np.stack([pt, eta + distance * np.cos(direction), azimuth])
    return Deposits(towers, towers[:, :2])


STEPS = ["rotate", "flip"]


@pytest.mark.parametrize("change", [{"eta": -1.1}, {"phi": 3.0}, {"phi": -3.1, "eta": 1.4}])
def test_an_image_does_not_know_where_the_jet_was(change):
    assert make_image(jet(**change), steps=STEPS) == pytest.approx(make_image(jet(), steps=STEPS), abs=1e-6)


@pytest.mark.parametrize("turn", [np.pi / 2, np.pi, -np.pi / 2])
def test_quarter_turns_of_the_jet_leave_the_image_nearly_as_it_is(turn):
    """A tower may fall into the neighbouring pixel: half a pixel's width decides."""
    image, turned = (make_image(own, steps=STEPS) for own in (jet(), jet(turn=turn)))
    share = np.sum(np.minimum(image, turned).clip(0)) / image.sum()
    assert share > 0.95


def test_a_mirrored_jet_has_the_same_image_and_without_the_flip_the_mirrored_one():
    # Towers lie within pixels, so a mirror that moves no tower over an edge needs a jet at a pixel's middle.
    plain, mirrored = (make_image(own, steps=["flip"]) for own in (on_grid(1), on_grid(-1)))
    assert plain == pytest.approx(mirrored)
    plain, mirrored = (make_image(own, steps=[]) for own in (on_grid(1), on_grid(-1)))
    assert plain == pytest.approx(mirrored[:, ::-1]) and not np.allclose(plain, mirrored)


def on_grid(side):
    """Return a jet whose towers lie at the middles of pixels, with more on one side."""
    towers = np.array([(150.0, 0.0, 0.0), (70.0, side * 0.1, -0.6), (20.0, side * 0.4, 0.3)]).T
    return Deposits(towers, towers[:, :2])


def test_the_azimuth_of_the_second_subjet_is_taken_across_pi():
    """On both sides of the cut at pi, the direction from the first subjet to the second is the same."""
    for phi in (3.0, 3.14, -3.1):
        second = (phi + 0.4 + np.pi) % (2 * np.pi) - np.pi
        towers = np.array([(150.0, 0.0, phi), (70.0, 0.3, second)]).T
        angle = imaging.turn_angle(imaging.translate(Deposits(towers, towers)))
        assert np.exp(1j * angle) == pytest.approx(np.exp(1j * (-np.pi / 2 - np.arctan2(0.4, 0.3))))


def test_unit_norm_forgets_the_scale_and_gev_does_not():
    jets = Jets(images(3), np.zeros(3), np.ones(3), {})
    louder = Jets(2.5 * jets.image, jets.label, jets.weight, {})
    assert louder.inputs(normalised=True) == pytest.approx(jets.inputs(normalised=True))
    assert np.array_equal(louder.inputs(normalised=False), 2.5 * jets.image)
