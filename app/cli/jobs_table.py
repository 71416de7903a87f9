"""The jobs as rows: for JSON, for a table, and for a table that is redrawn while work goes on."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from app.cli.context import Archive, clock, stdout
from catalog import estimates, submissions, workers
from catalog.claims import queue_of
from catalog.estimates import Past
from catalog.submissions import Job
from catalog.tables import WorkerRow

_REDRAW_S = 1.0
_ENDS = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The jobs, the workers and the past at one moment."""

    jobs: Sequence[Job]
    workers: Sequence[WorkerRow]
    works: bool
    past: Past

    @property
    def open(self) -> list[Job]:
        """Jobs that are not at their end."""
        return [job for job in self.jobs if job.submission.state in submissions.OPEN]

    @property
    def is_moving(self) -> bool:
        """Whether there is something to watch."""
        return self.works and bool(self.open)

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until all of it is done."""
        return estimates.queue_seconds_left(self.open, self.past, self.workers)

    def as_json(self) -> dict[str, Any]:
        """Everything, under names that stay."""
        return {
            "worker": self.works,
            "workers": [
                {
                    "name": one.name,
                    "host": one.host,
                    "process": one.pid,
                    "device": one.device,
                    "queues": one.queues,
                    "started_at": one.started_at,
                    "beat_at": one.beat_at,
                }
                for one in self.workers
            ],
            "open": len(self.open),
            "seconds_left": rounded(self.seconds_left),
            "jobs": [row(job, self.past) for job in self.jobs],
        }

    def table(self) -> Table:
        """A row for each job: what is done of it, and what to do about it."""
        table = Table(box=None, pad_edge=False)
        for name in ("job", "file", "state", "step", "%", "speed", "left", "tries", "what to do"):
            table.add_column(name, justify="right" if name in {"%", "speed", "left"} else "left")
        for job in self.jobs:
            table.add_row(*_cells(job, self.past))
        return table

    def remarks(self) -> list[str]:
        """What concerns all jobs: how long they take, and whether somebody does them."""
        said = []
        if self.open:
            left = self.seconds_left
            about = f", about {clock(int(left * 1000))} left" if left is not None else ""
            said.append(f"{len(self.open)} under way or waiting{about}")
        unserved = {queue_of(job.submission.kind) for job in self.open} - {
            name for one in self.workers for name in one.queues
        }
        if self.open and not self.works:
            said.append("no worker is running: start one with `seminar worker`")
        elif self.workers and unserved:
            said.append(f"no worker serves the queue {', '.join(sorted(unserved))}")
        return said


def look(archive: Archive, *, everything: bool) -> Seen:
    """The jobs as they are now; with `everything`, also those that are done."""
    states = () if everything else (*submissions.OPEN, "failed", "cancelled")
    with archive.catalog.read() as session:
        return Seen(
            jobs=submissions.listed(session, states=states),
            workers=workers.alive(session, archive.settings),
            works=workers.any_alive(session, archive.settings),
            past=estimates.past(session),
        )


def watch(archive: Archive, *, everything: bool) -> None:
    """Redraw the table until nothing is under way."""
    from rich.live import Live

    with Live(console=stdout(), auto_refresh=False) as live:
        while True:
            seen = look(archive, everything=everything)
            lines = [Text(line) for line in seen.remarks()]
            live.update(Group(seen.table(), *lines), refresh=True)
            if not seen.open:
                return
            time.sleep(_REDRAW_S)


def one_job(archive: Archive, key: str) -> dict[str, Any]:
    """One job as a row.  Raises: NotThere."""
    with archive.catalog.read() as session:
        return row(submissions.find(session, key), estimates.past(session))


def told(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A job's row for people: names and words of what it has, a pair for each line."""
    far = f", {row['percent']} %" if row["percent"] is not None else ""
    length, left = row["length_ms"], row["seconds_left"]
    took = ", ".join(f"{step} {s:.1f} s" for step, s in row["seconds_by_step"].items())
    times = ("not_before", "accepted_at", "started_at", "heartbeat_at", "finished_at")
    lines = [
        *((name, row[name]) for name in ("job", "kind", "queue", "id", "title", "file", "url")),
        ("length", clock(length) if length else ""),
        ("state", "partial" if row["partial"] and row["state"] == "done" else row["state"]),
        ("step", f"{row['step']}{far}" if row["step"] and row["state"] not in _ENDS else ""),
        ("speed", f"{row['speed']:.1f} times real time" if row["speed"] else ""),
        ("left", f"about {clock(1000 * left)}" if left is not None else ""),
        ("took", took),
        *((name, row[name]) for name in ("priority", "attempt", "starts", "worker", "heard_by")),
        *((name, row[name]) for name in ("problem", "reason")),
        *((name, f"{row[name]:%Y-%m-%d %H:%M:%S} UTC" if row[name] else "") for name in times),
    ]
    return [(name.replace("_", " "), str(words)) for name, words in lines if words]


def row(job: Job, past: Past) -> dict[str, Any]:
    """A job under names that stay."""
    one = job.submission
    return {
        "job": one.public_id,
        "kind": one.kind,
        "queue": queue_of(one.kind),
        "id": job.owner.public_id if job.owner else None,
        "title": job.title,
        "file": one.file_name,
        "url": one.source_url,
        "length_ms": job.length_ms,
        "state": one.state,
        "step": one.step,
        "done": one.done,
        "total": one.total,
        "unit": {"paper": "pages", "link": "kB"}.get(one.kind, "ms"),
        "percent": percent(job),
        "speed": one.speed,
        "seconds_left": rounded(past.seconds_left(job)),
        "seconds_by_step": one.timings,
        "partial": one.partial,
        "priority": one.priority,
        "attempt": one.attempt,
        "starts": one.starts,
        "worker": one.worker,
        "heard_by": one.heard_by,
        "problem": one.failure,
        "reason": one.reason,
        "not_before": one.not_before,
        "accepted_at": one.accepted_at,
        "started_at": one.started_at,
        "heartbeat_at": one.heartbeat_at,
        "finished_at": one.finished_at,
    }


def percent(job: Job) -> int | None:
    """How far the present step is, of 100; None where it cannot tell."""
    one = job.submission
    if one.state != "running" or not one.total:
        return None
    return max(0, min(100, 100 * one.done // one.total))


def rounded(seconds: float | None) -> int | None:
    """Whole seconds of an estimate."""
    return None if seconds is None else round(seconds)


def _cells(job: Job, past: Past) -> tuple[str, ...]:
    one, part = job.submission, percent(job)
    left = past.seconds_left(job)
    running = one.state == "running"
    return (
        one.public_id,
        one.file_name,
        "partial" if one.state == "done" and one.partial else _state(job),
        (one.step or "") if one.state not in _ENDS else "",
        f"{part}" if part is not None else "",
        f"{one.speed:.0f}x" if running and one.speed and one.step == "transcribe" else "",
        clock(int(left * 1000)) if left is not None else "",
        str(one.attempt + max(0, one.starts - 1)),
        one.failure or "",
    )


def _state(job: Job) -> str:
    one = job.submission
    if one.state in {"accepted", "running"} and one.worker is None:
        if one.not_before is not None:
            return f"waits until {one.not_before:%H:%M:%S} UTC"
        return "waits" if one.state == "accepted" else "waits to go on"
    return one.state
