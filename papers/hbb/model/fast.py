"""The interaction network of `interaction_network.py` with the same weights and scores, several times faster.

Four things make it faster:
  - the first layer of f(x_i, x_j) is linear in each argument: W_i x_i + W_j x_j, computed per track, not per pair;
  - all empty places of a jet are equal, so one of them is computed and weighted with their number;
  - jets are sorted by their number of tracks, and groups of similar size are computed together;
  - the gradient of the sum over pairs is written by hand: see `messages.py`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .dense import N_CLASSES, perceptron
from .messages import Block, SummedMessages, of_receivers

# Pairs of tracks in a group, each jet counted with the tracks of the largest one; a single jet may have more. Another
# value changes the rounding only.
PAIRS_AT_ONCE = 12_000


class FastInteractionNetwork(nn.Module):
    """Scores of jets from their tracks and the other collections that send messages to the tracks."""

    def __init__(self, n_features: dict[str, int], *, effect: int, output: int, hidden: tuple[int, int]) -> None:
        """Build the learned functions; arguments and names of the weights are those of `InteractionNetwork`."""
        super().__init__()
        n_receiver = n_features["tracks"]
        self.interact = nn.ModuleDict(
            {name: perceptron(n_receiver + n, hidden, effect) for name, n in n_features.items()}
        )
        self.output = perceptron(n_receiver + effect * len(n_features), hidden, output)
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
        blocks = {name: blocks_of(batch, name, groups) for name in self.interact}
        tracks = distinct_rows(batch["tracks"], groups, blocks["tracks"])  # (track row, feature)
        effects = [
            self._effects(tracks, distinct_rows(batch[name], groups, blocks[name]), name, blocks[name])
            for name in self.interact
        ]  # of each collection (track row, effect)
        outputs = self.output(torch.cat([tracks, *effects], dim=-1))  # (track row, output)
        parts = zip(of_receivers(outputs, blocks["tracks"]), blocks["tracks"], strict=True)  # (jet, track, output)
        summed = torch.cat([part.sum(dim=1) + (block.n_alike - 1) * part[:, -1] for part, block in parts])
        return summed[torch.argsort(torch.cat(groups))]  # (jet, output), in the order of the batch

    def _effects(self, receivers: Tensor, senders: Tensor, name: str, blocks: list[Block]) -> Tensor:
        """Return the sum of messages (receiver row, effect); tracks do not send to themselves."""
        first, _, second, _, third, _ = self.interact[name]
        n_receiver = receivers.shape[1]
        return SummedMessages.apply(
            functional.linear(receivers, first.weight[:, :n_receiver], first.bias),  # (receiver row, hidden)
            functional.linear(senders, first.weight[:, n_receiver:]),  # (sender row, hidden)
            *(second.weight, second.bias, third.weight, third.bias),
            *(blocks, name != "tracks"),
        )


def groups_of(n_tracks: Tensor) -> list[Tensor]:
    """Return indices (n,) of jets, sorted by their number of tracks, in groups that are computed together.

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


def blocks_of(batch: dict[str, Tensor], name: str, groups: list[Tensor]) -> list[Block]:
    """Return the sizes of each group, with the tracks as receivers and the collection `name` as senders.

    A jet has as many rows as the largest jet of its group has particles, and one more for the empty places.
    """

    def n_rows(collection: str, group: Tensor) -> int:
        return min(int(batch[f"n_{collection}"][group].max()) + 1, batch[collection].shape[1])

    n_places = batch[name].shape[1]
    sizes = [(len(group), n_rows("tracks", group), n_rows(name, group)) for group in groups]
    return [Block(n_jets, n_tracks, n_senders, n_places - n_senders + 1) for n_jets, n_tracks, n_senders in sizes]


def distinct_rows(values: Tensor, groups: list[Tensor], blocks: list[Block]) -> Tensor:
    """Return rows (row, feature) of a collection (jet, place, feature), group by group.

    The last row of a jet is an empty place and stands for all those that are left out.
    """
    parts = zip(groups, blocks, strict=True)
    return torch.cat([values[group, : block.n_senders].flatten(0, 1) for group, block in parts])
