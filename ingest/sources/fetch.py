"""Fetching one file over HTTP.

Invariant: every redirect is checked as the first address was.  What comes is written to disk as
it comes; what was interrupted goes on where it was, if the server can say that the file is still
the same.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urljoin

from ingest.errors import LinkRefused, Unreachable
from ingest.sources.answers import (
    Part,
    described,
    drop_note,
    goes_on,
    keep_part,
    looks_like_a_page,
    page_instead,
    read_part,
    require_file,
    too_large,
)
from ingest.sources.connect import Answer, OutOfTime, Patience, asked
from ingest.sources.policy import Policy, target_of

MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_ROOM_EVERY_BYTES = 64 << 20

Told = Callable[[int, int | None], None]
"""Told how many bytes are there, of how many if that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one fetching may take."""

    size_bytes: int
    time_s: float
    patience: Patience = field(default_factory=Patience)
    least_bytes_per_s: int = 8192
    least_over_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A whole file, as its server called it."""

    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Fetches under a policy and within limits; `require_room` refuses when the disk is full."""

    policy: Policy
    limits: Limits
    require_room: Callable[[int], None] = lambda _bytes: None

    def fetch(self, url: str, part: Path, told: Told) -> Fetched:
        """Write the file at `url` to `part`, going on with what is there.

        Raises: LinkRefused, Unreachable (and `part` stays), StoreFull, what `told` raises.
        """
        known = read_part(part)
        begun = part.stat().st_size if known else 0
        rest = {"Range": f"bytes={begun}-", "If-Range": known.validator} if known else {}
        with self._answer(url, rest if begun else {}) as answer:
            begun = self._begun(answer, part, known, begun)
            now_known = described(answer.head, begun)
            self._require_takeable(answer, now_known, begun)
            keep_part(part, now_known)
            with part.open("ab" if begun else "wb") as file:
                size = _Writing(self, answer, now_known).run(file, begun, told)
        drop_note(part)
        return Fetched(name=now_known.name, media_type=now_known.media_type, size_bytes=size)

    def read(self, url: str) -> bytes:
        """A small answer as it is, up to the limit on size.  Raises: LinkRefused, Unreachable."""
        with self._answer(url, {}) as answer:
            target, read = answer.head.target, b""
            answer.clock.until = time.monotonic() + self.limits.time_s
            try:
                for block in answer.blocks:
                    read += block
                    if len(read) > self.limits.size_bytes:
                        raise too_large(target, self.limits.size_bytes)
            except OutOfTime:
                raise Unreachable(target.shown, "it does not end") from None
            return read

    @contextmanager
    def _answer(self, url: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        """The answer at the end of the redirects, each of them checked."""
        target = first = target_of(url)
        for _hop in range(MAX_REDIRECTS + 1):
            with asked(target, headers, self.policy, self.limits.patience) as answer:
                if answer.head.status not in _REDIRECTS:
                    require_file(answer.head)
                    yield answer
                    return
                target = target_of(urljoin(target.url, answer.head.header("location")))
        raise LinkRefused(
            first.shown, f"it redirects more than {MAX_REDIRECTS} times", "give the last address"
        )

    def _begun(self, answer: Answer, part: Path, known: Part | None, begun: int) -> int:
        """From which byte the answer goes on."""
        if goes_on(answer.head, known, begun):
            return begun
        if answer.head.status != 200:
            drop_note(part)
            part.unlink(missing_ok=True)
            raise Unreachable(answer.head.target.shown, "the server cannot go on; it is begun anew")
        return 0

    def _require_takeable(self, answer: Answer, known: Part, begun: int) -> None:
        if known.total is None:
            return
        if known.total > self.limits.size_bytes:
            raise too_large(answer.head.target, self.limits.size_bytes)
        self.require_room(known.total - begun)


class _Writing:
    """Writes a body to disk and watches its size, time and speed."""

    def __init__(self, fetcher: Fetcher, answer: Answer, known: Part) -> None:
        self._limits = fetcher.limits
        self._require_room = fetcher.require_room
        self._target = answer.head.target
        self._blocks = answer.blocks
        self._known = known
        answer.clock.until = time.monotonic() + fetcher.limits.time_s
        self._marked: tuple[int, float] | None = None
        self._roomed = 0

    def run(self, file: IO[bytes], size: int, told: Told) -> int:
        """Write until the end; returns the size of the whole."""
        told(size, self._known.total)
        try:
            for block in self._blocks:
                size = self._wrote(block, file, size)
                told(size, self._known.total)
                self._require_speed(size)
        except OutOfTime:
            raise self._out_of_time() from None
        if self._known.total is not None and size != self._known.total:
            raise Unreachable(self._target.shown, "it ended early")
        return size

    def _wrote(self, block: bytes, file: IO[bytes], size: int) -> int:
        if size == 0 and looks_like_a_page(block):
            raise page_instead(self._target)
        size += len(block)
        if size > self._limits.size_bytes:
            raise too_large(self._target, self._limits.size_bytes)
        if size - self._roomed > _ROOM_EVERY_BYTES:
            self._roomed = size
            self._require_room(0)
        file.write(block)
        return size

    def _require_speed(self, size: int) -> None:
        if self._marked is None:
            self._marked = size, time.monotonic()
        marked, marked_at = self._marked
        over_s = time.monotonic() - marked_at
        if over_s > self._limits.least_over_s:
            if size - marked < self._limits.least_bytes_per_s * over_s:
                slow = f"it gives only {(size - marked) / over_s / 1000:.1f} kB a second"
                raise Unreachable(self._target.shown, slow)
            self._marked = size, time.monotonic()

    def _out_of_time(self) -> LinkRefused | Unreachable:
        hours = f"{self._limits.time_s / 3600:.3g} hours"
        if self._known.validator and self._known.total is not None:
            return Unreachable(self._target.shown, f"it is not whole after {hours}")
        return LinkRefused(
            self._target.shown,
            f"it does not end within {hours}, the limit",
            "a broadcast has no end; else raise SEMINAR_LINK_MAX_HOURS",
        )
