"""Entries of a catalogue: as they were written, as they are read, and what they say.

The schema's names are plain (`title`, `speakers`, `date`, `video_urls`); those of
researchseminars.org (`speaker_affiliation`, `start_time`, `video_link`, …) are read too.
Invariant: an entry is kept as it was written, with every field that the schema does not know, so
that an export gives back all that an import brought.
"""

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError as Invalid

from catalog.facts import PaperFacts, TalkFacts
from catalog.listing_schema import PaperEntry, TalkEntry

Kind = Literal["talk", "paper"]
Raw = dict[str, Any]

# Other names of a field, in the order they are looked at when the field itself is not given.
TALK_ALIASES = {
    "speaker": "speakers",
    "speaker_affiliation": "affiliation",
    "start_time": "date",
    "video_url": "video_urls",
    "video_link": "video_urls",
    "slides_url": "slides_urls",
    "slides_link": "slides_urls",
    "paper_link": "paper_urls",
    "topics": "tags",
    "comments": "note",
    "seminar_id": "series",
}
PAPER_ALIASES = {"labels_on_pages": "labels"}
# What only follows from a field: given back as long as the field says what the list said.
FOLLOWS = {
    "talk": {**TALK_ALIASES, "video_host": "video_urls", "youtube_id": "video_urls"},
    "paper": PAPER_ALIASES,
}
ONLY_TALKS = {
    *("speaker", "speakers", "date", "start_time", "series", "seminar_id", "video_url"),
    *("video_urls", "video_link", "slides_url", "slides_urls", "slides_link", "recording_status"),
}
ONLY_PAPERS = {
    *("authors", "year", "venue", "arxiv_id", "doi", "labels", "labels_on_pages"),
    *("pdf_url", "cited_by"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A checked entry: its place in the list (from 1), as it was written, and as it is read."""

    number: int
    raw: Raw
    said: TalkEntry | PaperEntry

    @property
    def kind(self) -> Kind:
        """What it describes."""
        return "talk" if isinstance(self.said, TalkEntry) else "paper"

    @property
    def name(self) -> str:
        """How faults call it."""
        return named(self.kind, self.number, self.said.id)


def kind_of(raw: Mapping[str, Any]) -> Kind:
    """What an entry describes, by its fields.  Raises: ValueError."""
    talk, paper = raw.keys() & ONLY_TALKS, raw.keys() & ONLY_PAPERS
    if bool(talk) == bool(paper):
        why = "of both" if talk else "of neither"
        raise ValueError(
            f"it has fields {why} a talk (speakers, date, series) and a paper (authors, year); "
            'put it under "talks" or "papers"'
        )
    return "talk" if talk else "paper"


def named(kind: str, number: int, known_id: object) -> str:
    """How faults call an entry."""
    return f"{kind} {number}" + (f" ({str(known_id)[:80]})" if known_id else "")


def checked(kind: Kind, number: int, raw: Raw, faults: list[str]) -> Entry | None:
    """The entry, or None and its faults among the others."""
    name = named(kind, number, raw.get("id"))
    if why := unfit(raw):
        faults.append(f"{name}: {why}")
        return None
    try:
        return Entry(number=number, raw=raw, said=_read(kind, raw))
    except Invalid as error:
        faults += [f"{name}: {_place(one)}{_reason(one)}" for one in error.errors()]
        return None


def talk_facts(raw: Raw, papers: Mapping[str, str]) -> TalkFacts:
    """What an entry says of a talk; `papers` are public ids by what the list may call them."""
    said = _read("talk", raw)
    if not isinstance(said, TalkEntry):
        raise TypeError("not a talk")
    videos = _once(said.video_urls)
    return TalkFacts(
        title=said.known_title,
        speakers=_once(said.speakers),
        series=said.series,
        date=said.date,
        affiliation=said.affiliation,
        abstract=said.abstract or "",
        language=said.language,
        visibility=said.visibility or "public",
        recording_status=said.recording_status or ("recorded" if videos else "not_recorded"),
        video_urls=videos,
        slides_urls=_once(said.slides_urls),
        paper_urls=_once(said.paper_urls),
        notes_urls=_once(said.notes_urls),
        page_urls=_once(said.page_urls),
        tags=_once(said.tags),
        note=said.note,
        papers=tuple(sorted({papers[one] for one in said.papers or () if one in papers})),
    )


def paper_facts(raw: Raw) -> PaperFacts:
    """What an entry says of a paper."""
    said = _read("paper", raw)
    if not isinstance(said, PaperEntry):
        raise TypeError("not a paper")
    return PaperFacts(
        title=said.known_title,
        authors=_once(said.authors),
        year=said.year,
        venue=said.venue,
        abstract=said.abstract or "",
        arxiv_id=said.arxiv_id,
        doi=said.doi,
        visibility=said.visibility or "public",
        labels=_once(said.labels),
        url=said.url,
        pdf_url=said.pdf_url,
    )


def entry_of(
    kind: Kind, known_id: str, facts: TalkFacts | PaperFacts, raw: Raw, said: TalkFacts | PaperFacts
) -> Raw:
    """An entry to export: as the list wrote it, but where the catalog says otherwise by now."""
    model = TalkEntry if kind == "talk" else PaperEntry
    entry: Raw = {"id": known_id}
    for name in model.model_fields:
        if name != "id":
            same = name in raw and getattr(facts, name) == getattr(said, name)
            entry[name] = raw[name] if same else _plain(getattr(facts, name))
    for name, value in raw.items():
        source = FOLLOWS[kind].get(name)
        if name not in entry and (
            source is None or getattr(facts, source) == getattr(said, source)
        ):
            entry[name] = value
    return entry


def others(kind: Kind, raw: Mapping[str, Any]) -> Raw:
    """What an entry says beyond the schema."""
    fields = (TalkEntry if kind == "talk" else PaperEntry).model_fields
    return {name: raw[name] for name in raw if name not in fields and name not in FOLLOWS[kind]}


def _read(kind: Kind, raw: Raw) -> TalkEntry | PaperEntry:
    if kind == "talk":
        return TalkEntry.model_validate(_in_our_words(raw, TALK_ALIASES))
    return PaperEntry.model_validate(_in_our_words(raw, PAPER_ALIASES))


def _in_our_words(raw: Raw, aliases: Mapping[str, str]) -> Raw:
    """The entry under the schema's own names.  researchseminars.org numbers talks by seminar."""
    words = dict(raw)
    for alias, name in aliases.items():
        if words.get(alias) and not words.get(name):
            words[name] = words[alias]
    if not words.get("id") and words.get("seminar_id") and words.get("seminar_ctr"):
        words["id"] = f"{words['seminar_id']}/{words['seminar_ctr']}"
    return words


def unfit(value: Any, depth: int = 0) -> str | None:
    """Why no database could keep it: half characters, NUL, or lists in lists without end."""
    if depth > 20:
        return "it is nested more than 20 deep"
    if isinstance(value, str):
        if "\0" in value:
            return "it holds a NUL character"
        return None if _whole(value) else "it holds half of a character (a lone surrogate)"
    inner: Iterable[Any] = ()
    if isinstance(value, dict):
        inner = [*value, *value.values()]
    elif isinstance(value, list):
        inner = value
    return next((why for one in inner if (why := unfit(one, depth + 1))), None)


def _whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _once(values: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values or ()))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return None if value == "" else value


def _place(error: Mapping[str, Any]) -> str:
    parts = [str(part + 1) if isinstance(part, int) else str(part) for part in error["loc"]]
    return " ".join(parts) + ": " if parts else ""


def _reason(error: Mapping[str, Any]) -> str:
    reason = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error":
        return reason
    given = json.dumps(error.get("input"), ensure_ascii=False, default=str)[:60]
    return f"{reason[:1].lower()}{reason[1:]}, not {given}"
