"""What a watched folder has given already, so that a restart reads no file anew.

One line of JSON a file, appended.  Invariant: losing a line, or all of them, costs time only: the
archive knows what it has by content.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Mark = tuple[int, int, int]  # size, time of change in ns, inode
Look = tuple[Mark | None, Mark | None, Mark | None]  # a file, its side-car, its captions


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A file as it looked when it was taken or refused."""

    path: str
    look: Look
    status: str
    public_id: str | None


class Memory:
    """Remembers, across restarts, what became of each file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = {one.path: one for one in _lines(path)}
        if self._known:
            self._compact()

    def of(self, path: str) -> Remembered | None:
        """What became of the file with this path, if anything did."""
        return self._known.get(path)

    def keep(self, one: Remembered) -> None:
        """Remember what became of a file."""
        self._known[one.path] = one
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_text(one))

    def _compact(self) -> None:
        aside = self._path.with_suffix(".new")
        aside.write_text("".join(map(_text, self._known.values())), encoding="utf-8")
        aside.replace(self._path)


def mark_of(path: Path) -> Mark | None:
    """What tells one state of a file from another; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _text(one: Remembered) -> str:
    return json.dumps(asdict(one)) + "\n"


def _lines(path: Path) -> list[Remembered]:
    try:
        rows = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [one for row in rows if (one := _remembered(row)) is not None]


def _remembered(row: str) -> Remembered | None:
    """A line; None for one that was torn when its writer died."""
    try:
        known: dict[str, Any] = json.loads(row)
        first, second, third = (tuple(mark) if mark else None for mark in known["look"])
        return Remembered(**{**known, "look": (first, second, third)})
    except (ValueError, TypeError, KeyError):
        return None
