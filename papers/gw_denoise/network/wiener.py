"""Linear and bilinear Wiener filters: the baselines of DeepClean (arXiv:2005.06534).

The linear filter predicts the noise from delayed copies of all witnesses. The bilinear one adds the products of the
mains monitor with every other witness as if they were witnesses (the idea of Vajente et al. (2020), Phys. Rev. D 101,
042003). Both are least squares on the band-passed training data, accumulated in pieces so that memory stays flat.
"""

from collections.abc import Iterator

import numpy as np
from scipy.signal import sosfiltfilt

from ..prepared import Array, band_pass

RIDGE = 1e-10  # times the mean diagonal of the normal equations
PIECE_S = 64  # accumulated at a time
PAD_S = 4  # added to both sides of a piece for filtering, and then dropped


def regressors(witnesses: Array, *, kind: str, fast: int | None) -> Array:
    """Return the series (regressor, time) that are filtered linearly.

    Args:
        witnesses: (witness, time).
        kind: "wiener" or "bilinear".
        fast: Index of the mains monitor; the linear filter treats all witnesses alike.
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
    """Yield pieces of at most PIECE_S, each as the padded range and the part of it without the padding."""
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
    rate_hz: int,
    band_hz: tuple[float, float],
    order: int,
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
        rate_hz: Of the series.
        band_hz: Of the band-pass.
        order: Of the band-pass.
    """
    sections = band_pass(band_hz, rate_hz=rate_hz, order=order)
    gram, moment = 0.0, 0.0
    for begin, end in segments.tolist():
        for padded, inner in pieces(begin, end, rate_hz=rate_hz):
            series = regressors(witnesses[:, padded].astype(float), kind=kind, fast=fast)
            columns = delayed(sosfiltfilt(sections, series), taps=taps, step=step)[:, inner]
            gram = gram + columns @ columns.T
            moment = moment + columns @ target[padded][inner]
    size = len(gram)
    return np.linalg.solve(gram + RIDGE * np.trace(gram) / size * np.eye(size), moment)


def predict(witnesses: Array, coefficients: Array, *, kind: str, fast: int | None, taps: int, step: int) -> Array:
    """Return the noise (time,), not yet band-passed, of witnesses (witness, time)."""
    series = regressors(witnesses.astype(float), kind=kind, fast=fast)
    return coefficients @ delayed(series, taps=taps, step=step)
