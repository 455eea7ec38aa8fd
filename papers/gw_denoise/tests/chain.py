"""The chain of gw_denoise for the guards: its events are segments, gapless stretches of the record 1e6 s apart.

The labels are the recorded strain. All methods of the lines are trained: two filters, which have nothing random, and
two networks.
"""

import json

import h5py
import numpy as np
import torch
import yaml
from scipy.signal import welch

from papers.gw_denoise.model import load
from papers.gw_denoise.prepared import read_attributes
from papers.gw_denoise.tests import made_splits
from papers.gw_denoise.tests.generated import signs_of_files
from papers.gw_denoise.tests.toys import TOYS
from tests.guards.chain import Chain, call
from tests.run_settings import write_settings

NETWORKS = {
    "autoencoder": {"kind": "autoencoder", "learning_rate": 0.02, "updates": 30},
    "slow_fast": {"kind": "slow_fast", "learning_rate": 0.05, "updates": 40, "reference": "record"},
}
EXPERIMENTS = {"wiener": {"kind": "wiener", "taps": 5}, "bilinear": {"kind": "bilinear", "taps": 3}} | NETWORKS
TRAIN = {
    "window_s": 2, "stride_s": 0.2, "batch": 4, "neighbours": 2, "formulation": "fast", "weight_decay": 1e-5,
    "warmup_fraction": 0.3, "gradient_clip": 1, "ema_updates": 2, "psd_window_s": 1, "check_every": 5, "patience": 100,
}  # fmt: skip
PREDICT = {"window_s": 2, "stride_s": 1, "batch": 4, "chunk_s": 16, "ablate": [], "ablation_s": 8}
# Such that the 15 FFTs of a stretch of `stretch_spectra` lie in one segment, in whichever order these are.
EVALUATE = {
    "edge_s": 1, "fft_s": 4, "loss_fft_s": 2, "snr_fft_s": 2, "coherence_fft_s": 4, "line_hz": [59.9, 60.1],
    "sidebands_hz": [[57.0, 59.7], [60.3, 63.0]], "outside_hz": [[20.0, 70.0]], "low_hz": 20, "n_bootstrap": 50,
    "block": 2,
}  # fmt: skip


class PaperChain(Chain):
    paper = "gw_denoise"
    methods = [f"lines/{name}" for name in EXPERIMENTS]  # noqa: RUF012
    seedless = frozenset({"lines/wiener", "lines/bilinear"})
    # A filter or a network of witnesses that have no coupling to the strain subtracts nothing.
    chance = {  # noqa: RUF012
        f"lines.{method}.{metric}": value
        for method in ("wiener", "bilinear", "autoencoder")
        for metric, value in (("psd_ratio", 1.0), ("eta_band", 0.0), ("eta", 0.0))
    }

    def __init__(self, folder):
        super().__init__(folder)
        self.prepared, self.seed_folder = folder / "prepared_lines.h5", folder / "seed0"
        self.settings = folder / "settings.yaml"

    def make(self):
        sections = {"train": TRAIN | {"experiments": {"lines": EXPERIMENTS}}, "predict": PREDICT, "evaluate": EVALUATE}
        write_settings(self.settings, facts={"methods": self.methods}, **sections)
        made_splits.write_splits(self.prepared)

    def train(self, *, seed=0):
        for method in self.methods:
            task, _, name = method.partition("/")
            folder = self.seed_folder / method
            folder.mkdir(parents=True, exist_ok=True)
            files = {"prepared": self.prepared, "model": folder / "model.pt", "history": folder / "history.csv"}
            names = {"task": task, "method": name, "seed": seed, "threads": 1}
            call("papers.gw_denoise.train", settings=self.settings, **names, **files)

    def predict(self):
        folders = {"prepared": self.folder, "models": self.seed_folder}
        predictions = self.seed_folder / "predictions.h5"
        call("papers.gw_denoise.predict", settings=self.settings, **folders, predictions=predictions, threads=1)

    def measure(self):
        files = {name: self.seed_folder / f"{name}.{end}" for name, end in (("predictions", "h5"), ("metrics", "json"))}
        call("papers.gw_denoise.evaluate", settings=self.settings, prepared=self.folder, **files, seed=0)

    def stored(self, method):
        return torch.load(self.seed_folder / method / "model.pt", weights_only=False)

    def weights(self):
        found = {}
        for method in self.methods:
            stored = self.stored(method)
            state = stored.get("state") or {"coefficients": stored["coefficients"]}
            found[method] = {
                name: np.asarray(value) for name, value in state.items() if not name.endswith("num_batches_tracked")
            }
        return found

    def decided(self):
        return self.from_train_only()

    def from_train_only(self):
        """The scales. Filters are solved for on the training split alone as well."""
        scales = {f"scales/{name}": np.array(v) for name, v in read_attributes(self.prepared)["scales"].items()}
        return scales | {method: self.stored(method)["coefficients"] for method in self.seedless}

    def scores(self):
        """The noise (segment, time) by method, with zeros behind the shorter segments."""
        with h5py.File(self.prepared) as file:
            bounds = file["test/segments"][:].tolist()
        longest = max(end - begin for begin, end in bounds)
        with h5py.File(self.seed_folder / "predictions.h5") as file:
            noise = {method: file[method]["noise"][:] for method in self.methods}
        return {
            method: np.array([np.pad(series[a:b], (0, longest - (b - a))) for a, b in bounds])
            for method, series in noise.items()
        }

    def metrics(self):
        entries = json.loads((self.seed_folder / "metrics.json").read_text())
        return {name: entry["value"] for name, entry in entries.items()}

    def history_file(self, method):
        return self.seed_folder / method / "history.csv"

    def stored_loss(self, method):
        """The loss by its definition, with SciPy's spectra, of the windows of each segment that follow each other."""
        name = method.partition("/")[2]
        if name not in NETWORKS:
            return None
        length = TRAIN["window_s"] * made_splits.RATE
        inputs, target = self.windows("valid", length)
        with torch.no_grad():
            residual = target - load(self.stored(method))(torch.from_numpy(inputs)).numpy()
        reference = spectra(target)
        if NETWORKS[name].get("reference") == "record":
            # Welch's spectrum of each segment by itself, weighted by its number of FFTs
            segments = [part for _, part in self.segments("train")]
            n_ffts = [2 * len(part) // made_splits.RATE - 1 for part in segments]
            reference = np.average([spectra(part) for part in segments], axis=0, weights=n_ffts)
        return float(0.5 * np.mean(residual**2) + 0.5 * np.mean(spectra(residual) / reference))

    def segments(self, split):
        """Witnesses (witness, time) and target (time,) of each segment."""
        with h5py.File(self.prepared) as file:
            group = file[split]
            return [(group["witnesses"][:, a:b], group["target"][a:b]) for a, b in group["segments"][:].tolist()]

    def windows(self, split, length):
        """Witnesses (window, witness, time) and target (window, time) of all windows that do not overlap."""
        pairs = [
            (witnesses[:, first : first + length], target[first : first + length])
            for witnesses, target in self.segments(split)
            for first in range(0, len(target) - length + 1, length)
        ]
        return tuple(np.array(part) for part in zip(*pairs, strict=True))

    def learning_rate(self, method):
        """One cycle of two half cosines: from 1/25 of the rate to the rate, and to 1/250000 of it."""
        network = NETWORKS.get(method.partition("/")[2])
        if network is None:
            return None
        highest, updates = network["learning_rate"], network["updates"]
        top = TRAIN["warmup_fraction"] * (updates + 1) - 1
        done = np.arange(TRAIN["check_every"], updates + 1, TRAIN["check_every"])
        rising, falling = np.minimum(done / top, 1), np.maximum((done - top) / (updates - top), 0)
        lowest = np.where(done <= top, highest / 25, highest / 250_000)
        share = np.where(done <= top, (1 - np.cos(np.pi * rising)) / 2, (1 + np.cos(np.pi * falling)) / 2)
        return lowest + (highest - lowest) * share

    def replace(self, split):
        made_splits.write_splits(self.prepared, **{split: 1})

    def relabel(self, split, new):
        with h5py.File(self.prepared, "r+") as file:
            for name in ("target", "strain", "original") if split == "test" else ("target",):
                file[split][name][...] = new(file[split][name][:])

    def reorder(self, order):
        made_splits.reorder_segments(self.prepared, np.asarray(order))

    def n_test(self):
        with h5py.File(self.prepared) as file:
            return len(file["test/segments"])

    def change_test(self, name, change):
        with h5py.File(self.prepared, "r+") as file:
            file["test"][name][...] = change(file["test"][name][:])

    def equal_views(self):
        return {
            "strain": lambda: self.relabel("test", lambda samples: -samples),
            "time of the segments": lambda: self.change_test("start_gps", lambda gps: gps + 1000),
        }

    def unequal_views(self):
        changes = {
            "two witnesses exchanged": lambda witnesses: witnesses[[2, 1, 0]],
            "monitor in another place": lambda witnesses: witnesses[[1, 0, 2]],
            "one sample later": lambda witnesses: np.roll(witnesses, 1, axis=1),
            "reversed in time": lambda witnesses: witnesses[:, ::-1],
        }
        return {name: lambda change=change: self.change_test("witnesses", change) for name, change in changes.items()}

    def other_batches(self):
        content = yaml.safe_load(self.settings.read_text())
        content["predict"]["batch"] = 3
        self.settings.write_text(yaml.safe_dump(content))

    def toys(self):
        return TOYS

    def generated_files(self, folder):
        return {name: set(pieces) for name, pieces in signs_of_files(folder).items()}


def spectra(series):
    """PSD (..., frequency) within the band of series (..., time), as the loss has it: no mean is taken off."""
    frequency, power = welch(series.astype(float), made_splits.RATE, nperseg=made_splits.RATE, detrend=False)
    return power[..., (frequency > made_splits.BAND[0]) & (frequency < made_splits.BAND[1])]
