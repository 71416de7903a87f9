"""The snapshot that is served now, swapped whole while requests run.

Invariant: a request keeps the searcher it got from start to end; a snapshot replaces another only
after it was verified and opened; damage never takes away a searcher that works.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from index import snapshot
from index.errors import IndexProblem, NoSnapshot
from index.searcher import Searcher

logger = logging.getLogger(__name__)


class CurrentSearcher:
    """Holds one open searcher; `refresh` follows the pointer, `get` never waits."""

    def __init__(self, root: Path, open_searcher: Callable[[str], Searcher]) -> None:
        """Nothing is opened before the first `refresh`.

        open_searcher: opens a generation after verifying it, as `Searcher.open` does.
        """
        self._root = root
        self._open = open_searcher
        self._refreshing = threading.Lock()
        self._searcher: Searcher | None = None
        self._problem: str | None = None
        self._seen: object = None

    @property
    def problem(self) -> str | None:
        """Why what is served is not what the pointer names, or None when it is."""
        return self._problem

    def get(self) -> Searcher:
        """The searcher of this moment; a request keeps it to its end, the last user lets it go.

        Raises: NoSnapshot while there is none.
        """
        searcher = self._searcher
        if searcher is None:
            raise NoSnapshot(self._root)
        return searcher

    def refresh(self) -> bool:
        """Follow the pointer; true when another snapshot is served now.

        One that is damaged, or whose encoder is missing, leaves the old one serving; with none open
        yet, the newest older one that opens is served.  What failed is tried again when the
        pointer is written again.
        """
        with self._refreshing:
            seen = _pointer_state(self._root)
            if seen is not None and seen == self._seen:
                return False
            swapped = self._follow()
            self._seen = seen
            return swapped

    def close(self) -> None:
        """Serve nothing any more; requests that run keep their searcher."""
        with self._refreshing:
            self._searcher = None
            self._seen = None

    def _follow(self) -> bool:
        wanted: str | None = None
        try:
            wanted = snapshot.current_generation(self._root)
            if wanted is None:
                raise NoSnapshot(self._root)
            swapped = self._serve(wanted)
        except (IndexProblem, OSError) as problem:
            return self._fall_back(wanted, problem)
        self._problem = None
        return swapped

    def _serve(self, generation: str) -> bool:
        if self._searcher is not None and self._searcher.generation == generation:
            return False
        self._searcher = self._open(generation)
        logger.info("serving snapshot %s", generation)
        return True

    def _fall_back(self, wanted: str | None, problem: Exception) -> bool:
        """Keep what is open, else open the newest whole snapshot older than the wanted one."""
        if self._problem != str(problem):
            level = logging.INFO if isinstance(problem, NoSnapshot) else logging.ERROR
            logger.log(level, "no snapshot to serve: %s", problem)
        self._problem = str(problem)
        if self._searcher is not None:
            return False
        for generation in reversed(snapshot.generations(self._root)):
            if wanted is not None and generation >= wanted:
                continue
            try:
                return self._serve(generation)
            except (IndexProblem, OSError) as damage:
                logger.warning("an older snapshot cannot be served either: %s", damage)
        return False


def _pointer_state(root: Path) -> object:
    """What changes whenever the pointer is written; None while there is none."""
    try:
        state = (root / snapshot.POINTER).stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size
