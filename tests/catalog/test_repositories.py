"""What enters the catalog comes out the same; what is hidden stays hidden."""

from datetime import date

import pytest
from sqlmodel import select

from catalog import papers, passages, submissions, talks, transcripts
from catalog.engine import Catalog
from catalog.errors import AlreadyThere, JobProblem, NotATranscript, NotThere
from catalog.papers import NewPaper
from catalog.passages import NewPassage
from catalog.store import StoredFile
from catalog.submissions import OfferedFile
from catalog.tables import PassageRow, Person, Recording, Segment, Series, Talk, Transcript
from catalog.talks import NewTalk
from catalog.transcripts import NewSegment, NewTranscript

FILE = OfferedFile(
    stored=StoredFile(sha256="a" * 64, size_bytes=10), name="talk.mp3", media_type="audio/mpeg"
)


def heard(text: str, *, fingerprint: str = "f1") -> NewTranscript:
    words = ((0, 400, "Hello", 0.9), (400, 900, "there.", 0.4))
    segment = NewSegment(start_ms=0, end_ms=900, text=text, words=words)
    return NewTranscript(
        engine="e", model="m", model_fingerprint=fingerprint, language="en", gaps=(),
        segments=(segment,),
    )  # fmt: skip


def test_a_talk_keeps_its_speakers_in_order_and_shares_them(catalog: Catalog) -> None:
    with catalog.write() as session:
        new = NewTalk(title="One", speakers=("Zoe", "Adam"), series="S", held_on=date(2024, 2, 5))
        first = talks.add(session, new)
        talks.add(session, NewTalk(title="Two", speakers=("Adam",)))
    with catalog.read() as session:
        by_title = {one.talk.title: one for one in talks.listed(session)}
        assert by_title["One"].names == ("Zoe", "Adam")
        assert by_title["One"].speakers[1].public_id == by_title["Two"].speakers[0].public_id
        assert by_title["One"].series is not None
        assert talks.find(session, first.slug).public_id == first.public_id


def test_equal_titles_get_different_slugs(catalog: Catalog) -> None:
    with catalog.write() as session:
        slugs = [talks.add(session, NewTalk(title="Übung: Σ!")).slug for _ in range(3)]
    assert slugs == ["ubung", "ubung-2", "ubung-3"]


def test_talks_without_a_date_come_last(catalog: Catalog) -> None:
    with catalog.write() as session:
        for title, day in (("none", None), ("old", date(2020, 1, 1)), ("new", date(2024, 1, 1))):
            talks.add(session, NewTalk(title=title, held_on=day))
    with catalog.read() as session:
        assert [one.talk.title for one in talks.listed(session)] == ["new", "old", "none"]


def test_the_same_bytes_are_one_talk(catalog: Catalog) -> None:
    with catalog.write() as session:
        submissions.accept_recording(session, NewTalk(title="First"), FILE)
    with pytest.raises(AlreadyThere, match="First"), catalog.write() as session:
        submissions.accept_recording(session, NewTalk(title="Second"), FILE)
    with catalog.read() as session:
        assert [one.talk.title for one in talks.listed(session)] == ["First"]


def test_the_same_model_again_replaces_and_another_stands_beside(catalog: Catalog) -> None:
    with catalog.write() as session:
        submissions.accept_recording(session, NewTalk(title="T"), FILE)
        recording = session.exec(select(Recording)).one()
        transcripts.put(session, recording, heard("once"))
        transcripts.put(session, recording, heard("twice"))
        transcripts.put(session, recording, heard("other", fingerprint="f2"))
    with catalog.read() as session:
        versions = session.exec(select(Transcript)).all()
        assert sorted((one.version, one.is_current) for one in versions) == [(1, False), (2, True)]
        assert len(session.exec(select(Segment)).all()) == 2
        talk = session.exec(select(Talk)).one()
        assert [one.text for one in transcripts.current(session, talk)[1]] == ["other"]


def test_a_talk_without_transcript_says_so(catalog: Catalog) -> None:
    with catalog.write() as session:
        talk = talks.add(session, NewTalk(title="Silent Spring"))
    with pytest.raises(NotATranscript, match="Silent Spring"), catalog.read() as session:
        transcripts.current(session, talk)


def test_passages_are_replaced_whole_and_keep_their_ids(catalog: Catalog) -> None:
    one, two = (
        NewPassage(text=text, start_ms=start, end_ms=start + 9)
        for text, start in (("a", 0), ("b", 9))
    )
    with catalog.write() as session:
        talk = talks.add(session, NewTalk(title="T"))
        passages.replace(session, talk, [one, two])
        before = [row.public_id for row in passages.of(session, talk)]
        passages.replace(session, talk, [one])
        after = [row.public_id for row in passages.of(session, talk)]
    assert after == before[:1]


def test_hidden_talks_are_not_searchable_and_not_shown(catalog: Catalog) -> None:
    place = NewPassage(text="a", start_ms=0, end_ms=9)
    with catalog.write() as session:
        for visibility in ("public", "unlisted", "withdrawn"):
            talk = talks.add(session, NewTalk(title=visibility, visibility=visibility))
            passages.replace(session, talk, [place])
        everything = session.exec(select(PassageRow.public_id)).all()
    with catalog.read() as session:
        assert [one.title for one in passages.searchable(session)] == ["public"]
        assert len(passages.shown(session, everything)) == 1
        assert [one.talk.title for one in talks.listed(session)] == ["public"]


def test_the_digest_changes_with_what_a_search_shows(catalog: Catalog) -> None:
    with catalog.write() as session:
        talk = talks.add(session, NewTalk(title="T"))
        passages.replace(session, talk, [NewPassage(text="a", start_ms=0, end_ms=9)])
        before = passages.digest(session)
        talk.title = "Another title"
        session.add(talk)
        session.flush()
        assert passages.digest(session) != before


def test_a_stamp_changes_with_anything_that_a_search_shows_of_its_owner_alone(
    catalog: Catalog,
) -> None:
    place = NewPassage(text="a", start_ms=0, end_ms=9)
    with catalog.write() as session:
        talk = talks.add(session, NewTalk(title="T", speakers=("Ada",), series="S"))
        passages.replace(session, talk, [place])
        other = talks.add(session, NewTalk(title="Other"))
        passages.replace(session, other, [place])
        seen = [passages.stamps(session)]

        def changed() -> bool:
            session.flush()
            session.expire_all()
            seen.append(passages.stamps(session))
            return seen[-1][talk.public_id] != seen[-2][talk.public_id]

        talk.title = "U"
        assert changed()
        talk.held_on = date(2024, 5, 1)
        assert changed()
        session.exec(select(Person)).one().name = "Ada Example"
        assert changed()
        session.exec(select(Series)).one().name = "Series"
        assert changed()
        passages.replace(session, talk, [place, NewPassage(text="b", start_ms=9, end_ms=12)])
        assert changed()
        passages.replace(session, talk, [place, NewPassage(text="b", start_ms=9, end_ms=13)])
        assert changed()
        talk.abstract = "not shown by a search"
        assert not changed()
        assert len({one[other.public_id] for one in seen}) == 1
        passages.replace(session, talk, [])
        assert set(passages.stamps(session)) == {other.public_id}


def test_only_the_talks_and_papers_asked_for_are_read(catalog: Catalog) -> None:
    with catalog.write() as session:
        talk, other = (talks.add(session, NewTalk(title=name)) for name in ("T", "Other"))
        paper = papers.add(session, NewPaper(title="P"))
        for one in (talk, other):
            passages.replace(session, one, [NewPassage(text="a", start_ms=0, end_ms=9)])
        passages.replace(session, paper, [NewPassage(text="b", page=1)])
        everything = [one.title for one in passages.searchable(session)]
        some = passages.searchable(session, [paper.public_id, talk.public_id])
        assert [one.title for one in some] == ["T", "P"]
        assert everything == ["T", "Other", "P"]


def test_a_paper_keeps_its_pages_in_order(catalog: Catalog) -> None:
    with catalog.write() as session:
        paper = papers.add(session, NewPaper(title="P", authors=("A", "B"), year=2024))
        papers.replace_pages(session, paper, ["one", "", "three"])
        papers.replace_pages(session, paper, ["eins", "", "drei"])
    with catalog.read() as session:
        found = papers.find(session, paper.slug)
        assert [(page.number, page.text) for page in papers.pages(session, found)] == [
            (1, "eins"),
            (2, ""),
            (3, "drei"),
        ]
        assert found.authors == ["A", "B"]
        assert found.page_count == 3


def test_only_a_failed_job_can_be_retried(catalog: Catalog) -> None:
    with catalog.write() as session:
        job = submissions.accept_recording(session, NewTalk(title="T"), FILE).public_id
    with pytest.raises(JobProblem, match="accepted"), catalog.write() as session:
        submissions.retry(session, job)
    with catalog.write() as session:
        submissions.finish(session, job, "failed", failure="why")
        submissions.retry(session, job)
        again = submissions.get(session, job)
        session.refresh(again)
        assert (again.state, again.attempt, again.failure) == ("accepted", 2, None)
    with pytest.raises(NotThere), catalog.read() as session:
        submissions.get(session, "nothing")
