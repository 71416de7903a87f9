"""Several workers on one PostgreSQL: each job once, whoever dies or stalls."""

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.cli.jobs_table import row
from catalog import submissions
from catalog.engine import connect, open_catalog
from catalog.estimates import Past
from tests.archive import DEMO, clip, seminar, silence, started

TALK = DEMO / "recordings" / "05-four-ways-to-learn-a-distribution.mp3"
QUICK = {"SEMINAR_WORKER_BEAT_S": "0.3", "SEMINAR_WORKER_LEASE_S": "2"}


class Archive:
    """An archive whose catalog is on PostgreSQL, and its commands."""

    def __init__(self, data: Path, url: str) -> None:
        self.data = data
        self.url = url
        self.environment = {**QUICK, "SEMINAR_DATABASE_URL": url}

    def run(self, *words: str | Path) -> str:
        return self.call(*words, check=True).stdout

    def call(self, *words: str | Path, check: bool) -> "subprocess.CompletedProcess[str]":
        return seminar(self.data, *words, check=check, timeout_s=120, **self.environment)

    def json(self, *words: str | Path) -> Any:
        return json.loads(self.run(*words, "--json"))

    def worker(self, name: str, *words: str, fault: str | None = None) -> Any:
        faults = {"SEMINAR_TEST_FAULT": fault} if fault else {}
        command = ("worker", "--name", name, "--device", "cpu", *words)
        return started(self.data, *command, **self.environment, **faults)

    def jobs(self) -> list[dict[str, Any]]:
        catalog = open_catalog(self.url)
        with catalog.read() as session:
            rows = [row(job, Past()) for job in submissions.listed(session)]
        catalog.close()
        return rows

    def until(self, holds: Any, *, within_s: float = 120) -> list[dict[str, Any]]:
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            jobs = self.jobs()
            if holds(jobs):
                return jobs
            time.sleep(0.2)
        raise AssertionError(f"not within {within_s} s: {jobs}")

    def steps(self) -> dict[tuple[str, str], int]:
        """How often the engine noted each step as finished, by workflow."""
        engine = connect(self.url)
        with engine.connect() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT workflow_uuid, function_name, count(*) FROM dbos.operation_outputs "
                    "GROUP BY workflow_uuid, function_name"
                )
            ).all()
        engine.dispose()
        return {(workflow, name): times for workflow, name, times in rows}


@pytest.fixture
def archive(tmp_path: Path, postgres_url: str) -> Archive:
    return Archive(tmp_path / "data", postgres_url)


def done(jobs: list[dict[str, Any]]) -> bool:
    return all(job["state"] == "done" for job in jobs)


def test_a_stalled_worker_cannot_overwrite_its_successor(archive: Archive, tmp_path: Path) -> None:
    sound = clip(TALK, tmp_path / "clip.wav", start_s=10, length_s=15)
    [added] = archive.json("add", sound)
    with archive.worker("stalled", fault="stop inside commit") as stalled:
        _until_stopped(stalled.pid)
        with archive.worker("successor", "--until-idle") as successor:
            assert successor.wait(timeout=120) == 0
        [before] = archive.jobs()
        os.kill(stalled.pid, signal.SIGCONT)
        _until_said(stalled, "job lost to another worker")
        stalled.send_signal(signal.SIGTERM)
        assert stalled.wait(timeout=30) == 0
    [after] = archive.jobs()
    assert (after["state"], after["worker"]) == ("done", "successor")
    assert after == before
    [version] = archive.json("transcript", "versions", added["id"])
    assert version["version"] == 1
    assert set(archive.steps().values()) == {1}
    assert archive.json("check")["faults"] == []


def _until_stopped(pid: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return
        time.sleep(0.05)
    raise AssertionError("the worker did not stop itself")


def _until_said(process: Any, words: str) -> None:
    said = threading.Event()

    def listen() -> None:
        for line in process.stdout:
            if words in line:
                said.set()
                return

    threading.Thread(target=listen, daemon=True).start()
    assert said.wait(timeout=60), f"the worker never said {words!r}"


def test_the_jobs_of_a_killed_worker_are_done_once_by_another(
    archive: Archive, tmp_path: Path
) -> None:
    files = [silence(tmp_path / f"{n}.wav", duration_ms=500 + n) for n in range(5)]
    archive.json("add", *files)
    with (
        archive.worker("one", fault="die after decode") as one,
        archive.worker("two") as two,
    ):
        assert one.wait(timeout=60) == -signal.SIGKILL
        jobs = archive.until(done)
        assert archive.json("jobs")["workers"][-1]["name"] == "two"
        two.send_signal(signal.SIGTERM)
        assert two.wait(timeout=30) == 0
    assert {job["worker"] for job in jobs} == {"two"}
    assert set(archive.steps().values()) == {1}
    assert archive.json("check")["faults"] == []


def test_a_worker_serves_its_queues_only_and_has_its_name_alone(
    archive: Archive, tmp_path: Path
) -> None:
    sound = silence(tmp_path / "silence.wav", duration_ms=700)
    archive.json("add", sound, DEMO / "papers" / "notes-lazy-training.pdf")
    with archive.worker("text-only", "--queues", "text") as worker:
        jobs = archive.until(lambda jobs: jobs[1]["state"] == "done")
        assert jobs[0]["state"] == "accepted"
        twice = archive.call("worker", "--name", "text-only", check=False)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=30) == 0
    assert twice.returncode == 1
    assert f"text-only already works (process {worker.pid})" in twice.stderr
    assert "--name" in twice.stderr
