"""Claims of an article and measured metrics, for the tests of the verdicts."""

import statistics

from hypothesis import settings
from hypothesis import strategies as st

from common.report.published import NumberClaim, OrderingClaim
from common.report.verdict import Basis, Measured, judge_number

BASIS = Basis(origin="archive", run="small", source="article")
STATEMENT = {"id": "x", "where": "Table I", "source": "article", "data": ["sky"], "note": "a note"}
ARTICLE = {"title": "T", "authors": "A", "arxiv": "1234.56789", "extras": []}
ROUGH = st.floats(-10, 10, allow_subnormal=False)
SEEDS = st.lists(ROUGH, min_size=1, max_size=6)
POSITIVE = st.floats(0.001, 10)
BETTER = st.sampled_from(["higher", "lower", "none"])
always = settings(deadline=None, derandomize=True, max_examples=200)


def claim_number(value=1.0, *, error=0.0, tolerance=0.25, better="none", **more):
    fields = {"kind": "number", "metric": "m", "unit": "", "tolerance": {"abs": tolerance, "reason": "fixed before"}}
    return NumberClaim(value=value, error=error, better=better, **{**STATEMENT, **fields, **more})


def claim_ordering(**more):
    return OrderingClaim(kind="ordering", smaller="low", larger="m", **{**STATEMENT, **more})


def measured(*values, error=0.01):
    sd = statistics.stdev(values) if len(values) > 1 else None
    return Measured(value=statistics.fmean(values), error=error, sd=sd, n=100, values=list(values))


def judge(claim, *values):
    return judge_number(claim, measured(*values), BASIS)
