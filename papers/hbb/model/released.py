"""The authors' released weights (trained_models/ of github.com/eric-moreno/IN) for the networks of this folder."""

from torch import Tensor

AUTHORS_NAMES = {"fr": "interact.tracks", "fr_pv": "interact.vertices", "fo": "output"}


def from_authors(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of `InteractionNetwork`, e.g. fr2_pv.bias as interact.vertices.2.bias.

    The authors number the linear layers of a function from 1 on; here, ReLUs count as well, from 0 on.
    """
    renamed = {}
    for name, value in state.items():
        layer, _, kind = name.partition(".")
        if layer.startswith("fc"):
            renamed[f"classify.{kind}"] = value
            continue
        number = next(character for character in layer if character.isdigit())
        function = AUTHORS_NAMES[layer.replace(number, "")]
        renamed[f"{function}.{2 * (int(number) - 1)}.{kind}"] = value
    return renamed
