"""Small copies of the main figures: their sizes, and how a README shows them."""

import io

import numpy as np
import pytest
from PIL import Image

from common.errors import InputError
from common.report import pictures, readme
from common.report.published import load_published
from common.report.record import read_records
from tests.lensing import PUBLISHED

STEM = "fig1_shear"


@pytest.fixture
def noise(tmp_path):
    """A figure that hardly compresses."""
    pixels = np.random.default_rng(1).integers(0, 256, (360, 480, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    return tmp_path / "noise.png"


NOT_ATTEMPTED = "\n\n<details><summary>not attempted by this run: 1 claims</summary>\n\nmissing (3 km/s)\n\n</details>"


@pytest.fixture
def recorded(tmp_path):
    """Return the function that records the finished runs and returns the block of the README, down to the pictures."""
    paper = tmp_path / "papers/lensing"

    def record():
        readme.record_runs(paper, tmp_path / "results")
        return readme.paper_block(read_records(paper), paper).removesuffix(NOT_ATTEMPTED)

    return record


def opened(content):
    return Image.open(io.BytesIO(content))


# ---- sizes ----


@pytest.mark.parametrize("limit", [80_000, 30_000])
def test_a_picture_fits_even_if_it_hardly_compresses(noise, limit):
    assert noise.stat().st_size > 400_000
    content = pictures.shrink(noise, max_bytes=limit)
    assert limit / 5 < len(content) <= limit
    assert opened(content).width / opened(content).height == pytest.approx(4 / 3, rel=0.01)


def test_a_narrow_figure_keeps_its_pixels(tmp_path):
    drawn = Image.new("RGB", (500, 300), "white")
    drawn.paste((213, 94, 0), (100, 100, 200, 200))
    drawn.save(tmp_path / "a.png")
    small = opened(pictures.shrink(tmp_path / "a.png", max_bytes=80_000)).convert("RGB")
    assert small.size == (500, 300) and small.getpixel((150, 150)) == (213, 94, 0)


def test_what_is_transparent_becomes_white(tmp_path):
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(tmp_path / "a.png")
    small = opened(pictures.shrink(tmp_path / "a.png", max_bytes=80_000)).convert("RGB")
    assert small.getpixel((10, 10)) == (255, 255, 255)


def test_equal_figures_give_equal_pictures(noise):
    assert pictures.shrink(noise, max_bytes=50_000) == pictures.shrink(noise, max_bytes=50_000)


def test_the_pictures_of_a_paper_fit_together(noise, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PAPER_BYTES", 100_000)
    large = pictures.shrink(noise, max_bytes=80_000)
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        (tmp_path / f"pictures/run{number}_fig1.png").write_bytes(large)
    small = pictures.shrink(noise, max_bytes=20_000)
    (tmp_path / "pictures/run9_fig1.png").write_bytes(small)
    assert 3 * len(large) + len(small) > 100_000
    pictures.keep_small(tmp_path)
    sizes = [path.stat().st_size for path in tmp_path.glob("pictures/*.png")]
    assert len(sizes) == 4 and 50_000 < sum(sizes) <= 100_000
    assert (tmp_path / "pictures/run9_fig1.png").read_bytes() == small


@pytest.mark.parametrize(
    ("sizes", "share"), [([], 100), ([40, 50], 50), ([100], 100), ([101], 100), ([90, 90, 10], 45), ([90, 30, 30], 40)]
)
def test_only_the_largest_pictures_give_way(sizes, share):
    assert pictures.fair_share(sizes, total=100) == share
    assert sum(min(size, share) for size in sizes) <= 100


def test_a_thumbnail_is_very_small(noise):
    assert len(pictures.thumbnail(noise)) <= pictures.THUMBNAIL_BYTES
    assert opened(pictures.thumbnail(noise)).width <= pictures.THUMBNAIL_WIDTH


# ---- in the README ----


def test_a_readme_shows_the_picture_below_the_table_with_its_caption(make_run, recorded, tmp_path):
    make_run(caption="Slope of *all* galaxies [mag_AB].")
    table, _, below = recorded().partition("\n\n![")
    assert table.startswith("Run `small`") and table.endswith(" | undecided |")
    assert below == (
        "A line & its slope](pictures/small_fig1_shear.png)\n\n*Slope of \\*all\\* galaxies \\[mag\\_AB\\].*"
    )
    assert opened((tmp_path / "papers/lensing/pictures/small_fig1_shear.png").read_bytes()).width > 300


def test_a_picture_of_generated_data_says_so_first(make_run, recorded):
    make_run("generated", ["generated"], caption="Slope.")
    assert "\n\n*Made from generated data. Slope.*" in recorded()


def test_without_a_caption_a_picture_has_what_the_article_shows(make_run, recorded):
    make_run()
    assert recorded().endswith("(pictures/small_fig1_shear.png)\n\n*A line & its slope*")


def test_a_clean_clone_writes_the_same_readme(make_run, recorded, tmp_path):
    make_run(caption="Slope.")
    first = recorded()
    (tmp_path / "results").rename(tmp_path / "elsewhere")
    assert recorded() == first and "pictures/small_fig1_shear.png" in first


def test_only_pictures_that_lie_there_are_shown(make_run, recorded, tmp_path):
    make_run(caption="Slope.")
    assert "![" in recorded()
    (tmp_path / "results").rename(tmp_path / "elsewhere")
    (tmp_path / "papers/lensing/pictures/small_fig1_shear.png").unlink()
    assert "![" not in recorded()


def test_a_figure_that_is_not_marked_is_not_stored(make_run, recorded, tmp_path):
    published = tmp_path / "papers/lensing/published.yaml"
    make_run()
    published.write_text(PUBLISHED.replace("picture: true", "picture: false"))
    assert "![" not in recorded() and not (tmp_path / "papers/lensing/pictures").exists()


def test_a_figure_that_says_why_it_is_empty_is_no_picture(make_run):
    figures = make_run() / "figures"
    published = load_published(figures.parents[3] / "papers/lensing/published.yaml")
    assert list(pictures.drawn(published, figures)) == ["fig1_shear"]
    (figures / "fig1_shear.csv").write_text("note\nThis run has no lens.\n")
    assert pictures.drawn(published, figures) == {}


def test_a_picture_needs_a_file(tmp_path):
    (tmp_path / "published.yaml").write_text(
        PUBLISHED.replace("{id: fig3, file: null,", "{id: fig3, file: null, picture: true,")
    )
    with pytest.raises(InputError, match="picture: true needs a 'file'"):
        load_published(tmp_path / "published.yaml")
