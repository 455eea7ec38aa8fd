"""Batches of images from a prepared file, for the training shuffled, mirrored and jittered.

Blocks of neighbouring events are read in random order, a few at a time, and mixed: memory does not grow with the file.
Mirror and jitter act on the hits, before the images exist: empty pixels cost nothing.
"""

from collections.abc import Iterator

import numpy as np

from ..settings import AugmentConfig
from .file import Hits, Prepared

BLOCK_EVENTS = 512  # neighbouring events that are read together


def augment(hits: Hits, shape: tuple[int, ...], config: AugmentConfig, random: np.random.Generator) -> Hits:
    """Return the hits with half of the events mirrored along the cells, all views together, and values jittered.

    Args:
        hits: Of some events.
        shape: (view, plane, cell)
        config: Which changes are made.
        random: Source of randomness.
    """
    pixel, value = hits.pixel, hits.value
    if config.mirror:
        mirrored = random.random(hits.n_events) < 0.5
        cell = pixel % shape[-1]
        pixel = np.where(mirrored[hits.event], pixel + shape[-1] - 1 - 2 * cell, pixel)
    if config.jitter:
        value = value * random.normal(1.0, config.jitter, len(value)).astype(np.float32)
    return Hits(hits.event, pixel, value, hits.n_events)


def take(hits: Hits, events: np.ndarray) -> Hits:
    """Return the hits of some events, by their numbers (event,), renumbered in that order."""
    bounds = np.searchsorted(hits.event, np.arange(hits.n_events + 1))
    first, n_hits = bounds[events], np.diff(bounds)[events]
    event = np.repeat(np.arange(len(events)), n_hits)
    within = np.arange(len(event)) - np.repeat(np.cumsum(n_hits) - n_hits, n_hits)
    index = first[event] + within
    return Hits(event, hits.pixel[index], hits.value[index], len(events))


def join(parts: list[Hits]) -> Hits:
    """Return the hits of all events of the parts, one part after the other."""
    starts = np.cumsum([0, *(part.n_events for part in parts)])
    return Hits(
        np.concatenate([part.event + start for part, start in zip(parts, starts[:-1], strict=True)]),
        np.concatenate([part.pixel for part in parts]),
        np.concatenate([part.value for part in parts]),
        int(starts[-1]),
    )


def training_batches(
    prepared: Prepared, config: AugmentConfig, *, batch: int, shuffle_blocks: int, random: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (images (event, view, plane, cell), interaction (event,)) of one epoch; the last batch may be incomplete.

    Args:
        prepared: The training events.
        config: Changes of the images.
        batch: Events of a batch.
        shuffle_blocks: Blocks of BLOCK_EVENTS that are mixed with each other.
        random: Order of the events and changes of the images.
    """
    starts = random.permutation(np.arange(0, len(prepared), BLOCK_EVENTS))
    rest: Hits | None = None
    labels = np.zeros(0, np.int64)
    for group in range(0, len(starts), shuffle_blocks):
        ranges = [(int(s), min(int(s) + BLOCK_EVENTS, len(prepared))) for s in starts[group : group + shuffle_blocks]]
        pool = join([*([rest] if rest else []), *(prepared.hits(*part) for part in ranges)])
        labels = np.concatenate([labels, *(prepared.interaction[start:stop] for start, stop in ranges)])
        order = random.permutation(pool.n_events)
        is_last = group + shuffle_blocks >= len(starts)
        n_used = len(order) if is_last else len(order) // batch * batch
        for start in range(0, n_used, batch):
            events = order[start : min(start + batch, n_used)]
            hits = augment(take(pool, events), prepared.shape, config, random)
            yield hits.images(prepared.shape), labels[events]
        rest, labels = take(pool, order[n_used:]), labels[order[n_used:]]


def plain_batches(prepared: Prepared, *, batch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (images (event, view, plane, cell), interaction (event,)) in order and unchanged."""
    for part, hits in prepared.blocks(batch):
        yield hits.images(prepared.shape), prepared.interaction[part]
