"""The one error that a user can mend, and hints for misspelt names."""

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """The user's input is wrong: the message says what was expected, what was found, where, and the next step."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint such as " Did you mean 'n_trees'?", or the list of what is known if nothing is near."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return f" Did you mean {' or '.join(repr(match) for match in close)}?"
    return f" Known: {', '.join(known)}." if known else ""
