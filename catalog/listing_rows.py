"""The talks and papers that a list may mean, and how its entries are written to them.

Invariant: an entry finds one row or none; several that could be meant are a fault.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from catalog import facts, papers, talks
from catalog.facts import Merge, PaperFacts, TalkFacts
from catalog.listing import Entry, Raw, paper_facts, talk_facts
from catalog.names import row_id
from catalog.papers import NewPaper
from catalog.tables import Paper, Talk
from catalog.talks import NewTalk

Row = Talk | Paper
OneKind = TypeVar("OneKind", Talk, Paper)


class TalkRows:
    """All talks, and the entries that describe them; `coming` are ids of papers in the list."""

    def __init__(self, session: Session, coming: Iterable[str | None] = ()) -> None:
        self._session, self._coming = session, set(coming)
        self.all: Sequence[Talk] = session.exec(select(Talk).order_by(col(Talk.id))).all()
        self._now = facts.of_talks(session, self.all)
        self._papers = paper_keys(session)
        self._by_id = _by_id(self.all)
        self._alike: dict[object, dict[int, Talk]] = defaultdict(dict)
        for row in self.all:
            if row.external_id is None:
                self._note(row, self._now[row_id(row)])
                self._note(row, talk_facts(entry_in(row), self._papers))

    def row_for(self, entry: Entry, faults: list[str]) -> Talk | None:
        """The talk that an entry describes, if it is known."""
        faults += self._unknown_papers(entry)
        if entry.said.id in self._by_id:
            return self._by_id[entry.said.id]
        key = _talk_key(talk_facts(entry.raw, self._papers))
        if key is None and entry.said.id is None:
            faults.append(f"{entry.name}: it needs an id, or a title, or a date with speakers")
        return _only(entry, list(self._alike[key].values()) if key else [], faults)

    def add(self, entry: Entry, listing: Mapping[str, Any]) -> Talk:
        """Write a new talk."""
        said = talk_facts(entry.raw, self._papers)
        links = [(kind, getattr(said, name)) for name, kind in facts.TALK_LINKS.items()]
        row = talks.add(
            self._session,
            NewTalk(
                title=said.title or facts.talk_stand_in(said),
                title_is_known=said.title is not None,
                speakers=said.speakers,
                series=said.series,
                held_on=said.date,
                abstract=said.abstract,
                language=said.language,
                visibility=said.visibility,
                recording_status=said.recording_status,
                links=tuple((kind, url) for kind, urls in links for url in urls),
                papers=said.papers,
                external_id=entry.said.id,
                affiliation=said.affiliation,
                tags=said.tags,
                note=said.note,
                listing=listing,
            ),
        )
        if entry.said.id is None:
            self._note(row, said)
        return row

    def merge(self, row: Row, entry: Entry) -> Merge:
        """What an entry may change of its talk."""
        said, present = talk_facts(entry.raw, self._papers), self._now[row_id(row)]
        if "entry" in row.listing:
            return facts.merged(present, talk_facts(entry_in(row), self._papers), said)
        # no list said anything of it yet: what is not known is filled, what is known stays
        stated = entry.raw.get("recording_status")
        before = TalkFacts(
            visibility=said.visibility,
            recording_status=present.recording_status if stated else said.recording_status,
        )
        return facts.merged(present, before, said)

    def write(self, row: Row, values: Mapping[str, Any]) -> None:
        """Write what an entry changes."""
        if isinstance(row, Talk):
            facts.set_talk(self._session, row, values)

    def _note(self, row: Talk, known: TalkFacts) -> None:
        key = _talk_key(known)
        if key is not None:
            self._alike[key][row_id(row)] = row

    def _unknown_papers(self, entry: Entry) -> list[str]:
        return [
            f'{entry.name}: papers: "{one}" is no paper of this list or of the archive'
            for one in getattr(entry.said, "papers", None) or ()
            if one not in self._papers and one not in self._coming
        ]


class PaperRows:
    """All papers, and the entries that describe them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.all: Sequence[Paper] = session.exec(select(Paper).order_by(col(Paper.id))).all()
        self._by_id = _by_id(self.all)
        self._by_name: dict[tuple[str, str], Paper] = {}
        self._alike: dict[object, dict[int, Paper]] = defaultdict(dict)
        for row in self.all:
            self._note(row, facts.of_paper(row))
            self._note(row, paper_facts(entry_in(row)))

    def row_for(self, entry: Entry, faults: list[str]) -> Paper | None:
        """The paper that an entry describes, if it is known."""
        said = paper_facts(entry.raw)
        named = {row_id(row): row for row in map(self._by_name.get, _names(said)) if row}
        own = self._by_id.get(entry.said.id or "")
        if own is not None:
            named[row_id(own)] = own
        if named:
            return _only(entry, list(named.values()), faults)
        key = _paper_key(said)
        if key is None and entry.said.id is None and not list(_names(said)):
            faults.append(f"{entry.name}: it needs an id, a title, an arXiv id or a DOI")
        return _only(entry, list(self._alike[key].values()) if key else [], faults)

    def add(self, entry: Entry, listing: Mapping[str, Any]) -> Paper:
        """Write a new paper."""
        said = paper_facts(entry.raw)
        links = [(kind, getattr(said, name)) for name, kind in facts.PAPER_LINKS.items()]
        row = papers.add(
            self._session,
            NewPaper(
                title=said.title or facts.paper_stand_in(said),
                title_is_known=said.title is not None,
                authors=said.authors,
                year=said.year,
                venue=said.venue,
                abstract=said.abstract,
                arxiv_id=said.arxiv_id,
                doi=said.doi,
                visibility=said.visibility,
                external_id=entry.said.id,
                labels=said.labels,
                links=tuple((kind, url) for kind, url in links if url),
                listing=listing,
            ),
        )
        self._note(row, said)
        return row

    def merge(self, row: Row, entry: Entry) -> Merge:
        """What an entry may change of its paper."""
        said = paper_facts(entry.raw)
        imported = "entry" in row.listing
        before = paper_facts(entry_in(row)) if imported else PaperFacts(visibility=said.visibility)
        present = facts.of_paper(row) if isinstance(row, Paper) else PaperFacts()
        return facts.merged(present, before, said)

    def write(self, row: Row, values: Mapping[str, Any]) -> None:
        """Write what an entry changes."""
        if isinstance(row, Paper):
            facts.set_paper(self._session, row, values)

    def _note(self, row: Paper, known: PaperFacts) -> None:
        for name in _names(known):
            self._by_name.setdefault(name, row)
        key = _paper_key(known)
        if row.external_id is None and key is not None:
            self._alike[key][row_id(row)] = row


def entry_in(row: Row) -> Raw:
    """The entry that described a talk or paper last; empty before the first."""
    raw: Raw = row.listing.get("entry", {})
    return raw


def paper_keys(session: Session) -> dict[str, str]:
    """The public id of each paper by what a list may call it."""
    rows = session.exec(select(Paper.public_id, Paper.external_id)).all()
    ours = {public_id: public_id for public_id, _external_id in rows}
    return ours | {external_id: public_id for public_id, external_id in rows if external_id}


def _by_id(rows: Sequence[OneKind]) -> dict[str, OneKind]:
    ours = {row.public_id: row for row in rows}
    return ours | {row.external_id: row for row in rows if row.external_id}


def _only(entry: Entry, found: Sequence[OneKind], faults: list[str]) -> OneKind | None:
    if len(found) > 1:
        ids = ", ".join(row.public_id for row in found)
        faults.append(f"{entry.name}: it fits {len(found)} of the archive ({ids}); give it an id")
    return found[0] if len(found) == 1 else None


def _talk_key(known: TalkFacts) -> object:
    """What tells a talk without id from others, or None when that is too little."""
    if known.title is None and not (known.date and known.speakers):
        return None
    return known.title, known.date, known.speakers


def _paper_key(known: PaperFacts) -> object:
    return (known.title, known.year, known.authors) if known.title else None


def _names(known: PaperFacts) -> Iterable[tuple[str, str]]:
    for name, value in (("arxiv", known.arxiv_id), ("doi", known.doi)):
        if value:
            yield name, value.lower()
