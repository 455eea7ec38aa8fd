"""Welch spectra of several series over the same segments, with a bootstrap over time (arXiv:2005.06534).

All methods are compared on the same stretches of data, and the bootstrap draws the same stretches for all of them. The
differences between methods are therefore known better than each spectrum.
"""

from collections.abc import Callable, Mapping

import numpy as np

from common.metrics import entry

Array = np.ndarray


def segment_starts(segments: Array, *, n_fft: int, edge: int) -> Array:
    """Return the first samples (fft,) of half-overlapping FFTs inside the segments (segment, 2) without their ends."""
    starts = [np.arange(begin + edge, end - edge - n_fft + 1, n_fft // 2) for begin, end in segments.tolist()]
    return np.concatenate(starts)


def periodograms(series: Array, starts: Array, *, n_fft: int, rate_hz: float) -> Array:
    """Return one-sided PSDs (fft, frequency) as scipy.signal.welch has them (Hann, constant part removed)."""
    window = np.sin(np.pi * np.arange(n_fft) / n_fft) ** 2
    norm = 2 / (rate_hz * np.sum(window**2))
    powers = np.empty((len(starts), n_fft // 2 + 1))
    for row, start in enumerate(starts.tolist()):
        piece = series[start : start + n_fft]
        powers[row] = norm * np.abs(np.fft.rfft((piece - piece.mean()) * window)) ** 2
    powers[:, [0, -1]] /= 2
    return powers


def frequencies(n_fft: int, rate_hz: float) -> Array:
    """Return the frequencies (frequency,) of the PSDs."""
    return np.fft.rfftfreq(n_fft, 1 / rate_hz)


def draw_blocks(n_ffts: int, *, block: int, n_bootstrap: int, seed: int) -> Array:
    """Return row numbers (bootstrap, fft): blocks of neighbours, drawn with replacement; row 0 follows the last row."""
    generator = np.random.default_rng(seed)
    n_blocks = -(-n_ffts // block)
    first = generator.integers(n_ffts, size=(n_bootstrap, n_blocks))
    rows = (first[:, :, None] + np.arange(block)) % n_ffts  # (bootstrap, block, fft)
    return rows.reshape(n_bootstrap, -1)[:, :n_ffts]


def bootstrap(
    statistic: Callable[..., float], powers: Mapping[str, Array], draws: Array, *, average: Callable[..., Array]
) -> dict[str, float]:
    """Return the entry of metrics.json for a statistic of averaged spectra; `n` is the number of FFTs.

    Args:
        statistic: Takes one averaged spectrum (frequency,) per keyword.
        powers: Periodograms (fft, frequency) by keyword.
        draws: (bootstrap, fft), from `draw_blocks`.
        average: np.mean or np.median, called with axis=0.
    """
    value = statistic(**{name: average(power, axis=0) for name, power in powers.items()})
    scatter = [statistic(**{name: average(power[rows], axis=0) for name, power in powers.items()}) for rows in draws]
    return entry(value, np.std(scatter, ddof=1), draws.shape[1])
