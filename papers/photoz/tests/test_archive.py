"""Readers: what the archive's files look like, and what happens when they do not."""

import numpy as np
import pytest
from astropy.table import Table

from common.errors import InputError
from papers.photoz.archive import BANDS, read_catalogue, read_excerpt, read_release, without_sentinels
from papers.photoz.prepare import select, take
from papers.photoz.settings import PrepareConfig
from papers.photoz.tests.real_rows import FOLDER as REAL
from papers.photoz.tests.real_rows import needs_real_rows

DEEP = PrepareConfig(min_zquality=3, depths=["deep"])


def table(**changes):
    """Four galaxies: DEEP2 deep, DEEP3 wide, no CFHTLS, and one not secure; strings are bytes as FITS gives them."""
    columns = {
        "maskname": np.array([b"1101", b"2303 ", b"1999", b"2000"]),
        "zhelio": [0.5, 0.7, 0.9, 1.1],
        "zquality": [4, 3, 3, 2],
        "cfhtls_source": [0, 1, -1, 0],
    }
    for k, band in enumerate(BANDS):
        columns[band] = 22.0 - 0.3 * k + np.arange(4)
        columns[f"{band}_apercor"] = 21.9 - 0.3 * k + np.arange(4)
    return Table(columns | changes)


def written(tmp_path, content, name="release.fits"):
    content.write(tmp_path / name)
    return tmp_path / name


def test_release_columns_surveys_and_depths(tmp_path):
    catalogue = read_release(written(tmp_path, table()))
    assert catalogue.survey.tolist() == ["DEEP2", "DEEP3", "DEEP2", "DEEP3"]
    assert catalogue.depth.tolist() == ["deep", "wide", "none", "deep"]
    assert catalogue.magnitudes["apercor"][0] == pytest.approx(21.9 - 0.3 * np.arange(6))
    assert catalogue.magnitudes["auto"][1] == pytest.approx(23.0 - 0.3 * np.arange(6))


def test_upper_case_names_of_early_versions_are_read(tmp_path):
    content = table()
    content.rename_columns(content.colnames, [name.upper() for name in content.colnames])
    assert len(read_release(written(tmp_path, content))) == 4


@pytest.mark.parametrize("sentinel", [99.0, -99.0, np.nan, np.inf])
def test_sentinels_never_become_colours(tmp_path, sentinel):
    path = written(tmp_path, table(u_apercor=[sentinel, 24.0, 24.0, 24.0]))
    catalogue = read_release(path)
    assert np.isnan(catalogue.magnitudes["apercor"][0, 0])
    assert np.isfinite(catalogue.magnitudes["apercor"][0, 1:]).all()


def test_valid_magnitudes_pass_unchanged():
    magnitudes = np.array([[-5.0, 15.0, 28.9]])
    assert (without_sentinels(magnitudes) == magnitudes).all()


def test_missing_column_names_file_and_neighbour(tmp_path):
    content = table()
    content.rename_column("u_apercor", "u_apercorr")
    path = written(tmp_path, content)
    with pytest.raises(InputError, match=rf"{path}: no column 'u_apercor' in the table. Did you mean 'u_apercorr'"):
        read_release(path)


@pytest.mark.parametrize("mask", [b"", b"12a"])
def test_a_mask_without_a_number_names_the_row(tmp_path, mask):
    path = written(tmp_path, table(maskname=np.array([b"1101", mask, b"1999", b"2000"])))
    with pytest.raises(InputError, match=r"'maskname', row 2 of 4: expected the number of a slit mask"):
        read_release(path)


@pytest.mark.parametrize("kept", [0.5, 0.9, 0.02])
def test_truncated_table_says_so_and_is_left_alone(tmp_path, kept):
    path = written(tmp_path, Table({name: np.tile(column, 500) for name, column in table().items()}))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(InputError, match=r"cannot be read as a FITS table.*may be cut short"):
        read_release(path)
    assert path.stat().st_size == int(len(content) * kept)


def test_a_page_instead_of_a_table(tmp_path):
    path = tmp_path / "release.fits"
    path.write_text("<html>Please log in</html>")
    with pytest.raises(InputError, match="cannot be read as a FITS table"):
        read_release(path)


def excerpt(tmp_path, n_features=3, n_target=3):
    names = "\t".join(f"{band}_apercor" for band in BANDS)
    features, target = tmp_path / "sel_features.csv", tmp_path / "sel_target.csv"
    features.write_text(names + "\n" + "24.0\t23.5\t23.0\t22.5\t22.0\t21.5\n" * n_features)
    target.write_text("zhelio\n" + "0.7\n" * n_target)
    return features, target


def test_excerpt(tmp_path):
    catalogue = read_catalogue(excerpt(tmp_path))
    assert len(catalogue) == 3 and list(catalogue.magnitudes) == ["apercor"]
    assert set(catalogue.depth) == {"deep"} and (catalogue.zquality == 3).all()


def test_columns_of_the_excerpt_are_found_by_name_and_rows_belong_together(tmp_path):
    magnitudes, z_spec = np.random.default_rng(0).uniform(18, 25, (5, 6)).round(4), [0.1, 0.5, 0.3, 0.2, 0.9]
    order = [3, 0, 5, 1, 4, 2]
    lines = ["\t".join(f"{BANDS[k]}_apercor" for k in order), *("\t".join(map(str, row[order])) for row in magnitudes)]
    features, target = tmp_path / "sel_features.csv", tmp_path / "sel_target.csv"
    features.write_text("\n".join(lines) + "\n")
    target.write_text("\n".join(["zhelio", *map(str, z_spec)]) + "\n")
    catalogue = read_catalogue([target, features])
    assert catalogue.magnitudes["apercor"].tolist() == magnitudes.tolist() and catalogue.z_spec.tolist() == z_spec


def test_excerpt_of_different_lengths(tmp_path):
    with pytest.raises(InputError, match=r"has 3 rows, but .* has 2"):
        read_excerpt(*excerpt(tmp_path, n_target=2))


def test_excerpt_with_a_broken_line_names_the_line(tmp_path):
    features, target = excerpt(tmp_path)
    features.write_text(features.read_text().replace("24.0", "n/a", 1))
    with pytest.raises(InputError, match=r"sel_features.csv:2: expected 6 numbers"):
        read_excerpt(features, target)


def test_unknown_files_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected one \.fits file, or two text files"):
        read_catalogue([tmp_path / "a.txt"])


def test_selection_counts_every_cut(tmp_path):
    catalogue = read_release(written(tmp_path, table(y_apercor=[99.0, 20.0, 20.0, 20.0])))
    chosen, counts = select(catalogue, PrepareConfig(min_zquality=3, depths=["deep", "wide"]))
    assert chosen.tolist() == [False, True, False, False]
    assert counts == {
        "read": 4,
        "secure_redshift": 3,
        "cfhtls": 2,
        "six_bands_auto": 2,
        "six_bands_apercor": 1,
        "deep_six_bands_apercor": 0,
        "DEEP2": 2,
        "DEEP3": 2,
    }
    assert take(catalogue, chosen).z_spec.tolist() == [0.7]


def test_chosen_galaxies_keep_what_belongs_to_them(tmp_path):
    catalogue = read_release(written(tmp_path, table()))
    chosen = take(catalogue, np.array([False, True, False, True]))
    for name in ("z_spec", "zquality", "depth", "survey"):
        assert getattr(chosen, name).tolist() == getattr(catalogue, name)[[1, 3]].tolist()
    for name, magnitudes in catalogue.magnitudes.items():
        assert chosen.magnitudes[name].tolist() == magnitudes[[1, 3]].tolist()


def test_galaxies_without_a_redshift_are_left_out(tmp_path):
    catalogue = read_release(written(tmp_path, table(zhelio=[np.nan, 0.7, 0.9, 1.1], cfhtls_source=[0, 0, 0, 0])))
    chosen, _ = select(catalogue, DEEP)
    assert take(catalogue, chosen).z_spec.tolist() == [0.7, 0.9]


def test_nothing_left_is_an_error(tmp_path):
    catalogue = read_release(written(tmp_path, table(zquality=[1, 1, 1, 1])))
    with pytest.raises(InputError, match="no galaxy is left"):
        select(catalogue, DEEP)


@needs_real_rows
def test_the_real_excerpt_is_the_articles_deep_sample():
    catalogue = read_catalogue([REAL / "sel_features.csv", REAL / "sel_target.csv"])
    chosen, counts = select(catalogue, DEEP)
    assert counts["deep_six_bands_apercor"] == len(catalogue) == 6307
    assert chosen.all()
    assert np.median(catalogue.z_spec) == pytest.approx(0.721, abs=0.0005)
    i_mag = catalogue.magnitudes["apercor"][:, BANDS.index("i")]
    assert (i_mag.min(), i_mag.max()) == pytest.approx((16.39, 25.22), abs=0.005)
