"""Figures: three files each, equal for equal content, honest about generated data."""

import csv

import numpy as np
import pytest

from common.plotting import new_figure, save_figure
from common.tables import as_csv


def draw(folder, height=1.0, origin="archive"):
    figure, axes = new_figure(figsize=(3, 2))
    axes.plot([0, 1], [0, height], label="σ")
    axes.legend()
    drawn = {"x": [0, 1, 2], "y": np.array([0.123456789, height]), "name": ["a", "b", "c"]}
    save_figure(figure, folder / "fig1_line.png", drawn, origin=origin)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_figure_is_three_files_and_the_csv_is_what_is_drawn(tmp_path):
    files = draw(tmp_path)
    assert list(files) == ["fig1_line.csv", "fig1_line.pdf", "fig1_line.png"]
    assert files["fig1_line.pdf"].startswith(b"%PDF") and files["fig1_line.png"].startswith(b"\x89PNG")
    rows = list(csv.DictReader(files["fig1_line.csv"].decode().splitlines()))
    assert [row["x"] for row in rows] == ["0", "1", "2"]
    assert [row["y"] for row in rows] == ["0.123457", "1", ""]
    assert [row["name"] for row in rows] == ["a", "b", "c"]


def test_equal_figures_are_equal_files(tmp_path, monkeypatch):
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    first, other = draw(folders[0]), draw(folders[2], height=2.0)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")  # another day
    assert draw(folders[1]) == first
    assert all(first[name] != other[name] for name in first)


def test_a_figure_of_generated_data_says_so(tmp_path):
    figure, _ = new_figure()
    save_figure(figure, tmp_path / "a.png", {}, origin="archive")
    assert figure.get_suptitle() == ""
    save_figure(figure, tmp_path / "a.png", {}, origin="generated")
    assert "generated data" in figure.get_suptitle()


def test_a_figure_that_cannot_be_drawn_keeps_the_old_one(tmp_path):
    before = draw(tmp_path)
    figure, axes = new_figure()
    axes.set_title("$\\frac{1$")  # broken mathematics
    with pytest.raises(ValueError, match="frac"):
        save_figure(figure, tmp_path / "fig1_line.pdf", {}, origin="archive")
    assert {path.name: path.read_bytes() for path in sorted(tmp_path.iterdir())} == before


def test_csv_of_nothing_and_of_a_single_number():
    assert as_csv({}) == "\n"
    assert as_csv({"a": 1.5, "b": [1, 2]}) == "a,b\n1.5,1\n,2\n"
