"""How long jobs will take, from how long jobs like them took on this archive's machines.

Invariant: no number is shown that was not measured.  Where there is no past of a job's kind, there
is no estimate.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from sqlmodel import Session, col, select

from catalog.claims import queue_of
from catalog.submissions import Job
from catalog.tables import Recording, Submission, WorkerRow

_REMEMBERED = 20
_WHOLE = ("publish",)  # takes as long for a short talk as for a long one
_Key = tuple[str, str | None]  # kind, and what heard it


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Seconds of each step by kind of job: per second of recording, or per paper."""

    rates: Mapping[_Key, Mapping[str, float]] = field(default_factory=dict)

    def steps_of(self, job: Job) -> Mapping[str, float] | None:
        """The steps of jobs like this one; None when there were none."""
        one = job.submission
        return self.rates.get((one.kind, one.heard_by)) or self.rates.get((one.kind, _wanted(one)))

    def seconds_left(self, job: Job) -> float | None:
        """Estimated seconds until a job is published; None without a past."""
        one = job.submission
        rates, size = self.steps_of(job), _size(job)
        if rates is None or size is None or one.state not in {"accepted", "running", "committed"}:
            return None
        if one.state == "committed":
            return rates.get("publish", 0.0)
        ahead = {
            step: rate * (1 if step in _WHOLE else size)
            for step, rate in rates.items()
            if step not in one.timings or step == one.step
        }
        if one.state == "running" and one.step in ahead and one.total:
            ahead[one.step] = _rest(one, ahead[one.step])
        return sum(ahead.values())


def past(session: Session) -> Past:
    """What the last jobs of each kind took."""
    query = (
        select(Submission, Recording.duration_ms)
        .join(Recording, col(Recording.id) == Submission.recording_id, isouter=True)
        .where(Submission.state == "done")
        .order_by(col(Submission.finished_at).desc())
        .limit(20 * _REMEMBERED)
    )
    taken: dict[_Key, list[dict[str, float]]] = defaultdict(list)
    for one, duration_ms in session.exec(query):
        rates = _rates(one, duration_ms)
        for key in dict.fromkeys([(one.kind, one.heard_by), (one.kind, _wanted(one))]):
            if rates and len(taken[key]) < _REMEMBERED:
                taken[key].append(rates)
    return Past(rates={key: _medians(jobs) for key, jobs in taken.items() if jobs})


def queue_seconds_left(
    jobs: Sequence[Job], known: Past, workers: Iterable[WorkerRow] = ()
) -> float | None:
    """Estimated seconds until all of these are done by these workers; None if one is unknown.

    A queue's time is shared by the workers that serve it, and no job is faster than it is alone.
    """
    serving = list(workers)
    by_queue: dict[str, list[float]] = defaultdict(list)
    for job in jobs:
        left = known.seconds_left(job)
        if left is None:
            return None
        by_queue[queue_of(job.submission.kind)].append(left)
    if not by_queue:
        return None
    hands = {name: sum(name in one.queues for one in serving) or 1 for name in by_queue}
    if len(serving) <= 1:
        return sum(sum(each) for each in by_queue.values())
    return max(max(*each, sum(each) / hands[name]) for name, each in by_queue.items())


def realtime_factors(session: Session) -> dict[str, float]:
    """Seconds of transcribing a second of recording, by engine, model and device."""
    return {
        heard_by: rates["transcribe"]
        for (kind, heard_by), rates in past(session).rates.items()
        if kind == "talk" and heard_by and "transcribe" in rates
    }


def _wanted(one: Submission) -> str | None:
    """What a job of kind transcribe asked for; other jobs take what the settings say."""
    if one.kind != "transcribe":
        return None
    return f"wanted {one.about.get('engine')} {one.about.get('model')}"


def _size(job: Job) -> float | None:
    if queue_of(job.submission.kind) != "speech":
        return 1.0
    return job.length_ms / 1000 if job.length_ms else None


def _rest(one: Submission, whole_s: float) -> float:
    total = one.total or 1
    left = max(0, total - one.done)
    if one.step == "transcribe" and one.speed:
        return left / 1000 / one.speed
    return whole_s * left / total


def _rates(one: Submission, duration_ms: int | None) -> dict[str, float]:
    if queue_of(one.kind) != "speech":
        return dict(one.timings)
    if not duration_ms:
        return {}
    size = duration_ms / 1000
    return {step: s if step in _WHOLE else s / size for step, s in one.timings.items()}


def _medians(jobs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    steps = dict.fromkeys(step for job in jobs for step in job)
    return {step: median(job[step] for job in jobs if step in job) for step in steps}
