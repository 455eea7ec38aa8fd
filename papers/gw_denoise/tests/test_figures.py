"""What a figure shows is what its CSV holds, under the right name, and both are the numbers of the run."""

import csv
import io
import json

import h5py
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.container import BarContainer
from scipy.signal import welch

from common.tables import as_csv
from common.training.history import read_history
from papers.gw_denoise.figures import FIGURES
from papers.gw_denoise.metrics.subtraction import read_test
from papers.gw_denoise.plots.inputs import Inputs
from papers.gw_denoise.plots.style import STYLES
from papers.gw_denoise.settings import EvaluateConfig
from papers.gw_denoise.tests.known import EVALUATE, METHODS, RATE

LABELS = {look["label"]: method for method, look in STYLES.items()}
UNITS = (1.0, 1e23)  # of what is drawn over what is in the CSV


@pytest.fixture(scope="module")
def inputs(known_run):
    """As stage figures makes them; each metric is that of one seed."""
    prepared = {task: known_run / f"prepared_{task}.h5" for task in ("lines", "broadband")}
    entries = json.loads((known_run / "seed0/metrics.json").read_text())
    return Inputs(
        config=EvaluateConfig(**EVALUATE),
        prepared=prepared,
        data={task: read_test(path, known_run / "seed0/predictions.h5") for task, path in prepared.items()},
        histories={name: [known_run / f"seed0/{name}/history.csv"] for name in METHODS},
        metrics={name: entry | {"sd": None, "values": [entry["value"]]} for name, entry in entries.items()},
    )


@pytest.fixture(scope="module")
def drawings(inputs):
    """Figure and columns of the CSV, as they are read back, by the number of the figure."""
    found = {}
    for draw in FIGURES:
        figure, drawn = draw(inputs)
        rows = list(csv.DictReader(io.StringIO(as_csv(drawn))))
        columns = {name: [row[name] for row in rows if row[name] != ""] for name in drawn}
        found[draw.__name__.partition("_")[0]] = figure, {name: numbers(texts) for name, texts in columns.items()}
    return found


def numbers(texts):
    try:
        return np.array([float(text) for text in texts])
    except ValueError:
        return texts


def close(one, other):
    return len(one) == len(other) and np.allclose(one, other, rtol=1e-4, atol=0, equal_nan=True)


def curves(axes):
    """x and y of all lines of at least three points but the straight ones that guide the eye, with their labels."""
    for line in axes.get_lines():
        x, y = (np.asarray(values, dtype=float) for values in line.get_data())
        if len(y) > 2 and np.ptp(y[np.isfinite(y)]) > 0:
            yield line.get_label(), x, y


def columns_of(y, columns):
    """Names of the columns that are a curve, where the curve is not cut out."""
    drawn = np.isfinite(y)
    return {
        name
        for name, values in columns.items()
        if len(values) == len(y) and any(close(y[drawn], unit * np.asarray(values)[drawn]) for unit in UNITS)
    }


@pytest.mark.parametrize("number", ["fig1", "fig2", "fig3", "fig6"])
def test_each_curve_is_the_column_of_its_label(drawings, number):
    figure, columns = drawings[number]
    abscissa = columns["time_s" if number == "fig6" else "frequency_hz"]
    labels = set()
    for label, x, y in curves(figure.axes[0]):
        assert close(x, abscissa) and LABELS[label] in columns_of(y, columns), label
        labels.add(LABELS[label])
    assert labels == columns.keys() - {"time_s", "frequency_hz", "spectral_only"} and len(labels) >= 4


@pytest.mark.parametrize("number", ["fig1", "fig2"])
def test_each_ratio_is_that_of_its_method_to_the_raw_strain(drawings, number):
    figure, columns = drawings[number]
    drawn = {LABELS[label]: y for label, _, y in curves(figure.axes[1])}
    assert drawn.keys() == columns.keys() - {"frequency_hz", "none"}
    for method, ratio in drawn.items():
        assert close(ratio, columns[method] / columns["none"]), method


@pytest.mark.parametrize(
    ("number", "task", "fft_s"), [("fig1", "lines", 4), ("fig2", "broadband", 2), ("fig3", "lines", 4)]
)
def test_spectra_are_those_of_the_cleaned_strain(drawings, known_run, number, task, fft_s):
    """Welch's method of SciPy on each segment without its ends, averaged by the number of FFTs."""
    _, columns = drawings[number]
    with h5py.File(known_run / f"prepared_{task}.h5") as file, h5py.File(known_run / "seed0/predictions.h5") as noise:
        strain, segments = file["test/strain"][:], file["test/segments"][:].tolist()
        removed = {"none": 0.0, "wiener": noise[f"{task}/wiener/noise"][:]}
    n_fft, edge = fft_s * RATE, EVALUATE["edge_s"] * RATE
    frequency = np.fft.rfftfreq(n_fft, 1 / RATE)
    used = np.isin(frequency.round(6), columns["frequency_hz"].round(6))
    assert used.sum() == len(columns["frequency_hz"])
    for method, series in removed.items():
        parts = [(strain - series)[a + edge : b - edge] for a, b in segments]
        weights = [(len(part) - n_fft) // (n_fft // 2) + 1 for part in parts]
        power = np.average([welch(part, RATE, nperseg=n_fft)[1] for part in parts], axis=0, weights=weights)
        assert columns[method] == pytest.approx(np.sqrt(power[used]), rel=1e-3), method


def test_losses_are_the_histories(drawings, known_run):
    figure, columns = drawings["fig4"]
    networks = [name for name in METHODS if name.endswith(("autoencoder", "slow_fast"))]
    for name in networks:
        history = read_history(known_run / f"seed0/{name}/history.csv")
        for column in ("update", "train_loss", "valid_loss"):
            assert close(columns[f"{name}.0.{column}"], history[column]), (name, column)
    assert len(columns) == 3 * len(networks)
    solid = {line.get_label() for axes in figure.axes for line in axes.get_lines() if line.get_linestyle() == "-"}
    assert {LABELS[label] for label in solid} == {"autoencoder", "slow_fast"}
    for axes, task in zip(figure.axes, ("lines", "broadband"), strict=True):
        for line in axes.get_lines():
            what = "valid_loss" if line.get_linestyle() == "-" else "train_loss"
            same = {name for name, values in columns.items() if close(line.get_ydata(), values)}
            assert any(name.startswith(task) and name.endswith(what) for name in same), (task, what)


def test_signals_are_the_recovered_ones(drawings, inputs):
    figure, columns = drawings["fig5"]
    left, right = figure.axes
    found = {LABELS[c.get_label()]: c.lines[0].get_data() for c in left.containers}
    assert found.keys() == {"none", "wiener", "autoencoder"}
    for method, (injected, recovered) in found.items():
        name = "raw" if method == "none" else method
        assert close(injected, columns[f"injected_{name}"]) and close(recovered, columns[f"found_{name}"])
        if method != "none":
            gain = 100 * (columns[f"injected_{method}"] / columns["injected_raw"] - 1)
            assert columns[f"gain_{method}"] == pytest.approx(gain, abs=0.01)
            points = {LABELS.get(line.get_label()): line.get_ydata() for line in right.get_lines()}
            assert close(points[method], columns[f"gain_{method}"])
            expected = inputs.metrics[f"broadband.{method}.injected_snr_gain_percent"]["value"]
            assert gain.mean() == pytest.approx(expected, abs=0.01)


def test_ranges_in_time_have_the_mean_of_the_metric(drawings, inputs):
    _, columns = drawings["fig6"]
    for method in ("none", "wiener", "oracle"):
        expected = inputs.metrics[f"broadband.{method}.bns_range_mpc"]["value"]
        assert columns[method].mean() == pytest.approx(expected, rel=0.02)


def test_coherence_is_drawn_where_it_belongs(drawings):
    figure, columns = drawings["fig7"]
    for axes, name in zip(figure.axes, ("mains", "products"), strict=True):
        drawn = {LABELS[label]: (x, y) for label, x, y in curves(axes)}
        assert drawn.keys() == {"none", "wiener", "autoencoder"}
        for method, (x, y) in drawn.items():
            assert close(x, columns["frequency_hz"]) and close(y, columns[f"{name}_{method}"])
    at_line = np.argmin(np.abs(columns["frequency_hz"] - 60))
    at_sideband = np.argmin(np.abs(columns["frequency_hz"] - 61))
    assert columns["mains_none"][at_line] > 0.99 and columns["mains_wiener"][at_line] < 0.3
    assert columns["mains_none"][at_sideband] < 0.3
    assert columns["products_none"][at_sideband] > 0.3 and columns["products_wiener"][at_sideband] > 0.3


def test_the_spectrogram_has_the_medians_of_its_csv(drawings):
    figure, columns = drawings["fig8"]
    meshes = [next(item for item in axes.collections if isinstance(item, QuadMesh)) for axes in figure.axes[:2]]
    titles = [LABELS[axes.get_title()] for axes in figure.axes[:2]]
    assert titles == ["none", "autoencoder"]
    for method, mesh in zip(titles, meshes, strict=True):
        shown = np.asarray(mesh.get_array()).reshape(len(columns["frequency_hz"]), -1)
        assert np.median(shown, axis=1) == pytest.approx(columns[f"median_{method}"], rel=0.05), method
        edges = np.asarray(mesh.get_coordinates())[:, 0, 1]
        assert (edges[1:] + edges[:-1]) / 2 == pytest.approx(columns["frequency_hz"])


def test_the_ranking_is_that_of_the_metrics(drawings, inputs):
    figure, columns = drawings["fig9"]
    bars = next(item for item in figure.axes[0].containers if isinstance(item, BarContainer))
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == columns["witness"] and len(names) == 3
    assert [bar.get_width() for bar in bars] == pytest.approx(columns["rise_percent"], rel=1e-4)
    for name, value, error in zip(names, columns["rise_percent"], columns["error"], strict=True):
        entry = inputs.metrics[f"ablation.lines.autoencoder.{name}"]
        assert (value, error) == pytest.approx((entry["value"], entry["error"]), rel=1e-4)
    assert (np.diff(columns["rise_percent"]) >= 0).all()


def test_efficiencies_are_those_of_the_metrics(drawings, inputs):
    figure, columns = drawings["fig10"]
    axes = figure.axes[0]
    labels = [LABELS[label.get_text()] for label in axes.get_yticklabels()]
    assert labels == columns["method"] == ["wiener", "bilinear", "autoencoder", "slow_fast"]
    for row, (method, container) in enumerate(zip(labels, axes.containers, strict=True)):
        entry = inputs.metrics[f"lines.{method}.eta"]
        assert columns["eta"][row] == pytest.approx(entry["value"], rel=1e-4)
        assert columns["error"][row] == pytest.approx(entry["error"], rel=1e-4)
        (x,), (y,) = container.lines[0].get_data()
        assert (x, y) == pytest.approx((entry["value"], row), rel=1e-4)
        (low, high), _ = container.lines[2][0].get_segments()[0].T
        assert high - low == pytest.approx(2 * entry["error"], rel=1e-3)
