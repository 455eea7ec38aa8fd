"""How the figures of arXiv:2005.06534 look: each function takes arrays and returns a figure and what is drawn in it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from common.plotting import new_figure
from papers.gw_denoise.sensitivity import Recovered

Array = np.ndarray
Drawn = dict[str, Any]
UNIT = r"Hz$^{-1/2}$"
TICKS_HZ = (10, 20, 50, 100, 200, 400)
STYLES: dict[str, dict[str, Any]] = {  # label, colour and line of every method, in the order of drawing
    "none": {"label": "raw", "color": "0.55"},
    "wiener": {"label": "linear Wiener", "color": "C4"},
    "bilinear": {"label": "bilinear Wiener", "color": "C2"},
    "spectral_only": {"label": "DeepClean, spectral loss only", "color": "C3"},
    "autoencoder": {"label": "DeepClean", "color": "C0"},
    "autoencoder_unbiased": {"label": "DeepClean, unbiased loss", "color": "C5"},
    "slow_fast": {"label": "slow × fast", "color": "C1"},
    "oracle": {"label": "limit (truth known)", "color": "k", "linestyle": "--", "linewidth": 1.0},
}


def style(method: str) -> dict[str, Any]:
    """Return how a method is drawn; one that is not in the list gets its own name as label."""
    return STYLES.get(method, {"label": method.replace("_", " ")})


def ordered(methods: Mapping[str, Any]) -> list[str]:
    """Return the methods in the order of STYLES, unknown ones last."""
    known = [method for method in STYLES if method in methods]
    return known + [method for method in methods if method not in STYLES and method != "frequency_hz"]


def draw_asd(asd: Mapping[str, Array], *, log_frequency: bool) -> tuple[Figure, Drawn]:
    """ASD (frequency,) by method above, ratio to the raw strain below; `asd` has "frequency_hz" too."""
    figure, (top, bottom) = new_figure(figsize=(6.4, 5.0), nrows=2, sharex=True, height_ratios=[2.2, 1])
    frequency = asd["frequency_hz"]
    shown = [method for method in ordered(asd) if method != "spectral_only"]
    for method in shown:
        top.plot(frequency, asd[method], **{"linewidth": 1.1, **style(method)})
        if method != "none":
            bottom.plot(frequency, asd[method] / asd["none"], **{"linewidth": 1.0, **style(method)})
    bottom.axhline(1, color="0.55", lw=1)
    top.set(yscale="log", ylabel=f"strain ASD [{UNIT}]", xlim=(frequency[0], frequency[-1]))
    bottom.set(xlabel="frequency [Hz]", ylabel="after / before", ylim=(0, 1.25))
    if log_frequency:
        top.set_xscale("log")
        top.set_ylim(0.4 * asd["none"].min(), 3 * np.percentile(asd["none"], 99))
        bottom.set_xticks([tick for tick in TICKS_HZ if frequency[0] <= tick <= frequency[-1]])
        bottom.xaxis.set_major_formatter("{x:g}")
        bottom.xaxis.set_minor_formatter(NullFormatter())
    top.legend(loc="upper right" if log_frequency else "upper left")
    return figure, dict(asd)


def draw_sidebands(asd: Mapping[str, Array], *, line_hz: tuple[float, float]) -> tuple[Figure, Drawn]:
    """ASD (frequency,) by method on a linear scale without the line itself, in 1e-23."""
    figure, axes = new_figure(figsize=(6.4, 4.2))
    frequency = asd["frequency_hz"]
    hidden = (frequency > line_hz[0] - 0.2) & (frequency < line_hz[1] + 0.2)
    for method in ordered(asd):
        values = np.where(hidden, np.nan, 1e23 * asd[method])
        axes.plot(frequency, values, **{"linewidth": 1.0, **style(method)})
    axes.set(xlabel="frequency [Hz]", ylabel=f"strain ASD [$10^{{-23}}$ {UNIT}]", xlim=(frequency[0], frequency[-1]))
    top = np.nanmax(np.where(hidden, np.nan, 1e23 * asd["none"]))
    axes.set_ylim(0, 1.45 * top)
    axes.legend(ncols=2, loc="upper center")
    return figure, dict(asd)


def draw_losses(curves: Mapping[str, list[dict[str, Array]]]) -> tuple[Figure, Drawn]:
    """Losses against updates by network; every seed is a line, training dashed."""
    figure, grid = new_figure(figsize=(7.2, 3.6), ncols=2)
    drawn: Drawn = {}
    for axes, task in zip(grid, ("lines", "broadband"), strict=True):
        for name, seeds in sorted(curves.items()):
            if name.split("/")[0] != task:
                continue
            method = name.split("/")[1]
            look = {"color": style(method).get("color"), "linewidth": 1.1, "marker": ".", "markersize": 3}
            for number, curve in enumerate(seeds):
                label = style(method)["label"] if number == 0 else None
                axes.plot(curve["update"], curve["valid_loss"], **look, label=label)
                axes.plot(curve["update"], curve["train_loss"], "--", **look, alpha=0.5)
                drawn |= {f"{name}.{number}.{c}": curve[c] for c in ("update", "train_loss", "valid_loss")}
        axes.set(xlabel="updates", ylim=(0, 1.3), title=task)
        if axes.lines:
            axes.legend()
    grid[0].set_ylabel("loss (dashed: training)")
    return figure, drawn


def draw_signals(recovered: Mapping[str, Recovered]) -> tuple[Figure, Drawn]:
    """Recovered against injected signal-to-noise ratio, and the gain of each signal, by method."""
    figure, (left, right) = new_figure(figsize=(7.2, 3.6), ncols=2)
    raw = recovered["none"]
    drawn: Drawn = {"injected_raw": raw.injected, "found_raw": raw.found}
    for method in ordered(recovered):
        entry, look = recovered[method], style(method)
        left.errorbar(
            entry.injected, entry.found, yerr=1, fmt="o", ms=3.5, lw=0.7, color=look["color"], label=look["label"]
        )
        if method != "none":
            gain = 100 * (entry.injected / raw.injected - 1)
            right.plot(raw.injected, gain, "o", color=look["color"], label=look["label"])
            right.axhline(gain.mean(), color=look["color"], lw=1)
            drawn |= {f"injected_{method}": entry.injected, f"found_{method}": entry.found, f"gain_{method}": gain}
    limits = (0.0, 1.15 * max(entry.injected.max() for entry in recovered.values()))
    left.plot(limits, limits, color="0.7", lw=1, zorder=0)
    left.set(xlabel="injected SNR", ylabel="recovered SNR", xlim=limits, ylim=limits)
    right.set(xlabel="injected SNR before", ylabel="gain in SNR [%]")
    right.set_ylim(0, None)
    left.legend()
    right.legend()
    return figure, drawn


def draw_range(ranges: Mapping[str, Array]) -> tuple[Figure, Drawn]:
    """Range [Mpc] (time,) by method; `ranges` has "time_s" too."""
    figure, axes = new_figure(figsize=(6.4, 3.6))
    for method in ordered({name: values for name, values in ranges.items() if name != "time_s"}):
        axes.plot(ranges["time_s"], ranges[method], **{"linewidth": 1.2, **style(method)})
    axes.set(xlabel="time in the test split [s]", ylabel="binary neutron star range [Mpc]")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))
    axes.legend(ncols=2)
    return figure, dict(ranges)


def draw_coherence(
    found: Mapping[str, Mapping[str, tuple[Array, Array]]], *, limits: tuple[float, float]
) -> tuple[Figure, Drawn]:
    """Coherence with the mains (left) and with its products (right) by method."""
    figure, grid = new_figure(figsize=(7.2, 3.4), ncols=2, sharex=True)
    drawn: Drawn = {}
    titles = {"mains": "mains monitor", "products": "mains × slow channel, mean"}
    for axes, (name, title) in zip(grid, titles.items(), strict=True):
        for method in ordered(found):
            if name not in found[method]:
                axes.text(0.5, 0.5, "no slow channel in these data", ha="center", transform=axes.transAxes)
                break
            frequency, values = found[method][name]
            used = (frequency >= limits[0]) & (frequency <= limits[1])
            axes.semilogy(frequency[used], values[used], **{"linewidth": 1.1, **style(method)})
            drawn |= {"frequency_hz": frequency[used], f"{name}_{method}": values[used]}
        axes.set(xlabel="frequency [Hz]", title=title, xlim=limits)
    grid[0].set_ylabel("coherence with the strain")
    grid[0].legend()
    return figure, drawn


def edges_of(centres: Array) -> Array:
    """Return the edges (n + 1,) between evenly spaced centres (n,)."""
    step = np.diff(centres).min()
    return np.append(centres - step / 2, centres[-1] + step / 2)


def draw_spectrograms(maps: Mapping[str, Array], *, time_s: Array, frequency_hz: Array) -> tuple[Figure, Drawn]:
    """ASD (time, frequency) before and after, with one colour scale."""
    figure, grid = new_figure(figsize=(7.2, 3.6), ncols=2, sharex=True, sharey=True)
    after = next(name for name in maps if name != "none")
    norm = LogNorm(*np.percentile(maps[after], [5, 99.9]))
    for axes, name in zip(grid, ("none", after), strict=True):
        mesh = axes.pcolormesh(time_s, edges_of(frequency_hz), step_map(maps[name]), norm=norm, rasterized=True)
        axes.set(xlabel="time in the test split [s]", title=style(name)["label"])
        axes.minorticks_off()
    grid[0].set_ylabel("frequency [Hz]")
    figure.colorbar(mesh, ax=list(grid), label=f"strain ASD [{UNIT}]")
    drawn: Drawn = {"frequency_hz": frequency_hz}
    return figure, drawn | {f"median_{name}": np.median(values, axis=0) for name, values in maps.items()}


def step_map(values: Array) -> Array:
    """Return values (frequency, time - 1) for a mesh whose corners are the times; the last time only ends it."""
    return values[:-1].T


def draw_ranking(found: Mapping[str, Mapping[str, Any]]) -> tuple[Figure, Drawn]:
    """Rise of the sidebands' power [%] without each witness, largest at the top."""
    names = sorted(found, key=lambda name: found[name]["value"])
    value = np.array([found[name]["value"] for name in names])
    error = np.array([max(found[name]["error"], found[name]["sd"] or 0) for name in names])
    figure, axes = new_figure(figsize=(6.0, 0.24 * len(names) + 1.0))
    axes.barh(names, value, xerr=error, color="C0", alpha=0.8)
    axes.set(xlabel="rise of the sidebands' power without it [%]", xscale="symlog")
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.tick_params(axis="y", labelsize=8)
    return figure, {"witness": names, "rise_percent": value, "error": error}


def draw_efficiency(found: Mapping[str, Mapping[str, Any]], *, name: str) -> tuple[Figure, Drawn]:
    """One number for each method, every seed a point; the bar is the larger of seed scatter and bootstrap error."""
    methods = [method for method in ordered(found) if method not in ("none", "oracle")]
    figure, axes = new_figure(figsize=(6.4, 0.42 * len(methods) + 1.1))
    drawn: Drawn = {"method": methods}
    for row, method in enumerate(methods):
        entry, look = found[method], style(method)
        error = max(entry["error"], entry["sd"] or 0)
        axes.errorbar(entry["value"], row, xerr=error, fmt="o", color=look["color"])
        axes.plot(entry["values"], [row + 0.2] * len(entry["values"]), "|", color=look["color"])
    drawn[name] = np.array([found[method]["value"] for method in methods])
    drawn["error"] = np.array([max(found[m]["error"], found[m]["sd"] or 0) for m in methods])
    axes.set_yticks(range(len(methods)), [style(method)["label"] for method in methods])
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    label = r"subtraction efficiency $\eta$ in the sidebands" if name == "eta" else "sidebands after / before"
    axes.set(xlabel=label, ylim=(-0.6, len(methods) - 0.4))
    axes.axvline(1, color="k", ls="--", lw=1)
    return figure, drawn
