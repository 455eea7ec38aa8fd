"""Random tracks painted into pixel maps, and files of them: quick, for tests only."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from papers.nova_cvn.metrics.thesis_events import TYPES
from papers.nova_cvn.prepared.file import Writer
from papers.nova_cvn.prepared.labels import N_OUTPUTS
from papers.nova_cvn.prepared.pixel_map import MAP_CELLS, MAP_PLANES, Events

REAL = Path(__file__).parents[4] / "shared/real/nova_cvn"
DIGITISED = REAL / "nova_real_pixelmaps_digitised.npz"
needs_real_events = pytest.mark.skipif(
    not DIGITISED.is_file(),
    reason=f"needs {DIGITISED}: the rasters embedded in figures/cnn/view_truetype*.pdf of"
    " github.com/rocconnick/Thesis_UMN, commit 47ea210",
)


def real_events():
    """Return the digitised images (view, plane, cell) by name, the largest pixel of each view being 255."""
    digitised, images = np.load(DIGITISED), {}
    for number, name in TYPES.items():
        keys = [next(k for k in digitised if k.startswith(f"truetype{number}_") and k.endswith(view)) for view in "xy"]
        images[name] = np.stack([255 - digitised[key][::-1].T for key in keys])
    return images


def paint(n_events, *, seed=0, n_views=2):
    """Return events whose views (event, view, plane, cell) hold one straight track each, a long one for muons."""
    random = np.random.default_rng(seed)
    views = np.zeros((n_events, n_views, MAP_PLANES, MAP_CELLS), np.uint8)
    interaction = random.integers(N_OUTPUTS, size=n_events)
    for event in range(n_events):
        length = int(random.integers(60, 90) if interaction[event] < 4 else random.integers(8, 25))
        for view in range(n_views):
            plane = np.arange(length)
            cell = np.rint(40 + random.uniform(-0.4, 0.4) * plane).astype(int)
            views[event, view, plane, cell] = random.integers(20, 200, size=length)
    energy = random.uniform(0.5, 5, n_events).astype(np.float32)
    return Events(views, interaction, energy, energy / 2)


MADE_SHAPE = (2, 24, 20)  # view, plane, cell
MADE_SHARES = {0: 0.1, 1: 0.08, 2: 0.14, 4: 0.1, 5: 0.06, 6: 0.12, 8: 0.04, 10: 0.04, 13: 0.22, 14: 0.1}


def sample(n_events, *, seed):
    """Return events on small images whose flavours can be told a little, with unequal classes, energies and views.

    Muon neutrinos have long tracks, electron and tau neutrinos short and broad ones, neutral currents short and thin
    ones, and cosmic rays tracks along the cells. The energy falls along the track, and the Y view is brighter.
    """
    random = np.random.default_rng(seed)
    interaction = random.choice(list(MADE_SHARES), size=n_events, p=list(MADE_SHARES.values()))
    views = np.zeros((n_events, *MADE_SHAPE), np.uint8)
    _, n_planes, n_cells = MADE_SHAPE
    for event, number in enumerate(interaction):
        is_muon, is_shower, is_cosmic = number < 4, 4 <= number < 12, number == 14
        length = int(random.integers(10, 24) if is_muon else random.integers(4, 12))
        for view in range(2):
            step = np.arange(length)
            along = random.integers(3) + (step // 4 if is_cosmic else step)
            across = 9 + random.integers(-3, 4) + np.rint(random.uniform(-0.3, 0.3) * step).astype(int)
            across = np.arange(length) + 4 if is_cosmic else across
            for side in (-1, 0, 1) if is_shower else (0,):
                value = (random.integers(30, 110, size=length) + 60 * view) * (1 - 0.5 * step / length)
                inside = (along < n_planes) & (across + side >= 0) & (across + side < n_cells)
                views[event, view, along[inside], across[inside] + side] = value[inside]
    energy = random.uniform(0.8, 5, n_events).astype(np.float32)
    return Events(views, interaction.astype(int), energy, (energy * random.uniform(0.2, 0.8, n_events)).astype("f4"))


def write_nova(path, events, *, order="view, plane, cell"):
    """Write events as a public file, its pixels in one of the orders of `archive.axis_order`."""
    views = events.views
    axes = {"view, plane, cell": (0, 1, 2, 3), "plane, cell, view": (0, 2, 3, 1), "view, cell, plane": (0, 1, 3, 2)}
    with h5py.File(path, "w") as file:
        file["cvnmap"] = views.transpose(axes[order]).reshape(len(events), -1)
        file["neutrino/interaction"] = events.interaction
        file["neutrino/nuenergy"] = events.energy_gev
        file["neutrino/lepenergy"] = events.lepton_gev
        file["neutrino/finalstate"] = np.zeros(len(events), int)
    return path


def write_prepared(path, events):
    """Write events as stage prepare does."""
    with h5py.File(path, "w") as file:
        file.attrs["origin"] = "generated"
        Writer(file, shape=events.views.shape[1:]).append(events)
    return path
