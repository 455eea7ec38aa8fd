"""The numbers of Tables 1 and 2 fit each other, as far as we remember them (arXiv:1604.01444)."""

from pathlib import Path

import pytest

from common.report.published import load_published

CLAIMS = load_published(Path(__file__).parents[1] / "published.yaml").claims
VALUE = {claim.metric: claim.value for claim in CLAIMS if claim.kind == "number"}
ROWS = ["nue.at_s_sqrt_b", "nue.at_s_sqrt_sb", "numu.at_s_sqrt_b", "numu.at_s_sqrt_sb"]
ROUNDING = 0.05  # half of the last digit of a count


@pytest.mark.parametrize("row", ROWS)
def test_efficiency_and_purity_follow_from_the_counts(row):
    signal, background = (VALUE[f"cvn.{row}.{name}"] for name in ("signal", "background"))
    contained = VALUE[f"contained.{row.partition('.')[0]}.signal"]
    assert VALUE[f"cvn.{row}.efficiency"] == pytest.approx(signal / contained, abs=0.0015)
    assert VALUE[f"cvn.{row}.purity"] == pytest.approx(signal / (signal + background), abs=0.0015)


def parts(prefix):
    return [value for metric, value in VALUE.items() if metric.startswith(prefix)]


@pytest.mark.parametrize("row", [row for row in ROWS if row != "numu.at_s_sqrt_b"])  # of which no parts are known
def test_the_background_is_the_sum_of_its_parts(row):
    found = parts(f"cvn.{row}.background_")
    assert len(found) == 3
    assert sum(found) == pytest.approx(VALUE[f"cvn.{row}.background"], abs=4 * ROUNDING)


@pytest.mark.parametrize(
    ("name", "kinds"), [("nue", ["nc", "numu", "beam_nue"]), ("numu", ["nc", "appearing_nue", "beam_nue"])]
)
def test_so_it_is_before_the_cut(name, kinds):
    signal, background = (VALUE[f"contained.{name}.{kind}"] for kind in ("signal", "background"))
    assert sum(VALUE[f"contained.{name}.{kind}"] for kind in kinds) == pytest.approx(background, abs=4 * ROUNDING)
    assert VALUE[f"contained.{name}.purity"] == pytest.approx(signal / (signal + background), abs=0.0006)
