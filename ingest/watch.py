"""The watch folder: a file is taken when it has stopped growing, once, whole, and left where it is.

The folder is looked at every few seconds rather than listened to: the system's notices say nothing
of what another computer writes to a network drive, and a file that grows must be looked at anyway.
Invariant: nothing in the folder is ever written, moved or deleted.
"""

import os
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from catalog.engine import Catalog
from catalog.errors import CatalogUnavailable, FileUnreadable, StoreFull
from catalog.store import Store
from catalog.talks import NewTalk
from ingest.described import described, side_car_of
from ingest.errors import BadManifest, DecoderStopped, DiskFull, StillChanging
from ingest.gather import Pairs, files_under, paired, why_skipped
from ingest.manifest import Entry
from ingest.open_files import written_now
from ingest.take_in import Taken, take_in
from ingest.watch_memory import Look, Memory, Remembered, mark_of

_NOT_THE_FILES_FAULT = (
    StoreFull, DiskFull, CatalogUnavailable, DecoderStopped, StillChanging, FileUnreadable
)  # fmt: skip
_PAUSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """How long a file must be still, how long a side-car is waited for, and what all talks share.

    A file that was seen to pause while it grew must be still for three times its longest pause.
    """

    settle_s: float = 10.0
    grace_s: float = 60.0
    retry_s: float = 60.0
    series: str | None = None
    language: str | None = None
    visibility: str = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where a watched folder's files go, and the clock by which it waits."""

    catalog: Catalog
    store: Store
    memory: Memory
    clock: Callable[[], float] = time.monotonic


@dataclass(slots=True, kw_only=True)
class _Sight:
    """How a file looked last, and since when."""

    look: Look
    first_s: float
    since_s: float
    longest_pause_s: float = 0.0
    not_before_s: float = 0.0
    told: str = ""


@dataclass(slots=True)
class Watch:
    """Watches one folder, a look at a time."""

    folder: Path
    into: Watched
    options: WatchOptions = field(default_factory=WatchOptions)
    _seen: dict[Path, _Sight] = field(default_factory=dict)

    def look(self) -> Generator[Taken]:
        """Look once: what is new and whole is taken.  Yields what came of each file."""
        files = [file for file in files_under(self.folder) if why_skipped(file) is None]
        pairs = paired(files)
        waiting = {file: look for file in files if (look := self._news(file, pairs)) is not None}
        self._seen = {file: self._sight(file, look) for file, look in waiting.items()}
        ready = [file for file in waiting if self._is_ready(file)]
        busy = written_now(ready)
        for file in ready:
            if file not in busy and _look_of(file, pairs) == waiting[file]:
                yield from self._take(file, pairs)

    @property
    def is_idle(self) -> bool:
        """Whether no file waits to be still, or for its side-car."""
        return all(sight.not_before_s > 0 for sight in self._seen.values())

    def _news(self, file: Path, pairs: Pairs) -> Look | None:
        """How a file looks with what belongs to it; None when there is nothing to do about it."""
        recording = pairs.recordings.get(file)
        if recording is not None and (
            pairs.captions[recording] != file or self._known_id(recording) is None
        ):
            return None  # other captions are used, or the recording takes these along
        look = _look_of(file, pairs)
        known = self.into.memory.of(self._name(file))
        if known is None:
            return look
        telling = slice(3) if known.status == "refused" else slice(2)
        return None if known.look[telling] == look[telling] else look

    def _sight(self, file: Path, look: Look) -> _Sight:
        now_s, before = self.into.clock(), self._seen.get(file)
        if before is None:
            return _Sight(look=look, first_s=now_s, since_s=now_s)
        if before.look == look:
            return before
        grew = before.look[0] != look[0]
        pause_s = now_s - before.since_s if grew else 0.0
        return replace(
            before,
            look=look,
            since_s=now_s,
            longest_pause_s=max(before.longest_pause_s, pause_s),
            not_before_s=0.0,
        )

    def _is_ready(self, file: Path) -> bool:
        sight, now_s = self._seen[file], self.into.clock()
        still_s = max(self.options.settle_s, _PAUSES * sight.longest_pause_s)
        has_side_car = sight.look[1] is not None
        if not has_side_car and now_s - sight.first_s < self.options.grace_s:
            return False
        return now_s - sight.since_s >= still_s and now_s >= sight.not_before_s

    def _take(self, file: Path, pairs: Pairs) -> Iterator[Taken]:
        known = self.into.memory.of(self._name(file))
        if known and known.look[0] == self._seen[file].look[0] and known.status == "accepted":
            yield self._late_side_car(file, known)
            return
        try:
            entry = self._entry(file, pairs)
        except BadManifest as problem:
            yield from self._noted(file, Taken(path=file, status="refused", problem=problem))
            return
        for taken in take_in(self.into.catalog, self.into.store, entry):
            yield from self._noted(file, taken)

    def _entry(self, file: Path, pairs: Pairs) -> Entry:
        entry = described(file)
        if not isinstance(entry.about, NewTalk):
            return entry
        options, about = self.options, entry.about
        public = about.visibility == "public"
        about = replace(
            about,
            series=about.series or options.series,
            language=about.language or options.language,
            visibility=options.visibility if public else about.visibility,
        )
        recording = pairs.recordings.get(file)
        return replace(
            entry,
            about=about,
            captions=entry.captions or pairs.captions.get(file),
            talk=entry.talk or (self._known_id(recording) if recording else None),
        )

    def _noted(self, file: Path, taken: Taken) -> Iterator[Taken]:
        """Remember what became of a file; what is not its fault is tried again in a while."""
        sight = self._seen[file]
        if isinstance(taken.problem, _NOT_THE_FILES_FAULT):
            sight.not_before_s = self.into.clock() + self.options.retry_s
            if sight.told != str(taken.problem):
                sight.told = str(taken.problem)
                yield taken
            return
        captions = sight.look[2] or mark_of(taken.path)
        self._keep(taken, sight.look if taken.path == file else (captions, None, None))
        yield taken

    def _keep(self, taken: Taken, look: Look) -> None:
        name = self._name(taken.path)
        self.into.memory.keep(
            Remembered(path=name, look=look, status=taken.status, public_id=taken.public_id)
        )

    def _late_side_car(self, file: Path, known: Remembered) -> Taken:
        """A side-car that came or changed after its file was taken changes nothing by itself."""
        self.into.memory.keep(replace(known, look=self._seen[file].look))
        return Taken(path=file, status="late", public_id=known.public_id)

    def _known_id(self, file: Path) -> str | None:
        known = self.into.memory.of(self._name(file))
        return known.public_id if known and known.look[0] == mark_of(file) else None

    def _name(self, file: Path) -> str:
        return os.path.relpath(file, self.folder)


def _look_of(file: Path, pairs: Pairs) -> Look:
    side_car, captions = side_car_of(file), pairs.captions.get(file)
    return (
        mark_of(file),
        mark_of(side_car) if side_car else None,
        mark_of(captions) if captions else None,
    )
