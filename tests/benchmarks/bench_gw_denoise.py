"""Training and cleaning speed of gw_denoise against a plain PyTorch transcription, on one core.

    python tests/benchmarks/bench_gw_denoise.py

The transcription does what the public codes do: it cuts the record into overlapping windows, copies each, serves them
one by one through a DataLoader that stacks them, and takes the spectral loss with torch.stft. Both train the same
network on the same data with the same batches. Cleaning: 21 witnesses at 512 Hz, and its peak memory for two lengths.
"""

import tempfile
import time
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from papers.gw_denoise import wiener
from papers.gw_denoise.model import Autoencoder, CompositeLoss
from papers.gw_denoise.predict import overlap_add, stream
from papers.gw_denoise.splits import Split
from papers.gw_denoise.train import Windows

RATE, BAND, WINDOW_S, STRIDE_S, WITNESSES = 256, (55.0, 65.0), 8, 0.25, 21
CLEAN_RATE = 512


class PlainLoss(torch.nn.Module):
    """The composite loss with torch.stft over all frequencies."""

    def __init__(self) -> None:
        """Choose the band's bins."""
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


def update(network: torch.nn.Module, optimiser: torch.optim.Optimizer, loss: torch.nn.Module, batch: list) -> None:
    """Make one update."""
    value = loss(network(batch[0]), batch[1])
    optimiser.zero_grad()
    value.backward()
    optimiser.step()


def plain_rate(split: Split, *, batch: int, n_updates: int) -> tuple[float, float]:
    """Return windows per second, and MB of copied windows, of the transcription."""
    length, starts = WINDOW_S * RATE, split.window_starts(WINDOW_S * RATE, round(STRIDE_S * RATE))
    witnesses = torch.stack([torch.tensor(split.witnesses[:, a : a + length]) for a in starts])
    target = torch.stack([torch.tensor(split.target[a : a + length]) for a in starts])
    loader = DataLoader(TensorDataset(witnesses, target), batch_size=batch, shuffle=True)
    network, loss = Autoencoder(WITNESSES), PlainLoss()
    optimiser = torch.optim.Adam(network.parameters())
    started = time.perf_counter()
    for number, windows in enumerate(loader):
        if number == n_updates:
            break
        update(network, optimiser, loss, windows)
    return batch * n_updates / (time.perf_counter() - started), witnesses.nbytes / 1e6


def our_rate(split: Split, *, batch: int, n_updates: int) -> float:
    """Return windows per second with gathered views and the banded loss."""
    windows = Windows(split, length=WINDOW_S * RATE, stride=round(STRIDE_S * RATE))
    network = Autoencoder(WITNESSES)
    loss = CompositeLoss(rate_hz=RATE, band_hz=BAND, psd_s=2, psd_weight=0.5, mse_weight=0.5)
    optimiser = torch.optim.Adam(network.parameters())
    started = time.perf_counter()
    for _ in range(n_updates):
        update(network, optimiser, loss, windows.batch(torch.randint(len(windows), (batch,))))
    return batch * n_updates / (time.perf_counter() - started)


def clean(seconds: int) -> tuple[float, float]:
    """Return how many times faster than real time a record is cleaned, and the peak of numpy's memory [MB]."""
    network = Autoencoder(WITNESSES).eval()
    sections = wiener.band_pass(rate_hz=CLEAN_RATE, low_hz=55, high_hz=65, order=8)
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
    """Print both comparisons."""
    torch.set_num_threads(1)
    split = make_split(512)
    for batch in (1, 4, 32):
        n_updates = max(4, 96 // batch)
        our_rate(split, batch=batch, n_updates=2)
        ours = our_rate(split, batch=batch, n_updates=n_updates)
        plain, copied = plain_rate(split, batch=batch, n_updates=n_updates)
        ratio = ours / plain
        print(f"batch {batch:2d}: ours {ours:6.1f} windows/s, transcription {plain:6.1f} windows/s, ratio {ratio:.2f}")
    print(f"copied windows {copied:.0f} MB, record {split.witnesses.nbytes / 1e6:.0f} MB")
    for seconds in (512, 2048):
        speed, peak = clean(seconds)
        print(f"cleaning {seconds} s: {speed:.0f} times real time, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
