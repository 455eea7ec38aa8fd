"""Prepared splits of a made recording with known couplings: the mains line, and products of it with slow motions.

Neither stage prepare nor the generator has a part in it. The mains monitor is neither the first nor the last witness,
the splits are unequal, each has segments 1e6 s apart, and the coupling of the split valid is weaker, so that a training
is best before its end.
"""

import h5py
import numpy as np
from scipy.signal import butter, resample, sosfiltfilt

from papers.gw_denoise.prepared import Segment, write_prepared
from papers.gw_denoise.signals.waveforms import template

RATE, STRAIN_RATE = 160, 320  # [Hz] of the task and of the strain
BAND, ORDER = (55.0, 65.0), 4
MONITOR = "H1:PEM-EY_MAINSMON_EBAY_1_DQ"
WITNESSES = ["H1:ASC-A_INMON", MONITOR, "H1:ASC-Y_INMON"]
FLOOR, LINE = 1e-23, 2e-22  # [1/sqrt(Hz)] white noise, and rms of the line in strain
DELAY_S = 1 / RATE  # of the line in the strain behind the monitor: one sample
BILINEAR, UNWITNESSED = (0.3, -0.2), 0.05
START_GPS, STEP_S = 1_000_000_000, 1_000_000
SECONDS = {"train": [120, 40], "valid": [16, 12], "test": [48, 18, 18]}
SIZE = {"train": 1.0, "valid": 0.4, "test": 1.0}  # of the coupling
MASS, AMPLITUDE, TEMPLATE_S = 30.0, 1e-3, 16.0


def band_noise(generator, seconds, low_hz, high_hz):
    """Gaussian noise (time,) of rms 1 between two frequencies."""
    frequency = np.fft.rfftfreq(seconds * STRAIN_RATE, 1 / STRAIN_RATE)
    spectrum = generator.standard_normal(len(frequency)) + 1j * generator.standard_normal(len(frequency))
    series = np.fft.irfft(spectrum * ((frequency >= low_hz) & (frequency <= high_hz)), seconds * STRAIN_RATE)
    return series / series.std()


def segment(seed, seconds, *, start_gps, size):
    generator = np.random.default_rng(seed)
    time = np.arange(seconds * STRAIN_RATE) / STRAIN_RATE
    first, second, hidden = (band_noise(generator, seconds, 0.3, 2.5) for _ in range(3))
    turns = generator.uniform(0, 1, 2)

    def mains(time):
        return np.sqrt(2) * np.cos(
            2 * np.pi * (60 * time + turns[0] + 0.1 * np.sin(2 * np.pi * (0.1 * time + turns[1])))
        )

    line = size * LINE * mains(time - DELAY_S)
    truth = {
        "line": line,
        "bilinear": line * (BILINEAR[0] * first + BILINEAR[1] * second),
        "unwitnessed": line * UNWITNESSED * hidden,
    }
    floor = FLOOR * np.sqrt(STRAIN_RATE / 2) * generator.standard_normal(len(time))
    shape = template(MASS, rate_hz=STRAIN_RATE, duration_s=TEMPLATE_S, low_hz=20)
    original = floor + sum(truth.values())
    if seconds > TEMPLATE_S + 1:
        original[STRAIN_RATE : STRAIN_RATE + len(shape)] += AMPLITUDE * shape
    noise = 0.01 * generator.standard_normal((3, len(time)))
    witnesses = np.array([3 + first, 120 * mains(time), 0.5 * second]) * (1 + noise)
    slower = len(time) * RATE // STRAIN_RATE
    strain = resample(original, slower)
    sections = butter(ORDER, BAND, btype="bandpass", fs=RATE, output="sos")
    return Segment(
        start_gps=start_gps,
        strain=strain,
        target=sosfiltfilt(sections, strain),
        witnesses=resample(witnesses, slower, axis=1),
        truth={name: resample(component, slower) for name, component in truth.items()},
        original=original,
    )


def segments_of(split, seed=0):
    """The segments of a split; another seed gives another recording."""
    number = list(SECONDS).index(split)
    starts = [START_GPS + (10 * number + part) * STEP_S for part in range(len(SECONDS[split]))]
    return [
        segment([seed, number, part], seconds, start_gps=start, size=SIZE[split])
        for part, (seconds, start) in enumerate(zip(SECONDS[split], starts, strict=True))
    ]


def merger(start_gps):
    """The row (gps, mass, amplitude) of the table of the signals for a segment with a signal."""
    return (start_gps + 1 + 0.75 * TEMPLATE_S, MASS, AMPLITUDE)


def write_splits(path, **seeds):
    """Write prepared_<task>.h5; `seeds` are those of splits that are not 0."""
    splits = {split: segments_of(split, seeds.get(split, 0)) for split in SECONDS}
    attributes = {
        "task": "lines", "rate_hz": RATE, "strain_channel": "H1:STRAIN", "strain_rate_hz": STRAIN_RATE,
        "band_hz": BAND, "filter_order": ORDER, "witnesses": WITNESSES,
    }  # fmt: skip
    table = np.array([merger(part.start_gps) for part in splits["test"]])
    write_prepared(path, splits, table, attributes, origin="generated")


def reorder_segments(path, order):
    """Put the segments of the split test in another order, with all that belongs to them."""
    with h5py.File(path, "r+") as file:
        test = file["test"]
        bounds = test["segments"][:]
        lengths = np.diff(bounds, axis=1)[:, 0]
        names = [f"truth/{name}" for name in test["truth"]] + ["strain", "target", "witnesses", "original"]
        for name in names:
            values = test[name][:]
            factor = values.shape[-1] // bounds[-1, 1]
            parts = [values[..., factor * begin : factor * end] for begin, end in bounds.tolist()]
            test[name][...] = np.concatenate([parts[number] for number in order], axis=-1)
        ends = np.cumsum(lengths[order])
        test["segments"][...] = np.column_stack([ends - lengths[order], ends])
        test["start_gps"][...] = test["start_gps"][:][order]
