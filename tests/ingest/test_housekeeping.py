"""What a worker does beside its jobs: uploads that are left, and removals."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from catalog import events, removal, submissions, talks
from catalog.promises import Said, waiting_files
from catalog.tables import now
from catalog.talks import NewTalk
from catalog.uploads import NewUpload, Uploads
from ingest.accept import Offer, accept
from ingest.check import check
from ingest.errors import LinkRefused, UnreadableMedia
from ingest.housekeeping import EVERY_S, Housekeeping
from ingest.link_steps import LinkSteps
from tests.app.shelf import Shelf, Spoken, silent_wav


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _with_the_encoder_of_tests(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.steps.Steps.encoder", shelf.encoder)


def housekeeping(shelf: Shelf, at_s: list[float]) -> Housekeeping:
    return Housekeeping(
        settings=shelf.settings,
        catalog=shelf.catalog,
        store=shelf.store,
        clock=lambda: at_s[0],
    )


def sent(shelf: Shelf, data: bytes, name: str = "talk.wav", *, title: str | None = None) -> Uploads:
    """A whole upload that nobody has finished."""
    uploads = Uploads(shelf.settings, shelf.store)
    begun = uploads.begin(
        NewUpload(length_bytes=len(data), file_name=name, metadata="", said=Said(title=title))
    )
    with uploads.piece(begun.id, offset_bytes=0) as piece:
        piece.write(data)
        piece.end(whole=True)
    return uploads


def job_of(shelf: Shelf) -> str:
    with shelf.catalog.read() as session:
        [job] = submissions.listed(session)
    return job.submission.public_id


def through_the_door(shelf: Shelf) -> str:
    """The id of what an uploaded file became, by the steps of its job."""
    steps = LinkSteps(shelf.settings, shelf.catalog, shelf.store)
    job_id = job_of(shelf)
    steps.accept(job_id, steps.fetch(job_id))
    steps.leave(job_id)
    with shelf.catalog.read() as session:
        return submissions.owner_of(session, submissions.get(session, job_id)).public_id


def test_a_whole_upload_that_was_left_becomes_a_job_and_then_a_talk(shelf: Shelf) -> None:
    sent(shelf, silent_wav(2), title="Lecture 12")
    housekeeping(shelf, [0.0]).turn(idle=False)
    with shelf.catalog.read() as session:
        assert list(waiting_files(session).values()) == ["accepted"]
    public_id = through_the_door(shelf)
    with shelf.catalog.read() as session:
        assert talks.find(session, public_id).title == "Lecture 12"
        assert waiting_files(session) == {}
        kinds = sorted(job.submission.kind for job in submissions.listed(session))
    assert kinds == ["link", "talk"]
    assert len(list(shelf.store.media_files())) == 1


def test_an_upload_that_is_no_recording_leaves_nothing(shelf: Shelf) -> None:
    sent(shelf, b"not a recording at all" * 50)
    housekeeping(shelf, [0.0]).turn(idle=False)
    with pytest.raises(UnreadableMedia):
        through_the_door(shelf)
    assert list(shelf.store.media_files()) == []
    assert not list(shelf.settings.data_dir.glob("artifacts/links/*"))


def test_the_bytes_of_a_cancelled_upload_are_kept_for_a_while(shelf: Shelf) -> None:
    sent(shelf, silent_wav(2))
    at_s = [0.0]
    keeper = housekeeping(shelf, at_s)
    keeper.turn(idle=False)
    with shelf.catalog.write() as session:
        submissions.cancel(session, job_of(shelf))
    at_s[0] += EVERY_S
    keeper.turn(idle=False)
    assert len(list(shelf.store.media_files())) == 1
    with shelf.catalog.write() as session:
        submissions.change(session, job_of(shelf), finished_at=now() - timedelta(hours=49))
    at_s[0] += EVERY_S
    keeper.turn(idle=False)
    assert list(shelf.store.media_files()) == []
    with shelf.catalog.write() as session:
        submissions.retry(session, job_of(shelf))
    with pytest.raises(LinkRefused, match="upload it again"):
        through_the_door(shelf)


def test_bytes_that_came_by_another_way_meanwhile_are_one_talk(
    shelf: Shelf, tmp_path: Path
) -> None:
    sent(shelf, silent_wav(2))
    housekeeping(shelf, [0.0]).turn(idle=False)
    job = job_of(shelf)
    (tmp_path / "same.wav").write_bytes(silent_wav(2))
    offer = Offer(path=tmp_path / "same.wav", about=NewTalk(title="Same"))
    there = accept(shelf.catalog, shelf.store, offer)
    steps = LinkSteps(shelf.settings, shelf.catalog, shelf.store)
    steps.accept(job, steps.fetch(job))
    with shelf.catalog.read() as session:
        assert submissions.owner_of(session, submissions.get(session, job)).public_id == (
            there.public_id
        )
        assert len(talks.listed(session)) == 1


def test_a_file_that_waits_is_no_fault_and_a_lost_one_is(shelf: Shelf) -> None:
    sent(shelf, silent_wav(2))
    housekeeping(shelf, [0.0]).turn(idle=False)
    assert check(shelf.catalog, shelf.store, shelf.settings).faults == []
    [file] = shelf.store.media_files()
    file.unlink()
    [fault] = check(shelf.catalog, shelf.store, shelf.settings).faults
    assert "was uploaded, and is missing" in fault


def test_a_removal_is_swept_when_nothing_runs_and_not_before(shelf: Shelf) -> None:
    key = shelf.talk(NewTalk(title="Goes"), Spoken(sentences=("A kernel.",)))
    shelf.talk(NewTalk(title="Stays"), Spoken(sentences=("A margin.",)))
    shelf.publish()
    with shelf.catalog.write() as session:
        removal.remove(session, talks.find(session, key))
    at_s = [0.0]
    keeper = housekeeping(shelf, at_s)
    keeper.turn(idle=False)
    assert unswept(shelf) == 1
    keeper.turn(idle=True)  # not due yet
    assert unswept(shelf) == 1
    at_s[0] = EVERY_S
    keeper.turn(idle=True)
    assert unswept(shelf) == 0
    assert len(list(shelf.store.media_files())) == 1


def unswept(shelf: Shelf) -> int:
    with shelf.catalog.read() as session:
        return len(events.unswept(session))


def test_what_fails_is_tried_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(shelf, silent_wav(2))
    at_s = [0.0]
    keeper = housekeeping(shelf, at_s)
    with monkeypatch.context() as broken:
        broken.setattr("catalog.store.Store.adopt", _no_disk)
        keeper.turn(idle=False)
    with shelf.catalog.read() as session:
        assert submissions.listed(session) == []
    at_s[0] = EVERY_S
    keeper.turn(idle=False)
    assert job_of(shelf)


def _no_disk(*_: object) -> None:
    raise OSError("the disk is away")
