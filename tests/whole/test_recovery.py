"""Killed, stopped or poisoned at a named step, a job goes on there and ends the same."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from catalog import passages, submissions, talks
from catalog.engine import open_catalog
from tests.archive import DEMO, clip, seminar, seminar_json, silence, started

TALK = DEMO / "recordings" / "05-four-ways-to-learn-a-distribution.mp3"
PAPER = DEMO / "papers" / "notes-lazy-training.pdf"
TALK_STEPS = ("decode", "language", "transcribe-0", "passages", "encode", "commit", "publish")
PAPER_STEPS = ("read", "encode", "commit", "publish")


def _worker_with(data: Path, fault: str) -> int:
    """The status of a worker that has this fault."""
    with started(data, "worker", "--until-idle", SEMINAR_TEST_FAULT=fault) as worker:
        return worker.wait(timeout=120)


def written(data: Path, talk: str) -> tuple[str, list[Any]]:
    """What a job left: the transcript as a file, and the talk's passages without its id."""
    catalog = open_catalog(f"sqlite:///{data}/catalog.db")
    with catalog.read() as session:
        rows = passages.of(session, talks.find(session, talk))
        cuts = [(one.position, one.start_ms, one.end_ms, one.text) for one in rows]
    catalog.close()
    return seminar(data, "transcript", "export", talk, "--format", "json").stdout, cuts


def test_killed_after_each_step_a_talk_ends_as_if_nothing_had_been(tmp_path: Path) -> None:
    sound = clip(TALK, tmp_path / "clip.wav", start_s=10, length_s=20)
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    [undisturbed] = seminar_json(calm, "add", sound, "--wait")
    [killed] = seminar_json(stormy, "add", sound)
    for step in TALK_STEPS:
        assert _worker_with(stormy, f"die after {step}") == -signal.SIGKILL, step
    seminar(stormy, "worker", "--until-idle")
    job = seminar_json(stormy, "jobs", "show", killed["job"])
    assert (job["state"], job["attempt"]) == ("done", 1)
    transcript, cuts = written(stormy, killed["id"])
    assert cuts
    assert (transcript, cuts) == written(calm, undisturbed["id"])
    assert len(seminar_json(stormy, "transcript", "versions", killed["id"])) == 1
    assert seminar_json(stormy, "check")["faults"] == []


def test_a_worker_stops_at_each_step_within_seconds_and_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    [added] = seminar_json(data, "add", PAPER)
    for step in PAPER_STEPS:
        fault = {"SEMINAR_TEST_FAULT": f"hang before {step}"}
        with started(data, "worker", **fault) as worker:
            _until(data, added["job"], step)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=30) == 0, step
            with pytest.raises(ProcessLookupError):
                os.killpg(worker.pid, 0)
        left = seminar_json(data, "jobs", "show", added["job"])
        assert left["worker"] is None or left["state"] == "committed"
        assert left["starts"] == 0 or left["state"] == "committed", "a stop is no death"
    seminar(data, "worker", "--until-idle")
    assert seminar_json(data, "jobs", "show", added["job"])["state"] == "done"
    assert seminar_json(data, "check")["faults"] == []


def _until(data: Path, job: str, step: str) -> None:
    """Until the job is before this step: the one before it has been timed."""
    before = dict(zip(PAPER_STEPS[1:], PAPER_STEPS[:-1], strict=True)).get(step)
    until = time.monotonic() + 90
    catalog = open_catalog(f"sqlite:///{data}/catalog.db")
    while time.monotonic() < until:
        with catalog.read() as session:
            one = submissions.get(session, job)
        begun = one.state == "running" and (before is None or before in one.timings)
        if one.state == "committed" or begun:
            catalog.close()
            return
        time.sleep(0.05)
    raise AssertionError(f"the job never came to {step}: {one}")


def test_poison_stops_after_three_tries_and_twenty_good_jobs_finish(tmp_path: Path) -> None:
    data = tmp_path / "data"
    files = [silence(tmp_path / f"{n}.wav", duration_ms=500 + n) for n in range(21)]
    poison, *good = seminar_json(data, "add", *files)
    seminar(data, "jobs", "first", poison["job"])
    for _ in range(3):
        assert _worker_with(data, "die before decode") == -signal.SIGKILL
    seminar(data, "worker", "--until-idle")
    jobs = {row["job"]: row for row in seminar_json(data, "jobs", "list", "--all")["jobs"]}
    assert {jobs[row["job"]]["state"] for row in good} == {"done"}
    stopped = jobs[poison["job"]]
    assert (stopped["state"], stopped["reason"], stopped["starts"]) == ("failed", "Poison", 3)
    assert "died 3 times" in stopped["problem"]
    assert seminar_json(data, "check")["faults"] == []
    seminar(data, "jobs", "retry", "--failed")
    seminar(data, "worker", "--until-idle")
    assert seminar_json(data, "jobs", "show", poison["job"])["state"] == "done"
