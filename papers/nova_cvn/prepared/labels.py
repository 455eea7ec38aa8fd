"""The labels: interaction types of NOvA's and DUNE's pixel maps, and the flavours that they belong to.

Numbers as in the experiments' common enumeration `cvn::InteractionType`.
"""

import numpy as np

INTERACTIONS = (
    *("numu QE", "numu RES", "numu DIS", "numu other"),
    *("nue QE", "nue RES", "nue DIS", "nue other"),
    *("nutau QE", "nutau RES", "nutau DIS", "nutau other"),
    *("nu-e elastic", "NC", "cosmic", "other"),
)
N_LABELS = len(INTERACTIONS)
N_OUTPUTS = N_LABELS - 1  # the networks have no output for the last type, "other"
NEUTRINO_CLASSES = (*range(12), 13)  # of the article's confusion matrix: no elastic scattering, no cosmic rays
NC, COSMIC = 13, 14
FLAVOURS: dict[str, tuple[int, ...]] = {
    "numu": (0, 1, 2, 3),
    "nue": (4, 5, 6, 7),
    "nutau": (8, 9, 10, 11),
    "nc": (NC,),
    "cosmic": (COSMIC,),
}
SYMBOLS = {"numu": r"$\nu_\mu$ CC", "nue": r"$\nu_e$ CC", "nutau": r"$\nu_\tau$ CC", "nc": "NC", "cosmic": "cosmic"}


def is_flavour(interaction: np.ndarray, flavour: str) -> np.ndarray:
    """Return a mask (event,) of the events of one flavour, e.g. "nue"."""
    return np.isin(interaction, FLAVOURS[flavour])


def flavour_scores(probability: np.ndarray) -> np.ndarray:
    """Return the scores (event, flavour) in the order of FLAVOURS: sums of the outputs (event, N_OUTPUTS)."""
    return np.stack([probability[:, list(members)].sum(axis=1) for members in FLAVOURS.values()], axis=1)


def flavour_index(interaction: np.ndarray) -> np.ndarray:
    """Return the index (event,) into FLAVOURS; -1 for types that belong to none."""
    index = np.full(N_LABELS, -1)
    for number, members in enumerate(FLAVOURS.values()):
        index[list(members)] = number
    return index[interaction]
