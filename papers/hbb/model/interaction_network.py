"""The interaction network as the article writes it, with PyTorch Geometric (arXiv:1909.12285, model).

    jet: tracks (60, 30) and vertices (5, 14), zero-padded
    every ordered pair of tracks i != j     f_tracks(x_i, x_j)              60 -> 60 -> 30 -> 20, summed over j
    every track i and vertex v              f_vertices(x_i, y_v)            44 -> 60 -> 30 -> 20, summed over v
    every track i                           f_output(x_i, both sums)        70 -> 60 -> 30 -> 24, summed over i
    jet                                     one linear layer                24 -> 2, the scores of QCD and H

A ReLU follows each layer of each f, the last one included. A jet is a graph with a node for each place; padded places
are not masked, so they send and receive like tracks whose features are zero. 18,144 parameters.

`fast.py` has the same network with the same weights, several times faster; `train.formulation` chooses.
"""

import torch
from torch import Tensor, nn
from torch_geometric.nn import MessagePassing, global_add_pool

from .dense import N_CLASSES, perceptron


class InteractionNetwork(MessagePassing):
    """Scores of jets from their tracks and the other collections that send messages to the tracks."""

    def __init__(self, n_features: dict[str, int], *, effect: int, output: int, hidden: tuple[int, int]) -> None:
        """Build the learned functions.

        Args:
            n_features: Features of "tracks" (the receivers), and of each further collection that sends.
            effect: Size of the summed messages of each collection (De).
            output: Size of a track's output (Do).
            hidden: Widths of the hidden layers of all functions.
        """
        super().__init__(aggr="sum")
        n_receiver = n_features["tracks"]
        self.interact = nn.ModuleDict(
            {name: perceptron(n_receiver + n, hidden, effect) for name, n in n_features.items()}
        )
        self.output = perceptron(n_receiver + effect * len(n_features), hidden, output)
        self.classify = nn.Linear(output, N_CLASSES)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the scores (jet, class) before the softmax, of collections (jet, place, feature)."""
        return self.classify(self.summary(batch))

    def summary(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the summed outputs of all tracks (jet, output)."""
        n_jets, n_places, _ = batch["tracks"].shape
        tracks = batch["tracks"].flatten(0, 1)  # (track, feature): the places of all jets
        effects = []
        for name, function in self.interact.items():
            senders = batch[name].flatten(0, 1)  # (sender, feature)
            edges = edges_within_jets(n_jets, n_places, batch[name].shape[1], to_itself=name != "tracks")  # (2, edge)
            sizes = (len(senders), len(tracks))
            effects.append(self.propagate(edges, size=sizes, x=(senders, tracks), function=function))  # (track, effect)
        outputs = self.output(torch.cat([tracks, *effects], dim=-1))  # (track, output)
        jet = torch.arange(n_jets).repeat_interleave(n_places)  # (track,)
        return global_add_pool(outputs, jet, size=n_jets)  # (jet, output)

    def message(self, x_i: Tensor, x_j: Tensor, function: nn.Module) -> Tensor:
        """Return what each edge carries (edge, effect); PyTorch Geometric calls the receiver i and the sender j."""
        return function(torch.cat([x_i, x_j], dim=-1))


def edges_within_jets(n_jets: int, n_receivers: int, n_senders: int, *, to_itself: bool) -> Tensor:
    """Return sender and receiver (2, edge) of all pairs within each jet.

    Args:
        n_jets: Number of jets; the nodes of each jet follow those of the jet before.
        n_receivers: Receivers of a jet.
        n_senders: Senders of a jet.
        to_itself: Whether sender i sends to receiver i.
    """
    sender, receiver = torch.cartesian_prod(torch.arange(n_senders), torch.arange(n_receivers)).T  # (pair,) of one jet
    used = to_itself | (sender != receiver)
    pairs = torch.stack([sender[used], receiver[used]])  # (2, pair)
    offsets = torch.tensor([n_senders, n_receivers])[:, None] * torch.arange(n_jets)  # (2, jet)
    return (pairs[:, None] + offsets[:, :, None]).flatten(1)  # (2, edge)
