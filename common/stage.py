"""The command line that every stage shares: checked config, paths, plain error messages."""

import argparse
import json
import logging
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from common.errors import InputError
from common.yamlio import Strict, validate


def parse(
    description: str,
    *,
    config: type[Strict] | None = None,
    paths: Sequence[str] = (),
    path_lists: Sequence[str] = (),
    numbers: Sequence[str] = (),
    texts: Sequence[str] = (),
    argv: Sequence[str] | None = None,
) -> argparse.Namespace:
    """Return a stage's arguments; every option is required and named after what it is.

    Args:
        description: The stage's docstring, shown by --help.
        config: Model of the stage's config section; adds `--config` (JSON) and returns it validated.
        paths: Options that take one path.
        path_lists: Options that take one or more paths.
        numbers: Options that take one whole number, e.g. "seed" or "threads".
        texts: Options that take one word or text.
        argv: Command line to parse instead of sys.argv.

    Raises:
        InputError: If the config is not JSON or breaks its model.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in paths:
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in path_lists:
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True)
    for name in texts:
        parser.add_argument(f"--{name}", required=True)
    for name in numbers:
        parser.add_argument(f"--{name}", type=int, required=True)
    if config is not None:
        parser.add_argument("--config", required=True, help="this stage's section of the configuration, as JSON")
    arguments = parser.parse_args(argv)
    if config is not None:
        arguments.config = validate(_read_json(arguments.config), config, "--config")
    return arguments


def run(main: Callable[[], None]) -> None:
    """Call a stage's main with logging on stderr; an InputError ends it with its message and no traceback.

    The first line is the command itself, ready to be copied into a shell.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it reports every font that a PDF embeds
    module = getattr(sys.modules["__main__"].__spec__, "name", sys.argv[0])
    logging.info("$ python -m %s %s", module, shlex.join(sys.argv[1:]))
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"--config: not valid JSON ({error}); found {text!r}") from None
