"""The command line that every stage shares: its section of the settings, paths, plain error messages."""

import argparse
import logging
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from common.errors import InputError
from common.settings import read_facts, read_section
from common.workflow.outdated import remove_reports
from common.yamlio import Strict


def parse(
    description: str,
    *,
    section: str = "",
    config: type[Strict] | None = None,
    paths: Sequence[str] = (),
    path_lists: Sequence[str] = (),
    numbers: Sequence[str] = (),
    texts: Sequence[str] = (),
    optional: Sequence[str] = (),
    argv: Sequence[str] | None = None,
) -> argparse.Namespace:
    """Return a stage's arguments; every option is named after what it is, and all but `optional` are required.

    Args:
        description: The stage's docstring, shown by --help.
        section: Name of the stage's section in the run's settings. It adds the option `--settings`, and the result gets
            `config`, the checked section, and `run`, the facts of the run (`common.settings.RunFacts`). The other
            sections stay unknown to the stage. "run" stands for the facts alone.
        config: Model of that section.
        paths: Options that take one path, of a file or of a folder.
        path_lists: Options that take one or more paths.
        numbers: Options that take one whole number, e.g. "seed" or "threads".
        texts: Options that take one word or text.
        optional: Options that take one word and are "" if they are not given.
        argv: Command line to parse instead of sys.argv.

    Raises:
        InputError: If the settings break their model.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if section:
        parser.add_argument("--settings", type=Path, required=True, help="settings.yaml of the run")
    for name in paths:
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in path_lists:
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True)
    for name in texts:
        parser.add_argument(f"--{name}", required=True)
    for name in numbers:
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in optional:
        parser.add_argument(f"--{name}", default="")
    arguments = parser.parse_args(argv)
    if section:
        arguments.run = read_facts(arguments.settings)
    if config is not None:
        arguments.config = read_section(arguments.settings, section, config)
    return arguments


def run(main: Callable[[], None], *, keeps_reports: bool = False) -> None:
    """Call a stage's main with logging on stderr; an InputError ends it with its message and no traceback.

    The first line is the command itself, ready to be copied into a shell. The reports of the runs that its paths lie in
    are removed first, because they will be outdated.

    Args:
        main: Of the stage.
        keeps_reports: For what only shows results.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it reports every font that a PDF embeds
    module = getattr(sys.modules["__main__"].__spec__, "name", sys.argv[0])
    logging.info("$ python -m %s %s", module, shlex.join(sys.argv[1:]))
    if not keeps_reports:
        remove_reports(sys.argv[1:])
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
