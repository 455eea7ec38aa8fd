"""How the methods look in the figures of arXiv:2005.06534: label, colour, line and order."""

from collections.abc import Mapping
from typing import Any

UNIT = r"Hz$^{-1/2}$"
STYLES: dict[str, dict[str, Any]] = {  # in the order of drawing
    "none": {"label": "raw", "color": "0.55"},
    "wiener": {"label": "linear Wiener", "color": "C4"},
    "bilinear": {"label": "bilinear Wiener", "color": "C2"},
    "spectral_only": {"label": "DeepClean, spectral loss only", "color": "C3"},
    "autoencoder": {"label": "DeepClean", "color": "C0"},
    "autoencoder_unbiased": {"label": "DeepClean, unbiased loss", "color": "C5"},
    "slow_fast": {"label": "slow × fast", "color": "C1"},
    "oracle": {"label": "limit (truth known)", "color": "k", "linestyle": "--", "linewidth": 1.0},
}


def style(method: str) -> dict[str, Any]:
    """Return label, colour and line of a method; without an entry in STYLES, its name is the label."""
    return STYLES.get(method, {"label": method.replace("_", " ")})


def ordered(methods: Mapping[str, Any]) -> list[str]:
    """Return the methods in the order of STYLES, others last."""
    known = [method for method in STYLES if method in methods]
    return known + [method for method in methods if method not in STYLES]
