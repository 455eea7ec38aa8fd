"""Linear and bilinear Wiener filters: the baselines that DeepClean has to beat (arXiv:2005.06534).

The linear filter predicts the noise from delayed copies of all witnesses. The bilinear one adds the products of the
mains monitor with every other witness as if they were witnesses (the idea of Vajente et al. (2020), Phys. Rev. D 101,
042003). Both are least squares on the band-passed training data, accumulated in pieces so that memory stays flat.
"""

from collections.abc import Iterator

import numpy as np
from scipy.signal import butter, sosfiltfilt

Array = np.ndarray
RIDGE = 1e-10  # times the mean diagonal of the normal equations
PIECE_S = 64
PAD_S = 4


def regressors(witnesses: Array, *, kind: str, fast: int | None) -> Array:
    """Return the series (regressor, time) that are filtered linearly.

    Args:
        witnesses: (witness, time).
        kind: "wiener" or "bilinear".
        fast: Index of the mains monitor; the linear filter makes no difference between the witnesses.
    """
    if kind == "wiener" or fast is None:
        return witnesses
    carrier = witnesses[fast]
    slow = np.delete(witnesses, fast, axis=0)
    return np.concatenate([carrier[None], carrier * slow])


def delayed(series: Array, *, taps: int, step: int) -> Array:
    """Return copies (regressor * tap, time) of series (regressor, time), shifted by multiples of `step` samples."""
    shifts = [step * (tap - taps // 2) for tap in range(taps)]
    return np.concatenate([np.roll(series, shift, axis=1) for shift in shifts])


def pieces(begin: int, end: int, *, rate_hz: int) -> Iterator[tuple[slice, slice]]:
    """Yield ranges of at most PIECE_S, each as (padded range, kept part of it)."""
    size, pad = PIECE_S * rate_hz, PAD_S * rate_hz
    for first in range(begin, end, size):
        last = min(first + size, end)
        low, high = max(first - pad, begin), min(last + pad, end)
        yield slice(low, high), slice(first - low, last - low)


def fit(
    witnesses: Array,
    target: Array,
    segments: Array,
    *,
    kind: str,
    fast: int | None,
    taps: int,
    step: int,
    **band: float,
) -> Array:
    """Return the coefficients (regressor * tap,).

    Args:
        witnesses: (witness, time), standardised.
        target: (time,), standardised and band-passed.
        segments: (segment, 2) sample ranges without a gap.
        kind: "wiener" or "bilinear".
        fast: Index of the mains monitor.
        taps: Delays per regressor.
        step: Samples between two delays.
        **band: rate_hz, low_hz, high_hz, order of the band-pass.
    """
    sections = band_pass(**band)
    gram, moment = 0.0, 0.0
    for begin, end in segments.tolist():
        for padded, kept in pieces(begin, end, rate_hz=int(band["rate_hz"])):
            series = regressors(witnesses[:, padded].astype(float), kind=kind, fast=fast)
            columns = delayed(sosfiltfilt(sections, series), taps=taps, step=step)[:, kept]
            gram = gram + columns @ columns.T
            moment = moment + columns @ target[padded][kept]
    size = len(gram)
    return np.linalg.solve(gram + RIDGE * np.trace(gram) / size * np.eye(size), moment)


def predict(witnesses: Array, coefficients: Array, *, kind: str, fast: int | None, taps: int, step: int) -> Array:
    """Return the noise (time,), not yet band-passed, of witnesses (witness, time)."""
    series = regressors(witnesses.astype(float), kind=kind, fast=fast)
    return coefficients @ delayed(series, taps=taps, step=step)


def band_pass(*, rate_hz: float, low_hz: float, high_hz: float, order: float) -> Array:
    """Return the second-order sections of the task's Butterworth band-pass."""
    return butter(int(order), (low_hz, high_hz), btype="bandpass", fs=rate_hz, output="sos")
