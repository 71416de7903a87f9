"""Waiting for jobs in the terminal: starts a worker if none runs, and shows how far it is."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from app.cli.context import Archive, clock, remark, stderr
from app.cli.jobs_table import percent
from catalog import estimates, submissions, workers
from catalog.estimates import Past
from catalog.submissions import Job
from ingest.engines.choose import described
from ingest.errors import WorkerStopped

_POLL_S = 0.3
_PAST_EVERY_S = 5.0
_PLAIN_LINE_EVERY_S = 10.0
_STOPPED_WITHIN_S = 30.0
ENDS = {"done", "failed", "cancelled"}


def wait_for(archive: Archive, job_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Stay until these jobs ended; returns status and problem per job.  Raises: WorkerStopped."""
    began_at = time.monotonic()
    hands = _Hands(archive)
    show = _Bars() if sys.stderr.isatty() else _Lines()
    try:
        with show:
            while True:
                jobs, past = hands.look(job_ids)
                show.update(jobs, past)
                if all(one.submission.state in ENDS for one in jobs):
                    break
                hands.require()
                time.sleep(_POLL_S)
    finally:
        hands.leave()
    return _summary(jobs, time.monotonic() - began_at)


def start_worker(archive: Archive, *extra: str) -> subprocess.Popen[bytes]:
    """A worker in a process of its own on the same archive."""
    command = [sys.executable, "-m", "app.cli.main", "--data-dir", str(archive.settings.data_dir)]
    return subprocess.Popen([*command, "worker", *extra])


class _Hands:
    """Whoever does the work while somebody waits: workers that live, else one of our own."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._own: subprocess.Popen[bytes] | None = None
        self._past = Past()
        self._past_at = float("-inf")
        if self._somebody_works():
            remark("a worker is running; it does the work")
        else:
            self._start()

    def look(self, job_ids: Sequence[str]) -> tuple[list[Job], Past]:
        """The jobs as they are now, and what is known of how long such jobs take."""
        with self._archive.catalog.read() as session:
            jobs = with_what_links_gave(submissions.listed(session), job_ids)
            if time.monotonic() - self._past_at > _PAST_EVERY_S:
                self._past, self._past_at = estimates.past(session), time.monotonic()
        return jobs, self._past

    def require(self) -> None:
        """Have somebody work: a worker that died is replaced.  Raises: WorkerStopped."""
        if self._own is not None and self._own.poll() is not None:
            if not self._somebody_works():
                raise WorkerStopped(self._own.returncode)
            self._own = None  # another one was quicker
        elif self._own is None and not self._somebody_works():
            remark("the worker is gone; another one goes on with its work")
            self._start()

    def leave(self) -> None:
        """Stop the worker that was started here."""
        if self._own is None:
            return
        try:
            self._own.wait(timeout=5)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self._own.send_signal(signal.SIGTERM)
            self._own.wait(timeout=_STOPPED_WITHIN_S)

    def _somebody_works(self) -> bool:
        with self._archive.catalog.read() as session:
            return workers.any_alive(session, self._archive.settings)

    def _start(self) -> None:
        settings = self._archive.settings
        engine = settings.whisper_engine, settings.whisper_model or "", settings.device
        remark(f"speech: {described(*engine)}; meaning: {settings.encoder_model}")
        self._own = start_worker(self._archive, "--until-idle", "--quiet")


def with_what_links_gave(jobs: Sequence[Job], job_ids: Sequence[str]) -> list[Job]:
    """The jobs with these ids, and after each link that is done the job of what it gave."""
    named = [one for one in jobs if one.submission.public_id in job_ids]
    given = {_given_by(one, jobs) for one in named}
    return [one for one in jobs if one.submission.public_id in given | set(job_ids)]


def _given_by(link: Job, jobs: Sequence[Job]) -> str | None:
    if link.submission.kind != "link" or link.submission.state != "done" or link.owner is None:
        return None
    mine = [
        job.submission.public_id
        for job in jobs
        if job.submission.kind in {"talk", "paper"}
        and job.owner is not None
        and job.owner.public_id == link.owner.public_id
    ]
    return mine[-1] if mine else None


def _summary(jobs: Sequence[Job], seconds: float) -> dict[str, dict[str, Any]]:
    ended = {}
    for job in jobs:
        one = job.submission
        status = "partial" if one.state == "done" and one.partial else one.state
        if one.failure:
            remark(f"seminar: {one.file_name} {status}: {one.failure}")
        if status == "partial":
            remark(f"seminar: {one.file_name} is damaged; what could be read is in the archive")
        ended[one.public_id] = {"status": status, "problem": one.failure}
    led = {job.submission.public_id: _given_by(job, jobs) for job in jobs}
    told_of = [row for job_id, row in ended.items() if led[job_id] is None]
    counts = [sum(row["status"] == name for row in told_of) for name in _ORDER]
    told = ", ".join(f"{n} {name}" for n, name in zip(counts, _ORDER, strict=True) if n)
    remark(f"{told} of {len(told_of)}{_speed_of(jobs, seconds)}")
    return {job_id: ended[led[job_id] or job_id] for job_id in ended}


def _speed_of(jobs: Sequence[Job], seconds: float) -> str:
    """How much sound was taken in, how long that took, and how fast that was."""
    heard_ms = sum(
        job.length_ms or 0
        for job in jobs
        if job.submission.state == "done" and job.submission.heard_by
    )
    took = f" in {clock(int(seconds * 1000))}"
    if not heard_ms:
        return took
    times = heard_ms / 1000 / max(seconds, 0.001)
    return f"; {clock(heard_ms)} of recordings{took}, {times:.1f} times as fast as they were spoken"


_ORDER = ("done", "partial", "failed", "cancelled")


def describe(job: Job, past: Past) -> str:
    """How far a job is: step, minutes of minutes, speed, time left."""
    one = job.submission
    if one.state in ENDS:
        return one.state
    if one.state == "accepted" and one.not_before is not None:
        return f"waits until {one.not_before:%H:%M:%S} UTC"
    left = past.seconds_left(job)
    ends = [f"about {clock(int(left * 1000))} left"] if left is not None else []
    if one.state == "accepted" or (one.state == "running" and one.worker is None):
        return ", ".join(["waits", *ends])
    parts = [one.step or one.state]
    if one.step == "fetch":
        parts.append(_megabytes(one.done, one.total))
    elif job.length_ms and one.total and one.step in {"decode", "transcribe"}:
        parts.append(f"{clock(one.done)} of {clock(one.total)}")
    elif one.kind == "paper" and one.total and one.step == "read":
        parts.append(f"page {one.done} of {one.total}")
    elif (part := percent(job)) is not None:
        parts.append(f"{part} %")
    if one.speed and one.step == "transcribe":
        parts.append(f"at {one.speed:.0f}x real time")
    return ", ".join([*parts, *ends])


def _megabytes(done_kb: int, total_kb: int | None) -> str:
    of = f" of {total_kb / 1000:.1f}" if total_kb else ""
    return f"{done_kb / 1000:.1f}{of} MB"


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

    def update(self, jobs: Sequence[Job], past: Past) -> None:
        """Draw the jobs as they are now."""
        for job in jobs:
            one = job.submission
            if one.public_id not in self._tasks:
                task = self._progress.add_task("", total=1.0, name=one.file_name[:40], told="")
                self._tasks[one.public_id] = task
            self._progress.update(
                self._tasks[one.public_id], completed=_part(job), told=describe(job, past)
            )


class _Lines:
    """Plain lines where there is no terminal: on each new step, and now and then."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, float]] = {}

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def update(self, jobs: Sequence[Job], past: Past) -> None:
        """Say what is new."""
        for job in jobs:
            one = job.submission
            step, at = self._said.get(one.public_id, ("", 0.0))
            now_step = f"{one.state} {one.step}"
            moves = one.state == "running" and time.monotonic() - at > _PLAIN_LINE_EVERY_S
            if now_step != step or moves:
                self._said[one.public_id] = (now_step, time.monotonic())
                why = f" ({one.failure})" if one.state == "accepted" and one.failure else ""
                remark(f"{one.file_name}: {describe(job, past)}{why}")


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
        "fetch": (0.0, 0.95),
    }.get(one.step or "", (0.92, 0.0))
    return begins + share * min(1.0, whole) if one.state == "running" else 0.0
