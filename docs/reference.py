"""Writes `docs/reference/`: settings, command line, API and errors, taken from the code.

Invariant: the same code gives the same text, whatever the environment; a test compares it with
the files, so that none of them can go stale.  `python -m docs.reference` writes them.
"""

import importlib
import inspect
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import typer
from pydantic import TypeAdapter
from typer.models import ArgumentInfo, OptionInfo

from docs.schema_words import bounds_of, default_of, given, limits_of, type_of

FOLDER = Path(__file__).resolve().parent / "reference"
ERROR_MODULES = ("catalog.errors", "index.errors", "ingest.errors", "app.errors")
MADE = "Made from the code by `python -m docs.reference`; do not edit."


def pages() -> dict[str, str]:
    """The text of every reference page by its file name."""
    return {
        "settings.md": _page("Settings", _settings()),
        "command-line.md": _page("Command line", _command_line()),
        "api.md": _page("API", _api()),
        "errors.md": _page("Errors", _errors()),
        "openapi.json": _openapi(),
    }


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _page(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", MADE, "", *lines]).rstrip() + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


# settings


def _settings() -> Iterator[str]:
    from catalog.settings import Settings

    yield "Every setting is an environment variable. It is read once, when a program starts."
    yield ""
    rows = (
        (f"`SEMINAR_{name.upper()}`", _default(field.default), _allowed(field), field.description)
        for name, field in Settings.model_fields.items()
    )
    head = ("variable", "default", "values", "meaning")
    yield from _table(head, (tuple(cell or "" for cell in row) for row in rows))


def _default(value: object) -> str:
    return "none" if value is None else f"`{value}`"


def _allowed(field: Any) -> str:
    """What a setting may be: its type's schema, with the bounds of the field."""
    said = type_of(given(TypeAdapter(field.annotation).json_schema()))
    least, most = (
        next((getattr(one, name) for one in field.metadata if hasattr(one, name)), None)
        for name in ("ge", "le")
    )
    return said + bounds_of(least, most)


# command line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verb:
    """A command with the words that call it."""

    words: str
    call: Any


def _command_line() -> Iterator[str]:
    from app.cli.main import app

    yield "`seminar [--data-dir FOLDER] VERB …`. Data goes to stdout, remarks and logs to stderr."
    yield "The exit status is 0; 1 when something failed, and a line on stderr says what to do;"
    yield "2 for wrong usage. `-h` and `--help` work everywhere; `--version` says which it is."
    yield ""
    for verb in _verbs(app, "seminar"):
        yield f"## `{verb.words}`"
        yield ""
        yield (inspect.getdoc(verb.call) or "").split("\n\n")[0].replace("\n", " ")
        yield ""
        yield from _parameters(verb.call)


def _verbs(app: typer.Typer, words: str) -> Iterator[_Verb]:
    for command in app.registered_commands:
        yield _Verb(words=f"{words} {command.name}", call=command.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from _verbs(group.typer_instance, f"{words} {group.name}")


def _parameters(call: Any) -> Iterator[str]:
    hints = get_type_hints(call, include_extras=True)
    rows = [
        _parameter(name, hints[name], parameter.default)
        for name, parameter in inspect.signature(call).parameters.items()
        if hints[name] is not typer.Context
    ]
    if rows:
        yield from _table(("parameter", "value", "default", "meaning"), rows)


def _parameter(name: str, hint: Any, default: object) -> tuple[str, str, str, str]:
    said = next((one for one in get_args(hint) if isinstance(one, OptionInfo | ArgumentInfo)), None)
    kind = get_args(hint)[0] if said else hint
    is_option = isinstance(said, OptionInfo)
    flags = [one for one in _declared(said) if one.startswith("-")]
    called = ", ".join(flags) or (f"--{name.replace('_', '-')}" if is_option else name.upper())
    told = "required" if default is inspect.Parameter.empty else _told_default(default)
    value = _value_of(kind) + (bounds_of(said.min, said.max) if said else "")
    return f"`{called}`", value, told, (said.help if said else None) or "An id or a slug."


def _declared(said: OptionInfo | ArgumentInfo | None) -> list[str]:
    """Names given to a parameter; Typer keeps the first one where a default would be."""
    if said is None:
        return []
    return [one for one in (said.default, *(said.param_decls or ())) if isinstance(one, str)]


def _told_default(default: object) -> str:
    if default in (None, "", False):
        return ""
    return f"`{default.value if isinstance(default, Enum) else default}`"


def _value_of(kind: Any) -> str:
    """A parameter's type in a word or two."""
    if get_origin(kind) in (Union, UnionType):
        [kind] = [one for one in get_args(kind) if one is not NoneType]
    if get_origin(kind) is list:
        return f"{_value_of(get_args(kind)[0])}, repeatable"
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return ", ".join(f"`{one.value}`" for one in kind)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{one}`" for one in get_args(kind))
    return {bool: "flag", int: "number", float: "number", Path: "path"}.get(kind, "text")


# API


def _api() -> Iterator[str]:
    from app.main import create_app
    from catalog.settings import Settings

    described = create_app(Settings.model_construct()).openapi()
    yield "The same as OpenAPI 3.1: [openapi.json](openapi.json), and `/api/v1/openapi.json` of a"
    yield "server. Times are milliseconds of the recording."
    yield "Every error is a [problem](errors.md). All other answers under `/api/v1` have an `ETag`."
    yield ""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield from _operation(f"{method.upper()} {path}", operation)
    yield "## Shapes"
    yield ""
    for name, schema in sorted(described["components"]["schemas"].items()):
        yield from _shape(name, schema)


def _openapi() -> str:
    from app.main import create_app
    from catalog.settings import Settings

    described = create_app(Settings.model_construct()).openapi()
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def _operation(called: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"## `{called}`"
    yield ""
    yield f"{operation['summary']}. {operation.get('description', '')}".strip()
    yield ""
    parameters = operation.get("parameters", ())
    if parameters:
        rows = [
            (
                f"`{one['name']}`",
                one["in"],
                type_of(given(one["schema"])) + limits_of(given(one["schema"])),
                "required" if one["required"] else default_of(one["schema"]),
                one.get("description", ""),
            )
            for one in parameters
        ]
        yield from _table(("parameter", "in", "type", "default", "meaning"), rows)
    yield "Answers: " + ", ".join(
        _answer(code, one) for code, one in operation["responses"].items()
    )
    yield ""


def _answer(code: str, response: Mapping[str, Any]) -> str:
    kinds = response.get("content", {})
    shapes = {type_of(kind["schema"]) for kind in kinds.values() if kind.get("schema")}
    said = sorted(shapes - {"any", "text"}) or [f"`{kind}`" for kind in kinds]
    return f"`{code}`" + (f" {' or '.join(said)}" if said else "")


def _shape(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    yield schema.get("description", "")
    yield ""
    rows = (
        (f"`{field}`", type_of(one) + limits_of(one), one.get("description", ""))
        for field, one in schema["properties"].items()
    )
    yield from _table(("field", "type", "meaning"), rows)


# errors


def _errors() -> Iterator[str]:
    from app.api.codes import CODES
    from app.api.problems import TABLE, answers

    yield "On the command line an error is one line on stderr; over HTTP it is a problem"
    yield "(`application/problem+json`, RFC 9457) with a stable `code`."
    yield ""
    yield "## Problem codes"
    yield ""
    yield "Its `type` is the address of the code's page in the archive, `/problems/{code}`."
    yield ""
    kinds: dict[str, list[str]] = {}
    for kind, answer in TABLE.items():
        kinds.setdefault(answer.code, []).append(kind.__name__)
    rows = (
        (
            str(one.status),
            f"`{one.code}`",
            CODES[one.code].means,
            CODES[one.code].do,
            ", ".join(kinds.get(one.code, ())),
        )
        for one in sorted(answers(), key=lambda one: (one.status, one.code))
    )
    yield from _table(("status", "code", "meaning", "what to do", "from"), rows)
    for name in ERROR_MODULES:
        yield f"## `{name}`"
        yield ""
        yield "```"
        yield inspect.getdoc(importlib.import_module(name)) or ""
        yield "```"
        yield ""


if __name__ == "__main__":
    main()
