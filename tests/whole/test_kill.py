"""Killed at any moment, a job goes on where it was and ends the same."""

import json
import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.archive import DEMO, seminar, seminar_json, started

TALK = DEMO / "recordings" / "06-small-pushes-and-moving-worlds.ogg"
PAPER = DEMO / "papers" / "notes-lazy-training.pdf"
SEED = int(os.environ.get("SEMINAR_TEST_SEED", "7"))
KILLS = int(os.environ.get("SEMINAR_TEST_KILLS", "4"))


def transcript_of(data: Path) -> str:
    talk = seminar_json(data, "talks", "list")[0]["id"]
    return seminar(data, "transcript", "export", talk, "--format", "json").stdout


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The transcript of a run that nobody disturbed, with windows of 60 s."""
    data = tmp_path_factory.mktemp("calm")
    seminar(data, "add", TALK, "--wait", SEMINAR_WINDOW_S="60")
    return transcript_of(data)


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """An archive whose worker was killed `KILLS` times at random moments of the job."""
    print(f"seed {SEED}")
    moments = random.Random(SEED)
    data = tmp_path / "data"
    seminar(data, "add", TALK, PAPER)
    for _ in range(KILLS):
        with started(data, "worker", "--until-idle", SEMINAR_WINDOW_S="60") as worker:
            _until_it_works(data, worker.pid)
            time.sleep(moments.uniform(0.0, 8.0))
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
    return data


def _until_it_works(data: Path, pid: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        states = {job["state"] for job in seminar_json(data, "jobs", "list", "--all")["jobs"]}
        if "accepted" not in states or "running" in states:
            return
        time.sleep(0.2)
    raise AssertionError(f"worker {pid} took nothing up")


def test_a_job_killed_at_random_moments_ends_the_same(killed: Path, uninterrupted: str) -> None:
    seminar(killed, "worker", "--until-idle", SEMINAR_WINDOW_S="60")
    assert transcript_of(killed) == uninterrupted
    jobs = seminar_json(killed, "jobs", "list", "--all")["jobs"]
    assert [job["state"] for job in jobs] == ["done", "done"]
    assert seminar_json(killed, "check")["faults"] == []


def test_finished_windows_are_not_decoded_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seminar(data, "add", TALK)
    with started(data, "worker", "--until-idle", SEMINAR_WINDOW_S="60") as worker:
        finished = _until_windows(data, 2)
        os.killpg(worker.pid, signal.SIGKILL)
    before = {path: path.stat().st_mtime_ns for path in finished}
    seminar(data, "worker", "--until-idle", SEMINAR_WINDOW_S="60")
    assert {path: path.stat().st_mtime_ns for path in finished} == before
    with closing(sqlite3.connect(data / "jobs.db")) as database:
        steps = database.execute(
            "SELECT function_name, count(*) FROM operation_outputs GROUP BY workflow_uuid, "
            "function_name HAVING function_name LIKE 'transcribe-%'"
        ).fetchall()
    assert len(steps) >= 5
    assert {count for _name, count in steps} == {1}


def _until_windows(data: Path, number: int) -> list[Path]:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        found = sorted(data.glob("artifacts/heard/*/*/*.json"))
        if len(found) >= number:
            return found
        time.sleep(0.05)
    raise AssertionError(f"no {number} windows within two minutes")


def test_a_worker_that_dies_over_a_file_again_and_again_gives_it_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    job = seminar_json(data, "add", TALK, PAPER)[0]["job"]
    with closing(sqlite3.connect(data / "catalog.db")) as database, database:
        database.execute("UPDATE submissions SET starts = 3 WHERE public_id = ?", (job,))
    seminar(data, "worker", "--until-idle")
    shown = seminar_json(data, "jobs", "show", job)
    assert shown["state"] == "failed"
    assert "died 3 times" in shown["problem"]
    states = [one["state"] for one in seminar_json(data, "jobs", "list", "--all")["jobs"]]
    assert states == ["failed", "done"]


def test_a_stopped_worker_goes_at_once_and_leaves_no_orphan(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seminar(data, "add", TALK)
    with started(data, "worker", SEMINAR_WINDOW_S="60") as worker:
        _until_windows(data, 1)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=30) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(worker.pid, 0)
    assert json.loads(seminar(data, "jobs", "--json").stdout)["jobs"][0]["state"] == "running"
