"""Waiting for jobs in the terminal: starts a worker if none runs, and shows how far it is."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from app.cli.context import Archive, clock, remark, stderr
from catalog import submissions
from catalog.lock import is_held
from catalog.submissions import Job
from ingest.engines.choose import described
from ingest.errors import WorkerStopped
from ingest.worker import lock_path

_POLL_S = 0.3
_PLAIN_LINE_EVERY_S = 10.0
ENDS = {"done", "failed", "cancelled"}


def wait_for(archive: Archive, job_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Stay until these jobs ended; returns status and problem per job.  Raises: WorkerStopped."""
    worker = _worker(archive)
    show = _Bars() if sys.stderr.isatty() else _Lines()
    try:
        with show:
            while True:
                jobs = [one for one in _jobs(archive) if one.submission.public_id in job_ids]
                show.update(jobs)
                if all(one.submission.state in ENDS for one in jobs):
                    break
                if worker is not None and worker.poll() is not None:
                    raise WorkerStopped(worker.returncode)
                time.sleep(_POLL_S)
    finally:
        _stop(worker)
    return _summary(jobs)


def start_worker(archive: Archive, *extra: str) -> subprocess.Popen[bytes]:
    """A worker in a process of its own on the same archive."""
    command = [sys.executable, "-m", "app.cli.main", "--data-dir", str(archive.settings.data_dir)]
    return subprocess.Popen([*command, "worker", *extra])


def _worker(archive: Archive) -> subprocess.Popen[bytes] | None:
    if is_held(lock_path(archive.settings.data_dir)):
        remark("a worker is running; it does the work")
        return None
    settings = archive.settings
    engine = settings.whisper_engine, settings.whisper_model or "", settings.device
    remark(f"speech: {described(*engine)}; meaning: {settings.encoder_model}")
    return start_worker(archive, "--until-idle", "--quiet")


def _stop(worker: subprocess.Popen[bytes] | None) -> None:
    if worker is None:
        return
    try:
        worker.wait(timeout=5)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=10)


def _jobs(archive: Archive) -> list[Job]:
    with archive.catalog.read() as session:
        return submissions.listed(session)


def _summary(jobs: Sequence[Job]) -> dict[str, dict[str, Any]]:
    ended = {}
    for job in jobs:
        one = job.submission
        status = "partial" if one.state == "done" and one.partial else one.state
        if one.failure:
            remark(f"seminar: {one.file_name} {status}: {one.failure}")
        if status == "partial":
            remark(f"seminar: {one.file_name} is damaged; what could be read is in the archive")
        ended[one.public_id] = {"status": status, "problem": one.failure}
    counts = [sum(row["status"] == name for row in ended.values()) for name in _ORDER]
    told = ", ".join(f"{n} {name}" for n, name in zip(counts, _ORDER, strict=True) if n)
    remark(f"{told} of {len(ended)}")
    return ended


_ORDER = ("done", "partial", "failed", "cancelled")


def describe(job: Job) -> str:
    """How far a job is: step, minutes of minutes, speed, time left."""
    one = job.submission
    if one.state in ENDS or one.state == "accepted":
        return "waits" if one.state == "accepted" else one.state
    parts = [one.step or one.state]
    if one.kind == "talk" and one.total and one.step in {"decode", "transcribe"}:
        parts.append(f"{clock(one.done)} of {clock(one.total)}")
        if job.speed_text:
            parts.append(f"at {job.speed_text} real time")
        if job.seconds_left is not None:
            parts.append(f"{clock(int(job.seconds_left * 1000))} left")
    if one.kind == "paper" and one.total and one.step == "read":
        parts.append(f"page {one.done} of {one.total}")
    return ", ".join(parts)


class _Bars:
    """Live bars in a terminal, one a job."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[name]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[told]}"),
            console=stderr(),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "_Bars":
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def update(self, jobs: Sequence[Job]) -> None:
        """Draw the jobs as they are now."""
        for job in jobs:
            one = job.submission
            if one.public_id not in self._tasks:
                task = self._progress.add_task("", total=1.0, name=one.file_name[:40], told="")
                self._tasks[one.public_id] = task
            self._progress.update(
                self._tasks[one.public_id], completed=_part(job), told=describe(job)
            )


class _Lines:
    """Plain lines where there is no terminal: on each new step, and now and then."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, float]] = {}

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def update(self, jobs: Sequence[Job]) -> None:
        """Say what is new."""
        for job in jobs:
            one = job.submission
            step, at = self._said.get(one.public_id, ("", 0.0))
            now_step = f"{one.state} {one.step}"
            moves = one.state == "running" and time.monotonic() - at > _PLAIN_LINE_EVERY_S
            if now_step != step or moves:
                self._said[one.public_id] = (now_step, time.monotonic())
                remark(f"{one.file_name}: {describe(job)}")


def _part(job: Job) -> float:
    one = job.submission
    if one.state in {"done", "failed", "cancelled"}:
        return 1.0
    if one.state == "committed":
        return 0.97
    whole = one.done / one.total if one.total else 0.0
    begins, share = {
        "decode": (0.0, 0.05),
        "transcribe": (0.05, 0.87),
        "read": (0.0, 0.5),
    }.get(one.step or "", (0.92, 0.0))
    return begins + share * min(1.0, whole) if one.state == "running" else 0.0
