"""All files that the rules make on the way to a result.

A failed job leaves one of its files missing and everything behind that file as it was. Snakemake asks for a missing
file only on behalf of a job that runs, so a second call would find nothing to do and show the old numbers. The rules
that show numbers therefore ask for every file of the chain: a missing one has to be made first, or the call fails.
"""

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any


def whole_chain(rules: Iterable[Any], targets: Iterable[str]) -> list[str]:
    """Return every file of the jobs that make the targets, and of those before them.

    Args:
        rules: Snakemake's rules with their inputs and outputs, patterns included.
        targets: Paths without wildcards.
    """
    rules = [rule for rule in rules if rule.output]
    found: dict[str, None] = {}
    jobs: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    waiting = [str(target) for target in targets]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        job = _producer(rules, path)
        if job is None:
            continue
        rule, wildcards = job
        key = (str(rule.name), tuple(sorted(wildcards.items())))
        if key not in jobs:
            jobs.add(key)
            found |= {str(output.apply_wildcards(wildcards)): None for output in rule.output}
            waiting += _inputs(rule, wildcards)
    return sorted(found)


def _producer(rules: list[Any], path: str) -> tuple[Any, dict[str, str]] | None:
    """Return the rule that makes a file, and its wildcards; None for a source file or data from elsewhere."""
    for rule in rules:
        for output in rule.output:
            if match := output.match(path):
                return rule, match.groupdict()
    return None


def _inputs(rule: Any, wildcards: dict[str, str]) -> Iterator[str]:
    for item in rule.input:
        if callable(item):
            value = item(SimpleNamespace(**wildcards))
            yield from [value] if isinstance(value, str) else map(str, value)
        else:
            yield str(item.apply_wildcards(wildcards))
