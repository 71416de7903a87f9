"""The worker's loop: what it publishes when, and what it does when that fails."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import cast

import pytest

from app.cli.waiting import describe
from catalog import submissions
from catalog.engine import Catalog, open_catalog
from catalog.estimates import Past
from catalog.papers import NewPaper
from catalog.settings import read_settings
from catalog.store import StoredFile
from catalog.submissions import OfferedFile
from catalog.tables import now
from catalog.talks import NewTalk
from ingest.errors import PublishingFailed
from ingest.presence import Identity
from ingest.progress import Progress
from ingest.worker import Worker
from ingest.workflow import Outcome, Workflows

ME = Identity(name="host-cpu", device="cpu")


class Scripted:
    """Workflows that only note what they are asked for."""

    def __init__(self, problem: str | None = None) -> None:
        self.problem = problem
        self.driven: list[str] = []
        self.prepared: list[str] = []
        self.published = 0
        self.busy = False

    def drive(self, job_id: str, attempt: int) -> None:
        self.driven.append(f"{job_id}-{attempt}")

    def prepare(self, job_id: str) -> None:
        self.prepared.append(job_id)

    def require_room(self) -> None:
        """There is room."""

    def publish(self) -> Outcome:
        self.published += 1
        return Outcome(value="g", problem=self.problem, cancelled=False)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = open_catalog(f"sqlite:///{tmp_path}/catalog.db")
    yield opened
    opened.close()


def job(catalog: Catalog, name: str, state: str) -> str:
    stored = StoredFile(sha256=name * 64, size_bytes=1)
    file = OfferedFile(stored=stored, name=f"{name}.pdf", media_type="application/pdf")
    with catalog.write() as session:
        one = submissions.accept_paper(session, NewPaper(title=name), file)
        submissions.change(session, one.public_id, state=state)
        return one.public_id


def talk(catalog: Catalog, name: str, state: str) -> str:
    stored = StoredFile(sha256=name * 64, size_bytes=1)
    file = OfferedFile(stored=stored, name=f"{name}.mp3", media_type="audio/mpeg")
    with catalog.write() as session:
        one = submissions.accept_recording(session, NewTalk(title=name), file)
        submissions.change(session, one.public_id, state=state)
        return one.public_id


def worker(catalog: Catalog, tmp_path: Path, scripted: Scripted, *, wait_s: float = 60) -> Worker:
    settings = read_settings(data_dir=tmp_path, publish_wait_s=wait_s)
    return Worker(settings, catalog, cast(Workflows, scripted), ME)


def test_one_job_at_a_time_is_taken_and_the_next_when_it_ended(
    catalog: Catalog, tmp_path: Path
) -> None:
    left, waiting = job(catalog, "a", "running"), job(catalog, "b", "accepted")
    job(catalog, "c", "failed")
    scripted = Scripted()
    looped = worker(catalog, tmp_path, scripted)
    looped.turn()
    scripted.busy = True
    looped.turn()
    assert scripted.driven == [f"{left}-1"]
    with catalog.write() as session:
        submissions.change(session, left, state="committed")
    scripted.busy = False
    looped.turn()
    assert scripted.driven == [f"{left}-1", f"{waiting}-1"]


def test_a_job_with_priority_goes_before_a_backlog(catalog: Catalog, tmp_path: Path) -> None:
    running, *backlog = [job(catalog, name, "accepted") for name in "abcd"]
    scripted = Scripted()
    looped = worker(catalog, tmp_path, scripted)
    looped.turn()
    with catalog.write() as session:
        submissions.prioritise(session, backlog[-1])
        submissions.change(session, running, state="committed")
    looped.turn()
    assert scripted.driven == [f"{running}-1", f"{backlog[-1]}-1"]


def test_a_job_that_waits_for_something_outside_holds_nobody_up(
    catalog: Catalog, tmp_path: Path
) -> None:
    waits, goes = (job(catalog, name, "accepted") for name in "ab")
    with catalog.write() as session:
        submissions.change(session, waits, not_before=now() + timedelta(hours=1))
    scripted = Scripted()
    worker(catalog, tmp_path, scripted).turn()
    assert scripted.driven == [f"{goes}-1"]


def test_a_batch_is_published_once_when_it_is_through(catalog: Catalog, tmp_path: Path) -> None:
    for name in "ab":
        job(catalog, name, "committed")
    last = job(catalog, "c", "running")
    scripted = Scripted()
    looped = worker(catalog, tmp_path, scripted)
    looped.turn()
    assert scripted.published == 0
    with catalog.write() as session:
        submissions.change(session, last, state="committed")
    looped.turn()
    assert scripted.published == 1


def test_a_finished_talk_does_not_wait_for_a_long_one(catalog: Catalog, tmp_path: Path) -> None:
    job(catalog, "a", "committed")
    job(catalog, "b", "running")
    scripted = Scripted()
    worker(catalog, tmp_path, scripted, wait_s=0).turn()
    assert scripted.published == 1


def test_publishing_that_fails_again_and_again_stops_the_worker_by_name(
    catalog: Catalog, tmp_path: Path
) -> None:
    one = job(catalog, "a", "committed")
    looped = worker(catalog, tmp_path, Scripted(problem="the archive disk is full"))
    looped.turn()
    looped.turn()
    with pytest.raises(PublishingFailed, match=r"disk is full.*nothing is lost"):
        looped.turn()
    with catalog.read() as session:
        assert submissions.get(session, one).state == "committed"


def test_the_next_recording_is_decoded_while_one_is_transcribed(
    catalog: Catalog, tmp_path: Path
) -> None:
    scripted = Scripted()
    looped = worker(catalog, tmp_path, scripted)
    running = talk(catalog, "a", "accepted")
    waiting = [talk(catalog, name, "accepted") for name in "bc"]
    looped.turn()
    assert scripted.prepared == []
    with catalog.write() as session:
        submissions.change(session, running, state="running")
    scripted.busy = True
    looped.turn()
    looped.turn()
    assert scripted.prepared == waiting[:1]


def test_a_paper_that_is_read_tells_pages_of_pages(catalog: Catalog) -> None:
    reading = job(catalog, "a", "running")
    with catalog.write() as session:
        submissions.change(session, reading, worker=ME.name)
    clock = partial(next, count(0.0, 2.0))
    progress = Progress(catalog=catalog, job_id=reading, worker=ME.name, clock=clock)
    told = []
    progress.enter("read")
    for pages in (0, 20):
        progress.of(pages, 215)
        with catalog.read() as session:
            told.append(describe(submissions.find(session, reading), Past()))
    assert told == ["read, page 0 of 215", "read, page 20 of 215"]
