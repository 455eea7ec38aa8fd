"""Draw the figures of arXiv:2005.06534, and ours beside them, from stored predictions and metrics."""

import json

import numpy as np

from common.plotting import new_figure, save_figure
from common.receipts import origin_of, read_receipt
from common.stage import parse, run
from papers.gw_denoise.settings import EvaluateConfig
from papers.gw_denoise.spectra import frequencies, periodograms, segment_starts
from papers.gw_denoise.subtraction import read_test


def main() -> None:
    """Read everything once, draw."""
    arguments = parse(
        __doc__, config=EvaluateConfig, path_lists=["receipts", "prepared", "predictions", "figures"], paths=["metrics"]
    )
    config, folder = arguments.config, arguments.figures[0].parent
    origin = origin_of(read_receipt(path) for path in arguments.receipts)
    data = read_test(arguments.prepared[0], arguments.predictions[0])
    rate = data.attributes["rate_hz"]
    n_fft = round(config.fft_s * rate)
    starts = segment_starts(data.segments, n_fft=n_fft, edge=round(config.edge_s * rate))
    frequency = frequencies(n_fft, rate)
    used = (frequency > 54) & (frequency < 66)
    figure, axes = new_figure()
    drawn = {"frequency_hz": frequency[used]}
    for name, noise in {"raw": 0.0, **data.noise}.items():
        psd = periodograms(data.raw - noise, starts, n_fft=n_fft, rate_hz=rate).mean(axis=0)
        drawn[name] = np.sqrt(psd[used])
        axes.semilogy(frequency[used], drawn[name], label=name)
    axes.legend()
    save_figure(figure, folder / "fig1_asd_lines", drawn, origin=origin)


if __name__ == "__main__":
    run(main)
