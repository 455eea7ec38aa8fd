"""The interaction network with one-hot matrices of receivers and senders, as the text of the article writes it.

It takes the weights of the networks in model/ and gives the same scores: another formulation to test them against.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def interact(function: nn.Module, receivers: Tensor, senders: Tensor, *, with_itself: bool) -> Tensor:
    """Return the summed messages (jet, receiver, effect), with R_r and R_s as one-hot matrices.

    Args:
        function: The learned function of a pair.
        receivers: (jet, receiver, feature)
        senders: (jet, sender, feature)
        with_itself: Whether sender i sends to receiver i.
    """
    n_receivers, n_senders = receivers.shape[1], senders.shape[1]
    pairs = [(i, j) for i in range(n_receivers) for j in range(n_senders) if with_itself or i != j]
    receiver, sender = torch.tensor(pairs).T
    to_receiver = functional.one_hot(receiver, n_receivers).to(receivers.dtype)  # (pair, receiver)
    from_sender = functional.one_hot(sender, n_senders).to(senders.dtype)  # (pair, sender)
    both = torch.cat([to_receiver @ receivers, from_sender @ senders], dim=-1)  # (jet, pair, feature)
    return to_receiver.T @ function(both)  # (jet, receiver, effect)


def dense_scores(network: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Return the scores (jet, class) before the softmax, of jets as the networks take them."""
    tracks = batch["tracks"]
    effects = [
        interact(function, tracks, batch[name], with_itself=name != "tracks")
        for name, function in network.interact.items()
    ]
    outputs = network.output(torch.cat([tracks, *effects], dim=-1))  # (jet, track, output)
    return network.classify(outputs.sum(dim=1))
