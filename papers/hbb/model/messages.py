"""Summed messages f(x_i, y_j) of all pairs in a batch of jets, with a gradient written by hand.

A message passes three layers with a ReLU each. The linear part of the first one arrives already split into what the
receiver and the sender contribute. PyTorch's own gradient of the same sum spends more time on zero-filled copies than
on the network: one for the weighted last sender, one for the pairs of a track with itself.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor


class Block(NamedTuple):
    """Jets of similar size that are computed together; the rows of all blocks lie one after the other.

    Attributes:
        n_jets: Number of jets.
        n_receivers: Rows of each jet among the receivers.
        n_senders: Rows of each jet among the senders.
        n_alike: How many equal senders the last row of a jet stands for.
    """

    n_jets: int
    n_receivers: int
    n_senders: int
    n_alike: int


def of_receivers(rows: Tensor, blocks: list[Block]) -> list[Tensor]:
    """Return views (jet, receiver, feature) of rows (row, feature), one for each block."""
    return _cut(rows, [(block.n_jets, block.n_receivers) for block in blocks])


def of_senders(rows: Tensor, blocks: list[Block]) -> list[Tensor]:
    """Return views (jet, sender, feature) of rows (row, feature), one for each block."""
    return _cut(rows, [(block.n_jets, block.n_senders) for block in blocks])


def _cut(rows: Tensor, shapes: list[tuple[int, int]]) -> list[Tensor]:
    parts = rows.split([n_jets * size for n_jets, size in shapes])
    return [part.view(*shape, rows.shape[1]) for part, shape in zip(parts, shapes, strict=True)]


def before_relu(gradient: Tensor, output: Tensor) -> Tensor:
    """Return the gradient in front of a ReLU that gave `output`; one pass over the memory, unlike a product."""
    return torch.ops.aten.threshold_backward(gradient, output, 0)


def before_relu_(gradient: Tensor, output: Tensor) -> Tensor:
    """Do the same in the memory of `gradient`."""
    return torch.ops.aten.threshold_backward.grad_input(gradient, output, 0, grad_input=gradient)


class SummedMessages(torch.autograd.Function):
    """Sum of the messages that each receiver gets.

    `apply(received, sent, matrix2, bias2, matrix3, bias3, blocks, with_itself)` returns (receiver row, effect).
    `received` (receiver row, hidden) and `sent` (sender row, hidden) are the two parts of the first layer, with the
    bias in one of them; matrices and biases are the weights of the other two layers. Without `with_itself`, the message
    of a sender to the receiver of the same number is left out.
    """

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> Tensor:
        """Return the sums; keep the outputs of the layers if a gradient will be needed."""
        received, sent, matrix2, bias2, matrix3, bias3, blocks, with_itself = arguments
        total = received.new_empty(len(received), len(matrix3))
        outputs: list[tuple[Tensor, Tensor, Tensor]] = []
        parts = zip(of_receivers(received, blocks), of_senders(sent, blocks), of_receivers(total, blocks), strict=True)
        for block, (to, of, summed) in zip(blocks, parts, strict=True):
            first = torch.add(to[:, :, None], of[:, None]).relu_().flatten(0, 2)  # (pair, hidden)
            second = torch.addmm(bias2, first, matrix2.t()).relu_()  # (pair, hidden)
            third = torch.addmm(bias3, second, matrix3.t()).relu_()  # (pair, effect)
            messages = third.view(block.n_jets, block.n_receivers, block.n_senders, -1)  # (jet, to, of, effect)
            torch.sum(messages, 2, out=summed)  # (jet, to, effect)
            if block.n_alike > 1:
                summed.add_(messages[:, :, -1], alpha=block.n_alike - 1)
            if not with_itself:
                summed.sub_(messages.diagonal(dim1=1, dim2=2).transpose(1, 2))
            if any(ctx.needs_input_grad):
                outputs.append((first, second, third))
        ctx.save_for_backward(matrix2, matrix3)
        ctx.blocks, ctx.with_itself, ctx.outputs = blocks, with_itself, outputs
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of what `forward` received."""
        matrix2, matrix3 = ctx.saved_tensors
        blocks = ctx.blocks
        n_receivers = sum(block.n_jets * block.n_receivers for block in blocks)
        n_senders = sum(block.n_jets * block.n_senders for block in blocks)
        received, sent = (matrix2.new_empty(n, matrix2.shape[1]) for n in (n_receivers, n_senders))
        by_matrix2, by_matrix3 = torch.zeros_like(matrix2), torch.zeros_like(matrix3)
        by_bias2, by_bias3 = matrix2.new_zeros(len(matrix2)), matrix3.new_zeros(len(matrix3))
        parts = (of_receivers(gradients[0], blocks), of_receivers(received, blocks), of_senders(sent, blocks))
        for block, (first, second, third), (summed, to, of) in zip(
            blocks, ctx.outputs, zip(*parts, strict=True), strict=True
        ):
            pairs = (block.n_jets, block.n_receivers, block.n_senders)
            by_message = before_relu(summed[:, :, None], third.view(*pairs, -1))  # (jet, to, of, effect)
            to_itself = by_message.diagonal(dim1=1, dim2=2).clone()  # (jet, effect, to)
            if block.n_alike > 1:
                by_message[:, :, -1] *= block.n_alike
            if not ctx.with_itself:
                # Not set to 0: the last row stands for several empty places, which send to each other.
                by_message.diagonal(dim1=1, dim2=2).sub_(to_itself)
            by_third = by_message.flatten(0, 2)  # (pair, effect)
            by_second = before_relu_(by_third @ matrix3, second)  # (pair, hidden)
            by_first = before_relu_(by_second @ matrix2, first)  # (pair, hidden)
            by_matrix3.addmm_(by_third.t(), second)
            by_matrix2.addmm_(by_second.t(), first)
            by_bias3 += by_third.sum(0)
            by_bias2 += by_second.sum(0)
            torch.sum(by_first.view(*pairs, -1), 2, out=to)  # (jet, to, hidden)
            torch.sum(by_first.view(*pairs, -1), 1, out=of)  # (jet, of, hidden)
        return received, sent, by_matrix2, by_bias2, by_matrix3, by_bias3, None, None
