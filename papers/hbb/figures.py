"""Draw the figures of arXiv:1909.12285 from stored scores, and the inputs beside the record's own numbers.

Prepared test files, scores.h5 and history.csv of each tagger and seed, decorrelated.h5, metrics.json ->
figures/fig*.{pdf,png,csv}. Scores are those of the first seed; nothing is trained or predicted here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from matplotlib.figure import Figure

from common.download.receipts import origin_of, read_receipt
from common.plotting import save_figure
from common.stage import parse, run
from papers.hbb import drawing
from papers.hbb.cache import Array, Jets
from papers.hbb.decorrelation import DDT, mass_edges
from papers.hbb.evaluate import largest_sip3d
from papers.hbb.measures import binned_efficiency, binned_rates, threshold_at
from papers.hbb.sample import Sample, read_sample
from papers.hbb.settings import EvaluateConfig

Drawn = dict[str, Any]
HEADLINE, STANDARDISED, ADVERSARIAL = "interaction", "interaction_standardised", "interaction_adversarial"
SHOWN = (HEADLINE, STANDARDISED, "double_b", "variables")  # where more would hide each other


@dataclass(frozen=True)
class Inputs:
    """What the figures are drawn from; `test` is within the window, `everything` is not."""

    config: EvaluateConfig
    test: Sample
    everything: Sample
    jets: Jets
    decorrelated: dict[str, dict[str, Array]]  # by cut: `roc` and the jets that pass at each working point
    histories: list[Path]
    metrics: dict[str, dict[str, Any]]

    def shown(self) -> dict[str, Array]:
        """Return the scores of the taggers that all figures show."""
        return {name: self.test.scores[name] for name in SHOWN if name in self.test.scores}


def figure_roc(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Mistag rate against tagging efficiency of all taggers, within the article's window and without it."""
    panels = []
    for title, sample, area in (("window", inputs.test, "auc"), ("all jets", inputs.everything, "auc_all")):
        areas = {name: inputs.metrics[f"{name}.{area}"]["value"] for name in sample.scores}
        panels.append(drawing.Roc(title, sample.label, sample.scores, areas))
    return drawing.draw_rocs(panels, inputs.decorrelated["ddt"]["roc"])


def figure_sculpting(inputs: Inputs) -> tuple[Figure, Drawn]:
    """QCD mass before and after cuts at one mistag rate; share that passes against the mass at one efficiency."""
    test, mistag = inputs.test, inputs.config.mistag
    qcd = test.label == 0
    efficiency = max(inputs.config.decorrelation_efficiencies)
    cuts = {name: inputs.decorrelated[cut] for name, cut in DDT.items() if cut in inputs.decorrelated}
    score = test.scores[HEADLINE]
    plain = score >= threshold_at(score[qcd], mistag)
    masks = {"no cut": qcd, "plain cut": plain, "DDT": cuts[HEADLINE]["passed_mistag"]}
    passing: dict[str, dict[str, Array]] = {}
    for name, cut in cuts.items():
        score = test.scores[name]
        loose = score >= threshold_at(score[~qcd], efficiency)
        passing[name] = {"plain cut": loose[qcd], "DDT": cut[f"passed_{100 * efficiency:.0f}"][qcd]}
    if ADVERSARIAL in test.scores and STANDARDISED in passing:  # the same network but for the adversary
        score = test.scores[ADVERSARIAL]
        passing[STANDARDISED]["adversarial"] = (score >= threshold_at(score[~qcd], efficiency))[qcd]
    return drawing.draw_sculpting(
        test.spectators["fj_sdmass"][qcd],
        {name: mask[qcd] for name, mask in masks.items()},
        passing,
        mass_edges(inputs.config),
        titles=(f"{100 * mistag:g} % mistag rate", f"at {100 * efficiency:.0f} % tagging efficiency"),
    )


def figure_decorrelation(inputs: Inputs) -> tuple[Figure, Drawn]:
    """1/D_JS against 1/eps_b at the true signal efficiencies, means over the seeds."""
    points: dict[str, list[dict[str, float]]] = {}
    for efficiency in inputs.config.decorrelation_efficiencies:
        key = f"{100 * efficiency:.0f}"
        names = {name: f"{name}.djs" for name in [*inputs.test.scores, *DDT.values()]}
        for name, metric in (names | {"chance": "ddt.shuffled_djs"}).items():
            if name == "best_variable" or f"{metric}_{key}" not in inputs.metrics:
                continue
            mistag = inputs.metrics[f"{metric.split('.')[0]}.mistag_{key}"]["value"]
            divergence = inputs.metrics[f"{metric}_{key}"]
            point = {"efficiency": 100 * efficiency, "rejection": 1 / max(mistag, 1e-6)}
            point |= {"djs": divergence["value"], "djs_error": divergence["error"]}
            points.setdefault(name, []).append(point)
    return drawing.draw_decorrelation(points)


def figure_pileup(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Tagging efficiency against the number of primary vertices."""
    config, test = inputs.config, inputs.test
    binned = {
        name: binned_efficiency(test.spectators["npv"], test.label, score, config.npv_edges, mistag=config.mistag)
        for name, score in inputs.shown().items()
    }
    return drawing.draw_pileup(binned, mistag=config.mistag)


def figure_kinematics(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Efficiency and mistag rate against pT and eta at one threshold for all jets."""
    config, test = inputs.config, inputs.test
    rates: dict[str, dict[str, dict[str, dict[str, Array]]]] = {}
    for text, branch, edges in (
        ("$p_T$ [GeV]", "fj_pt", config.pt_edges_gev),
        (r"$\eta$", "fj_eta", config.eta_edges),
    ):
        kinds = {
            "efficiency (H)": test.label == 1,
            f"mistag rate ({100 * config.mistag:g} % over all)": test.label == 0,
        }
        rates[text] = {
            kind: {
                name: binned_rates(
                    test.spectators[branch], chosen, score >= threshold_at(score[test.label == 0], config.mistag), edges
                )
                for name, score in inputs.shown().items()
            }
            for kind, chosen in kinds.items()
        }
    return drawing.draw_kinematics(rates)


def figure_inputs(inputs: Inputs) -> tuple[Figure, Drawn]:
    """What the taggers see, per class, and what is known of the record's own jets."""
    spectators, label = inputs.everything.spectators, inputs.everything.label
    largest = np.maximum(largest_sip3d(inputs.jets), 0.5)
    panels = [
        (
            "tracks per jet",
            "n_tracks",
            spectators["ntracks"],
            np.arange(0, 82, 2),
            {"record, QCD mode": 22, "record, H": 25},
            False,
        ),
        ("largest Sip3dSig", "sip3d", largest, np.geomspace(0.5, 2000, 37), {"record, QCD median": 50}, True),
        ("secondary vertices", "nsv", spectators["nsv"], np.arange(-0.5, 9), {}, False),
        (
            "soft-drop mass [GeV]",
            "mass",
            spectators["fj_sdmass"],
            np.linspace(0, 250, 51),
            {"record, H peak": 115},
            False,
        ),
        ("$p_T$ [GeV]", "pt", spectators["fj_pt"], np.linspace(200, 2600, 49), {"record, mean": 902}, False),
        ("primary vertices", "npv", spectators["npv"], np.arange(0, 52, 2), {"record, mean": 20.76}, False),
    ]
    return drawing.draw_inputs(
        [
            {
                "name": name,
                "key": key,
                "edges": edges,
                "qcd": values[label == 0],
                "higgs": values[label == 1],
                "reference": reference,
                "log": log,
            }
            for name, key, values, edges, reference, log in panels
        ]
    )


def figure_losses(inputs: Inputs) -> tuple[Figure, Drawn]:
    """Training and validation loss of every tagger and seed."""
    curves: dict[str, list[dict[str, Array]]] = {}
    for path in inputs.histories:
        table = np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))
        names = table.dtype.names or ()
        curves.setdefault(path.parent.name, []).append({column: table[column] for column in names})
    return drawing.draw_losses(curves)


FIGURES: dict[str, Callable[[Inputs], tuple[Figure, Drawn]]] = {
    "fig1_roc": figure_roc,
    "fig2_sculpting": figure_sculpting,
    "fig3_decorrelation": figure_decorrelation,
    "fig4_pileup": figure_pileup,
    "fig5_kinematics": figure_kinematics,
    "fig6_inputs": figure_inputs,
    "fig7_loss": figure_losses,
}


def read_inputs(arguments: Any) -> Inputs:
    """Read everything once; scores are those of the first seed."""
    first = arguments.predictions[0].parents[2]
    own = [path for path in arguments.predictions if path.parents[2] == first]
    everything = read_sample(arguments.test, own, "test")
    with h5py.File(arguments.decorrelated[0]) as file:
        everything.scores["best_variable"] = file["best_variable"][:]
        decorrelated = {cut: {key: file[cut][key][:] for key in file[cut]} for cut in DDT.values() if cut in file}
    return Inputs(
        config=arguments.config,
        test=everything.within(),
        everything=everything,
        jets=Jets.open(arguments.test),
        decorrelated=decorrelated,
        histories=arguments.histories,
        metrics=json.loads(arguments.metrics.read_text(encoding="utf-8")),
    )


def main() -> None:
    """Draw every figure."""
    arguments = parse(
        __doc__,
        config=EvaluateConfig,
        path_lists=["receipts", "test", "predictions", "histories", "decorrelated", "figures"],
        paths=["metrics"],
    )
    origin = origin_of(read_receipt(path) for path in arguments.receipts)
    inputs = read_inputs(arguments)
    for name, make in FIGURES.items():
        figure, drawn = make(inputs)
        save_figure(figure, arguments.figures[0].parent / name, drawn, origin=origin)


if __name__ == "__main__":
    run(main)
