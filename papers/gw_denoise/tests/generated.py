"""What stage simulate writes for a short time, as signs of samples: they survive rounding, and equal noise shows."""

import os
from unittest.mock import patch

import h5py
import numpy as np

from common.settings import load_settings, merge
from common.workflow.closure import ROOT
from papers.gw_denoise.archive import frame_files
from papers.gw_denoise.settings import Settings
from tests.guards.chain import call
from tests.run_settings import write_settings

SECONDS, RATE = 32, 1024  # [s], [Hz] of the truth, so that nothing is resampled
FILES = ("lines_strain", "lines_witnesses", "lines_truth", "broadband", "broadband_truth")


def simulate(folder):
    """Call the stage for equal times of both tasks; return the folder of the files."""
    whole = load_settings(ROOT / "papers/gw_denoise", "smoke", Settings).simulate.model_dump(mode="json")
    small = {"rate_hz": RATE, "duration_s": {"lines": SECONDS, "broadband": SECONDS}, "jitter": {"rate_hz": RATE}}
    write_settings(folder / "settings.yaml", simulate=merge(whole, small))
    files = folder / "generated"
    files.mkdir()
    options = {"settings": folder / "settings.yaml", "folder": files, "receipts": folder / "receipts"}
    with patch.dict(os.environ, PAPERS_DATA=str(folder)):
        call("papers.gw_denoise.simulate", **options)
    return files


def read_channels(path):
    """The samples of all channels of a file, by name."""
    if path.suffix == ".gwf":
        names = frame_files.channel_names(path)
        start, stop = frame_files.span(path, names[0])
        return {n: frame_files.read_pieces(path, n, start_gps=start, stop_gps=stop)[0].samples for n in names}
    with h5py.File(path) as file:
        if "strain/Strain" in file:
            return {"strain": file["strain/Strain"][:]}
        return {name: dataset[:] for name, dataset in file.items()}


def floors(files):
    """The noise floor (time,) of each task: the strain without its components."""
    strain = {
        "lines": read_channels(files / "lines_strain.hdf5")["strain"],
        "broadband": read_channels(files / "broadband.gwf")["H1:GENERATED_STRAIN"],
    }
    return {
        task: samples - sum(read_channels(files / f"{task}_truth.hdf5").values()) for task, samples in strain.items()
    }


def signs_of_files(folder):
    """Return by file the signs of 8 s of a channel, many times; those of a strain are those of its floor."""
    files = simulate(folder)
    noise = floors(files)
    found = {}
    for path in sorted(files.iterdir()):
        channels = read_channels(path)
        if path.stem in ("lines_strain", "broadband"):
            channels |= {name: noise[path.stem.partition("_")[0]] for name in channels if "strain" in name.lower()}
        found[path.name] = [
            np.packbits(part > 0).tobytes() for samples in channels.values() for part in np.split(samples, SECONDS // 8)
        ]
    return found
