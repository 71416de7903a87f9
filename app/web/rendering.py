"""Templates and static files: found in the package, named by content, escaped always."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from app.web import formulas

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def environment() -> Environment:
    """The templates; what is missing is an error, what is shown is escaped."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = static_url
    made.filters["in_line"] = formulas.in_line  # titles, with their formulas
    made.filters["in_text"] = formulas.in_text  # abstracts and pages
    made.filters["marked"] = formulas.marked  # snippets
    return made


@cache
def static_url(name: str) -> str:
    """A static file's address, which changes with its content."""
    version = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={version}"


def render(template: str, page: Any, *, status: int = 200) -> HTMLResponse:
    """The page as HTML; `page` is one of the contexts."""
    html = environment().get_template(template).render(page=page)
    return HTMLResponse(html, status_code=status, headers={"cache-control": "no-cache"})
