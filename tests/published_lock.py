"""The second record of every claim, papers/<paper>/tests/published_lock.yaml, so that none changes unnoticed.

    python -m tests.published_lock --paper hbb                                        list what differs
    python -m tests.published_lock --paper hbb --accept --read "article, Table II"    take it over, say who knows it

An entry holds all that published.yaml says of a claim but its note, and
    read    how the value is known: the text where it was read; "recalled, read by nobody"
    wide    why the tolerance may be wider than `widest` allows; only then
"""

import argparse
import re
from typing import Any

import yaml

from common.atomic import write_text
from common.report.published import Claim, NumberClaim, load_published
from common.workflow.closure import ROOT
from common.workflow.paper import discover
from common.yamlio import read_yaml

Entry = dict[str, Any]
Lock = dict[str, Entry]
FILE = "tests/published_lock.yaml"
HEADER = "# A second record of published.yaml, written by: python -m tests.published_lock --paper {paper} --accept\n"
KNOWN = ("value", "error", "smaller", "larger", "source", "where")  # what `read` vouches for
FIRST = ("value", "error", "unit", "smaller", "larger", "metric", "source", "where", "read", "tolerance", "wide")
PLACE = re.compile(
    r"(Table|Fig\.|Figure|Sec\.|Section|Eq\.|App\.|[Pp]age) \(?([IVX]+|[A-Z]?\d)|Figure of .*number not verified"
)
ARXIV = re.compile(r"\d{4}\.\d{4,5}")
SHARES = {"auc", "auc_all", "auc_unlabelled_in", "accuracy", "accuracy_all", "efficiency", "purity"}  # 1 is perfect
NOT_READ = "recalled, read by nobody"


def entry_of(claim: Claim) -> Entry:
    """Return what the lock holds of a claim, without `read` and `wide`."""
    content = claim.model_dump(mode="json", exclude_defaults=True)
    return {key: value for key, value in content.items() if key not in ("id", "note")}


def load_claims(paper: str) -> dict[str, Claim]:
    """Return the claims of a paper by id."""
    return {claim.id: claim for claim in load_published(ROOT / "papers" / paper / "published.yaml").claims}


def load_lock(paper: str) -> Lock:
    """Return the lock of a paper, empty if there is none."""
    path = ROOT / "papers" / paper / FILE
    return read_yaml(path) or {} if path.exists() else {}


def changes(claims: dict[str, Claim], lock: Lock) -> dict[str, list[str]]:
    """Return by id what differs between published.yaml and the lock, in words."""
    found = {name: ["is no longer in published.yaml"] for name in lock if name not in claims}
    for name, claim in claims.items():
        now, locked = entry_of(claim), lock.get(name, {})
        keys = [key for key in {**now, **locked} if key not in ("read", "wide")]
        words = [f"{key}: {locked.get(key)!r} -> {now.get(key)!r}" for key in keys if locked.get(key) != now.get(key)]
        if words:
            found[name] = words if locked else ["is new"]
    return found


def widest(claim: NumberClaim) -> float:
    """Return the widest tolerance that needs no reason of its own.

    It is three published errors or 12 % of what lies above the baseline, whichever is more. Of a
    share, such as an area under the ROC curve, it is no more than a third of what is missing to 1, or three errors.
    """
    share = 0.12 * abs(claim.value - claim.tolerance.baseline)
    if claim.metric.rpartition(".")[2] in SHARES:
        share = min(share, (1 - claim.value) / 3)
    return max(3 * claim.error, share) * (1 + 1e-9)


def is_wide(claim: Claim) -> bool:
    """Return whether the tolerance of a claim needs a reason in the lock."""
    return isinstance(claim, NumberClaim) and claim.tolerance.around(claim.value) > widest(claim)


def faults(claim: Claim, locked: Entry) -> list[str]:
    """Return what a claim says that cannot be, or that nobody has vouched for."""
    read, recalled = str(locked.get("read", "")).strip(), claim.source == "recalled"
    article = claim.source in ("article", "abstract")
    is_number = isinstance(claim, NumberClaim)
    wrong = {
        "`read` does not say how it is known": not read,
        "its source is not `recalled`, but nobody has read it": not recalled and read.startswith(NOT_READ),
        "it was read, so its source is more than `recalled`": recalled and not read.startswith(NOT_READ),
        "`where` names no table, figure, section or page": claim.source == "article" and not PLACE.search(claim.where),
        "`where` does not name the abstract": claim.source == "abstract" and "abstract" not in claim.where,
        "`where` names another article": article and bool(ARXIV.search(claim.where)),
        "nothing of a third party is recomputed": claim.source == "third party" and claim.recomputed,
        "the reason of the tolerance is the error again": is_number and "reading" in claim.tolerance.reason,
        "the tolerance is wide without a reason in the lock (`wide`)": is_wide(claim) and not locked.get("wide"),
        "the lock explains a wide tolerance that is not wide": not is_wide(claim) and "wide" in locked,
    }
    return [words for words, applies in wrong.items() if applies]


def all_faults(paper: str) -> list[str]:
    """Return what is wrong with the claims of a paper and their lock, a line each."""
    claims, lock = load_claims(paper), load_lock(paper)
    differing = changes(claims, lock)
    lines = [f"{name}: {words}" for name, found in differing.items() for words in found]
    kept = [name for name in claims if name in lock and name not in differing]
    return lines + [f"{name}: {words}" for name in kept for words in faults(claims[name], lock[name])]


def renewed(claim: Claim, locked: Entry, *, read: str | None, wide: str | None) -> Entry:
    """Return the entry of a changed claim; what it says of `read` stays if the change is none of the value."""
    entry = entry_of(claim)
    same = bool(locked) and all(locked.get(key) == entry.get(key) for key in KNOWN)
    if claim.source == "recalled":
        known = locked.get("read", NOT_READ) if same else NOT_READ
    else:
        known = locked.get("read") if same and read is None else read
    reason = wide or locked.get("wide")
    return entry | {"read": known or ""} | ({"wide": reason} if is_wide(claim) and reason else {})


def accept(paper: str, *, only: list[str], read: str | None = None, wide: str | None = None) -> list[str]:
    """Rewrite the entries of the changed claims and return the changes in words.

    Raises:
        SystemExit: If a claim would then have a fault; nothing is written.
    """
    claims, lock = load_claims(paper), load_lock(paper)
    found = {name: words for name, words in changes(claims, lock).items() if not only or name in only}
    new = {name: renewed(claims[name], lock.get(name, {}), read=read, wide=wide) for name in found if name in claims}
    bad = [f"{name}: {words}" for name, entry in new.items() for words in faults(claims[name], entry)]
    if bad:
        raise SystemExit(
            "\n".join(bad) + "\nNothing was written. Say where you read the claims: --read 'article, Table II, row 3';"
            " --claim ID takes over one of several; --wide 'reason' explains a wide tolerance."
        )
    result = {name: new.get(name, lock.get(name)) for name in claims}
    kept = {name: entry for name, entry in lock.items() if name not in claims and name not in found}
    write_lock(paper, {name: entry for name, entry in result.items() if entry is not None} | kept)
    return [f"{name}: {word}" for name, words in found.items() for word in words]


def write_lock(paper: str, lock: Lock) -> None:
    """Write the lock of a paper."""
    lines = [f"{name}: {one_line({key: entry[key] for key in ordered(entry)})}\n" for name, entry in lock.items()]
    write_text(ROOT / "papers" / paper / FILE, HEADER.format(paper=paper) + "".join(lines))


def ordered(entry: Entry) -> list[str]:
    """Return the keys of an entry, what a reader looks for first."""
    return [key for key in FIRST if key in entry] + [key for key in entry if key not in FIRST]


def one_line(entry: Entry) -> str:
    """Return an entry as YAML in one line."""
    text = yaml.safe_dump(entry, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.strip()


def main() -> None:
    """List the differences of one paper, or take them over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paper", required=True, choices=["_template", *discover()])
    parser.add_argument("--accept", action="store_true", help="rewrite the lock of the changed claims")
    parser.add_argument("--claim", action="append", default=[], help="accept this one only; may be repeated")
    parser.add_argument("--read", help="where the value was read, for `read`")
    parser.add_argument("--wide", help="why the tolerance has to be that wide")
    arguments = parser.parse_args()
    if arguments.accept:
        print("\n".join(accept(arguments.paper, only=arguments.claim, read=arguments.read, wide=arguments.wide)))
    lines = all_faults(arguments.paper)
    if lines:
        raise SystemExit("\n".join(lines))


if __name__ == "__main__":
    main()
