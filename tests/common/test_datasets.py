"""What datasets.yaml may declare."""

import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.download.datasets import find_file, load_datasets, new_digest
from common.errors import InputError

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
def test_checksums_are_read_as_archives_publish_them(declare, checksum):
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
def test_plain_data_set_names_are_accepted(declare, dataset):
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
def test_an_incomplete_declaration_says_what_is_wrong(declare, fields, expected):
    with pytest.raises(InputError) as caught:
        declare(**fields)
    assert expected in str(caught.value)


@pytest.mark.parametrize("access", [{"access": "login"}, {"access": "manual"}, {"access": "manual", "urls": []}])
def test_a_file_that_a_person_has_to_fetch_names_the_page_to_log_in(declare, access):
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
