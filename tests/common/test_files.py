"""Files between stages: atomic writes, receipts, declared data, a stage's command line, joined seeds, figures."""

import csv
import json
import math
import statistics
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.atomic import atomic_output, write_json, write_text
from common.download.datasets import find_file, load_datasets, new_digest
from common.download.receipts import Receipt, generated_receipt, locate, read_receipt, sha256_of, write_receipt
from common.errors import InputError
from common.plotting import new_figure, save_figure
from common.report.aggregate import SeedMetric, join, read_seed
from common.stage import parse
from common.tables import as_csv
from common.workflow.closure import ROOT
from common.yamlio import Strict

# ---- atomic writes ----


class PowerCut(BaseException):
    """Not an Exception, as little as KeyboardInterrupt is."""


def names_in(folder):
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("failure", [ValueError, PowerCut])
def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, failure):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(failure), atomic_output(target) as temporary:
        temporary.write_text("half of the n")
        assert target.read_text() == "old"
        raise failure
    assert target.read_text() == "old"
    assert names_in(tmp_path) == ["table.csv"]


def test_a_write_replaces_and_makes_folders(tmp_path):
    target = tmp_path / "new" / "folder" / "figure.pdf"
    for content in ("first", "second"):
        with atomic_output(target) as temporary:
            assert temporary.parent == target.parent and temporary.suffix == ".pdf"
            temporary.write_text(content)
        assert target.read_text() == content
    assert names_in(target.parent) == ["figure.pdf"]


def test_a_block_that_writes_nothing_fails_and_keeps_the_old_file(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(FileNotFoundError), atomic_output(tmp_path / "a.txt"):
        pass
    assert (tmp_path / "a.txt").read_text() == "old"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_json_refuses_what_json_cannot_say(tmp_path, bad):
    write_json(tmp_path / "m.json", {"auc": 0.5})
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "m.json", {"auc": {"value": [bad]}})
    assert json.loads((tmp_path / "m.json").read_text()) == {"auc": 0.5}
    assert names_in(tmp_path) == ["m.json"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(content=st.dictionaries(st.text(), JSON, max_size=4))
def test_equal_content_gives_equal_bytes(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("json")
    write_json(folder / "a.json", content)
    write_json(folder / "b.json", dict(reversed(content.items())))
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()
    assert json.loads((folder / "a.json").read_bytes()) == content


# ---- receipts ----


@pytest.fixture
def generated(tmp_path, monkeypatch):
    """A file below the data root, as a generator leaves it, and its receipt."""
    monkeypatch.setenv("PAPERS_DATA", str(tmp_path / "data"))
    path = tmp_path / "data" / "generated" / "mini" / "events.csv"
    write_text(path, "label,feature\n0,1.0\n")
    return path, generated_receipt(path, dataset="generated")


def test_a_receipt_survives_the_disk_and_finds_its_file(generated, tmp_path):
    path, receipt = generated
    assert (receipt.origin, receipt.file) == ("generated", "generated/mini/events.csv")
    assert receipt.bytes == 20 and receipt.sha256 == sha256_of(path)
    for name in ("a.json", "b.json"):
        write_receipt(tmp_path / name, receipt)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert read_receipt(tmp_path / "a.json") == receipt
    assert locate(receipt) == path


def test_a_receipt_whose_file_has_gone(generated):
    path, receipt = generated
    path.unlink()
    with pytest.raises(InputError, match=r"events\.csv: expected the 20 bytes .* found no file.*snakemake"):
        locate(receipt)


def test_a_receipt_whose_file_has_changed(generated):
    path, receipt = generated
    path.write_text("label\n")
    with pytest.raises(InputError, match=r"expected the 20 bytes .* found 6 bytes"):
        locate(receipt)


def test_the_data_root_can_move(generated, tmp_path, monkeypatch):
    path, receipt = generated
    moved = (tmp_path / "data").rename(tmp_path / "scratch")
    monkeypatch.setenv("PAPERS_DATA", str(moved))
    assert locate(receipt) == moved / "generated/mini/events.csv" != path


def test_a_receipt_has_an_origin_of_two(generated):
    with pytest.raises(ValueError, match="origin"):
        Receipt(**generated[1].model_dump() | {"origin": "simulated"})


# ---- datasets.yaml ----

FILE = {"name": "a.csv", "urls": ["https://example.org/a.csv"], "licence": "CC0-1.0", "size_class": "small"}


@pytest.fixture
def declare(tmp_path):
    """Write a datasets.yaml (JSON is YAML) with one file, its fields changed; return what is read from it."""

    def declared(dataset="sky", **fields):
        file = {key: value for key, value in {**FILE, **fields}.items() if value is not ...}
        content = {dataset: {"title": "T", "source": "https://example.org", "files": [file]}}
        (tmp_path / "datasets.yaml").write_text(json.dumps(content))
        return load_datasets(tmp_path / "datasets.yaml")

    return declared


@pytest.mark.parametrize("checksum", [None, "sha256:" + "0a" * 32, "md5:" + "0a" * 16, "adler32:0000beef"])
def test_checksums_that_archives_publish(declare, checksum):
    assert declare(checksum=checksum)["sky"].files[0].checksum == checksum


@pytest.mark.parametrize(
    "checksum",
    ["", "0a" * 32, "sha256:" + "0a" * 31, "sha256:" + "0A" * 32, "sha1:" + "0a" * 20, "md5:" + "0g" * 16, "md5:", 7],
)
def test_anything_else_is_no_checksum(declare, checksum):
    with pytest.raises(InputError, match=r"datasets\.yaml: key 'sky\.files\.0\.checksum'"):
        declare(checksum=checksum)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "..", ""])
def test_a_file_name_stays_in_its_folder(declare, name):
    with pytest.raises(InputError, match=r"sky\.files\.0\.name.*below its data set's folder"):
        declare(name=name)


def test_a_file_may_lie_in_a_subfolder(declare):
    assert declare(name="dr2/a..b.csv")["sky"].files[0].name == "dr2/a..b.csv"


@pytest.mark.parametrize("dataset", ["..", ".", "../x", "a/b", "/a", "", ".hidden", "a b", "a;b", "$(a)", "generated"])
def test_a_data_set_name_is_one_plain_folder(declare, dataset):
    with pytest.raises(InputError, match=r"datasets\.yaml: key .*a data set's name is a folder below data/raw/"):
        declare(dataset=dataset)


@pytest.mark.parametrize("dataset", ["sky", "DES_Y3.1-gold", "2mass"])
def test_plain_data_set_names(declare, dataset):
    assert list(declare(dataset=dataset)) == [dataset]


LOGIN = {"page": "https://example.org/login", "accept": "accept the rules"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"access": "open", "urls": []}, "access 'open' needs at least one entry in urls"),
        ({"access": "login"}, "access 'login' needs the section 'login'"),
        ({"access": "login", "login": LOGIN, "urls": []}, "access 'login' needs at least one entry"),
        ({"access": "manual", "urls": []}, "access 'manual' needs the section 'login'"),
        ({"access": "secret"}, "sky.files.0.access"),
        ({"licence": ...}, "the key 'sky.files.0.licence' is missing"),
        ({"bytes": -1}, "sky.files.0.bytes"),
        ({"checksums": "md5:"}, "unknown key 'sky.files.0.checksums'. Did you mean 'checksum'?"),
    ],
)
def test_an_incomplete_declaration(declare, fields, expected):
    with pytest.raises(InputError) as caught:
        declare(**fields)
    assert expected in str(caught.value)


@pytest.mark.parametrize("access", [{"access": "login"}, {"access": "manual"}, {"access": "manual", "urls": []}])
def test_files_that_a_person_has_to_fetch(declare, access):
    assert declare(login=LOGIN, **access)["sky"].files[0].login.page == LOGIN["page"]


def test_asking_for_what_is_not_declared_names_the_nearest(declare, tmp_path):
    declared = declare()
    assert find_file(declared, "sky", "a.csv", where=tmp_path).name == "a.csv"
    with pytest.raises(InputError, match=r"no data set 'sku'\. Did you mean 'sky'\?"):
        find_file(declared, "sku", "a.csv", where=tmp_path)
    with pytest.raises(InputError, match=r"'sky' has no file 'a\.cvs'\. Did you mean 'a\.csv'\?"):
        find_file(declared, "sky", "a.cvs", where=tmp_path)


@settings(deadline=None, derandomize=True)
@given(pieces=st.lists(st.binary(max_size=50), max_size=5))
def test_adler32_in_pieces_is_that_of_zlib(pieces):
    digest = new_digest("adler32")
    for piece in pieces:
        digest.update(piece)
    assert int(digest.hexdigest(), 16) == zlib.adler32(b"".join(pieces)) and len(digest.hexdigest()) == 8


# ---- a stage's command line ----


class StageConfig(Strict):
    n_bins: int
    width_s: float = 1.0


def arguments_of(*argv):
    return parse("what it does", config=StageConfig, paths=["model"], path_lists=["seeds"], numbers=["seed"], argv=argv)


GIVEN = ["--model", "m.npz", "--seeds", "a", "b", "--seed", "3"]


def test_a_stage_gets_what_it_names():
    arguments = arguments_of(*GIVEN, "--config", '{"n_bins": 5}')
    assert (str(arguments.model), len(arguments.seeds), arguments.seed) == ("m.npz", 2, 3)
    assert arguments.config == StageConfig(n_bins=5)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("{n_bins: 5}", r"--config: not valid JSON .*found '\{n_bins: 5\}'"),
        ("", "--config: not valid JSON"),
        ('{"n_bin": 5}', "--config: unknown key 'n_bin'. Did you mean 'n_bins'"),
        ('{"n_bins": "many"}', "--config: key 'n_bins'.*found 'many'"),
        ("3", "--config: key"),
    ],
)
def test_a_bad_config_is_an_input_error(config, expected):
    with pytest.raises(InputError, match=expected):
        arguments_of(*GIVEN, "--config", config)


def test_every_option_is_required(capsys):
    for start in range(0, len(GIVEN), 2):
        rest = GIVEN[:start] + GIVEN[start + 2 :] if start != 2 else GIVEN[:2] + GIVEN[5:]
        with pytest.raises(SystemExit) as caught:
            arguments_of(*rest, "--config", '{"n_bins": 5}')
        assert caught.value.code == 2
    assert "the following arguments are required: --seed\n" in capsys.readouterr().err


def aggregate(*arguments):
    command = [sys.executable, "-m", "common.report.aggregate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_wrong_input_ends_a_stage_without_a_traceback(tmp_path):
    seed, metrics = tmp_path / "see d.json", tmp_path / "metrics.json"
    seed.write_text('{"auc": {"value": 1.0, "errror": 0.1, "n": 3}}')
    done = aggregate("--seeds", seed, "--metrics", metrics)
    assert done.returncode == 1 and done.stdout == "" and not metrics.exists()
    first, *rest = done.stderr.splitlines()
    assert first == f"$ python -m common.report.aggregate --seeds '{seed}' --metrics {metrics}"
    assert rest[0].startswith(f"error: {seed}: ") and "Did you mean 'error'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_that_ends_well(tmp_path):
    (tmp_path / "seed.json").write_text('{"auc": {"value": 1.0, "error": 0.1, "n": 3}}')
    done = aggregate("--seeds", tmp_path / "seed.json", "--metrics", tmp_path / "metrics.json")
    assert done.returncode == 0 and "auc" in json.loads((tmp_path / "metrics.json").read_text())


# ---- joining seeds ----


@settings(deadline=None, derandomize=True)
@given(values=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8))
def test_joined_seeds_have_the_mean_and_the_sample_deviation(values):
    joined = join([{"auc": SeedMetric(value=value, error=0.1 + i, n=7)} for i, value in enumerate(values)])["auc"]
    assert joined.value == pytest.approx(np.mean(values), abs=1e-9)
    assert joined.error == pytest.approx(0.1 + (len(values) - 1) / 2)
    assert (joined.values, joined.n) == (values, 7)
    if len(values) == 1:
        assert joined.sd is None
    else:
        assert joined.sd == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-9)
        assert joined.sd == statistics.stdev(values)


def test_seeds_with_different_metrics_cannot_be_joined():
    one = SeedMetric(value=1, error=0, n=1)
    with pytest.raises(InputError, match=r"seed number 1 and the first seed.*: bias, sigma"):
        join([{"auc": one, "bias": one}, {"auc": one, "sigma": one}])


def test_joined_metrics_are_sorted(tmp_path):
    (tmp_path / "seed.json").write_text(
        '{"b": {"value": 1, "error": 0, "n": 1}, "a": {"value": 1, "error": 0, "n": 1}}'
    )
    assert list(join([read_seed(tmp_path / "seed.json")])) == ["a", "b"]


# ---- figures ----


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
