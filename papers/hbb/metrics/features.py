"""Properties of the jets that are known of the record's jets as well: see `reference` in published.yaml."""

import numpy as np

from common.metrics import Metrics, entry

from ..archive import branches
from ..prepared import Array, Jets
from .scored_jets import Sample


def mean_entry(values: Array) -> dict[str, float]:
    """Return the mean of values (jet,) with its error."""
    return entry(values.mean(), values.std(ddof=1) / np.sqrt(len(values)), len(values))


def describe(test: Sample) -> Metrics:
    """Return means of tracks, vertices and transverse momentum."""
    npv, n_tracks = test.spectators["npv"], test.spectators["ntracks"]
    metrics: Metrics = {}
    for name, mask in (("qcd", test.label == 0), ("higgs", test.label == 1)):
        metrics[f"feature.{name}.n_tracks_mean"] = mean_entry(n_tracks[mask])
        metrics[f"feature.{name}.npv_mean"] = mean_entry(npv[mask])
    n, many = len(npv), (npv >= 15).mean()
    metrics["feature.npv_mean"] = mean_entry(npv)
    metrics["feature.npv_at_least_15"] = entry(many, np.sqrt(many * (1 - many) / n), n)
    metrics["feature.pt_mean"] = mean_entry(test.spectators["fj_pt"])
    return metrics


def largest_sip3d(jets: Jets) -> Array:
    """Return the largest Sip3dSig of the tracks of each jet (jet,), read some thousand jets at a time."""
    feature, order = branches.TRACK_FEATURES.index("trackBTag_Sip3dSig"), np.arange(len(jets))
    batches = jets.batches(["tracks"], size=4096, order=order)
    return np.concatenate([batch["tracks"][:, :, feature].max(axis=1) for batch in batches])


def measure_sip(jets: Jets) -> Metrics:
    """Return the median of the largest Sip3dSig of the tracks of a jet, by class."""
    largest, label = largest_sip3d(jets), jets.column("label")
    metrics: Metrics = {}
    for name, mask in (("qcd", label == 0), ("higgs", label == 1)):
        values = largest[mask]
        width = np.subtract(*np.quantile(values, [0.84, 0.16])) / 2
        # The error of a median is 1.25 times that of a mean.
        metrics[f"feature.{name}.largest_sip3d_significance"] = entry(
            np.median(values), 1.2533 * width / np.sqrt(len(values)), len(values)
        )
    return metrics
