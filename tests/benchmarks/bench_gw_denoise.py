"""Training and cleaning speed of gw_denoise against a plain PyTorch transcription, on one core.

    python -m tests.benchmarks.bench_gw_denoise [results/gw_denoise/generated/prepared_lines.h5]

The transcription does what the public codes do: it cuts the record into overlapping windows, copies each, serves them
one by one through a DataLoader that stacks them, and takes the spectral loss with torch.stft. Both train the same
network on the same data with as many windows a batch. Ours is faster where neighbouring windows share a pass through
the network; those of a batch are then more alike. What that means for learning is measured by the second table: seconds
until the validation loss of the generated lines task has fallen below a value, if its prepared file is given.

Cleaning: 21 witnesses at 512 Hz, and its peak memory for 10 minutes and an hour.
"""

import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from papers.gw_denoise.model import Autoencoder, CompositeLoss
from papers.gw_denoise.network.windows import Windows
from papers.gw_denoise.predict import overlap_add, stream
from papers.gw_denoise.prepared import Split, band_pass, read_split
from papers.gw_denoise.settings import Formulation
from papers.gw_denoise.train import validate

RATE, BAND, WINDOW_S, STRIDE_S, WITNESSES = 256, (55.0, 65.0), 8, 0.25, 21
CLEAN_RATE = 512
LEVELS = (0.45, 0.3)  # validation losses of the generated lines task: the line is gone; half of the sidebands, too
MOST_UPDATES = 1200
SEEDS = (0, 1, 2)


class PlainLoss(nn.Module):
    """The composite loss with torch.stft over all frequencies."""

    def __init__(self) -> None:
        super().__init__()
        self.n_fft = 2 * RATE
        frequency = torch.fft.rfftfreq(self.n_fft, 1 / RATE)
        self.used = (frequency > BAND[0]) & (frequency < BAND[1])

    def psd(self, series: torch.Tensor) -> torch.Tensor:
        """Return the PSD (batch, frequency)."""
        window = torch.hann_window(self.n_fft)
        parts = torch.stft(series, self.n_fft, self.n_fft // 2, window=window, center=False, return_complex=True)
        return parts.abs().square().mean(dim=-1)[:, self.used]

    def forward(self, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss."""
        ratio = (self.psd(target - predicted) / self.psd(target)).mean()
        return 0.5 * ratio + 0.5 * (target - predicted).square().mean()


def make_split(seconds: int) -> Split:
    """Return random witnesses and target of the given length."""
    generator = np.random.default_rng(0)
    witnesses = generator.standard_normal((WITNESSES, seconds * RATE)).astype(np.float32)
    target = generator.standard_normal(seconds * RATE).astype(np.float32)
    return Split(witnesses, target, np.array([[0, seconds * RATE]]))


def plain_loader(split: Split, *, batch: int) -> DataLoader:
    """Return a loader over copies of all windows."""
    length, starts = WINDOW_S * RATE, split.window_starts(WINDOW_S * RATE, round(STRIDE_S * RATE))
    witnesses = torch.stack([torch.tensor(split.witnesses[:, a : a + length]) for a in starts])
    target = torch.stack([torch.tensor(split.target[a : a + length]) for a in starts])
    return DataLoader(TensorDataset(witnesses, target), batch_size=batch, shuffle=True)


def plain_losses(network: nn.Module, loader: DataLoader) -> Iterator[torch.Tensor]:
    """Yield the loss of one batch after another, as the transcription computes it."""
    loss = PlainLoss()
    while True:
        for witnesses, target in loader:
            yield loss(network(witnesses), target)


def our_losses(
    network: nn.Module, split: Split, *, batch: int, neighbours: int, formulation: Formulation = "fast"
) -> Iterator[torch.Tensor]:
    """Yield the loss of one batch after another, as stage train computes it."""
    loss = CompositeLoss(rate_hz=RATE, band_hz=BAND, psd_s=2, psd_weight=0.5, mse_weight=0.5)
    sizes = {"length": WINDOW_S * RATE, "stride": round(STRIDE_S * RATE), "neighbours": neighbours}
    windows = Windows(split, **sizes, formulation=formulation)
    while True:
        yield loss(*windows.predict(network, torch.randint(len(windows), (batch // neighbours,))))


def rate(losses: Iterator[torch.Tensor], network: nn.Module, *, batch: int, n_updates: int) -> float:
    """Return windows per second, after two updates that are not counted."""
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    for number, value in enumerate(losses):
        if number == 2:
            started = time.perf_counter()
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        if number == n_updates + 1:
            return batch * n_updates / (time.perf_counter() - started)
    raise AssertionError("the iterators above never end")


def compare_training(split: Split) -> None:
    """Print windows per second for several batches and numbers of neighbours, as ratios to the transcription."""
    for batch in (4, 32):
        network, n_updates = Autoencoder(WITNESSES), max(12, 160 // batch)
        plain = rate(plain_losses(network, plain_loader(split, batch=batch)), network, batch=batch, n_updates=n_updates)
        print(f"training, batch {batch}: transcription {plain:.0f} windows/s")
        for neighbours, formulation in ((1, "article"), (4, "fast"), (8, "article"), (8, "fast")):
            if batch % neighbours == 0:
                network, sizes = Autoencoder(WITNESSES), {"batch": batch, "neighbours": neighbours}
                losses = our_losses(network, split, **sizes, formulation=formulation)
                ours = rate(losses, network, batch=batch, n_updates=n_updates)
                label = f"{neighbours} neighbours, formulation {formulation}"
                print(f"    ours, {label}: {ours:.0f} windows/s, ratio {ours / plain:.2f}")


def seconds_to_levels(losses: Iterator[torch.Tensor], network: nn.Module, valid: Split) -> list[float]:
    """Return the seconds of training until the validation loss is below each level; NaN if it never is."""
    windows = Windows(valid, length=WINDOW_S * RATE, stride=WINDOW_S * RATE, formulation="fast")
    loss = CompositeLoss(rate_hz=RATE, band_hz=BAND, psd_s=2, psd_weight=0.5, mse_weight=0.5)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=MOST_UPDATES, pct_start=0.2)
    spent, reached = 0.0, [float("nan")] * len(LEVELS)
    for number in range(1, MOST_UPDATES):
        network.train()
        started = time.perf_counter()
        optimiser.zero_grad()
        next(losses).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        spent += time.perf_counter() - started
        if number % 25 == 0:
            value = validate(network, windows, loss, batch=8)
            reached = [spent if value < v and np.isnan(r) else r for v, r in zip(LEVELS, reached, strict=True)]
            if not np.isnan(reached).any():
                break
    return reached


def compare_learning(prepared: Path) -> None:
    """Print the seconds until the validation loss falls below LEVELS."""
    train, valid = read_split(prepared, "train"), read_split(prepared, "valid")
    for batch, neighbours in ((32, 0), (4, 0), (32, 1), (32, 8)):
        times = []
        for seed in SEEDS:
            torch.manual_seed(seed)
            network = Autoencoder(WITNESSES)
            losses = (
                our_losses(network, train, batch=batch, neighbours=neighbours)
                if neighbours
                else plain_losses(network, plain_loader(train, batch=batch))
            )
            times.append(seconds_to_levels(losses, network, valid))
        medians = np.median(times, axis=0)
        shown = ", ".join(f"{level}: {spent:.0f} s" for level, spent in zip(LEVELS, medians, strict=True))
        label = f"ours, {neighbours} neighbours" if neighbours else "transcription"
        print(f"{label}, batch {batch}: median time to a validation loss of {shown}", flush=True)


def clean(seconds: int) -> tuple[float, float]:
    """Return how many times faster than real time a record is cleaned, and the peak of numpy's memory [MB]."""
    network = Autoencoder(WITNESSES).eval()
    sections = band_pass((55, 65), rate_hz=CLEAN_RATE, order=8)
    length = 8 * CLEAN_RATE

    def predictor(witnesses: np.ndarray) -> np.ndarray:
        return overlap_add(network, witnesses, length=length, stride=length // 2, batch=8)

    with tempfile.TemporaryDirectory() as folder, h5py.File(Path(folder) / "split.h5", "w") as file:
        data = file.create_dataset("witnesses", (WITNESSES, seconds * CLEAN_RATE), dtype="f4")
        for index in range(WITNESSES):
            data[index] = np.random.default_rng(index).standard_normal(data.shape[1]).astype(np.float32)
        file["segments"] = [[0, data.shape[1]]]
        tracemalloc.start()
        started = time.perf_counter()
        for _ in stream(file, predictor, sections, size=128 * CLEAN_RATE, margin=8 * CLEAN_RATE):
            pass
        speed = seconds / (time.perf_counter() - started)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
    return speed, peak


def main() -> None:
    """Print all comparisons."""
    torch.set_num_threads(1)
    compare_training(make_split(512))
    if len(sys.argv) > 1:
        compare_learning(Path(sys.argv[1]))
    for seconds in (600, 3600):
        speed, peak = clean(seconds)
        print(f"cleaning {seconds} s: {speed:.0f} times real time, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
