"""Changes that staff make by hand, written down as deeds.

Invariant: what is set here stays when a list is imported again; `facts.merged` sees to it.
"""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from catalog import events, facts, listing, papers
from catalog.errors import AlreadyThere, BadEdit
from catalog.tables import Paper, PassageRow, Talk

Changes = dict[str, tuple[Any, Any]]
SEARCHED = {"title", "speakers", "authors", "series", "date", "year", "visibility"}


def values_of(session: Session, owner: Talk | Paper, said: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody says of a talk or paper as its facts, read by the rules of lists.

    Raises: BadEdit (a value that no list could hold), NotThere (a paper of the talk).
    """
    faults: list[str] = []
    kind: listing.Kind = "paper" if isinstance(owner, Paper) else "talk"
    raw = {name: _without_blanks(value) for name, value in said.items()}
    if listing.checked(kind, 1, raw, faults) is None:
        raise BadEdit([one.partition(": ")[2] for one in faults])
    if isinstance(owner, Paper):
        return {name: getattr(listing.paper_facts(raw), name) for name in said}
    named = {words: papers.called(session, words).public_id for words in raw.get("papers") or ()}
    known = listing.talk_facts(raw, named)
    return {name: getattr(known, name) for name in said}


def edit(
    session: Session, owner: Talk | Paper, values: Mapping[str, Any], *, who: str | None = None
) -> Changes:
    """Set facts of a talk or paper; what changed, as (old, new) by field.

    who: as in `events.note`.
    Raises: NotThere (a paper of the talk), AlreadyThere (an arXiv id or DOI of another paper).
    """
    before = facts_of(session, owner)
    changes = {
        name: (getattr(before, name), value)
        for name, value in values.items()
        if getattr(before, name) != value
    }
    if not changes:
        return {}
    new = {name: pair[1] for name, pair in changes.items()}
    if isinstance(owner, Paper):
        _refuse_others(session, owner, new)
        facts.set_paper(session, owner, new)
    else:
        facts.set_talk(session, owner, new)
    withdrawn = changes.get("visibility") == ("public", "withdrawn")
    events.note(session, "withdraw" if withdrawn else "edit", owner, fields=changes, who=who)
    return changes


def facts_of(session: Session, owner: Talk | Paper) -> "facts.TalkFacts | facts.PaperFacts":
    """What is known of a talk or paper."""
    return facts.of_paper(owner) if isinstance(owner, Paper) else facts.of_talk(session, owner)


def shows_in_search(session: Session, owner: Talk | Paper, changes: Changes) -> bool:
    """Whether the index has to follow a change."""
    column = PassageRow.talk_id if isinstance(owner, Talk) else PassageRow.paper_id
    searched = session.exec(select(PassageRow.id).where(col(column) == owner.id).limit(1)).first()
    return searched is not None and not SEARCHED.isdisjoint(changes)


def _without_blanks(value: Any) -> Any:
    return [one for one in value if one.strip()] if isinstance(value, list) else value


def _refuse_others(session: Session, paper: Paper, values: Mapping[str, Any]) -> None:
    for name, column in (("arxiv_id", Paper.arxiv_id), ("doi", Paper.doi)):
        value = values.get(name)
        other = session.exec(select(Paper).where(col(column) == value)).first() if value else None
        if other is not None and other.id != paper.id:
            raise AlreadyThere(
                file_name=f"what has {name.replace('_', ' ')} {value}",
                kind="paper",
                public_id=other.public_id,
                title=other.title,
            )
