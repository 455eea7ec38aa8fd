"""Generate strain and witnesses with known couplings, for arXiv:2005.06534.

Settings -> two stretches of data, as in the article, each channel at its own rate:
    lines_strain.hdf5, lines_witnesses.hdf5  the mains line and its sidebands, in the schema of the archive's files
    broadband.gwf                            beam jitter, in a frame file
    <task>_truth.hdf5                        every component of the strain: the best possible subtraction is known
"""

import logging
from pathlib import Path

import numpy as np
from scipy.signal import gausspulse

from common.download.receipts import generated_receipt, write_receipt
from common.stage import parse, run

from .archive.channel import Channel
from .archive.frame_files import write_gwf
from .archive.hdf5_files import write_channels_hdf5, write_gwosc_hdf5
from .generator.couplings import Disturbance, beam_jitter, mains_complex
from .generator.noise import Array, aligo_asd, coloured_noise
from .generator.truth import truth_channel, write_truth
from .settings import GENERATED_FILES, FaultsConfig, SimulateConfig, Task

DETECTOR = "H1"
FRAME_TYPE = "H1_GENERATED"
STRAIN_CHANNEL = f"{DETECTOR}:GENERATED_STRAIN"
TASK_NUMBER = {"lines": 0, "broadband": 1}  # so that both tasks have their own random numbers
GLITCH_BAND_HZ = (30.0, 300.0)


def disturb(task: Task, config: SimulateConfig, generator: np.random.Generator) -> Disturbance:
    """Return the disturbance of one task, with its sensors."""
    n_samples = config.duration_s[task] * config.rate_hz
    if task == "lines":
        return mains_complex(config.mains, config.slow, n_samples, config.rate_hz, generator)
    return beam_jitter(config.jitter, n_samples, config.rate_hz, generator)


def lock_losses(config: FaultsConfig, duration_s: int, generator: np.random.Generator) -> np.ndarray:
    """Return which seconds (second,) have no data; losses may overlap."""
    lost = np.zeros(duration_s, dtype=bool)
    for start in generator.uniform(0, duration_s, config.n_gaps):
        lost[int(start) : int(start + config.gap_s)] = True
    return lost


def glitches(config: FaultsConfig, n_samples: int, rate_hz: int, generator: np.random.Generator) -> Array:
    """Return sine-Gaussians (time,) at random times, with a signal-to-noise ratio of about `glitch_snr`.

    Args:
        config: How many and how loud.
        n_samples: Of the strain.
        rate_hz: Of the strain.
        generator: Of times and frequencies.
    """
    signal = np.zeros(n_samples)
    half = rate_hz // 2
    for start in generator.integers(half, n_samples - half, config.n_glitches):
        frequency = np.exp(generator.uniform(*np.log(GLITCH_BAND_HZ)))
        pulse = gausspulse(np.arange(-half, half) / rate_hz, fc=frequency, bw=0.25)
        asd = aligo_asd(np.array([frequency]), scale=1.0)[0]
        energy = np.sum(pulse**2) / rate_hz
        signal[start - half : start + half] += config.glitch_snr * asd / np.sqrt(2 * energy) * pulse
    return signal


def simulate_task(task: Task, config: SimulateConfig, folder: Path) -> list[Path]:
    """Generate and write the files of one task; return their paths."""
    generator = np.random.default_rng([config.seed, TASK_NUMBER[task]])
    rate_hz, duration_s = config.rate_hz, config.duration_s[task]
    floor = coloured_noise(duration_s * rate_hz, rate_hz, lambda f: aligo_asd(f, scale=config.floor_scale), generator)
    disturbance = disturb(task, config, generator)
    strain = floor + sum(disturbance.components.values()) + glitches(config.faults, len(floor), rate_hz, generator)
    good = ~lock_losses(config.faults, duration_s, generator)
    strain[np.repeat(~good, rate_hz)] = np.nan

    def channel(name: str, rate: float, samples: Array) -> Channel:
        return Channel(name, float(config.gps_start), float(rate), samples)

    target = channel(STRAIN_CHANNEL, rate_hz, strain)
    witnesses = [channel(f"{DETECTOR}:{name}", *record) for name, record in disturbance.sensors.items()]
    paths = [folder / name for name in GENERATED_FILES[task]]
    write_record(task, paths, target, witnesses, good)
    truth = {n: channel(truth_channel(DETECTOR, n), rate_hz, c) for n, c in disturbance.components.items()}
    write_truth(paths[-1], truth)
    logging.info("%s: %d s at %d Hz, %d witnesses", task, duration_s, rate_hz, len(witnesses))
    return paths


def write_record(task: Task, paths: list[Path], strain: Channel, witnesses: list[Channel], good: np.ndarray) -> None:
    """Write strain and witnesses; each task has another format, so that both readers are used."""
    if task == "lines":
        write_gwosc_hdf5(paths[0], strain, good=good, frame_type=FRAME_TYPE)
        write_channels_hdf5(paths[1], witnesses)
    else:
        write_gwf(paths[0], [strain, *witnesses])


def main() -> None:
    """Generate every task, write the files into one folder and their receipts into another."""
    arguments = parse(__doc__, section="simulate", config=SimulateConfig, paths=["folder", "receipts"])
    for task in arguments.config.duration_s:
        for path in simulate_task(task, arguments.config, arguments.folder):
            receipt = generated_receipt(path, dataset="generated")
            write_receipt(arguments.receipts / f"{path.name}.json", receipt)


if __name__ == "__main__":
    run(main)
