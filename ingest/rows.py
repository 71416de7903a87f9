"""Rows of a list of files, YAML or CSV alike: what is said, and on which line of the list.

Invariant: every value is the text that stands in the file, never what YAML would make of it: a
title `1984` is a title, and `no` is Norwegian.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from catalog.errors import CatalogProblem
from ingest.errors import BadManifest
from ingest.texts import decoded, read_bytes

SEPARATOR = ";"
MAX_ROWS = 100_000
_NOTHING = {"", "~", "null", "Null", "NULL"}


class Fault(Exception):
    """Something wrong on a line of the list."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one key or column says: no value, one, or several; CSV has the line in its row."""

    values: tuple[str, ...]
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry; `kind` is papers or talks, or None where only the file's name can tell.

    `head` is the line with the names of the columns, in CSV.
    """

    line: int
    kind: str | None
    head: int | None = None
    cells: Mapping[str, Cell] = field(default_factory=dict)

    def all(self, key: str) -> tuple[str, ...]:
        """The values of a key; none where it is left out."""
        return self.cells[key].values if key in self.cells else ()

    def one(self, key: str) -> str | None:
        """The value of a key that has at most one.  Raises: Fault."""
        values = self.all(key)
        if len(values) > 1:
            raise Fault(self.line_of(key), f"`{key}` has {len(values)} values, and may have one")
        return values[0] if values else None

    def line_of(self, key: str) -> int:
        """Where the key stands, else where the entry begins."""
        cell = self.cells.get(key)
        return cell.line if cell and cell.line else self.line


def read_rows(path: Path, *, lists: frozenset[str]) -> tuple[list[Row], list[str]]:
    """The rows of a list and the faults in its form; CSV by its name, else YAML.

    A CSV cell in the columns `lists` may hold several values.  Raises: BadManifest.
    """
    text = _text(path)
    if path.suffix.lower() in {".csv", ".tsv"}:
        return _csv_rows(path, text, lists)
    node = compose(path, text)
    if node is None:
        raise BadManifest(path, ["it is empty"])
    faults: list[str] = []
    return list(_yaml_rows(node, faults)), faults


def read_side_car(path: Path) -> tuple[Row, list[str]]:
    """The one entry of a YAML file beside a recording.  Raises: BadManifest."""
    node = compose(path, _text(path))
    faults: list[str] = []
    if node is None:
        return Row(line=1, kind=None), faults
    return _yaml_row(node, None, faults) or Row(line=1, kind=None), faults


def compose(path: Path, text: str) -> yaml.Node | None:
    """YAML as nodes that know their lines.  Raises: BadManifest."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadManifest(path, [f"line {line}: {error.problem or error.context}"]) from error
    except RecursionError as error:
        raise BadManifest(path, ["it is nested too deeply"]) from error
    except yaml.YAMLError as error:
        raise BadManifest(path, [str(error)]) from error


def _text(path: Path) -> str:
    try:
        return decoded(read_bytes(path))[0]
    except (ValueError, CatalogProblem) as error:
        raise BadManifest(path, [str(error)]) from error


def _csv_rows(path: Path, text: str, lists: frozenset[str]) -> tuple[list[Row], list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    faults: list[str] = []
    columns: list[str] = []
    begins = head = 1
    try:
        for values in reader:
            line, begins = begins, reader.line_num + 1
            if not any(value.strip() for value in values):
                continue
            if not columns:
                columns, head = [name.strip().lower() for name in values], line
                faults += _column_faults(columns, line)
            elif len(values) > len(columns):
                faults.append(f"line {line}: {len(values)} cells under {len(columns)} columns")
            else:
                rows.append(replace(_csv_row(columns, values, lists), line=line, head=head))
    except csv.Error as error:
        raise BadManifest(path, [f"line {reader.line_num}: {error}"]) from error
    return rows, faults


def _delimiter(text: str) -> str:
    """Comma, semicolon or tabulator: which of them parts the head; offices differ."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=head.count)


def _column_faults(columns: list[str], line: int) -> list[str]:
    twice = sorted({name for name in columns if columns.count(name) > 1})
    return [f"line {line}: column `{name}` is there twice" for name in twice]


def _csv_row(columns: list[str], values: list[str], lists: frozenset[str]) -> Row:
    cells = {}
    for name, value in zip(columns, values, strict=False):
        parts = value.split(SEPARATOR) if name in lists else [value]
        said = tuple(part.strip() for part in parts if part.strip())
        if name or said:
            cells[name] = Cell(values=said)
    return Row(line=0, kind=None, cells=cells)


def _yaml_rows(node: yaml.Node, faults: list[str]) -> Iterator[Row]:
    if isinstance(node, yaml.SequenceNode):
        yield from _entries(node, None, faults)
        return
    if not isinstance(node, yaml.MappingNode):
        faults.append(f"line {_line(node)}: a list must hold `papers` and `talks`, or entries")
        return
    parts = dict(_pairs(node, faults))
    for name in ("papers", "talks"):  # papers first: talks name them
        part = parts.pop(name, None)
        if isinstance(part, yaml.SequenceNode):
            yield from _entries(part, name, faults)
        elif part is not None and not _is_nothing(part):
            faults.append(f"line {_line(part)}: `{name}` must be a list of entries")
    faults += [
        f"line {_line(part)}: `{name}` is neither `papers` nor `talks`"
        for name, part in parts.items()
    ]


def _entries(node: yaml.SequenceNode, kind: str | None, faults: list[str]) -> Iterator[Row]:
    for item in node.value[:MAX_ROWS]:
        row = _yaml_row(item, kind, faults)
        if row is not None:
            yield row


def _yaml_row(node: yaml.Node, kind: str | None, faults: list[str]) -> Row | None:
    if not isinstance(node, yaml.MappingNode):
        faults.append(f"line {_line(node)}: an entry must be keys with values")
        return None
    cells = {}
    for name, value in _pairs(node, faults):
        try:
            cells[name] = Cell(line=_line(value), values=_values(name, value))
        except Fault as fault:
            faults.append(str(fault))
    return Row(line=_line(node), kind=kind, cells=cells)


def _pairs(node: yaml.MappingNode, faults: list[str]) -> Iterator[tuple[str, yaml.Node]]:
    seen: set[str] = set()
    for key, value in node.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        if name in seen:
            faults.append(f"line {_line(key)}: `{name}` is there twice")
        seen.add(name)
        yield name, value


def _values(name: str, node: yaml.Node) -> tuple[str, ...]:
    if _is_nothing(node):
        return ()
    items: list[Any] = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for item in items:
        if not isinstance(item, yaml.ScalarNode):
            raise Fault(_line(item), f"`{name}` must be text or a list of texts")
    return tuple(item.value.strip() for item in items if not _is_nothing(item))


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value in _NOTHING


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
