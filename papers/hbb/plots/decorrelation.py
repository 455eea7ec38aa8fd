"""Sculpting of the QCD mass by cuts on the taggers, without and with the mass-dependent cut DDT."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from common.plotting import Drawing, new_figure

from ..metrics.decorrelation import DDT, mass_edges
from ..metrics.tagging import threshold_at
from ..prepared import Array
from .sources import ADVERSARIAL, HEADLINE, STANDARDISED, Inputs
from .style import Columns, colour, label


def fig2_sculpting(inputs: Inputs) -> Drawing:
    """Soft-drop mass of QCD test jets within the window before and after cuts on the tagger.

    The left panel has the mass spectrum, normalised to unit area, before and after cuts of the same mistag rate. The
    other panels have the mistag rate at the given tagging efficiency in bins of the mass, divided by that of all
    masses: 1 everywhere means no sculpting. Plain cuts use one threshold; DDT uses one that depends on the mass. The
    scores are those of the first seed, and the errors are statistical.
    """
    qcd, edges = inputs.test.label == 0, mass_edges(inputs.config)
    mass = inputs.test.spectators["fj_sdmass"][qcd]
    passing = passing_by_method(inputs)
    figure, panels = new_figure(figsize=(3.8 * (1 + len(passing)), 3.8), ncols=1 + len(passing))
    columns: Columns = {"low_gev": edges[:-1], "high_gev": edges[1:]}
    columns |= draw_densities(panels[0], mass, masks_at_one_mistag(inputs), edges)
    panels[0].set(ylabel="normalised density [1/GeV]", title=f"{100 * inputs.config.mistag:g} % mistag rate")
    title = f"at {100 * max(inputs.config.decorrelation_efficiencies):.0f} % tagging efficiency"
    for axes, (name, masks) in zip(panels[1:], passing.items(), strict=True):
        columns |= draw_relative_mistag(axes, mass, masks, edges, method=name)
        axes.set(ylabel="mistag rate / that of all masses", title=f"{label(name)},\n{title}")
    for axes in panels:
        axes.set(xlabel="soft-drop mass of QCD jets [GeV]")
        axes.legend()
    return figure, columns


def masks_at_one_mistag(inputs: Inputs) -> dict[str, Array]:
    """Return masks (QCD jet,) of the jets that pass cuts of the same mistag rate, by legend."""
    qcd, score = inputs.test.label == 0, inputs.test.scores[HEADLINE]
    plain = score >= threshold_at(score[qcd], inputs.config.mistag)
    ddt = inputs.decorrelated[DDT[HEADLINE]]["passed_mistag"]
    return {"no cut": qcd[qcd], "plain cut": plain[qcd], "DDT": ddt[qcd]}


def passing_by_method(inputs: Inputs) -> dict[str, dict[str, Array]]:
    """Return masks (QCD jet,) at the largest of the tagging efficiencies, by method with DDT and by legend."""
    qcd, scores = inputs.test.label == 0, inputs.test.scores
    efficiency = max(inputs.config.decorrelation_efficiencies)

    def plain_cut(name: str) -> Array:
        return (scores[name] >= threshold_at(scores[name][~qcd], efficiency))[qcd]

    passing: dict[str, dict[str, Array]] = {}
    for name, cut in DDT.items():
        if cut in inputs.decorrelated:
            ddt = inputs.decorrelated[cut][f"passed_{100 * efficiency:.0f}"][qcd]
            passing[name] = {"plain cut": plain_cut(name), "DDT": ddt}
    if ADVERSARIAL in scores and STANDARDISED in passing:  # both networks differ by the adversary only
        passing[STANDARDISED]["adversarial"] = plain_cut(ADVERSARIAL)
    return passing


def draw_densities(axes: Axes, mass: Array, masks: Mapping[str, Array], edges: Array) -> Columns:
    """Draw the mass (jet,) [GeV] with unit area for each mask (jet,); the first one is filled."""
    width, centre = np.diff(edges), (edges[:-1] + edges[1:]) / 2
    columns: Columns = {}
    for number, (name, mask) in enumerate(masks.items()):
        count = np.histogram(mass[mask], edges)[0].astype(float)
        total = max(count.sum(), 1)
        density, error = count / total / width, np.sqrt(count) / total / width
        style = {"color": "0.6", "fill": True} if number == 0 else {"color": f"C{number - 1}", "linewidth": 1.6}
        axes.stairs(density, edges, label=f"{name}: {int(count.sum())} jets", **style)
        if number:
            axes.errorbar(centre + 0.8 * (number - 2), density, error, fmt="none", color=f"C{number - 1}")
        columns |= {f"{name.replace(' ', '_')}_density": density, f"{name.replace(' ', '_')}_error": error}
    return columns


def draw_relative_mistag(axes: Axes, mass: Array, masks: Mapping[str, Array], edges: Array, *, method: str) -> Columns:
    """Draw the mistag rate in bins of the mass over that of all masses, for each mask (jet,) of QCD jets."""
    columns: Columns = {}
    n_jets, centre = np.maximum(np.histogram(mass, edges)[0], 1), (edges[:-1] + edges[1:]) / 2
    axes.axhline(1, color="0.6", linewidth=0.8)
    for number, (name, mask) in enumerate(masks.items()):
        share = np.histogram(mass[mask], edges)[0] / n_jets
        average = max(float(mask.mean()), 1e-9)
        ratio, error = share / average, np.sqrt(share * (1 - share) / n_jets) / average
        text = f"{name}: {mask.sum()} jets"
        axes.errorbar(centre + 3 * number - 1.5, ratio, error, fmt="o", color=f"C{number}", label=text)
        key = f"{method}_{name.replace(' ', '_')}"
        columns |= {f"{key}_relative_mistag": ratio, f"{key}_relative_mistag_error": error}
    axes.set_ylim(bottom=0)
    return columns


def fig3_decorrelation(inputs: Inputs) -> Drawing:
    """Flatness of the QCD mass against QCD rejection: 1/D_JS against 1/mistag rate; large values of both are good.

    D_JS is the Jensen-Shannon divergence between the soft-drop masses of passing and failing QCD test jets within the
    window, at the tagging efficiency written beside each point. Points are means over the seeds, with errors. The
    dotted line is DDT fitted to shuffled masses, the best that DDT can reach with so few jets.
    """
    figure, axes = new_figure(figsize=(9, 5))
    columns: Columns = {}
    methods = [name for name in inputs.test.scores if name != "best_variable"]
    for name in [*methods, *DDT.values(), "chance"]:
        points = working_points(inputs, name)
        if points is None:
            continue
        efficiency, x, y, error = points
        style = {"marker": "o"} if name != "chance" else {"linestyle": ":", "marker": "."}
        text = "DDT if the mass meant nothing" if name == "chance" else label(name)
        axes.errorbar(x, y, np.minimum(error, 0.9 * y), color=colour(name), label=text, **style)
        for percent, *point in zip(efficiency, x, y, strict=True):
            axes.annotate(f"{percent:.0f} %", point, xytext=(3, 3), textcoords="offset points", fontsize=7)
        columns |= {f"{name}_rejection": x, f"{name}_inverse_djs": y, f"{name}_error": error}
    axes.set(xlabel="1/mistag rate", ylabel="1/D$_{JS}$ of the QCD mass", xscale="log", yscale="log")
    figure.legend(loc="outside center right")
    return figure, columns


def working_points(inputs: Inputs, name: str) -> tuple[Array, Array, Array, Array] | None:
    """Return tagging efficiency [%], 1/mistag, 1/D_JS and its error (point,) of a method, None if nothing is known.

    D_JS is 0 if no jet passes, or all do; such points are left out.
    """
    method, metric = ("ddt", "shuffled_djs") if name == "chance" else (name, "djs")
    points = []
    for efficiency in inputs.config.decorrelation_efficiencies:
        key = f"{100 * efficiency:.0f}"
        divergence = inputs.metrics.get(f"{method}.{metric}_{key}")
        if divergence is not None:
            mistag = inputs.metrics[f"{method}.mistag_{key}"]["value"]
            points.append((100 * efficiency, 1 / max(mistag, 1e-6), divergence["value"], divergence["error"]))
    if not points:
        return None
    efficiency, rejection, djs, djs_error = np.array([point for point in points if point[2] > 0]).reshape(-1, 4).T
    return efficiency, rejection, 1 / djs, (1 / djs) ** 2 * djs_error
