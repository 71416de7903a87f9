"""A list of files with what is known of them, as YAML; checked whole before anything starts.

    papers: [{file, title, authors, year, venue, abstract, arxiv_id, doi}]
    talks:  [{file, title, speakers, series, date, abstract, language, papers, slides, visibility}]

File names are relative to the manifest.  A talk names papers of the same list by their file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from catalog.papers import NewPaper
from catalog.tables import VISIBILITIES
from catalog.talks import NewTalk
from ingest.errors import BadManifest

_PAPER_KEYS = {"file", "title", "authors", "year", "venue", "abstract", "arxiv_id", "doi"}
_TALK_KEYS = {
    *("file", "title", "speakers", "series", "date", "abstract"),
    *("language", "papers", "slides", "visibility"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a manifest; `papers` are the file names of the papers that a talk names."""

    path: Path
    about: NewTalk | NewPaper
    papers: tuple[str, ...] = ()


def read_manifest(path: Path) -> list[Entry]:
    """The entries, papers first.  Raises: BadManifest, naming every fault."""
    try:
        whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadManifest(path, [str(error).replace("\n", " ")]) from error
    if not isinstance(whole, Mapping) or not whole.keys() <= {"papers", "talks"}:
        raise BadManifest(path, ["it must hold the lists `papers` and `talks`, and nothing else"])
    faults: list[str] = []
    papers = _entries(path, whole.get("papers") or [], "papers", faults)
    talks = _entries(path, whole.get("talks") or [], "talks", faults)
    _find_named_papers(talks, {entry.path.name for entry in papers}, faults)
    if faults:
        raise BadManifest(path, faults)
    return [*papers, *talks]


def _entries(path: Path, items: Any, kind: str, faults: list[str]) -> list[Entry]:
    found = []
    for number, item in enumerate(items, start=1):
        try:
            found.append(_entry(path.parent, item, kind))
        except (ValueError, TypeError, KeyError) as error:
            faults.append(f"{kind} {number}: {error}")
    return found


def _entry(folder: Path, item: Any, kind: str) -> Entry:
    if not isinstance(item, Mapping) or "file" not in item or "title" not in item:
        raise ValueError("an entry needs at least `file` and `title`")
    unknown = set(item) - (_PAPER_KEYS if kind == "papers" else _TALK_KEYS)
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(map(str, unknown)))}")
    path = folder / str(item["file"])
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    if kind == "papers":
        return Entry(path=path, about=_paper(item))
    papers = tuple(Path(str(name)).name for name in item.get("papers") or ())
    return Entry(path=path, about=_talk(item), papers=papers)


def _find_named_papers(talks: list[Entry], listed: set[str], faults: list[str]) -> None:
    for entry in talks:
        faults += [
            f"talk {entry.path.name} names {paper}, which is not among the papers"
            for paper in entry.papers
            if paper not in listed
        ]


def _paper(item: Mapping[str, Any]) -> NewPaper:
    return NewPaper(
        title=str(item["title"]),
        authors=_names(item.get("authors")),
        year=int(item["year"]) if item.get("year") else None,
        venue=item.get("venue"),
        abstract=str(item.get("abstract") or "").strip(),
        arxiv_id=item.get("arxiv_id"),
        doi=item.get("doi"),
    )


def _talk(item: Mapping[str, Any]) -> NewTalk:
    visibility = item.get("visibility", "public")
    if visibility not in VISIBILITIES:
        raise ValueError(f"visibility is one of {', '.join(VISIBILITIES)}, not {visibility!r}")
    return NewTalk(
        title=str(item["title"]),
        speakers=_names(item.get("speakers")),
        series=item.get("series"),
        held_on=_day(item.get("date")),
        abstract=str(item.get("abstract") or "").strip(),
        language=item.get("language"),
        visibility=visibility,
        links=(("slides", str(item["slides"])),) if item.get("slides") else (),
    )


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(one) for one in value)


def _day(value: Any) -> date | None:
    return value if value is None or isinstance(value, date) else date.fromisoformat(str(value))
