"""Generate strain and witnesses with known couplings, for arXiv:2005.06534.

Settings -> for each task `<task>_strain.hdf5` (GWOSC's schema), `<task>_witnesses.hdf5` (a dataset per channel, each at
its own rate) and `<task>_truth.hdf5` (every component of the strain, so that the best possible subtraction is known).

`lines` has the mains line with sidebands, `broadband` the beam jitter, as the article uses two stretches of data.
"""

import logging
from pathlib import Path

import h5py
import numpy as np
from scipy.signal import gausspulse

from common.atomic import atomic_output
from common.receipts import generated_receipt, write_receipt
from common.stage import parse, run
from papers.gw_denoise.couplings import Disturbance, beam_jitter, mains_complex
from papers.gw_denoise.noise import Array, aligo_asd, coloured_noise
from papers.gw_denoise.settings import FaultsConfig, SimulateConfig, Task

DETECTOR = "H1"
STRAIN_CHANNEL = f"{DETECTOR}:GENERATED_STRAIN"
MASK_BITS = 127  # all seven bits of GWOSC's data-quality mask: good
TASK_NUMBER = {"lines": 0, "broadband": 1}  # so that both tasks have their own random numbers
GLITCH_BAND_HZ = (30.0, 300.0)
TRUTH_SCALE = 1e-21  # truth is stored in this unit, in single precision


def disturb(task: Task, config: SimulateConfig, generator: np.random.Generator) -> Disturbance:
    """Return what disturbs the strain of one task."""
    n_samples = config.duration_s[task] * config.rate_hz
    if task == "lines":
        return mains_complex(config.mains, config.slow, n_samples, config.rate_hz, generator)
    return beam_jitter(config.jitter, n_samples, config.rate_hz, generator)


def lock_losses(config: FaultsConfig, duration_s: int, generator: np.random.Generator) -> np.ndarray:
    """Return GWOSC's data-quality mask (second,): 0 in gaps, which keep away from each other by chance only."""
    mask = np.full(duration_s, MASK_BITS, dtype=np.uint32)
    for start in generator.uniform(0, duration_s, config.n_gaps):
        mask[int(start) : int(start + config.gap_s)] = 0
    return mask


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


def write_strain(path: Path, strain: Array, mask: np.ndarray, *, gps_start: int, rate_hz: int) -> None:
    """Write strain (time,) and mask (second,) with the schema of GWOSC's HDF5 files."""
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        meta = {
            "Description": "Strain data time series, generated",
            "DescriptionURL": "",
            "Detector": DETECTOR,
            "Duration": len(mask),
            "GPSstart": gps_start,
            "Observatory": DETECTOR[0],
            "StrainChannel": STRAIN_CHANNEL,
            "Type": "StrainTimeSeries",
            "UTCstart": "",
        }
        for key, value in meta.items():
            file[f"meta/{key}"] = value
        dataset = file.create_dataset("strain/Strain", data=strain)
        dataset.attrs.update(Npoints=len(strain), Xstart=gps_start, Xspacing=1 / rate_hz, Xunits="second")
        dataset.attrs.update(Xlabel="GPS time", Ylabel="Strain", Yunits="")
        file["quality/simple/DQmask"] = mask
        file["quality/injections/Injmask"] = np.full(len(mask), 31, dtype=np.uint32)


def write_channels(path: Path, channels: dict[str, tuple[int, Array]], *, gps_start: int) -> None:
    """Write channels (rate, samples) as GWpy does: a dataset for each, with start and spacing as attributes."""
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        for name, (rate_hz, samples) in channels.items():
            dataset = file.create_dataset(f"{DETECTOR}:{name}", data=samples.astype(np.float32))
            dataset.attrs.update(
                name=f"{DETECTOR}:{name}", channel=f"{DETECTOR}:{name}", x0=float(gps_start), dx=1 / rate_hz, xunit="s"
            )


def write_truth(path: Path, components: dict[str, Array], *, gps_start: int, rate_hz: int) -> None:
    """Write the components (time,) of the strain in units of TRUTH_SCALE."""
    with atomic_output(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs.update(truth=True, x0=float(gps_start), dx=1 / rate_hz, scale=TRUTH_SCALE)
        for name, samples in components.items():
            file[name] = (samples / TRUTH_SCALE).astype(np.float32)


def simulate_task(task: Task, config: SimulateConfig, folder: Path) -> list[Path]:
    """Generate and write the three files of one task."""
    generator = np.random.default_rng([config.seed, TASK_NUMBER[task]])
    rate_hz, duration_s = config.rate_hz, config.duration_s[task]
    floor = coloured_noise(
        duration_s * rate_hz, rate_hz, lambda f: aligo_asd(f, scale=config.floor_scale), generator
    )
    disturbance = disturb(task, config, generator)
    strain = floor + sum(disturbance.components.values()) + glitches(config.faults, len(floor), rate_hz, generator)
    mask = lock_losses(config.faults, duration_s, generator)
    strain[np.repeat(mask == 0, rate_hz)] = np.nan
    paths = [folder / f"{task}_{kind}.hdf5" for kind in ("strain", "witnesses", "truth")]
    write_strain(paths[0], strain, mask, gps_start=config.gps_start, rate_hz=rate_hz)
    write_channels(paths[1], disturbance.sensors, gps_start=config.gps_start)
    write_truth(paths[2], disturbance.components, gps_start=config.gps_start, rate_hz=rate_hz)
    logging.info("%s: %d s at %d Hz, %d witnesses", task, duration_s, rate_hz, len(disturbance.sensors))
    return paths


def main() -> None:
    """Generate every task, write the files and their receipts in the order of the options."""
    arguments = parse(__doc__, config=SimulateConfig, path_lists=["files", "receipts"])
    receipts = {path.name.removesuffix(".json"): path for path in arguments.receipts}
    for task in arguments.config.duration_s:
        for path in simulate_task(task, arguments.config, arguments.files[0].parent):
            write_receipt(receipts[path.name], generated_receipt(path, dataset="generated"))


if __name__ == "__main__":
    run(main)
