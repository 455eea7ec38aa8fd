"""How well the taggers separate H from QCD: ROC curves, and the dependence on pile-up and kinematics."""

from common.physics.roc import roc
from common.plotting import Drawing, new_figure

from ..metrics.tagging import binned_efficiency, binned_rates, threshold_at
from .sources import Inputs
from .style import Columns, colour, draw_bins, label

ROC_POINTS = 400


def fig1_roc(inputs: Inputs) -> Drawing:
    """Mistag rate of QCD jets against the tagging efficiency of H → bb̄ jets, on the test jets.

    The left panel has the jets within the article's window of pT, soft-drop mass and ρ, the right panel all jets. The
    lower a curve, the better the tagger. Curves are those of the first seed; the numbers in the legend are areas under
    the ROC curve, averaged over the seeds. The points are the interaction network with a mass-dependent cut (DDT).
    """
    figure, panels = new_figure(figsize=(10, 4.6), ncols=2)
    columns: Columns = {}
    samples = (("window", inputs.test, "auc"), ("all jets", inputs.everything, "auc_all"))
    for number, (axes, (title, sample, area)) in enumerate(zip(panels, samples, strict=True)):
        for name, score in sample.scores.items():
            signal, background = roc(sample.label, score)
            step = max(len(signal) // ROC_POINTS, 1)
            text = f"{label(name)}: {inputs.metrics[f'{name}.{area}']['value']:.3f}"
            axes.plot(signal[::step], background[::step], color=colour(name), label=text)
            columns |= {f"{name}_signal_{number}": signal[::step], f"{name}_background_{number}": background[::step]}
        lowest = 1 / max((sample.label == 0).sum(), 1)
        axes.set(xlabel="tagging efficiency (H)", ylabel="mistag rate (QCD)", yscale="log", xlim=(0, 1))
        axes.set(ylim=(max(lowest, 1e-4), 30), title=f"{title}; curves of one seed, mean areas")
    signal, background = inputs.decorrelated["ddt"]["roc"].T
    panels[0].plot(signal, background, "o--", color=colour("ddt"), label=label("ddt"))
    columns |= {"ddt_signal": signal, "ddt_background": background}
    for axes in panels:
        axes.legend(loc="upper left")
    return figure, columns


def fig4_pileup(inputs: Inputs) -> Drawing:
    """Tagging efficiency of H → bb̄ jets against the number of reconstructed primary vertices.

    In each bin the threshold is set to the same mistag rate of QCD jets. The jets are the test jets within the window,
    with the scores of the first seed; errors are from bootstrap samples. A flat line means that pile-up does not hurt.
    """
    config, test = inputs.config, inputs.test
    binned = {
        name: binned_efficiency(test.spectators["npv"], test.label, score, config.npv_edges, mistag=config.mistag)
        for name, score in inputs.shown().items()
    }
    figure, axes = new_figure()
    columns = draw_bins(axes, binned, value="efficiency")
    text = f"tagging efficiency at {100 * config.mistag:g} % mistag rate"
    axes.set(xlabel="reconstructed primary vertices", ylabel=text, ylim=(0, 1.05))
    axes.legend()
    return figure, columns


def fig5_kinematics(inputs: Inputs) -> Drawing:
    """Tagging efficiency (top) and mistag rate (bottom) against transverse momentum and pseudorapidity of the jet.

    Each tagger has one threshold for all jets, which gives the mistag rate of the axis label over all QCD jets. The
    jets are the test jets within the window, with the scores of the first seed; errors are binomial.
    """
    config, test = inputs.config, inputs.test
    passed = {
        name: score >= threshold_at(score[test.label == 0], config.mistag) for name, score in inputs.shown().items()
    }
    figure, panels = new_figure(nrows=2, ncols=2, figsize=(8.0, 5.6), sharex="col")
    quantities = (("pt", "$p_T$ [GeV]", "fj_pt", config.pt_edges_gev), ("eta", r"$\eta$", "fj_eta", config.eta_edges))
    classes = (
        ("efficiency", "efficiency (H)", test.label == 1),
        ("mistag", f"mistag rate ({100 * config.mistag:g} % over all)", test.label == 0),
    )
    columns: Columns = {}
    for column, (quantity, xlabel, branch, edges) in enumerate(quantities):
        for axes, (rate, ylabel, selected) in zip(panels[:, column], classes, strict=True):
            values = test.spectators[branch]
            binned = {name: binned_rates(values, selected, mask, edges) for name, mask in passed.items()}
            drawn = draw_bins(axes, binned, value="rate")
            columns |= {f"{quantity}_{rate}_{key}": numbers for key, numbers in drawn.items()}
            axes.set(ylabel=ylabel)
        panels[1, column].set(xlabel=xlabel, yscale="log")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure, columns
