"""Dense networks: the functions f of the interaction network, the 27-variable network, the adversary."""

from itertools import pairwise

from torch import Tensor, nn

N_CLASSES = 2  # QCD, H


def perceptron(n_inputs: int, hidden: tuple[int, int], n_outputs: int) -> nn.Sequential:
    """Return three linear layers, each followed by a ReLU."""
    widths = (n_inputs, *hidden, n_outputs)
    return nn.Sequential(*(m for a, b in pairwise(widths) for m in (nn.Linear(a, b), nn.ReLU(inplace=True))))


class VariablesNetwork(nn.Module):
    """The dense network on the 27 double-b variables: batch normalisation, 64, 32, 32."""

    def __init__(self, n_variables: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.BatchNorm1d(n_variables)]
        for n_inputs, width in ((n_variables, 64), (64, 32), (32, 32)):
            layers += [nn.Linear(n_inputs, width), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(32, N_CLASSES))

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the scores (jet, class) before the softmax from "variables" (jet, 27)."""
        return self.layers(batch["variables"])


class Adversary(nn.Module):
    """Predicts the bin of the soft-drop mass from the summary of a network: 64, 64, 64, bins."""

    def __init__(self, n_inputs: int, n_bins: int) -> None:
        super().__init__()
        widths = (n_inputs, 64, 64, 64)
        layers = [m for a, b in pairwise(widths) for m in (nn.Linear(a, b), nn.ReLU())]
        self.layers = nn.Sequential(*layers, nn.Linear(64, n_bins))

    def forward(self, summary: Tensor) -> Tensor:
        """Return the scores (jet, bin) before the softmax."""
        return self.layers(summary)
