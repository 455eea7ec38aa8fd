"""The reference numbers of published.yaml are those of the real rows."""

from pathlib import Path

import pytest

from common.report.published import load_published
from common.yamlio import read_yaml, validate
from papers.photoz.archive import read_catalogue
from papers.photoz.evaluate import describe_sample
from papers.photoz.prepare import select, take
from papers.photoz.prepared import write_prepared
from papers.photoz.settings import EvaluateConfig, PrepareConfig
from papers.photoz.tests.real_rows import FOLDER as REAL
from papers.photoz.tests.real_rows import needs_real_rows

FOLDER = Path(__file__).parents[1]


@needs_real_rows
def test_the_real_sample_has_the_27_properties_of_published_yaml(tmp_path):
    settings = read_yaml(FOLDER / "config.yaml")
    catalogue = read_catalogue([REAL / "sel_features.csv", REAL / "sel_target.csv"])
    chosen, counts = select(catalogue, validate(settings["prepare"], PrepareConfig, "config.yaml"))
    write_prepared(tmp_path / "prepared.h5", take(catalogue, chosen), counts, origin="archive")
    found = describe_sample(
        tmp_path / "prepared.h5", validate(settings["evaluate"], EvaluateConfig, "config.yaml"), seed=0
    )
    references = [entry for entry in load_published(FOLDER / "published.yaml").reference if "sample." in entry.metric]
    assert len(references) == 27
    for entry in references:
        assert found[entry.metric]["value"] == pytest.approx(entry.value, abs=0.0006), entry.metric
