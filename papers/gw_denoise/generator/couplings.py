"""How known disturbances reach the strain, and what their sensors record (stand-in for arXiv:2005.06534).

With A the size of the line, g a short filter, m the mains, s_k slow angular motions and w_j beam jitter, the strain is

    n0 + A (g*m) [1 + sum_k b_k(t) s_k + q s_1 s_4 + u] + sum_j h_j * w_j

n0 is the noise floor. The line and the jitter are linear; the sidebands are the product of two witnesses, which no
linear filter of the witnesses can make; q is a small product of three; and u is seen by no sensor: it sets the limit
of what any method can subtract.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, freqz, lfilter, resample_poly, sosfilt
from scipy.signal.windows import hann

from ..archive.witnesses import MAINS_CHANNEL, SLOW_CHANNELS
from ..settings import JitterConfig, MainsConfig, SlowConfig
from .noise import Array, coloured_noise, unit_rms, upsample, wander

JITTER_CHANNELS = (
    "IMC-WFS_A_DC_PIT_OUT_DQ",
    "IMC-WFS_A_DC_YAW_OUT_DQ",
    "IMC-WFS_B_DC_PIT_OUT_DQ",
    "IMC-WFS_B_DC_YAW_OUT_DQ",
    "PSL-DIAG_BULLSEYE_WID_OUT_DQ",
)
PRODUCT_OVERSAMPLING = 4  # products of slow motions have twice their bandwidth
UNWITNESSED_HZ = ((0.9, 0.25, 1.0), (0.2, 0.05, 0.6))  # centre, width, amplitude


@dataclass(frozen=True)
class Disturbance:
    """Components of the strain, each (time,) at the strain's rate, and the sensors' records by channel.

    Attributes:
        components: By name; those that sensors see, and "unwitnessed".
        sensors: By channel without the detector's prefix: rate [Hz] and samples (time,).
    """

    components: dict[str, Array]
    sensors: dict[str, tuple[int, Array]]


def mains_field(config: MainsConfig, n_samples: int, rate_hz: int, generator: np.random.Generator) -> Array:
    """Return the mains (time,): rms 1 at the line, wandering frequency and amplitude, harmonics."""
    wobble = wander(n_samples, rate_hz, time_s=config.wander_time_s, rms=config.wander_hz, generator=generator)
    size = wander(n_samples, rate_hz, time_s=config.amplitude_time_s, rms=config.amplitude_wander, generator=generator)
    phase = 2 * np.pi * np.cumsum(config.frequency_hz + wobble) / rate_hz + generator.uniform(0, 2 * np.pi)
    field = np.sin(phase)
    for order, amplitude in enumerate(config.harmonics, start=2):
        field += amplitude * np.sin(order * phase + generator.uniform(0, 2 * np.pi))
    return np.asarray(np.sqrt(2) * (1 + size) * field)


def coupling_response(config: MainsConfig, rate_hz: int) -> Array:
    """Return the causal filter g (tap,) with gain 1 at the line."""
    n_taps = int(config.response_s * rate_hz) + 1
    taps = hann(2 * n_taps + 1)[n_taps:]
    turns = np.exp(-2j * np.pi * config.frequency_hz * np.arange(len(taps)) / rate_hz)
    return np.asarray(taps / abs(np.sum(taps * turns)))


def slow_motions(config: SlowConfig, n_samples: int, generator: np.random.Generator) -> Array:
    """Return correlated angular motions (channel, time) at the sensors' rate, rms 1."""
    n_channels = len(SLOW_CHANNELS)
    motions = np.empty((n_channels, n_samples))
    for channel in range(n_channels):
        heights = generator.uniform(0.3, 1.0, len(config.resonances_hz))
        shift = 1 + 0.03 * (channel % 5)
        peaks = list(zip(shift * np.array(config.resonances_hz), config.widths_hz, heights, strict=True))
        motions[channel] = coloured_noise(
            n_samples, config.rate_hz, lambda f, peaks=peaks: slow_asd(f, peaks, config.cutoff_hz), generator
        )
    mixing = np.eye(n_channels) + config.mixing * generator.standard_normal((n_channels, n_channels))
    return unit_rms(mixing @ unit_rms(motions))


def slow_asd(frequency_hz: Array, peaks: list[tuple[float, float, float]], cutoff_hz: float) -> Array:
    """Return a microseism-like slope with resonances (centre, width, height), in arbitrary units, (frequency,)."""
    asd = 0.15 / (1 + (frequency_hz / 0.3) ** 2)
    for centre, width, height in peaks:
        asd = asd + height / (1 + ((frequency_hz - centre) / width) ** 2)
    return np.asarray(asd * (frequency_hz < cutoff_hz))


def modulations(config: SlowConfig, motions: Array, n_samples: int, generator: np.random.Generator) -> dict[str, Array]:
    """Return the relative modulations of the line's coupling, each (time,) at the strain's rate.

    Args:
        config: Sizes.
        motions: (channel, time) at the sensors' rate.
        n_samples: At the strain's rate.
        generator: Of the couplings b_k, their drift and the unwitnessed motion.
    """
    n_channels, n_slow = motions.shape
    is_dominant = np.arange(n_channels) < config.n_dominant
    couplings = generator.standard_normal(n_channels) * np.where(is_dominant, 1.0, config.minor_coupling)
    drift = np.array(
        [
            wander(n_slow, config.rate_hz, time_s=config.drift_time_s, rms=config.drift, generator=generator)
            for _ in range(n_channels)
        ]
    )
    bilinear = np.sum(couplings[:, None] * (1 + drift) * motions, axis=0)
    first, fourth = upsample(motions[[0, 3]], PRODUCT_OVERSAMPLING * n_slow)
    hidden = coloured_noise(
        n_slow, config.rate_hz, lambda f: slow_asd(f, list(UNWITNESSED_HZ), config.cutoff_hz), generator
    )
    size = config.modulation_rms
    return {
        "bilinear": size * unit_rms(upsample(bilinear, n_samples)),
        "trilinear": size * config.trilinear * unit_rms(upsample(first * fourth, n_samples)),
        "unwitnessed": size * config.unwitnessed * unit_rms(upsample(hidden, n_samples)),
    }


def mains_complex(
    mains: MainsConfig, slow: SlowConfig, n_samples: int, rate_hz: int, generator: np.random.Generator
) -> Disturbance:
    """Return the line with its sidebands, and the records of the mains monitor and of 20 slow angular sensors."""
    field = mains_field(mains, n_samples, rate_hz, generator)
    carrier = mains.strain_rms * lfilter(coupling_response(mains, rate_hz), [1.0], field)
    n_slow = round(n_samples / rate_hz * slow.rate_hz)
    motions = slow_motions(slow, n_slow, generator)
    parts = modulations(slow, motions, n_samples, generator)
    components = {"line": carrier} | {name: carrier * part for name, part in parts.items()}
    monitor = field[:: rate_hz // mains.monitor_rate_hz]
    monitor = mains.monitor_volt * (monitor + generator.standard_normal(len(monitor)) / mains.monitor_snr)
    sensors = {MAINS_CHANNEL: (mains.monitor_rate_hz, monitor)}
    readings = motions + generator.standard_normal(motions.shape) / slow.sensor_snr
    # The network learns as well which channel sees which motion.
    names = generator.permutation(SLOW_CHANNELS)
    sensors |= {str(name): (slow.rate_hz, reading) for name, reading in zip(names, readings, strict=True)}
    return Disturbance(components, sensors)


def band_gain(taps: Array, band_hz: tuple[float, float], rate_hz: int) -> float:
    """Return the rms gain within the band of a filter (tap,)."""
    _, response = freqz(taps, worN=np.linspace(*band_hz, 200), fs=rate_hz)
    return float(np.sqrt(np.mean(np.abs(response) ** 2)))


def beam_jitter(config: JitterConfig, n_samples: int, rate_hz: int, generator: np.random.Generator) -> Disturbance:
    """Return the broadband component, and the records of five jitter sensors."""
    sections = butter(2, config.band_hz, btype="bandpass", fs=rate_hz, output="sos")
    total = np.zeros(n_samples)
    sensors = {}
    for channel in JITTER_CHANNELS:
        motion = sosfilt(sections, generator.standard_normal(n_samples)) * np.sqrt(rate_hz / 2)  # ASD 1 in the band
        taps = generator.standard_normal(config.response_samples) * hann(config.response_samples + 2)[1:-1]
        taps[0] += 2.0  # a prompt response dominates
        taps *= config.strain_asd / np.sqrt(len(JITTER_CHANNELS)) / band_gain(taps, config.band_hz, rate_hz)
        total += lfilter(taps, [1.0], motion)
        record = unit_rms(resample_poly(motion, config.rate_hz, rate_hz))
        sensors[channel] = (config.rate_hz, record + config.sensor_noise * generator.standard_normal(len(record)))
    return Disturbance({"jitter": total}, sensors)
