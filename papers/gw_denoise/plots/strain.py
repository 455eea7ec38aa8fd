"""Figures of the strain itself: spectra, coherence with the witnesses, spectrograms (arXiv:2005.06534)."""

from collections.abc import Mapping

import h5py
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from common.plotting import Drawing, new_figure

from ..metrics.coherence import coherence_spectra, longest_segment
from ..metrics.spectra import Array, frequencies, periodograms, segment_starts
from .inputs import HEADLINE, ZOOM_HZ, Inputs, densities
from .style import UNIT, ordered, style

TICKS_HZ = (10, 20, 50, 100, 200, 400)


def fig1_asd_lines(inputs: Inputs) -> Drawing:
    """Amplitude spectral density of the strain around the 60 Hz power line, before and after each subtraction.

    The lower panel is the ratio to the raw strain. Both panels show the test split in FFTs of 16 s; the subtractions
    are those of the first seed. The linear filter removes the line alone; the sidebands around it go only with methods
    that can form products of witnesses. The dashed limit is what remains if everything that the sensors could know is
    subtracted exactly; it exists for generated data only.
    """
    config = inputs.config
    frequency, asd = densities(inputs.data["lines"], config.fft_s, config.edge_s, ZOOM_HZ)
    figure, (top, _) = asd_and_ratio(frequency, asd)
    top.legend(loc="upper left")
    return figure, {"frequency_hz": frequency, **asd}


def fig2_asd_broadband(inputs: Inputs) -> Drawing:
    """Amplitude spectral density of the strain before and after the subtraction of the broadband beam jitter.

    The lower panel is the ratio to the raw strain. Both panels show the test split in FFTs of 4 s; the subtractions
    are those of the first seed. The jitter couples linearly, so the linear Wiener filter and DeepClean are expected to
    come close to the dashed limit. Nothing may change outside of the band that is subtracted.
    """
    data = inputs.data["broadband"]
    band = (inputs.config.low_hz, 0.45 * data.attributes["rate_hz"])
    frequency, asd = densities(data, inputs.config.snr_fft_s, inputs.config.edge_s, band)
    figure, (top, bottom) = asd_and_ratio(frequency, asd)
    top.set_xscale("log")
    top.set_ylim(0.4 * asd["none"].min(), 3 * np.percentile(asd["none"], 99))
    bottom.set_xticks([tick for tick in TICKS_HZ if frequency[0] <= tick <= frequency[-1]])
    bottom.xaxis.set_major_formatter("{x:g}")
    bottom.xaxis.set_minor_formatter(NullFormatter())
    top.legend(loc="upper right")
    return figure, {"frequency_hz": frequency, **asd}


def asd_and_ratio(frequency: Array, asd: Mapping[str, Array]) -> tuple[Figure, tuple[Axes, Axes]]:
    """Draw the ASD (frequency,) of each method and its ratio to the raw strain below; return figure and both axes."""
    figure, (top, bottom) = new_figure(figsize=(6.4, 5.0), nrows=2, sharex=True, height_ratios=[2.2, 1])
    for method in ordered(asd):
        if method == "spectral_only":
            continue
        top.plot(frequency, asd[method], **{"linewidth": 1.1, **style(method)})
        if method != "none":
            bottom.plot(frequency, asd[method] / asd["none"], **{"linewidth": 1.0, **style(method)})
    bottom.axhline(1, color="0.55", lw=1)
    top.set(yscale="log", ylabel=f"strain ASD [{UNIT}]", xlim=(frequency[0], frequency[-1]))
    bottom.set(xlabel="frequency [Hz]", ylabel="after / before", ylim=(0, 1.25))
    return figure, (top, bottom)


def fig3_sidebands(inputs: Inputs) -> Drawing:
    """Sidebands of the 60 Hz line on a linear scale, before and after each subtraction; the line itself is cut out.

    The figure shows the amplitude spectral density of the test split in FFTs of 16 s; the subtractions are those of
    the first seed. Slow angular motions modulate the coupling of the mains, which makes the sidebands. Look at the
    distance between a method and the dashed limit: it is the witnessed noise that the method leaves. The limit itself
    is set by motion that no sensor sees.
    """
    config = inputs.config
    band = (config.sidebands_hz[0][0], config.sidebands_hz[-1][1])
    frequency, asd = densities(inputs.data["lines"], config.fft_s, config.edge_s, band)
    figure, axes = new_figure(figsize=(6.4, 4.2))
    is_line = (frequency > config.line_hz[0] - 0.2) & (frequency < config.line_hz[1] + 0.2)
    for method in ordered(asd):
        values = np.where(is_line, np.nan, 1e23 * asd[method])
        axes.plot(frequency, values, **{"linewidth": 1.0, **style(method)})
    axes.set(xlabel="frequency [Hz]", ylabel=f"strain ASD [$10^{{-23}}$ {UNIT}]", xlim=(frequency[0], frequency[-1]))
    highest = np.nanmax(np.where(is_line, np.nan, 1e23 * asd["none"]))
    axes.set_ylim(0, 1.45 * highest)
    axes.legend(ncols=2, loc="upper center")
    return figure, {"frequency_hz": frequency, **asd}


def fig7_coherence(inputs: Inputs) -> Drawing:
    """Magnitude-squared coherence of the strain with the mains monitor, left, and with products of witnesses, right.

    A product is the mains monitor times one slow angular channel; the mean over all slow channels is shown. The data
    are the longest stretch of the test split without a gap, before and after the linear filter and DeepClean of the
    first seed. The sidebands are coherent with no single witness but with products, which is why a linear filter
    cannot remove them. A good subtraction brings the coherence down to that of unrelated noise.
    """
    data = inputs.data["lines"]
    with h5py.File(inputs.prepared["lines"]) as file:
        witnesses = file["test/witnesses"][:, longest_segment(data.segments)].astype(float)
    methods = [method for method in ("none", "wiener", HEADLINE) if method == "none" or method in data.noise]
    spectra = {method: coherence_spectra(data, witnesses, method, inputs.config) for method in methods}
    figure, grid = new_figure(figsize=(7.2, 3.4), ncols=2, sharex=True)
    drawn = {}
    titles = {"mains": "mains monitor", "products": "mains × slow channel, mean"}
    for axes, (name, title) in zip(grid, titles.items(), strict=True):
        for method in methods:
            if name not in spectra[method]:
                axes.text(0.5, 0.5, "no slow channel in these data", ha="center", transform=axes.transAxes)
                break
            frequency, values = spectra[method][name]
            used = (frequency >= ZOOM_HZ[0]) & (frequency <= ZOOM_HZ[1])
            axes.semilogy(frequency[used], values[used], **{"linewidth": 1.1, **style(method)})
            drawn |= {"frequency_hz": frequency[used], f"{name}_{method}": values[used]}
        axes.set(xlabel="frequency [Hz]", title=title, xlim=ZOOM_HZ)
    grid[0].set_ylabel("coherence with the strain")
    grid[0].legend()
    return figure, drawn


def fig8_spectrogram(inputs: Inputs) -> Drawing:
    """Strain around 60 Hz against time and frequency, before, left, and after the subtraction by DeepClean, right.

    The colour is the amplitude spectral density of FFTs of 4 s, on the same scale in both panels. The data are the
    test split; the subtraction is that of the first seed. The line and its sidebands should vanish at all times; a
    part that comes back with time would mean that the coupling has drifted away from what was learnt in the training.
    """
    data = inputs.data["lines"]
    rate = data.attributes["rate_hz"]
    n_fft = round(inputs.config.snr_fft_s * rate)
    starts = segment_starts(data.segments, n_fft=n_fft, edge=round(inputs.config.edge_s * rate))
    frequency = frequencies(n_fft, rate)
    used = (frequency >= ZOOM_HZ[0]) & (frequency <= ZOOM_HZ[1])
    series = {"none": data.raw, HEADLINE: data.raw - data.noise[HEADLINE]}
    maps = {n: np.sqrt(periodograms(s, starts, n_fft=n_fft, rate_hz=rate)[:, used]) for n, s in series.items()}
    figure, grid = new_figure(figsize=(7.2, 3.6), ncols=2, sharex=True, sharey=True)
    norm = LogNorm(*np.percentile(maps[HEADLINE], [5, 99.9]))
    for axes, (name, asd) in zip(grid, maps.items(), strict=True):
        # The times are the corners of the mesh, so the last one only ends it.
        cells = asd[:-1].T  # (frequency, time - 1)
        mesh = axes.pcolormesh(starts / rate, edges_of(frequency[used]), cells, norm=norm, rasterized=True)
        axes.set(xlabel="time in the test split [s]", title=style(name)["label"])
        axes.minorticks_off()
    grid[0].set_ylabel("frequency [Hz]")
    figure.colorbar(mesh, ax=list(grid), label=f"strain ASD [{UNIT}]")
    medians = {f"median_{name}": np.median(asd, axis=0) for name, asd in maps.items()}
    times, rows = np.meshgrid(starts[:-1] / rate, frequency[used])
    cells = {"cell_time_s": times.ravel(), "cell_frequency_hz": rows.ravel()}
    cells |= {f"cell_{name}": asd[:-1].T.ravel() for name, asd in maps.items()}
    return figure, {"frequency_hz": frequency[used], **medians, **cells}


def edges_of(centres: Array) -> Array:
    """Return the edges (n + 1,) between evenly spaced centres (n,)."""
    step = np.diff(centres).min()
    return np.append(centres - step / 2, centres[-1] + step / 2)
