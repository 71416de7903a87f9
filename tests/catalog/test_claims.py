"""Who has a job, what it takes, and who lives: on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest

from catalog import claims, estimates, submissions, workers
from catalog.engine import Catalog
from catalog.settings import read_settings
from catalog.store import StoredFile
from catalog.submissions import OfferedFile
from catalog.tables import Submission, WorkerRow, now
from catalog.talks import NewTalk
from ingest.presence import Watch
from ingest.progress import Lost, Progress

BOTH = ("speech", "text")


def talk(catalog: Catalog, name: str, *, minutes: int = 10) -> str:
    stored = StoredFile(sha256=(name * 64)[:64], size_bytes=1)
    file = OfferedFile(
        stored=stored, name=f"{name}.mp3", media_type="audio/mpeg", duration_ms=minutes * 60_000
    )
    with catalog.write() as session:
        return submissions.accept_recording(session, NewTalk(title=name), file).public_id


def taken(catalog: Catalog, worker: str, queues: tuple[str, ...] = BOTH) -> str | None:
    with catalog.write() as session:
        one = claims.take(session, worker, queues)
        return one.public_id if one else None


def row(catalog: Catalog, job: str) -> Submission:
    with catalog.read() as session:
        return submissions.get(session, job)


def test_a_job_is_taken_once_and_its_holder_gets_it_again(catalog: Catalog) -> None:
    first, second = talk(catalog, "a"), talk(catalog, "b")
    assert taken(catalog, "one", ("text",)) is None
    assert [taken(catalog, name) for name in ("one", "one", "two", "three")] == [
        first, first, second, None,
    ]  # fmt: skip


def test_who_lost_a_job_writes_nothing_more_of_it(catalog: Catalog) -> None:
    job = talk(catalog, "a")
    taken(catalog, "stalled")
    progress = Progress(catalog=catalog, job_id=job, worker="stalled")
    progress.enter("decode", total=1000)
    with catalog.write() as session:
        assert claims.release(session, "stalled") == [job]
    taken(catalog, "successor")
    with pytest.raises(Lost):
        progress.enter("transcribe", total=1000)
    assert (row(catalog, job).step, row(catalog, job).worker) == ("decode", "successor")


def test_a_stop_is_no_death_but_a_death_is(catalog: Catalog) -> None:
    job = talk(catalog, "a")
    for stopped, starts in ((True, 0), (False, 1)):
        taken(catalog, "one")
        with catalog.write() as session:
            submissions.change(session, job, starts=1)
            claims.release(session, "one", stopped=stopped)
        assert row(catalog, job).starts == starts


def test_two_that_watch_free_a_silent_worker_after_the_lease_and_no_sooner(
    catalog: Catalog,
) -> None:
    if not catalog.is_shared:
        pytest.skip("one worker has a catalog of its own")
    job, clock = talk(catalog, "a"), [0.0]
    taken(catalog, "silent")
    with catalog.write() as session:
        workers.say(session, WorkerRow(name="silent", host="h", pid=1, device="cpu"))
    watching = [
        Watch(catalog=catalog, me=name, lease_s=60, clock=lambda: clock[0]) for name in "xy"
    ]
    for clock[0] in (0.0, 59.0):
        assert [watch.turn() for watch in watching] == [[], []]
    clock[0] = 60.0
    assert [watch.turn() for watch in watching] == [[job], []]
    assert taken(catalog, "x") == job


def test_a_worker_lives_while_its_heart_beats(catalog: Catalog, tmp_path: Path) -> None:
    url = "postgresql://only-its-kind-counts" if catalog.is_shared else None
    settings = read_settings(data_dir=tmp_path, database_url=url, worker_lease_s=60)
    with catalog.write() as session:
        for name, age_s in (("beats", 5), ("silent", 90)):
            session.add(
                WorkerRow(
                    name=name, host="h", pid=1, device="cpu",
                    beat_at=now() - timedelta(seconds=age_s),
                )
            )  # fmt: skip
    with catalog.read() as session:
        alive = [one.name for one in workers.alive(session, settings)]
    assert alive == (["beats"] if catalog.is_shared else [])


def test_a_job_written_anew_during_publishing_is_published_again(catalog: Catalog) -> None:
    job = talk(catalog, "a")
    with catalog.write() as session:
        submissions.change(session, job, state="committed")
    before = row(catalog, job)
    with catalog.write() as session:
        submissions.change(session, job, step="publish")
        submissions.published(session, before, 1.0)
    assert row(catalog, job).state == "committed"
    with catalog.write() as session:
        submissions.published(session, submissions.get(session, job), 1.0)
    assert row(catalog, job).state == "done"


def test_estimates_come_from_the_past_and_there_is_none_before(catalog: Catalog) -> None:
    waits = talk(catalog, "a", minutes=20)
    with catalog.read() as session:
        [job] = submissions.listed(session)
        assert estimates.past(session).seconds_left(job) is None
    for name, factor in (("b", 1), ("c", 2), ("d", 9)):  # the median is c's
        past = talk(catalog, name, minutes=10)
        with catalog.write() as session:
            timings = {"decode": 6.0 * factor, "transcribe": 60.0 * factor, "publish": 3.0}
            submissions.change(
                session, past, state="done", timings=timings, heard_by="e m on cpu",
                finished_at=now(),
            )  # fmt: skip
    with catalog.read() as session:
        known = estimates.past(session)
        assert estimates.realtime_factors(session) == {"e m on cpu": pytest.approx(0.2)}
        jobs = submissions.listed(session, states=("accepted",))
        assert known.seconds_left(jobs[0]) == pytest.approx(24 + 240 + 3)
        assert estimates.queue_seconds_left(jobs, known) == pytest.approx(267)
    with catalog.write() as session:
        submissions.change(
            session, waits, state="running", step="transcribe", done=600_000, total=1_200_000,
            speed=10.0, timings={"decode": 20.0, "transcribe": 50.0},
        )  # fmt: skip
    with catalog.read() as session:
        [job] = submissions.listed(session, states=("running",))
        assert known.seconds_left(job) == pytest.approx(60 + 3)
