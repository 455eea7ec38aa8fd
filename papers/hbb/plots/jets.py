"""The jets themselves, beside numbers of the record's jets."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from common.plotting import Drawing, new_figure

from ..metrics.features import largest_sip3d
from ..prepared import Array
from .sources import Inputs
from .style import Columns

# Read by eye from histograms of a public course repository, so not in published.yaml.
MODE_OF_TRACKS = {"record, QCD mode": 22.0, "record, H": 25.0}
PEAK_OF_HIGGS_MASS_GEV = {"record, H peak": 115.0}


class Panel(NamedTuple):
    """One quantity (jet,), its bins, and numbers of the record by what the legend says."""

    key: str  # in the CSV
    xlabel: str
    values: Array
    edges: Array
    reference: dict[str, float]


def fig6_inputs(inputs: Inputs) -> Drawing:
    """Distributions of what the taggers see, for QCD and H → bb̄ jets of the test files without the window.

    Each distribution is normalised to the number of jets of its class; jets beyond an axis are in its last bin. Dashed
    lines are numbers of the record's jets, where they are known. Sip3dSig is the significance of the impact parameter
    in space of the most displaced track: a generator that gets the material of the detector wrong shows here first.
    """
    spectators, reference = inputs.everything.spectators, inputs.reference
    sip3d = np.maximum(largest_sip3d(inputs.jets), 0.5)
    sip3d_reference = {"record, QCD median": reference["feature.qcd.largest_sip3d_significance"]}
    pt_reference, npv_reference = ({"record, mean": reference[f"feature.{name}_mean"]} for name in ("pt", "npv"))
    panels = [
        Panel("n_tracks", "tracks per jet", spectators["ntracks"], np.arange(0, 82, 2), MODE_OF_TRACKS),
        Panel("sip3d", "largest Sip3dSig", sip3d, np.geomspace(0.5, 2000, 37), sip3d_reference),
        Panel("nsv", "secondary vertices", spectators["nsv"], np.arange(-0.5, 9), {}),
        Panel("mass", "soft-drop mass [GeV]", spectators["fj_sdmass"], np.linspace(0, 250, 51), PEAK_OF_HIGGS_MASS_GEV),
        Panel("pt", "$p_T$ [GeV]", spectators["fj_pt"], np.linspace(200, 2600, 49), pt_reference),
        Panel("npv", "primary vertices", spectators["npv"], np.arange(0, 52, 2), npv_reference),
    ]
    figure, grid = new_figure(nrows=2, ncols=3, figsize=(9.5, 5.6))
    columns: Columns = {}
    for axes, panel in zip(grid.flat, panels, strict=True):
        columns |= draw_classes(axes, panel, inputs.everything.label)
    grid[0, 1].set_xscale("log")
    return figure, columns


def draw_classes(axes: Axes, panel: Panel, truth: Array) -> Columns:
    """Draw the distributions of both classes; `truth` (jet,) is 1 for H."""
    columns: Columns = {}
    for number, (kind, text) in enumerate((("qcd", "QCD"), ("higgs", "H to bb"))):
        values = np.clip(panel.values[truth == number], panel.edges[0], panel.edges[-1])
        share = np.histogram(values, panel.edges)[0] / max(len(values), 1)
        axes.stairs(share, panel.edges, label=text, color=f"C{number}")
        columns[f"{panel.key}_{kind}"] = share
    columns |= {f"{panel.key}_low": panel.edges[:-1], f"{panel.key}_high": panel.edges[1:]}
    for (text, value), grey in zip(panel.reference.items(), ("0.3", "0.55"), strict=False):
        axes.axvline(value, color=grey, linestyle="--", label=text)
    axes.set(xlabel=panel.xlabel, ylabel="share of jets")
    axes.set_ylim(top=1.4 * axes.get_ylim()[1])  # room for the legend
    axes.legend(fontsize=6.5)
    return columns
