"""Write the JSON schemas of the YAML files that a paper brings, for editors that check while one types.

    python -m common.report.schemas

The models of published.py and mistakes.py in common/report/ and of common/download/datasets.py
-> workflow/schemas/<file>.schema.json.
"""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from common.atomic import write_json
from common.download.datasets import Datasets
from common.report.mistakes import Mistake
from common.report.published import Published
from common.stage import run

FOLDER = Path(__file__).resolve().parents[2] / "workflow/schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas by file name."""
    models: dict[str, TypeAdapter[Any]] = {
        "published": TypeAdapter(Published),
        "datasets": TypeAdapter(Datasets),
        "mutants": TypeAdapter(list[Mistake]),
    }
    return {
        f"{name}.schema.json": {**model.json_schema(), "$schema": DIALECT, "title": f"{name}.yaml"}
        for name, model in models.items()
    }


def main() -> None:
    """Write the files."""
    for name, schema in schemas().items():
        write_json(FOLDER / name, schema)


if __name__ == "__main__":
    run(main)
