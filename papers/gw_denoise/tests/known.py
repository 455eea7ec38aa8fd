"""A recording whose best subtraction is known in closed form, in the archive's file formats, and a run on it.

Lines: a sinusoid at 60 Hz couples with a delay, and two slow sinusoids modulate the coupling, so that all lines have
known amplitudes; a line at 196 Hz would fall on 60 Hz if it were aliased. Broadband: two white witnesses couple through
known filters, and their sensors have white noise, so that the best filter is the coupling over 1 + 1/snr. Both have a
bad second within the train and the test split, and behind it one witness of the broadband noise has moved by a step.
"""

import os
from unittest.mock import patch

import numpy as np

from common.download.receipts import generated_receipt, write_receipt
from papers.gw_denoise.archive.channel import Channel
from papers.gw_denoise.archive.frame_files import write_gwf
from papers.gw_denoise.archive.hdf5_files import write_channels_hdf5, write_gwosc_hdf5
from papers.gw_denoise.tests.chain import PREDICT, TRAIN
from tests.guards.chain import call
from tests.run_settings import write_settings

STRAIN_RATE, RATE = 512, 256  # [Hz]
SECONDS, BAD = 360, (100, 276)  # [s] the bad ones are in the splits train and test
START = 1_000_000_000  # [GPS s]
FLOOR = 1e-46  # [1/Hz] white, one-sided
LINE, MODULATION, SLOW_HZ = 3e-22, (0.06, 0.03), (1.0, 1.5)  # rms of the line; of its modulations; [Hz]
DELAY_S = 1 / RATE
MONITOR, SLOW = "H1:PEM-EY_MAINSMON_EBAY_1_DQ", ("H1:ASC-A_INMON", "H1:SUS-Z_INMON")
JITTER = ("H1:IMC-WFS_A_DC_PIT_OUT_DQ", "H1:PSL-DIAG_BULLSEYE_WID_OUT_DQ")
FILTERS = np.array([[1.2, 0.6, -0.4], [0.9, -0.7, 0.0]])  # of the task's samples, for ASDs of sqrt(FLOOR)
SENSOR_SNR = np.array([8.0, 1.0])  # in power
STEP = 1000.0
BANDS = {"lines": (55.0, 65.0), "broadband": (30.0, 100.0)}
INJECTED_SNR, MASS = 10.0, 10.0
EVALUATE = {
    "edge_s": 2, "fft_s": 4, "loss_fft_s": 2, "snr_fft_s": 2, "coherence_fft_s": 4, "line_hz": [59.9, 60.1],
    "sidebands_hz": [[57.0, 59.7], [60.3, 63.0]], "outside_hz": [[20.0, 110.0]], "low_hz": 20, "n_bootstrap": 40,
    "block": 2,
}  # fmt: skip
EXPERIMENTS = {
    "lines": {
        "wiener": {"kind": "wiener", "taps": 3},
        "bilinear": {"kind": "bilinear", "taps": 3},
        "autoencoder": {"kind": "autoencoder", "learning_rate": 0.01, "updates": 8},
        "slow_fast": {"kind": "slow_fast", "learning_rate": 0.05, "updates": 150, "reference": "record"},
    },
    "broadband": {
        "wiener": {"kind": "wiener", "taps": 5},
        "autoencoder": {"kind": "autoencoder", "learning_rate": 0.01, "updates": 8},
    },
}
METHODS = [f"{task}/{method}" for task, methods in EXPERIMENTS.items() for method in methods]


def settings():
    shared = {
        "missing_witnesses": "stop", "filter_order": 4, "rate_hz": RATE, "train_s": 160, "valid_s": 24, "gap_s": 4,
        "edge_s": 4, "min_segment_s": 20,
    }  # fmt: skip
    lines = {"files": ["*lines*"], "witnesses": ["ASC-*", "PEM-*", "SUS-*"], "band_hz": BANDS["lines"]}
    broadband = {"files": ["*broad*"], "witnesses": ["IMC-*", "PSL-*"], "band_hz": BANDS["broadband"]}
    broadband |= {"strain": "H1:STRAIN"}
    signals = {"interval_s": 40, "masses_msun": [MASS], "snr": [INJECTED_SNR, INJECTED_SNR], "low_hz": 20, "seed": 1}
    return {
        "prepare": {"tasks": {"lines": shared | lines, "broadband": shared | broadband}, "injections": signals},
        "train": TRAIN | {"experiments": EXPERIMENTS, "stride_s": 0.25, "check_every": 4},
        "predict": PREDICT | {"ablate": ["lines/autoencoder", "lines/bilinear"], "chunk_s": 40, "ablation_s": 70},
        "evaluate": EVALUATE,
    }


def channel(name, rate, samples):
    return Channel(name, float(START), float(rate), np.asarray(samples, dtype=float))


def floor(generator):
    return np.sqrt(FLOOR * STRAIN_RATE / 2) * generator.standard_normal(SECONDS * STRAIN_RATE)


def tone(frequency_hz, rate, delay_s=0.0):
    """A sinusoid (time,) of rms 1."""
    return np.sqrt(2) * np.cos(2 * np.pi * frequency_hz * (np.arange(SECONDS * rate) / rate - delay_s))


def with_bad_seconds(strain):
    """The strain without the bad seconds, and whether each second is good."""
    good = ~np.isin(np.arange(SECONDS), BAD)
    return np.where(np.repeat(good, STRAIN_RATE), strain, np.nan), good


def write_lines(folder):
    generator = np.random.default_rng(10)
    line = LINE * tone(60, STRAIN_RATE, DELAY_S)
    parts = {"line": line}
    parts["bilinear"] = line * sum(m * tone(f, STRAIN_RATE) for m, f in zip(MODULATION, SLOW_HZ, strict=True))
    strain = floor(generator) + sum(parts.values()) + LINE * tone(196, STRAIN_RATE)
    strain, good = with_bad_seconds(strain)
    monitor = 120 * (tone(60, STRAIN_RATE) + 1e-3 * generator.standard_normal(len(strain)))
    slow = [size * tone(f, 16) + 7 for size, f in zip((0.01, 400), SLOW_HZ, strict=True)]
    slow = [s + 1e-3 * s.std() * generator.standard_normal(len(s)) for s in slow]
    witnesses = [channel(MONITOR, STRAIN_RATE, monitor)]
    witnesses += [channel(name, 16, samples) for name, samples in zip(SLOW, slow, strict=True)]
    write_gwosc_hdf5(folder / "lines_strain.hdf5", channel("H1:STRAIN", STRAIN_RATE, strain), good=good, frame_type="X")
    write_channels_hdf5(folder / "lines_witnesses.hdf5", witnesses)
    write_truth(folder / "lines_truth.hdf5", parts)


def write_broadband(folder):
    generator = np.random.default_rng(11)
    motions = generator.standard_normal((2, SECONDS * STRAIN_RATE))
    size = np.sqrt(FLOOR * STRAIN_RATE / 2)
    taps = np.kron(FILTERS, [1, 0])  # each tap is one sample of the task's, two of the strain's
    jitter = size * sum(np.convolve(m, t)[: len(m)] for m, t in zip(motions, taps, strict=True))
    strain, _ = with_bad_seconds(floor(generator) + jitter)
    readings = motions + generator.standard_normal(motions.shape) / np.sqrt(SENSOR_SNR)[:, None]
    for second in BAD:
        readings[1, second * STRAIN_RATE :] += STEP
    witnesses = [channel(name, STRAIN_RATE, samples) for name, samples in zip(JITTER, readings, strict=True)]
    write_gwf(folder / "broadband.gwf", [channel("H1:STRAIN", STRAIN_RATE, strain), *witnesses])
    write_truth(folder / "broadband_truth.hdf5", {"jitter": jitter})


def write_truth(path, parts):
    write_channels_hdf5(path, [channel(f"H1:TRUTH-{name}", STRAIN_RATE, part) for name, part in parts.items()])


def run(folder):
    """Write the recording and call all stages from prepare to evaluate; return the folder of the run."""
    data = folder / "data"
    data.mkdir()
    write_lines(data)
    write_broadband(data)
    files = sorted(path.name for path in data.iterdir())
    facts = {"methods": METHODS, "generated": files}
    options = {"settings": write_settings(folder / "settings.yaml", facts=facts, **settings())}
    with patch.dict(os.environ, PAPERS_DATA=str(data)):
        for name in files:
            receipt = generated_receipt(data / name, dataset="generated")
            write_receipt(folder / "receipts/generated" / f"{name}.json", receipt)
        for task in EXPERIMENTS:
            prepared = folder / f"prepared_{task}.h5"
            call("papers.gw_denoise.prepare", **options, receipts=folder / "receipts", prepared=prepared, task=task)
    for name in METHODS:
        task, _, method = name.partition("/")
        made = folder / "seed0" / name
        made.mkdir(parents=True)
        files = {
            "prepared": folder / f"prepared_{task}.h5",
            "model": made / "model.pt",
            "history": made / "history.csv",
        }
        call("papers.gw_denoise.train", **options, task=task, method=method, seed=0, threads=1, **files)
    predictions, seed = folder / "seed0/predictions.h5", folder / "seed0"
    options |= {"prepared": folder, "predictions": predictions}
    call("papers.gw_denoise.predict", **options, models=seed, threads=1)
    call("papers.gw_denoise.evaluate", **options, metrics=seed / "metrics.json", seed=0)
    return folder
