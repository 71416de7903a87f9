"""What a row of a list, or a side-car, says of a talk or a paper; every fault with its line."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from typing import TypeVar

from catalog.languages import is_language
from catalog.papers import NewPaper
from catalog.tables import VISIBILITIES
from catalog.talks import NewTalk
from ingest.rows import Fault, Row

PAPER_KEYS = frozenset(
    {"file", "title", "authors", "year", "venue", "abstract", "arxiv_id", "doi", "visibility"}
)
TALK_KEYS = frozenset(
    {
        *("file", "title", "speakers", "series", "date", "abstract", "language"),
        *("papers", "slides", "visibility", "captions", "talk"),
    }
)
T = TypeVar("T")


def unknown_keys(row: Row, known: frozenset[str]) -> list[str]:
    """Keys that mean nothing here; a CSV may leave columns empty that are for others."""
    faults = []
    for name, cell in row.cells.items():
        if name in known or (not cell.values and name in PAPER_KEYS | TALK_KEYS):
            continue
        near = get_close_matches(name, known, n=1)
        hint = f", is it `{near[0]}`?" if near else f"; known are {', '.join(sorted(known))}"
        faults.append(f"line {row.head or row.line_of(name)}: `{name}` is unknown{hint}")
    return faults


def talk_of(row: Row, known: NewTalk | None = None) -> tuple[NewTalk, list[str]]:
    """The talk that a row describes, on top of what is known of it, and the faults."""
    faults: list[str] = []
    base = known or NewTalk(title="")

    def said(key: str, read: Callable[[Row, str], T], else_: T) -> T:
        return _read(row, key, read, else_, faults)

    return (
        replace(
            base,
            title=said("title", _text, base.title),
            speakers=row.all("speakers") or base.speakers,
            series=said("series", _text, base.series),
            held_on=said("date", _day, base.held_on),
            abstract=said("abstract", _text, base.abstract),
            language=said("language", _language, base.language),
            visibility=said("visibility", _visibility, base.visibility),
            links=tuple(("slides", url) for url in row.all("slides")) or base.links,
        ),
        faults,
    )


def paper_of(row: Row, known: NewPaper | None = None) -> tuple[NewPaper, list[str]]:
    """The paper that a row describes, on top of what is known of it, and the faults."""
    faults: list[str] = []
    base = known or NewPaper(title="")

    def said(key: str, read: Callable[[Row, str], T], else_: T) -> T:
        return _read(row, key, read, else_, faults)

    return (
        replace(
            base,
            title=said("title", _text, base.title),
            authors=row.all("authors") or base.authors,
            year=said("year", _year, base.year),
            venue=said("venue", _text, base.venue),
            abstract=said("abstract", _text, base.abstract),
            arxiv_id=said("arxiv_id", _text, base.arxiv_id),
            doi=said("doi", _text, base.doi),
            visibility=said("visibility", _visibility, base.visibility),
        ),
        faults,
    )


def _read(row: Row, key: str, read: Callable[[Row, str], T], else_: T, faults: list[str]) -> T:
    if not row.all(key):
        return else_
    try:
        return read(row, key)
    except Fault as fault:
        faults.append(str(fault))
        return else_


def _text(row: Row, key: str) -> str:
    return row.one(key) or ""


def _day(row: Row, key: str) -> date | None:
    text = _text(row, key)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Fault(row.line_of(key), f"date {text!r} is not a day like 2021-02-01") from error


def _year(row: Row, key: str) -> int | None:
    text = _text(row, key)
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise Fault(row.line_of(key), f"year {text!r} is not a year like 2021")
    return int(text)


def _language(row: Row, key: str) -> str | None:
    text = _text(row, key)
    if not is_language(text):
        raise Fault(row.line_of(key), f"language {text!r} is not a code such as en, de or fa")
    return text


def _visibility(row: Row, key: str) -> str:
    text = _text(row, key)
    if text not in VISIBILITIES:
        raise Fault(
            row.line_of(key), f"visibility is one of {', '.join(VISIBILITIES)}, not {text!r}"
        )
    return text
