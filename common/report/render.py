"""Jinja2 templates of the pages, with everything inlined: a page makes no request."""

import base64
from pathlib import Path
from typing import Any

import jinja2

from common.report import format as text

TEMPLATES = Path(__file__).with_name("templates")


def render(template: str, **values: Any) -> str:
    """Return a template of common/report/templates/ filled with `values`; an unknown name in it is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["text"] = text
    environment.filters["data_uri"] = data_uri
    environment.filters["cell"] = cell
    return environment.get_template(template).render(**values)


def cell(content: str) -> str:
    """Return text for a cell of a Markdown table, which a bar or a line break would end."""
    return " ".join(content.split()).replace("|", "\\|")


def data_uri(path: Path) -> str:
    """Return a PNG file as an address that holds the picture itself."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
