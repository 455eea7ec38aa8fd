"""All files on the way to a result."""

import re
from types import SimpleNamespace

from common.workflow.chain import whole_chain


class Pattern(str):
    """A path with wildcards, as Snakemake's."""

    def match(self, path):
        return re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self)), path)

    def apply_wildcards(self, wildcards):
        return self.format(**wildcards)


def rule(name, inputs, *outputs):
    inputs = [item if callable(item) else Pattern(item) for item in inputs]
    return SimpleNamespace(name=name, input=inputs, output=[Pattern(path) for path in outputs])


RULES = [
    rule("simulate", ["papers/simulate.py"], "data/{run}/events", "r/{run}/receipt"),
    rule("prepare", ["r/{run}/receipt"], "r/{run}/prepared"),
    rule("train", ["r/{run}/prepared"], "r/{run}/seed{seed}/model", "r/{run}/seed{seed}/history"),
    rule("evaluate", ["r/{run}/seed{seed}/model"], "r/{run}/seed{seed}/metrics"),
    rule("join", [lambda w: [f"r/{w.run}/seed{k}/metrics" for k in (0, 1)]], "r/{run}/metrics"),
    rule("other", [], "r/{run}/other"),
    rule("summary", ["r/{run}/metrics"]),
]


def test_every_output_of_every_job_on_the_way_is_in_the_chain():
    expected = {"data/s/events", "r/s/receipt", "r/s/prepared", "r/s/metrics"}
    expected |= {f"r/s/seed{k}/{name}" for k in (0, 1) for name in ("model", "history", "metrics")}
    assert set(whole_chain(RULES, ["r/s/metrics"])) == expected


def test_sources_and_what_nobody_makes_are_no_part_of_it():
    assert whole_chain(RULES, ["papers/simulate.py"]) == []
