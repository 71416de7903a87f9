"""How far a job is, written to its row at most once a second; and whether it may go on.

Invariant: only the worker that the row names writes to it (`held`).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlmodel import Session

from catalog import claims, submissions
from catalog.engine import Catalog
from catalog.tables import Submission
from ingest.engines import Transcriber
from ingest.segments import Segment

if TYPE_CHECKING:
    from ingest.engines import PCM

_INTERVAL_S = 1.0


class Cancelled(Exception):
    """Staff cancelled the job; it stops here and keeps what is finished."""


class PutOff(Cancelled):
    """The job waits for something outside; its row says until when, and another try will come."""


class Lost(BaseException):
    """Another worker has the job now: whatever this one was doing for it ends without a word.

    Not an `Exception`, so that it is nobody's failure and no outcome of a step is recorded: the
    successor goes on from the last one that was.
    """


def held(session: Session, job_id: str, worker: str | None) -> Submission:
    """The job's row, locked until the transaction ends.  Raises: Lost, Cancelled."""
    row = claims.hold(session, job_id, worker)
    if row is None:
        raise Lost(job_id)
    if row.state == "cancelled":
        raise Cancelled(job_id)
    return row


@dataclass(slots=True, kw_only=True)
class Progress:
    """The progress of one job through its steps."""

    catalog: Catalog
    job_id: str
    worker: str | None = None
    clock: Callable[[], float] = time.monotonic
    _step: str = ""
    _total: int | None = None
    _began_at: float = 0.0
    _began_with: int = 0
    _written_at: float = field(default=-_INTERVAL_S)

    def enter(self, step: str, *, done: int = 0, total: int | None = None) -> None:
        """Begin a step; `done` and `total` in ms of recording, or pages.

        Raises: Cancelled, Lost.
        """
        self._step, self._total, self._began_with = step, total, done
        self._began_at = self._written_at = self.clock()
        self._write(done)

    def at(self, done: int) -> None:
        """The step has done so much.  Raises: Cancelled, Lost, within a second of either."""
        if self.clock() - self._written_at >= _INTERVAL_S:
            self._written_at = self.clock()
            self._write(done)

    def of(self, done: int, total: int) -> None:
        """The step has done so much of so much.  Raises: Cancelled."""
        if self._total is None:
            self._written_at = -_INTERVAL_S  # the total is worth a row of its own
        self._total = total
        self.at(done)

    def _write(self, done: int) -> None:
        elapsed_s = self.clock() - self._began_at
        covered_s = (done - self._began_with) / 1000
        speed = covered_s / elapsed_s if elapsed_s > 0 and covered_s > 0 else None
        with self.catalog.write() as session:
            held(session, self.job_id, self.worker)
            submissions.change(
                session, self.job_id, step=self._step, done=done, total=self._total, speed=speed
            )


class Watched:
    """A speech engine whose segments are noticed as they are decoded."""

    def __init__(self, engine: Transcriber, heard_until: Callable[[int], None]) -> None:
        self._engine = engine
        self._heard_until = heard_until
        self.info = engine.info

    def transcribe(
        self, pcm: "PCM", *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """See `Transcriber.transcribe`; tells the end of each segment in ms.  Raises: Cancelled."""
        for segment in self._engine.transcribe(pcm, language=language, hotwords=hotwords):
            self._heard_until(segment.end_ms)
            yield segment

    def transcribe_carefully(
        self, pcm: "PCM", *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """See `Transcriber.transcribe_carefully`."""
        return self._engine.transcribe_carefully(pcm, language=language, hotwords=hotwords)

    def pieces(self, word: str) -> int:
        """See `Transcriber.pieces`."""
        return self._engine.pieces(word)

    def detect_language(self, pcm: "PCM") -> str:
        """See `Transcriber.detect_language`."""
        return self._engine.detect_language(pcm)
