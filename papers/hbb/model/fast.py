"""The interaction network of arXiv:1909.12285, exact and fast, the 27-variable network, and the adversary.

    jet: tracks (jet, 60, 30), vertices (jet, 5, 14), zero-padded
    every ordered pair of tracks i != j          f_tracks(x_i, x_j)      -> effect (20), summed over j
    every track i and vertex v                   f_vertices(x_i, y_v)    -> effect (20), summed over v
    every track                                  f_output(x_i, effects)  -> (24), summed over i
    jet                                          one linear layer        -> scores of QCD and H

Every f has two hidden layers (60, 30) and a ReLU after each layer, the last one included. Padded tracks are not
masked in the article: an empty place is a track of zeros that sends and receives. 18,144 parameters.

The article multiplies with one-hot matrices of receivers and senders (`reference.py`). The same numbers come faster:
  - the first layer of f(x_i, x_j) is linear in each argument: W_i x_i + W_j x_j, computed per track, not per pair;
  - all empty places are alike: one stands for all of them, with their number as its weight;
  - jets are sorted by their number of tracks, and groups of like size go through together;
  - the gradient of the sum over pairs is written by hand: see `messages.py`.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from papers.hbb.messages import Block, SummedMessages, of_receivers

N_CLASSES = 2  # QCD, H
PAIRS_AT_ONCE = 12_000  # of tracks, padded to the largest jet; one jet may have more. Only rounding depends on it
AUTHORS_NAMES = {"fr": "interact.tracks", "fr_pv": "interact.vertices", "fo": "output"}


class Perceptron(nn.Module):
    """Three linear layers, each followed by a ReLU."""

    def __init__(self, n_inputs: int, hidden: tuple[int, int], n_outputs: int) -> None:
        """Build the layers."""
        super().__init__()
        widths = (n_inputs, *hidden, n_outputs)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))

    def forward(self, values: Tensor) -> Tensor:
        """Map (…, input) to (…, output)."""
        for layer in self.layers:
            values = functional.relu_(layer(values))
        return values

    def split(self, n_receiver: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the first layer as weights of receiver and sender, and bias."""
        weight = self.layers[0].weight
        return weight[:, :n_receiver], weight[:, n_receiver:], self.layers[0].bias


class InteractionNetwork(nn.Module):
    """Scores of jets from their tracks and what else sends messages to the tracks."""

    def __init__(
        self, n_features: dict[str, int], n_places: dict[str, int], *, effect: int, output: int, hidden: tuple[int, int]
    ) -> None:
        """Build the network.

        Args:
            n_features: Features of "tracks" (the receivers), and of each further collection that sends.
            n_places: Places of each of them in a padded jet.
            effect: Size of the summed messages of each collection (De).
            output: Size of a track's output (Do).
            hidden: Widths of the hidden layers of all functions.
        """
        super().__init__()
        self.n_features, self.n_places = n_features, n_places
        receiver = n_features["tracks"]
        self.interact = nn.ModuleDict(
            {name: Perceptron(receiver + size, hidden, effect) for name, size in n_features.items()}
        )
        self.output = Perceptron(receiver + effect * len(n_features), hidden, output)
        self.classify = nn.Linear(output, N_CLASSES)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the scores (jet, class) before the softmax.

        Args:
            batch: Each collection (jet, place, feature) with zeros at the unused places, and n_<collection> (jet,).
        """
        return self.classify(self.summary(batch))

    def summary(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the summed outputs of all tracks (jet, output), of empty places as well."""
        groups = groups_of(batch["n_tracks"])
        tracks, n_tracks = self._distinct(batch, "tracks", groups)
        effects = []
        for name in self.n_features:
            senders, n_senders = self._distinct(batch, name, groups)
            sizes = zip(groups, n_tracks, n_senders, strict=True)
            blocks = [Block(len(group), to, of, self.n_places[name] - of + 1) for group, to, of in sizes]
            effects.append(self._effects(tracks, senders, name, blocks))
        outputs = self.output(torch.cat([tracks, *effects], dim=-1))
        n_alike = [self.n_places["tracks"] - n + 1 for n in n_tracks]
        summed = torch.cat(
            [
                part.sum(dim=1) + (n - 1) * part[:, -1]
                for part, n in zip(of_receivers(outputs, blocks), n_alike, strict=True)
            ]
        )
        return summed[torch.argsort(torch.cat(groups))]

    def _distinct(self, batch: dict[str, Tensor], name: str, groups: list[Tensor]) -> tuple[Tensor, list[int]]:
        """Return rows (row, feature) of the places of a collection, group by group, and how many a jet has in each.

        A jet's last row is an empty place that stands for all those that are left out.
        """
        values, counts, n_places = batch[name], batch[f"n_{name}"], self.n_places[name]
        kept = [min(int(counts[group].max()) + 1, n_places) for group in groups]
        return torch.cat([values[group, :n].flatten(0, 1) for group, n in zip(groups, kept, strict=True)]), kept

    def _effects(self, receivers: Tensor, senders: Tensor, name: str, blocks: list[Block]) -> Tensor:
        """Return the sum of messages (receiver row, effect); tracks do not send to themselves."""
        function = self.interact[name]
        own, other, bias = function.split(receivers.shape[-1])
        _, second, third = function.layers
        return SummedMessages.apply(
            functional.linear(receivers, own, bias),
            functional.linear(senders, other),
            *(second.weight, second.bias, third.weight, third.bias),
            *(blocks, name != "tracks"),
        )


class VariablesNetwork(nn.Module):
    """The dense network on the 27 double-b variables: batch normalisation, 64, 32, 32."""

    def __init__(self, n_variables: int) -> None:
        """Build the layers."""
        super().__init__()
        layers: list[nn.Module] = [nn.BatchNorm1d(n_variables)]
        for n_inputs, width in ((n_variables, 64), (64, 32), (32, 32)):
            layers += [nn.Linear(n_inputs, width), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(32, N_CLASSES))

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the scores (jet, class) before the softmax from "variables" (jet, 27)."""
        return self.layers(batch["variables"])


class Adversary(nn.Module):
    """Tells the bin of the soft-drop mass from the network's summary: 64, 64, 64, bins."""

    def __init__(self, n_inputs: int, n_bins: int) -> None:
        """Build the layers."""
        super().__init__()
        widths = (n_inputs, 64, 64, 64)
        layers = [m for a, b in pairwise(widths) for m in (nn.Linear(a, b), nn.ReLU())]
        self.layers = nn.Sequential(*layers, nn.Linear(64, n_bins))

    def forward(self, summary: Tensor) -> Tensor:
        """Return the scores (jet, bin) before the softmax."""
        return self.layers(summary)


def n_parameters(network: nn.Module) -> int:
    """Return the number of trained parameters."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def groups_of(n_tracks: Tensor) -> list[Tensor]:
    """Return indices (n,) of jets, sorted by their number of tracks, in groups that go through the network together.

    Args:
        n_tracks: (jet,)
    """
    order = torch.argsort(n_tracks.to(torch.int64), stable=True)
    sizes = (n_tracks[order].to(torch.int64) + 1).tolist()
    groups, start = [], 0
    for stop in range(1, len(order) + 1):
        if stop == len(order) or (stop + 1 - start) * sizes[stop] ** 2 > PAIRS_AT_ONCE:
            groups.append(order[start:stop])
            start = stop
    return groups


def from_authors(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the authors' released weights under the names of `InteractionNetwork`."""
    found = {}
    for name, value in state.items():
        layer, _, kind = name.partition(".")
        if layer.startswith("fc"):
            found[f"classify.{kind}"] = value
            continue
        number = next(character for character in layer if character.isdigit())
        function = AUTHORS_NAMES[layer.replace(number, "")]
        found[f"{function}.layers.{int(number) - 1}.{kind}"] = value
    return found
