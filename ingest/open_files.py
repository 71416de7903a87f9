"""Which files some process of this machine has open for writing, as far as may be seen."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_PROCESSES = Path("/proc")


def written_now(files: Iterable[Path]) -> set[Path]:
    """Those of the files that are open for writing.  Source: proc_pid_fdinfo(5)."""
    wanted: dict[tuple[int, int], Path] = {}
    for file in files:
        try:
            found = file.stat()
        except OSError:
            continue
        wanted[found.st_dev, found.st_ino] = file
    if not wanted or not _PROCESSES.is_dir():
        return set()
    return {wanted[key] for key in _open_for_writing(set(wanted))}


def _open_for_writing(wanted: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for process in _PROCESSES.glob("[0-9]*"):
        try:
            descriptors = list((process / "fd").iterdir())
        except OSError:  # it ended, or belongs to somebody else
            continue
        for one in descriptors:
            try:
                found = one.stat()
                key = found.st_dev, found.st_ino
                if key in wanted and _writes(process / "fdinfo" / one.name):
                    yield key
            except OSError:
                continue


def _writes(info: Path) -> bool:
    for row in info.read_text().splitlines():
        name, _, value = row.partition(":")
        if name == "flags":
            return int(value, 8) & os.O_ACCMODE != os.O_RDONLY
    return False
