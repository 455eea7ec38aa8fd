"""Predict the noise of the test split with every model of a seed (arXiv:2005.06534).

prepared_<task>.h5 of all tasks and the models -> predictions.h5. It has for each experiment, "task/method":
    noise               (time,) in units of strain at the task's rate
    ablation/<witness>  (time,) the same if that witness is silenced, for the experiments of `ablate`

Overlapping windows are added with Hann weights and divided by the sum of the weights: the ends of the record, which
only one window covers, keep their size. The record passes in chunks with margins, so memory does not grow with it.
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

from .model import STRIDE, load
from .network import wiener
from .prepared import band_pass, path_of, read_attributes
from .settings import PredictConfig, tasks_of

Array = np.ndarray
Predictor = Callable[[Array], Array]  # witnesses (witness, time) to noise (time,), both standardised
MARGIN_S = 8  # added to both sides of a chunk for predicting and filtering, and then dropped


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
        for batch_starts in np.array_split(starts, max(1, len(starts) // batch)):
            predicted = network(windows[torch.from_numpy(batch_starts)]).numpy()  # (batch, time)
            for start, noise in zip(batch_starts, predicted, strict=True):
                total[start : start + length] += weight * noise
                weights[start : start + length] += weight
    return total / weights


def make_predictor(stored: dict[str, Any], config: PredictConfig, *, rate_hz: int) -> Predictor:
    """Return the prediction of a stored model as a function."""
    if "coefficients" in stored:
        return lambda witnesses: wiener.predict(witnesses, stored["coefficients"], **stored["arguments"])
    network = load(stored)
    length, stride = round(config.window_s * rate_hz), round(config.stride_s * rate_hz)
    return lambda witnesses: overlap_add(network, witnesses, length=length, stride=stride, batch=config.batch)


def chunks(begin: int, end: int, *, size: int, margin: int) -> Iterator[tuple[slice, slice, slice]]:
    """Cut one segment into pieces of `size` samples and yield three ranges for each.

    They are the samples of the split to read, margins included; the part of these without the margins; and the samples
    of the split that this part is.
    """
    for first in range(begin, end, size):
        last = min(first + size, end)
        if end - last < margin:  # a rest shorter than the margin joins the last piece
            last = end
        low, high = max(first - margin, begin), min(last + margin, end)
        yield slice(low, high), slice(first - low, last - low), slice(first, last)
        if last == end:
            return


def stream(
    group: h5py.Group, predictor: Predictor, sections: Array, *, size: int, margin: int
) -> Iterator[tuple[slice, Array]]:
    """Yield the range and the band-passed noise (time,) of each chunk of a split."""
    for begin, end in group["segments"][:].tolist():
        for padded, inner, samples in chunks(begin, end, size=size, margin=margin):
            yield samples, sosfiltfilt(sections, predictor(group["witnesses"][:, padded]))[inner]


def predict_task(prepared: Path, models: dict[str, Path], config: PredictConfig, output: h5py.File) -> None:
    """Predict the test split of one task with its models, by "task/method", and write the noise."""
    attributes = read_attributes(prepared)
    rate = attributes["rate_hz"]
    sections = band_pass(attributes["band_hz"], rate_hz=rate, order=attributes["filter_order"])
    scale, mean = attributes["scales"]["target_scale"][0], attributes["scales"]["target_mean"][0]
    sizes = {"size": round(config.chunk_s * rate), "margin": MARGIN_S * rate}
    with h5py.File(prepared) as file:
        test = file["test"]
        n_samples = len(test["target"])
        for name, path in models.items():
            stored = torch.load(path, weights_only=False)
            predictor = make_predictor(stored, config, rate_hz=rate)
            started = time.perf_counter()
            noise = output.create_dataset(f"{name}/noise", shape=n_samples, dtype=float)
            for samples, piece in stream(test, predictor, sections, **sizes):
                noise[samples] = piece * scale + mean
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
    """Silence one witness after the other and write the noise that is predicted at the start of the first segment."""
    rate, scale = attributes["rate_hz"], attributes["scales"]["target_scale"][0]
    end = min(round(config.ablation_s * rate), int(test["segments"][0][1]))
    for index, witness in enumerate(attributes["witnesses"]):
        witnesses = test["witnesses"][:, :end]
        witnesses[index] = 0
        output[f"ablation/{witness}"] = sosfiltfilt(sections, predictor(witnesses)) * scale


def main() -> None:
    """Predict every task with every model of the seed."""
    arguments = parse(
        __doc__,
        section="predict",
        config=PredictConfig,
        paths=["prepared", "models", "predictions"],
        numbers=["threads"],
    )
    torch.set_num_threads(arguments.threads)
    methods = arguments.run.methods
    with atomic_output(arguments.predictions) as path, h5py.File(path, "w") as output:
        for task in tasks_of(methods):
            names = [name for name in methods if name.startswith(f"{task}/")]
            models = {name: arguments.models / name / "model.pt" for name in names}
            predict_task(path_of(arguments.prepared, task), models, arguments.config, output)


if __name__ == "__main__":
    run(main)
