"""The components of generated strain, from which the best possible subtraction is known (for arXiv:2005.06534)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..archive.channel import Channel
from ..archive.hdf5_files import channel_names, read_piece, span, write_channels_hdf5
from ..archive.resample import resample

TRUTH_FILE = "*_truth.hdf5"
PREFIX = "TRUTH-"
RATE_HZ = 1024  # enough for every band that is subtracted


def write_truth(path: Path, components: Mapping[str, Channel]) -> None:
    """Write components, given at the strain's rate, as channels "<detector>:TRUTH-<component>"."""
    write_channels_hdf5(path, [resample(channel, RATE_HZ) for channel in components.values()])


def truth_channel(detector: str, component: str) -> str:
    """Return the name of a component's channel."""
    return f"{detector}:{PREFIX}{component}"


def read_truth(paths: Sequence[Path]) -> dict[str, Channel]:
    """Return the components by name; the archive's data have no such files and no components."""
    components = {}
    for path in paths:
        for name in channel_names(path):
            start, stop = span(path, name)
            piece = read_piece(path, name, start_gps=start, stop_gps=stop)
            components[name.partition(PREFIX)[2]] = piece
    return components
