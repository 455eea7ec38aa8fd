"""The claims that wait for somebody with the article open: of published.yaml those from memory (`source: recalled`)."""

from pathlib import Path

from common.report import format as text
from common.report.published import Claim, OrderingClaim, load_published


def waiting_block(paper: Path) -> str:
    """Return the paragraph and the folded table for the README of a paper."""
    published = load_published(paper / "published.yaml")
    claims = [claim for claim in published.claims if claim.source == "recalled"]
    if not claims:
        return "No claim waits to be checked against the article."
    article = f"[arXiv:{published.paper.arxiv}](https://arxiv.org/abs/{published.paper.arxiv})"
    rows = [f"| {claim.id} | {_stated(claim)} | {text.markdown(claim.where)} |" for claim in claims]
    table = "\n".join(["| claim | value, from memory | where to look |", "|---|---|---|", *rows])
    return f"""<details><summary>{len(claims)} claims wait for somebody with the article open</summary>

They are from memory and decide nothing. To settle one, open {article}, correct its value, `where` and `source` in
`published.yaml`, and run `python -m tests.published_lock --paper {paper.name} --accept --read "page and table"`.

{table}

</details>"""


def _stated(claim: Claim) -> str:
    if isinstance(claim, OrderingClaim):
        return text.markdown(" < ".join(text.without_common_parts(claim.smaller, claim.larger)))
    return text.markdown(f"{claim.value:g} {claim.unit}")
