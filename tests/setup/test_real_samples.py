"""What a test on real samples says where there are none."""

from tests.real_samples import REAL, needs_real


def test_the_reason_names_what_is_missing_and_where_it_can_be_had(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.real_samples.REAL", tmp_path)
    (tmp_path / "here.csv").touch()
    mark = needs_real("here.csv", "sky/missing.csv", source="https://example.org/sky").mark
    assert mark.args == (True,)
    assert mark.kwargs["reason"] == f"wanted: {tmp_path}/sky/missing.csv; published: https://example.org/sky"


def test_nothing_is_skipped_where_all_files_are(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.real_samples.REAL", tmp_path)
    (tmp_path / "here.csv").touch()
    assert needs_real("here.csv", source="https://example.org/sky").mark.args == (False,)


def test_samples_lie_beside_the_checkout_and_not_in_it():
    checkout = REAL.parents[1]
    assert REAL.name == "real" and not (checkout / "pyproject.toml").exists()
