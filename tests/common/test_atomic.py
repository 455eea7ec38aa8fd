"""Files that are replaced as a whole or not at all."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.atomic import atomic_output, write_json, write_text


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
