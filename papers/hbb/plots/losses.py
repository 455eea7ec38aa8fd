"""The learning curves of all trainings."""

from common.plotting import Drawing, new_figure

from .sources import Inputs
from .style import Columns, colour, label


def fig7_loss(inputs: Inputs) -> Drawing:
    """Training loss (thin) and validation loss (thick) against the epoch, one line for each seed.

    The loss is the cross-entropy per jet. For adversarial trainings the weighted loss of the adversary is subtracted,
    so they have a panel of their own; the subtraction counts from the epoch on in which the tagger reacts to the
    adversary.
    """
    plain, adversarial = "cross-entropy", "cross-entropy less the adversary's"
    groups = {
        plain: [name for name in inputs.histories if "adversarial" not in name],
        adversarial: [name for name in inputs.histories if "adversarial" in name],
    }
    groups = {text: names for text, names in groups.items() if names}
    figure, panels = new_figure(ncols=len(groups), figsize=(5.5 * len(groups), 4.0), squeeze=False)
    columns: Columns = {}
    for axes, (text, names) in zip(panels[0], groups.items(), strict=True):
        for name in names:
            for number, history in enumerate(inputs.histories[name]):
                axes.plot(history["epoch"], history["train_loss"], color=colour(name), linewidth=0.7)
                shown = label(name) if number == 0 else None
                axes.plot(history["epoch"], history["valid_loss"], color=colour(name), linewidth=1.8, label=shown)
                for column in ("epoch", "train_loss", "valid_loss"):
                    columns[f"{name}_{number}_{column}"] = history[column]
        axes.set(xlabel="epoch", ylabel=text)
        if text == plain:
            axes.set(xscale="log", yscale="log")
        axes.legend(title="thick: validation, thin: training", title_fontsize=8)
    return figure, columns
