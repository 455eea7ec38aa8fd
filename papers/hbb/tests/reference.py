"""The interaction network of arXiv:1909.12285 as it is written down there, and as a graph network of PyTorch Geometric.

Both take the weights of an `InteractionNetwork` and give the same scores. They are here to be read and to test
`model.py`; training uses the fast formulation.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn import MessagePassing, global_add_pool

from papers.hbb.model.fast import InteractionNetwork, Perceptron


def pairs(n_receivers: int, n_senders: int, *, with_itself: bool) -> Tensor:
    """Return (2, pair): sender and receiver of every ordered pair."""
    receiver, sender = torch.cartesian_prod(torch.arange(n_receivers), torch.arange(n_senders)).T
    kept = torch.ones_like(receiver, dtype=torch.bool) if with_itself else receiver != sender
    return torch.stack([sender[kept], receiver[kept]])


# ---- with matrices of receivers and senders ----


def interact(function: Perceptron, receivers: Tensor, senders: Tensor, *, with_itself: bool) -> Tensor:
    """Return the summed messages (jet, receiver, effect), with R_r and R_s as one-hot matrices.

    Args:
        function: The learned function of a pair.
        receivers: (jet, receiver, feature)
        senders: (jet, sender, feature)
        with_itself: Whether sender i sends to receiver i.
    """
    sender, receiver = pairs(receivers.shape[1], senders.shape[1], with_itself=with_itself)
    to_receiver = functional.one_hot(receiver, receivers.shape[1]).to(receivers.dtype)  # (pair, receiver)
    from_sender = functional.one_hot(sender, senders.shape[1]).to(senders.dtype)  # (pair, sender)
    both = torch.cat([to_receiver @ receivers, from_sender @ senders], dim=-1)  # (jet, pair, features)
    return to_receiver.T @ function(both)


def dense_scores(network: InteractionNetwork, batch: dict[str, Tensor]) -> Tensor:
    """Return the scores (jet, class) before the softmax, of jets as `InteractionNetwork` takes them."""
    tracks = batch["tracks"]
    effects = [
        interact(function, tracks, batch[name], with_itself=name != "tracks")
        for name, function in network.interact.items()
    ]
    outputs = network.output(torch.cat([tracks, *effects], dim=-1))
    return network.classify(outputs.sum(dim=1))


# ---- with PyTorch Geometric ----


class Messages(MessagePassing):
    """Sums f(receiver, sender) over the edges that end at each receiver."""

    def __init__(self, function: Perceptron) -> None:
        """Remember the function of a pair."""
        super().__init__(aggr="sum")
        self.function = function

    def forward(self, senders: Tensor, receivers: Tensor, edges: Tensor) -> Tensor:
        """Return (receiver, effect) from nodes (n, feature) and edges (2, edge) of sender and receiver."""
        return self.propagate(edges, x=(senders, receivers), size=(len(senders), len(receivers)))

    def message(self, x_i: Tensor, x_j: Tensor) -> Tensor:
        """Return what each edge carries; PyTorch Geometric calls the receiver i and the sender j."""
        return self.function(torch.cat([x_i, x_j], dim=-1))


class GraphNetwork(nn.Module):
    """The same network on graphs: a node for each place, empty ones included, an edge for each pair of a jet."""

    def __init__(self, network: InteractionNetwork) -> None:
        """Share the weights of `network`."""
        super().__init__()
        self.network = network
        self.messages = nn.ModuleDict({name: Messages(function) for name, function in network.interact.items()})

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Return the scores (jet, class) before the softmax."""
        n_jets, n_places, _ = batch["tracks"].shape
        tracks = batch["tracks"].flatten(0, 1)  # (jet place, feature)
        effects = []
        for name, messages in self.messages.items():
            n_senders = batch[name].shape[1]
            one = pairs(n_places, n_senders, with_itself=name != "tracks")
            offset = torch.tensor([n_senders, n_places])[:, None, None] * torch.arange(n_jets)[None, :, None]
            edges = (one[:, None] + offset).flatten(1)
            effects.append(messages(batch[name].flatten(0, 1), tracks, edges))
        outputs = self.network.output(torch.cat([tracks, *effects], dim=-1))
        jet = torch.arange(n_jets).repeat_interleave(n_places)
        return self.network.classify(global_add_pool(outputs, jet, size=n_jets))
