"""What classes, variables, methods and steps are called on axes and in legends."""

from ..settings import Kind

KINDS: dict[Kind, str] = {"signal": "W boson", "background": "QCD"}  # in the order of their colours
AXES = {"mass": "mass [GeV]", "tau21": r"$\tau_{21}$", "delta_r": r"$\Delta R$"}
METHODS = {"fisher": "Fisher", "convnet": "ConvNet", "convnet_norm": "ConvNet-norm", "maxout": "MaxOut"}
STEPS = {  # in the order of the preprocessing; the flip leaves each jet's mass as it is
    "step_particles": "no pixelation",
    "step_pixelation": "pixelation",
    "step_translation": "translation, flip",
    "step_quarter_turn": "quarter turn",
    "step_rotation": "rotation",
    "step_normalisation": "normalisation",
    "step_naive_translation": "naive translation",
}
CURVES = AXES | {"mass": "mass"} | METHODS | STEPS
SOURCE = "authors' figure"


def label_of(name: str) -> str:
    """Return the name of a curve in legends: "mass+tau21" becomes mass + tau_21."""
    return " + ".join(CURVES[part] for part in name.split("+"))
