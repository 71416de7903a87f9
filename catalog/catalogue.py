"""A list into the catalog, and the catalog as a list.

Invariant: an entry changes only what it says differently than at the last import, and never what
staff set meanwhile; a talk or paper that a list no longer names is left as it is.  An entry finds
its talk or paper by id (a paper by arXiv id or DOI too), else by exactly equal title, day and
speakers, or authors and year; where that is not one alone, it is a fault and nothing is guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session, col, select

from catalog import events, facts
from catalog.errors import BadListing
from catalog.facts import Merge, TalkFacts
from catalog.listing import Entry, Kind, Raw, entry_of, others, paper_facts, talk_facts
from catalog.listing_files import Listing
from catalog.listing_rows import PaperRows, Row, TalkRows, entry_in, paper_keys
from catalog.names import row_id
from catalog.tables import Paper, Talk

Changes = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A talk or paper with what an import did to it, as (old, new) by field."""

    kind: Kind
    id: str
    title: str
    fields: Changes = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of an import."""

    added: list[Touched] = field(default_factory=list)
    changed: list[Touched] = field(default_factory=list)
    kept: list[Touched] = field(default_factory=list)  # staff said otherwise: theirs stays
    unchanged: int = 0
    elsewhere: list[str] = field(default_factory=list)  # entries that another list brought already
    vanished: list[Touched] = field(default_factory=list)  # no longer in the list, not removed


def take_in(session: Session, listing: Listing) -> Report:
    """Take a catalogue in, papers first.  Raises: BadListing, and nothing may be committed."""
    taking = _Taking(session, listing)
    taking.take(PaperRows(session), listing.papers)
    taking.take(TalkRows(session, {one.said.id for one in listing.papers}), listing.talks)
    if taking.faults:
        raise BadListing(listing.name, taking.faults)
    report = taking.report
    if report.added or report.changed:
        said = f"{len(report.added)} added, {len(report.changed)} changed"
        events.note(session, "import", None, said=said)
    return report


def document(session: Session) -> dict[str, list[Raw]]:
    """The whole catalog as a list, hidden talks and papers too, in the order they came."""
    return {"talks": _talk_entries(session), "papers": _paper_entries(session)}


class _Taking:
    """One import: what it did, and what is wrong with it."""

    def __init__(self, session: Session, listing: Listing) -> None:
        self._session, self._listing = session, listing
        self.report = Report()
        self.faults: list[str] = []

    def take(self, rows: TalkRows | PaperRows, entries: Sequence[Entry]) -> None:
        """Add and change; after a fault nothing more is written, only more faults are found."""
        claimed: dict[int, Entry] = {}
        before = rows.all
        for entry in entries:
            row = rows.row_for(entry, self.faults)
            if row is not None and not self._is_its_own(row, entry):
                continue
            if row is not None and (other := claimed.setdefault(row_id(row), entry)) is not entry:
                self.faults.append(f"{entry.name}: it and {other.name} are the same {entry.kind}")
            if self.faults:
                continue
            if row is None:
                row = rows.add(entry, {"file": self._listing.name, "entry": entry.raw})
                self.report.added.append(_touched(row))
            else:
                self._change(rows, row, entry)
            claimed[row_id(row)] = entry
        if entries:
            self._find_vanished(before, claimed)

    def _is_its_own(self, row: Row, entry: Entry) -> bool:
        """Whether a row that was found belongs to this entry, not to one of another list."""
        if row.external_id is None or entry.said.id in (row.external_id, row.public_id):
            return True
        self.report.elsewhere.append(
            f'{entry.name} is in the archive as {row.external_id}, "{row.title}"; left as it is'
        )
        return False

    def _change(self, rows: TalkRows | PaperRows, row: Row, entry: Entry) -> None:
        merge, beyond = rows.merge(row, entry), _beyond(row, entry)
        if merge.changes:
            rows.write(row, {name: pair[1] for name, pair in merge.changes.items()})
        if entry_in(row) != entry.raw:
            row.listing = {"file": self._listing.name, **row.listing, "entry": entry.raw}
        if row.external_id is None and entry.said.id not in (None, row.public_id):
            row.external_id = entry.said.id
        self._session.add(row)
        self._report(row, merge, beyond)

    def _report(self, row: Row, merge: Merge, beyond: Changes) -> None:
        if merge.changes or beyond:
            self.report.changed.append(_touched(row, {**merge.changes, **beyond}))
        else:
            self.report.unchanged += 1
        if merge.kept:
            self.report.kept.append(_touched(row, merge.kept))

    def _find_vanished(self, before: Sequence[Row], claimed: Mapping[int, Entry]) -> None:
        self.report.vanished += [
            _touched(row)
            for row in before
            if row_id(row) not in claimed and row.listing.get("file") == self._listing.name
        ]


def _beyond(row: Row, entry: Entry) -> Changes:
    """What changed among the fields that the schema does not know."""
    old = others(entry.kind, entry_in(row)) if "entry" in row.listing else {}
    new = others(entry.kind, entry.raw)
    names = dict.fromkeys([*old, *new]) if "entry" in row.listing else {}
    return {
        name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    }


def _touched(row: Row, fields: Changes | None = None) -> Touched:
    kind: Kind = "talk" if isinstance(row, Talk) else "paper"
    return Touched(kind=kind, id=row.public_id, title=row.title, fields=fields or {})


def _talk_entries(session: Session) -> list[Raw]:
    rows = session.exec(select(Talk).order_by(col(Talk.id))).all()
    known = facts.of_talks(session, rows)
    keys, names = paper_keys(session), _export_ids(session)
    entries = []
    for row in rows:
        raw = entry_in(row)
        present = _named_papers(known[row_id(row)], names)
        said = _named_papers(talk_facts(raw, keys), names)
        entries.append(entry_of("talk", _export_id(row), present, raw, said))
    return entries


def _paper_entries(session: Session) -> list[Raw]:
    rows = session.exec(select(Paper).order_by(col(Paper.id))).all()
    return [
        entry_of("paper", _export_id(row), facts.of_paper(row), raw, paper_facts(raw))
        for row in rows
        for raw in [entry_in(row)]
    ]


def _named_papers(known: TalkFacts, names: Mapping[str, str]) -> TalkFacts:
    """Papers by the ids that a list has for them, in an order that no archive decides."""
    return replace(known, papers=tuple(sorted(names[one] for one in known.papers)))


def _export_ids(session: Session) -> dict[str, str]:
    pairs = session.exec(select(Paper.public_id, Paper.external_id)).all()
    return {public_id: external_id or public_id for public_id, external_id in pairs}


def _export_id(row: Row) -> str:
    """How a list calls a talk or paper: by the id of the list it came from, else by ours."""
    return row.external_id or row.public_id
