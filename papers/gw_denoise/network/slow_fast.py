"""Our own network for the noise of arXiv:2005.06534: filters of the fast witness times amplitudes of the slow ones.

    noise = sum_q (f_q * m) a_q,  a_q = c_q + w_q s + sum_r (u_qr s) (v_qr s)

One filter is enough if the slow motions s change only the size of the coupling of the mains m; two (q = 1, 2) also let
them change its phase. The idea is that of Yu & Adhikari (2022), Front. Artif. Intell. 5, 811563 (explicit slow x fast
structure); this form, with its quadratic term of rank r, is ours.
"""

import torch
from torch import Tensor, nn

DELAYS = 15  # samples that the fast filters see


class SlowFast(nn.Module):
    """Witnesses (batch, witness, time) to the noise that they cause (batch, time)."""

    def __init__(self, n_witnesses: int, *, fast: int, rank: int, phases: int) -> None:
        """Build the layers.

        Args:
            n_witnesses: The fast one included.
            fast: Index of the fast witness m.
            rank: Number of quadratic terms r.
            phases: Number of filters q.
        """
        super().__init__()
        self.fast_index, self.phases = fast, phases
        n_slow = n_witnesses - 1
        self.filters = nn.Conv1d(1, phases, DELAYS, 1, DELAYS // 2, bias=False)
        self.linear = nn.Conv1d(n_slow, phases, 1)
        self.left = nn.Conv1d(n_slow, phases * rank, 1, bias=False)
        self.right = nn.Conv1d(n_slow, phases * rank, 1, bias=False)
        nn.init.zeros_(self.linear.weight)  # begin with the line alone
        nn.init.ones_(self.linear.bias)
        self.right.weight.data *= 0.1

    def forward(self, witnesses: Tensor) -> Tensor:
        """Return the predicted noise (batch, time) from witnesses (batch, witness, time)."""
        k = self.fast_index
        slow = torch.cat([witnesses[:, :k], witnesses[:, k + 1 :]], dim=1)  # (batch, slow, time)
        quadratic = self.left(slow) * self.right(slow)  # (batch, phases * rank, time)
        batch, _, length = quadratic.shape
        quadratic = quadratic.view(batch, self.phases, -1, length).sum(dim=2)  # (batch, phases, time)
        amplitudes = self.linear(slow) + quadratic  # (batch, phases, time)
        return (self.filters(witnesses[:, k : k + 1]) * amplitudes).sum(dim=1)  # (batch, time)
