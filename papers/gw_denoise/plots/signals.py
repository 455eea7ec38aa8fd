"""Figures of what the subtraction does for signals: recovered injections, range (arXiv:2005.06534)."""

import numpy as np

from common.plotting import Drawing, new_figure

from ..metrics.sensitivity import NEUTRON_STAR_MSUN, recover, templates
from ..metrics.spectra import Array, frequencies, periodograms, segment_starts
from ..signals.waveforms import inspiral_range
from .inputs import HEADLINE, Inputs, full_rate
from .style import ordered, style

RANGE_STEP_S = 16.0  # of the range against time


def fig5_signals(inputs: Inputs) -> Drawing:
    """Signal-to-noise ratios of the binary black holes that were injected into the strain, in the broadband task.

    The left panel shows the ratio that a matched filter recovers against the injected one, with the unit error of a
    matched filter; points on the diagonal mean that signals come out as they went in. The right panel shows the gain
    in signal-to-noise ratio of each injection over the raw strain, in percent, with the mean as a line. The injections
    are those of the test split; the subtractions are those of the first seed.
    """
    strain = full_rate(inputs, "broadband", [HEADLINE, "wiener"])
    shapes = templates(strain, inputs.config)
    recoveries = {method: recover(strain, method, shapes, inputs.config) for method in ("none", *strain.noise)}
    raw = recoveries["none"]
    figure, (left, right) = new_figure(figsize=(7.2, 3.6), ncols=2)
    drawn = {"injected_raw": raw.injected, "found_raw": raw.recovered}
    for method in ordered(recoveries):
        entry, label, color = recoveries[method], style(method)["label"], style(method)["color"]
        left.errorbar(entry.injected, entry.recovered, yerr=1, fmt="o", ms=3.5, lw=0.7, color=color, label=label)
        if method != "none":
            gain = 100 * (entry.injected / raw.injected - 1)
            right.plot(raw.injected, gain, "o", color=color, label=label)
            right.axhline(gain.mean(), color=color, lw=1)
            drawn |= {f"injected_{method}": entry.injected, f"found_{method}": entry.recovered, f"gain_{method}": gain}
    limits = (0.0, 1.15 * max(entry.injected.max() for entry in recoveries.values()))
    left.plot(limits, limits, color="0.7", lw=1, zorder=0)
    left.set(xlabel="injected SNR", ylabel="recovered SNR", xlim=limits, ylim=limits)
    right.set(xlabel="injected SNR before", ylabel="gain in SNR [%]")
    right.set_ylim(0, None)
    left.legend()
    right.legend()
    return figure, drawn


def fig6_range(inputs: Inputs) -> Drawing:
    """Distance in Mpc at which an average merger of two neutron stars has a signal-to-noise ratio of 8, against time.

    Each star has 1.4 solar masses. There is one point for every 16 s of the test split, before and after the
    subtraction of the broadband noise by the first seed. The dashed limit is the range if everything that the sensors
    could know is subtracted exactly; it exists for generated data only.
    """
    times, ranges = ranges_in_time(inputs, [HEADLINE, "wiener", "oracle"])
    figure, axes = new_figure(figsize=(6.4, 3.6))
    for method in ordered(ranges):
        axes.plot(times, ranges[method], **{"linewidth": 1.2, **style(method)})
    axes.set(xlabel="time in the test split [s]", ylabel="binary neutron star range [Mpc]")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))
    axes.legend(ncols=2)
    return figure, {"time_s": times, **ranges}


def ranges_in_time(inputs: Inputs, methods: list[str]) -> tuple[Array, dict[str, Array]]:
    """Return times [s] and the range [Mpc], both (time,), by method; "none" is the raw strain."""
    config, strain = inputs.config, full_rate(inputs, "broadband", methods)
    rate, n_fft = strain.rate_hz, round(config.snr_fft_s * strain.rate_hz)
    starts = segment_starts(strain.segments, n_fft=n_fft, edge=round(config.edge_s * rate))
    frequency = frequencies(n_fft, rate)
    per_point = max(1, round(2 * RANGE_STEP_S / config.snr_fft_s))  # FFTs overlap by half
    n_points = max(1, len(starts) // per_point)
    times = np.array([part.mean() for part in np.array_split(starts / rate, n_points)])
    ranges = {}
    for method in ("none", *strain.noise):
        powers = periodograms(strain.clean(method), starts, n_fft=n_fft, rate_hz=rate)
        parts = [power.mean(axis=0) for power in np.array_split(powers, n_points)]
        options = {"mass_msun": NEUTRON_STAR_MSUN, "low_hz": config.low_hz}
        ranges[method] = np.array([inspiral_range(part, frequency, **options) for part in parts])
    return times, ranges
