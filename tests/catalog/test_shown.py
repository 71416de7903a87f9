"""What may be shown, kept up with the catalog by what changed."""

from datetime import date

from catalog import editing, events, papers, passages, removal, shown, talks
from catalog.engine import Catalog
from catalog.papers import NewPaper
from catalog.passages import NewPassage
from catalog.talks import NewTalk


def everything(catalog: Catalog) -> dict[str, shown.Shown]:
    with catalog.read() as session:
        return {one.title: one for one in shown.owners(session)}


def touched(catalog: Catalog, since: shown.Mark) -> set[str] | None:
    with catalog.read() as session:
        return shown.touched(session, since)


def marked(catalog: Catalog) -> shown.Mark:
    with catalog.read() as session:
        return shown.mark(session)


def test_public_talks_and_papers_are_shown_with_their_facts(catalog: Catalog) -> None:
    with catalog.write() as session:
        new = NewTalk(title="A", speakers=("Zoe", "Adam"), series="S", held_on=date(2024, 2, 5))
        talks.add(session, new)
        talks.add(session, NewTalk(title="B", visibility="unlisted"))
        talks.add(session, NewTalk(title="C", recording_status="declined"))
        papers.add(session, NewPaper(title="D", authors=("Mira",), year=2020, venue="V"))
        papers.add(session, NewPaper(title="E", visibility="withdrawn"))
    found = everything(catalog)
    assert set(found) == {"A", "C", "D"}
    assert (found["A"].names, found["A"].series, found["A"].year) == (("Zoe", "Adam"), "S", 2024)
    assert (found["A"].heard, found["C"].heard) == (True, False)
    paper = found["D"]
    assert (paper.kind, paper.names, paper.year, paper.venue) == ("paper", ("Mira",), 2020, "V")
    assert not paper.has_file


def test_every_deed_changes_the_mark_and_names_what_it_touched(catalog: Catalog) -> None:
    with catalog.write() as session:
        talk = talks.add(session, NewTalk(title="A talk"))
        paper = papers.add(session, NewPaper(title="A paper"))
        events.note(session, "edit", talk)
    before = marked(catalog)
    assert touched(catalog, before) == set()
    with catalog.write() as session:
        editing.edit(session, talks.find(session, talk.public_id), {"title": "Renamed"})
    assert marked(catalog) != before
    assert touched(catalog, before) == {talk.public_id}
    with catalog.write() as session:
        removal.withdraw(session, papers.find(session, paper.public_id))
        third = talks.add(session, NewTalk(title="New"))
    assert touched(catalog, before) == {talk.public_id, paper.public_id, third.public_id}
    with catalog.read() as session:
        ids = [talk.public_id, paper.public_id, third.public_id]
        assert {one.title for one in shown.owners(session, ids)} == {"Renamed", "New"}
    with catalog.write() as session:
        events.note(session, "import", None)
    assert touched(catalog, before) is None


def test_other_passages_change_the_mark(catalog: Catalog) -> None:
    with catalog.write() as session:
        talk = talks.add(session, NewTalk(title="A talk"))
        passages.replace(session, talk, [NewPassage(text="old", start_ms=0, end_ms=1)])
        old = [row.public_id for row in passages.of(session, talk)]
    before = marked(catalog)
    with catalog.write() as session:
        again = talks.find(session, talk.public_id)
        passages.replace(
            session, again, [NewPassage(text=f"new {n}", start_ms=n, end_ms=n) for n in (1, 2)]
        )
        new = [row.public_id for row in passages.of(session, again)]
    assert marked(catalog) != before
    with catalog.connection() as connection:
        assert shown.existing(connection, [*old, *new]) == set(new)
        assert shown.existing(connection, []) == set()


def test_the_pulse_beats_when_anybody_commits_and_only_then(catalog: Catalog) -> None:
    pulse = catalog.pulse()
    first = pulse.beat()
    everything(catalog)
    assert pulse.beat() == first
    with catalog.write() as session:
        talks.add(session, NewTalk(title="A talk"))
        pulse.beat()  # does not wait for the writer
    assert pulse.beat() != first
    pulse.close()
