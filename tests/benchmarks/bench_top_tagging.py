"""Speed of the PFN of top_tagging with true multiplicities against the same network on padded arrays, on one core.

    python -m tests.benchmarks.bench_top_tagging [results/top_tagging/generated/prepared.h5]

The padded transcription does what public codes do with the reference data set: every jet has 200 constituents, and
zeros are masked before the sum. Both make whole training steps (batch, forward, backward, Adam) on the same jets; the
padded array is made beforehand and its batches are plain indexing. Without a prepared file the jets are random, with
the 49 +- 14 constituents of real ones.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from papers.top_tagging.model import EnergyFlow, ParticleFlow
from papers.top_tagging.prepared.jets import JetSet, read_jets
from papers.top_tagging.tests.padded import PaddedFlow, pad, random_jets

N_JETS, BATCH, N_STEPS = 4096, 256, 24


def step_times(network: nn.Module, scores_of: Callable[[Tensor], Tensor], label: Tensor) -> list[float]:
    """Return the seconds of single training steps; the first two are not counted."""
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    order = torch.randperm(len(label), generator=torch.Generator().manual_seed(0)).split(BATCH)
    times = []
    for number in range(N_STEPS + 2):
        chosen = order[number % len(order)]
        started = time.perf_counter()
        loss = nn.functional.cross_entropy(scores_of(chosen), label[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        times.append(time.perf_counter() - started)
    return sorted(times[2:])


def compare(name: str, network: nn.Module, jets: JetSet, padded: Tensor, *, weighted: bool) -> None:
    """Print jets per second of both, from the median step, and their ratio."""
    plain = PaddedFlow(network, weighted=weighted)
    ours = step_times(network, lambda chosen: network(jets.batch(chosen)), jets.label)
    theirs = step_times(plain, lambda chosen: plain(padded[chosen]), jets.label)
    fast, slow = BATCH / ours[len(ours) // 2], BATCH / theirs[len(theirs) // 2]
    print(f"{name}: padded {slow:.0f} jets/s, true multiplicities {fast:.0f} jets/s, ratio {fast / slow:.2f}")


def main() -> None:
    """Print both networks."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    jets = read_jets(Path(sys.argv[1]), "train") if len(sys.argv) > 1 else random_jets(N_JETS)
    chosen = torch.arange(min(len(jets), N_JETS))
    batch = jets.batch(chosen)
    print(f"{len(chosen)} jets, {batch.counts.float().mean():.1f} constituents each")
    offsets = torch.cat([torch.zeros(1, dtype=torch.long), batch.counts.cumsum(0)])
    jets, padded = JetSet(batch.label, batch.constituents, offsets, batch.nsub, batch.efp), pad(batch)
    compare("PFN", ParticleFlow(), jets, padded, weighted=False)
    compare("EFN", EnergyFlow(), jets, padded, weighted=True)


if __name__ == "__main__":
    main()
