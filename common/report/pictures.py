"""Small copies of a run's main figures: papers/<paper>/pictures/<run>_<stem>.png for the README, and thumbnails."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from common.atomic import atomic_output
from common.plotting import CAPTIONS
from common.report.published import Published

FOLDER = "pictures"
MAX_BYTES = 80_000  # of a picture
MAX_PAPER_BYTES = 250_000  # of all pictures of a paper
WIDTHS = (900, 800, 700, 600, 500, 400, 300, 200)  # pixels; a README's column is about 850 wide
COLOURS = (128, 64, 32)
THUMBNAIL_WIDTH, THUMBNAIL_BYTES = 300, 20_000


def read_captions(figures: Path) -> dict[str, str]:
    """Return the captions of a run's figures by stem; none if the run has not stored them."""
    path = figures / CAPTIONS
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def shrink(source: Path, *, max_bytes: int, width: int = WIDTHS[0]) -> bytes:
    """Return a figure as a PNG file of at most `max_bytes`: as wide as possible, then with as many colours.

    Args:
        source: A PNG file.
        max_bytes: Size that must not be exceeded, unless the smallest picture is still larger.
        width: Largest width in pixels; a narrower figure keeps its own.
    """
    with Image.open(source) as opened:
        flat = Image.new("RGB", opened.size, "white")
        rgba = opened.convert("RGBA")
        flat.paste(rgba, mask=rgba.getchannel("A"))
    encoded, widest = b"", min(width, flat.width)
    for pixels in [widest, *(narrower for narrower in WIDTHS if narrower < widest)]:
        for colours in COLOURS:
            encoded = _encode(flat, width=pixels, colours=colours)
            if len(encoded) <= max_bytes:
                return encoded
    return encoded


def _encode(picture: Image.Image, *, width: int, colours: int) -> bytes:
    height = max(1, round(picture.height * width / picture.width))
    small = picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)
    small = small.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    small.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def picture_path(paper: Path, run: str, stem: str) -> Path:
    """Return where the small copy of a figure lies."""
    return paper / FOLDER / f"{run}_{stem}.png"


def drawn(published: Published, figures: Path) -> dict[str, Path]:
    """Return the drawn figures that published.yaml marks with picture: true, by stem."""
    paths = {figure.file: figures / f"{figure.file}.png" for figure in published.pictures if figure.file}
    return {stem: path for stem, path in paths.items() if path.is_file() and not _is_empty(path)}


def _is_empty(figure: Path) -> bool:
    """Whether a figure only says why there is nothing to draw: its CSV then has one column, `note`."""
    table = figure.with_suffix(".csv")
    return table.is_file() and table.read_text(encoding="utf-8").partition("\n")[0] == "note"


def captions(published: Published, figures: Path) -> dict[str, str]:
    """Return the captions of a run's pictures by stem, instead of a missing one what the article's figure shows."""
    stored, shows = read_captions(figures), {figure.file: figure.shows for figure in published.pictures}
    return {stem: stored.get(stem) or shows[stem] for stem in drawn(published, figures)}


def store_pictures(paper: Path, published: Published, *, run: str, figures: Path) -> None:
    """Store small copies of those figures of a run that published.yaml marks with picture: true.

    Args:
        paper: The paper's folder.
        published: Content of its published.yaml.
        run: Name of the run.
        figures: Folder of the run's figures.
    """
    for stem, source in drawn(published, figures).items():
        _write(picture_path(paper, run, stem), shrink(source, max_bytes=MAX_BYTES))
    keep_small(paper)


def keep_small(paper: Path) -> None:
    """Shrink the largest pictures of a paper so that all of them together are small enough."""
    sizes = {path: path.stat().st_size for path in sorted((paper / FOLDER).glob("*.png"))}
    share = fair_share(list(sizes.values()), total=MAX_PAPER_BYTES)
    for path in [path for path, size in sizes.items() if size > share]:
        _write(path, shrink(path, max_bytes=share))


def fair_share(sizes: Sequence[int], *, total: int) -> int:
    """Return the largest size such that all fit into `total` if none is larger than that; the small ones stay."""
    left = total
    for number, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - number)
        if size > share:
            return share
        left -= size
    return max(sizes, default=total)


def thumbnail(source: Path) -> bytes:
    """Return a figure as a very small PNG file."""
    return shrink(source, max_bytes=THUMBNAIL_BYTES, width=THUMBNAIL_WIDTH)


def _write(path: Path, content: bytes) -> None:
    with atomic_output(path) as temporary:
        temporary.write_bytes(content)
