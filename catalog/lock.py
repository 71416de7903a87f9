"""One process at a time: a lock that the operating system frees when its holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class Held(Exception):
    """Another process holds the lock; `pid` is its process, as far as it said."""

    def __init__(self, path: Path, pid: str) -> None:
        super().__init__(f"{path} is held by process {pid}")
        self.pid = pid


@contextmanager
def only_one(path: Path, *, wait_s: float = 0.5) -> Iterator[None]:
    """Hold the lock file for the block.  Raises: Held, when another still has it after `wait_s`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        if not _taken(file, wait_s=wait_s):
            file.seek(0)
            raise Held(path, file.read().strip() or "unknown")
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_held(path: Path) -> bool:
    """Whether some process holds the lock now."""
    if not path.exists():
        return False
    with path.open() as file:
        return not _taken(file, wait_s=0, mode=fcntl.LOCK_SH)


def _taken(file: IO[str], *, wait_s: float, mode: int = fcntl.LOCK_EX) -> bool:
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.05)
        else:
            return True
