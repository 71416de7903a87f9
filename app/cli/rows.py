"""Rows of the catalog as tables, as lines and as JSON; and asking before something is done."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from app.cli.context import print_json, stdout

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept with the deed; never shown outside.")]
LONGEST = 60


def print_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str
) -> None:
    """Print rows as a table of some columns, or whole as JSON; `empty` when there are none."""
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    if not rows:
        print(empty)
        return
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=name in {"id", "date", "year", "length", "at"})
    for row in rows:
        table.add_row(*(_words(row[name]) for name in columns))
    stdout().print(table)


def print_row(row: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what is known of one thing, a line for each field."""
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        if value not in (None, "", []):
            print(f"{name:16} {_words(value)}")


def print_changes(kind: str, row: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what an edit changed: `row` has id, title, and changed as old and new by field."""
    if as_json:
        print_json(row)
        return
    print(f'{kind} {row["id"]}, "{row["title"]}"' + ("" if row["changed"] else ": nothing to do"))
    for name, pair in row["changed"].items():
        print(f"  {name}: {shortened(pair['old'])} -> {shortened(pair['new'])}")


def shortened(value: Any) -> str:
    """A value on one short line."""
    if isinstance(value, tuple | list):
        value = "; ".join(map(str, value))
    if value in (None, ""):
        return "nothing"
    text = " ".join(str(value).split())
    return f'"{text}"' if len(text) <= LONGEST else f'"{text[:LONGEST]} …"'


def require_yes(question: str, *, yes: bool) -> None:
    """Ask, unless told to go ahead; without anybody to ask, refuse."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{question} Nobody can answer here: add --yes")
    typer.confirm(question, abort=True, err=True)


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(
            f"{one['kind']} {one['url']}" if isinstance(one, dict) else str(one) for one in value
        )
    return "" if value is None else str(value)
