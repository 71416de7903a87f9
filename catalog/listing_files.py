"""Catalogues as files: JSON and CSV, read whole and checked whole before anything is written.

JSON is `{"talks": […], "papers": […]}` or a bare list of entries.  CSV has a header and one kind of
entries; a list is parted by semicolons, or is JSON in brackets; `more` holds as JSON what has no
column.  A cell that a spreadsheet would take for a formula is written behind an apostrophe.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from catalog.errors import BadListing
from catalog.listing import Entry, Kind, Raw, checked, kind_of, named
from catalog.listing_schema import PaperEntry, TalkEntry

Form = Literal["json", "csv"]
MAX_BYTES = 64 << 20
MORE = "more"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_LISTS = {
    *("speakers", "video_urls", "slides_urls", "paper_urls", "notes_urls", "page_urls"),
    *("tags", "papers", "authors", "labels"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The entries of a file in its order, each of them without a fault."""

    name: str
    talks: tuple[Entry, ...]
    papers: tuple[Entry, ...]


def read(data: bytes, form: Form, name: str) -> Listing:
    """Read a catalogue.  Raises: BadListing, naming every fault with the entry's number and id."""
    if len(data) > MAX_BYTES:
        raise BadListing(name, [f"it is larger than {MAX_BYTES >> 20} MiB; split it"])
    try:
        text = data.decode("utf-8-sig")
        found = _from_json(text) if form == "json" else _from_csv(text)
    except (ValueError, RecursionError, csv.Error) as error:
        raise BadListing(name, [f"it cannot be read as {form.upper()}: {error}"]) from error
    faults: list[str] = []
    entries = [one for kind, number, raw in found if (one := _entry(kind, number, raw, faults))]
    faults += _twice(entries)
    if faults:
        raise BadListing(name, faults)
    return Listing(
        name=name,
        talks=tuple(one for one in entries if one.kind == "talk"),
        papers=tuple(one for one in entries if one.kind == "paper"),
    )


def to_json(document: Mapping[str, Sequence[Raw]]) -> str:
    """The document as JSON."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def to_csv(kind: Kind, entries: Iterable[Raw]) -> str:
    """Entries of one kind as CSV."""
    columns = list((TalkEntry if kind == "talk" else PaperEntry).model_fields)
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow([*columns, MORE])
    for entry in entries:
        more = {name: value for name, value in entry.items() if name not in columns}
        cells = [_cell(entry.get(name)) for name in columns]
        table.writerow([*cells, json.dumps(more, ensure_ascii=False) if more else ""])
    return text.getvalue()


def _entry(kind: Kind | None, number: int, raw: Any, faults: list[str]) -> Entry | None:
    if not isinstance(raw, dict):
        faults.append(f"{named(kind or 'entry', number, None)}: it must be an object with fields")
        return None
    try:
        return checked(kind or kind_of(raw), number, raw, faults)
    except ValueError as error:
        faults.append(f"{named('entry', number, raw.get('id'))}: {error}")
        return None


def _from_json(text: str) -> list[tuple[Kind | None, int, Any]]:
    whole = json.loads(text, parse_constant=_no_constant)
    if isinstance(whole, list):
        return [(None, number, raw) for number, raw in enumerate(whole, 1)]
    if not isinstance(whole, dict) or not whole.keys() & {"talks", "papers"}:
        raise ValueError('it must be a list of entries, or hold the lists "talks" and "papers"')
    found: list[tuple[Kind | None, int, Any]] = []
    for kind, name in (("talk", "talks"), ("paper", "papers")):
        entries = whole.get(name) or []
        if not isinstance(entries, list):
            raise ValueError(f'"{name}" must be a list of entries')  # noqa: TRY004 - of the file
        found += [(kind, number, raw) for number, raw in enumerate(entries, 1)]  # type: ignore[misc]
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _from_csv(text: str) -> list[tuple[Kind | None, int, Any]]:
    csv.field_size_limit(MAX_BYTES)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [name.strip() for name in next(rows, [])]
    if twice := [name for name, times in Counter(header).items() if times > 1 or not name]:
        raise ValueError(f"the header names {twice[0]!r} twice or not at all")
    kind = kind_of(dict.fromkeys(header))
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    return [(kind, number, _raw(header, row, number)) for number, row in enumerate(filled, 1)]


def _raw(header: Sequence[str], row: Sequence[str], number: int) -> Raw:
    if len(row) > len(header):
        raise ValueError(f"row {number} has {len(row)} cells, the header {len(header)}")
    raw: Raw = {
        name: _value(name, cell) for name, cell in zip(header, row, strict=False) if cell.strip()
    }
    more = raw.pop(MORE, None)
    if more is not None:
        known = json.loads(more, parse_constant=_no_constant)
        if not isinstance(known, dict):
            raise ValueError(f"row {number}: `more` must be a JSON object")
        raw = {**known, **raw}
    return raw


def _value(name: str, cell: str) -> Any:
    text = cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell
    if name in _LISTS:
        if text.strip().startswith("["):
            return json.loads(text)
        return [part for one in text.split(";") if (part := one.strip())]
    if name == "year" and text.strip().isdecimal():
        return int(text)
    return text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        value = _joined(value)
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def _joined(values: list[Any]) -> str:
    plain = all(isinstance(v, str) and v == v.strip() and v and ";" not in v for v in values)
    if plain and not (values and values[0].startswith("[")):
        return "; ".join(values)
    return json.dumps(values, ensure_ascii=False)


def _twice(entries: Sequence[Entry]) -> list[str]:
    """Entries that claim the same id, arXiv id or DOI."""
    faults: list[str] = []
    for what in ("id", "arxiv_id", "doi"):
        first: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            value = getattr(entry.said, what, None)
            if value is None:
                continue
            other = first.setdefault((entry.kind, value), entry)
            if other is not entry:
                faults.append(f"{entry.name}: it has the same {what} as {other.name}")
    return faults
