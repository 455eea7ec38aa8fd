"""Predict the noise of the test split with every model of a seed (arXiv:2005.06534).

prepared_<task>.h5 of all tasks and the models -> predictions.h5 with, per experiment "task/method", `noise` (time,) in
units of strain at the task's rate, and for the experiments of `ablate` `ablation/<witness>` (time,), the noise that is
predicted when that witness is silenced.

Windows of 8 s every 4 s are added with Hann weights and divided by the sum of the weights, so that the ends, which one
window alone covers, keep their size. The record passes through in chunks with margins: memory does not grow with it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from scipy.signal import sosfiltfilt

from common.atomic import atomic_output
from common.stage import parse, run
from papers.gw_denoise import wiener
from papers.gw_denoise.model import STRIDE, load
from papers.gw_denoise.settings import PredictConfig
from papers.gw_denoise.splits import read_attributes

Array = np.ndarray
Predictor = Callable[[Array], Array]  # witnesses (witness, time) to noise (time,), both standardised
MARGIN_S = 8  # each chunk is predicted and filtered with this much on both sides, which is then dropped


def overlap_add(network: torch.nn.Module, witnesses: Array, *, length: int, stride: int, batch: int) -> Array:
    """Return the noise (time,) from overlapping windows of the witnesses (witness, time).

    Args:
        network: In evaluation mode.
        witnesses: Standardised.
        length: Of a window, in samples; cut to the record and to a multiple of the network's stride.
        stride: Between windows; the last one is moved so that it ends with the record.
        batch: Windows that are predicted at once.
    """
    n_samples = witnesses.shape[1]
    length = min(length, n_samples // STRIDE * STRIDE)
    starts = np.unique(np.append(np.arange(0, n_samples - length + 1, stride), n_samples - length))
    weight = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2  # never 0, so that the ends can be divided
    total, weights = np.zeros(n_samples), np.zeros(n_samples)
    windows = torch.from_numpy(witnesses).unfold(1, length, 1).transpose(0, 1)  # (start, witness, time), a view
    with torch.no_grad():
        for chosen in np.array_split(starts, max(1, len(starts) // batch)):
            predicted = network(windows[torch.from_numpy(chosen)]).numpy()  # (batch, time)
            for start, noise in zip(chosen, predicted, strict=True):
                total[start : start + length] += weight * noise
                weights[start : start + length] += weight
    return total / weights


def make_predictor(stored: dict[str, Any], config: PredictConfig, *, rate_hz: int) -> Predictor:
    """Return the function that a stored model stands for."""
    if "coefficients" in stored:
        return lambda witnesses: wiener.predict(witnesses, stored["coefficients"], **stored["arguments"])
    network = load(stored)
    length, stride = round(config.window_s * rate_hz), round(config.stride_s * rate_hz)
    return lambda witnesses: overlap_add(network, witnesses, length=length, stride=stride, batch=config.batch)


def chunks(begin: int, end: int, *, size: int, margin: int) -> Iterator[tuple[slice, slice, slice]]:
    """Yield (what to read, what of it to keep, where that belongs) for one segment, in pieces of `size` samples."""
    for first in range(begin, end, size):
        last = min(first + size, end)
        if end - last < margin:  # a remainder that is shorter than the margin joins the last piece
            last = end
        low, high = max(first - margin, begin), min(last + margin, end)
        yield slice(low, high), slice(first - low, last - low), slice(first, last)
        if last == end:
            return


def stream(
    group: h5py.Group, predictor: Predictor, sections: Array, *, size: int, margin: int
) -> Iterator[tuple[slice, Array]]:
    """Yield (where, band-passed noise) for each chunk of a split."""
    for begin, end in group["segments"][:].tolist():
        for read, kept, where in chunks(begin, end, size=size, margin=margin):
            yield where, sosfiltfilt(sections, predictor(group["witnesses"][:, read]))[kept]


def predict_task(prepared: Path, models: dict[str, Path], config: PredictConfig, output: h5py.File) -> None:
    """Predict the test split of one task with its models, by method, and write the noise."""
    attributes = read_attributes(prepared)
    rate, (low, high) = attributes["rate_hz"], attributes["band_hz"]
    sections = wiener.band_pass(rate_hz=rate, low_hz=low, high_hz=high, order=attributes["filter_order"])
    scale, mean = attributes["scales"]["target_scale"][0], attributes["scales"]["target_mean"][0]
    sizes = {"size": round(config.chunk_s * rate), "margin": MARGIN_S * rate}
    with h5py.File(prepared) as file:
        test = file["test"]
        n_samples = len(test["target"])
        for method, path in models.items():
            stored = torch.load(path, weights_only=False)
            predictor = make_predictor(stored, config, rate_hz=rate)
            name, started = f"{attributes['task']}/{method}", time.perf_counter()
            noise = output.create_dataset(f"{name}/noise", shape=n_samples, dtype=float)
            for where, piece in stream(test, predictor, sections, **sizes):
                noise[where] = piece * scale + mean
            output[name].attrs["n_parameters"] = stored["n_parameters"]
            seconds = time.perf_counter() - started
            logging.info("%-28s %6.1f s, %5.0f times real time", name, seconds, n_samples / rate / seconds)
            if name in config.ablate:
                ablate(test, predictor, sections, output[name], config, attributes)


def ablate(
    test: h5py.Group,
    predictor: Predictor,
    sections: Array,
    output: h5py.Group,
    config: PredictConfig,
    attributes: dict[str, Any],
) -> None:
    """Write what is predicted from the start of the first segment when one witness after the other is silenced."""
    rate, scale = attributes["rate_hz"], attributes["scales"]["target_scale"][0]
    end = min(round(config.ablation_s * rate), int(test["segments"][0][1]))
    for index, witness in enumerate(attributes["witnesses"]):
        witnesses = test["witnesses"][:, :end]
        witnesses[index] = 0
        output[f"ablation/{witness}"] = sosfiltfilt(sections, predictor(witnesses)) * scale


def main() -> None:
    """Predict every task with every model of the seed."""
    arguments = parse(
        __doc__, config=PredictConfig, path_lists=["prepared", "models"], paths=["predictions"], numbers=["threads"]
    )
    torch.set_num_threads(arguments.threads)
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as output:
        for prepared in arguments.prepared:
            task = read_attributes(prepared)["task"]
            models = {path.parent.name: path for path in arguments.models if path.parent.parent.name == task}
            predict_task(prepared, models, arguments.config, output)


if __name__ == "__main__":
    run(main)
