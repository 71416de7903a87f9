"""Files of the archive: media and artifacts, on one disk.

Media is named by its content and never modified.  Artifacts are re-creatable.  A file appears
whole or not at all: written aside, flushed to disk, renamed.
"""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from catalog.errors import FileUnreadable, StoreDamaged, StoreFull

_BLOCK_BYTES = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}
_RESERVE_BYTES = 64 << 20  # kept free for the databases
_ASIDE = ".aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file in the store, named by its content."""

    sha256: str
    size_bytes: int


class Store:
    """Media and artifacts under one data folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._media = root / "media"
        self._artifacts = root / "artifacts"

    def put_media(self, source: Path) -> StoredFile:
        """Copy a file in, unless its bytes are there.  Raises: FileUnreadable, StoreFull."""
        try:
            with source.open("rb") as file:
                size_bytes = os.fstat(file.fileno()).st_size
                self.require_room(size_bytes, source.name)
                return self._copy_in(file)
        except OSError as error:
            raise self._named(error, source) from error

    def adopt(self, part: Path) -> StoredFile:
        """Make media of a file that lies on the same disk; it keeps its own name besides.

        Raises: FileUnreadable, StoreFull.
        """
        try:
            with part.open("rb") as file:
                size_bytes = os.fstat(file.fileno()).st_size
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            path = self.media(sha256)
            path.parent.mkdir(parents=True, exist_ok=True)
            incoming = self._media / f"incoming-{os.getpid()}-{time.monotonic_ns()}{_ASIDE}"
            try:
                incoming.hardlink_to(part)
                os.utime(incoming)  # it came now, whatever lay here before
                incoming.replace(path)
                flush_folder(path.parent)
            finally:
                incoming.unlink(missing_ok=True)
        except OSError as error:
            raise self._named(error, part) from error
        return StoredFile(sha256=sha256, size_bytes=size_bytes)

    def media(self, sha256: str) -> Path:
        """Where the bytes with this hash are, or would be."""
        return self._media / sha256[:2] / sha256

    def forget_media(self, sha256: str) -> None:
        """Remove a file that nothing in the catalog names."""
        self.media(sha256).unlink(missing_ok=True)

    def verify_media(self, sha256: str) -> None:
        """Read the file and compare.  Raises: StoreDamaged."""
        path = self.media(sha256)
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise StoreDamaged(f"media file {sha256} cannot be read: {error}") from error
        if found != sha256:
            raise StoreDamaged(f"media file {sha256} has changed: its bytes hash to {found}")

    def media_files(self) -> Iterator[Path]:
        """All stored media files."""
        return (path for path in self._media.glob("??/*") if path.is_file())

    def artifact(self, *parts: str) -> Path:
        """Where an artifact of this name is, or would be; its folder exists."""
        path = self._artifacts.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write_artifact(self, path: Path, data: bytes) -> None:
        """Write an artifact whole.  Raises: StoreFull."""
        with self.new_file(path) as file:
            file.write(data)

    @contextmanager
    def new_file(self, path: Path) -> Iterator[IO[bytes]]:
        """A file that appears at `path` when the block ends well.  Raises: StoreFull."""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{path.name}.{os.getpid()}{_ASIDE}")
        try:
            with aside.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
            flush_folder(path.parent)
        except OSError as error:
            raise self._named(error, path) from error
        finally:
            aside.unlink(missing_ok=True)

    def leftovers(self, *, older_than_s: float) -> list[Path]:
        """Files that a dead process left half written."""
        before = time.time() - older_than_s
        found = [*self._media.rglob(f"*{_ASIDE}"), *self._artifacts.rglob(f"*{_ASIDE}")]
        return [path for path in found if path.stat().st_mtime < before]

    def drop_artifacts(self, *parts: str) -> None:
        """Remove a folder of artifacts; they can be made again."""
        shutil.rmtree(self._artifacts.joinpath(*parts), ignore_errors=True)

    def artifact_owners(self, kind: str) -> set[str]:
        """Of which files there are artifacts of this kind."""
        folder = self._artifacts / kind
        return {path.name for path in folder.iterdir()} if folder.is_dir() else set()

    def drop_vectors(self, owner_id: str) -> None:
        """Remove the vectors of a talk or paper, of every encoder."""
        for path in self._artifacts.glob(f"vectors/*/{owner_id}.npz"):
            path.unlink(missing_ok=True)

    def require_room(self, size_bytes: int, name: str) -> None:
        """Raises: StoreFull, when so much more would not leave the databases their room."""
        self.root.mkdir(parents=True, exist_ok=True)
        free_bytes = shutil.disk_usage(self.root).free
        if free_bytes < size_bytes + _RESERVE_BYTES:
            raise StoreFull(
                f"the archive disk is full: {name} needs {size_bytes / 1e9:.1f} GB, "
                f"{free_bytes / 1e9:.1f} GB are free at {self.root}; nothing was stored"
            )

    def _copy_in(self, file: IO[bytes]) -> StoredFile:
        self._media.mkdir(parents=True, exist_ok=True)
        incoming = self._media / f"incoming-{os.getpid()}-{time.monotonic_ns()}{_ASIDE}"
        hashed, size_bytes = hashlib.sha256(), 0
        try:
            with incoming.open("wb") as copy:
                while block := file.read(_BLOCK_BYTES):
                    hashed.update(block)
                    copy.write(block)
                    size_bytes += len(block)
                copy.flush()
                os.fsync(copy.fileno())
            path = self.media(hashed.hexdigest())
            path.parent.mkdir(exist_ok=True)
            incoming.replace(path)
            flush_folder(path.parent)
        finally:
            incoming.unlink(missing_ok=True)
        return StoredFile(sha256=hashed.hexdigest(), size_bytes=size_bytes)

    def _named(self, error: OSError, path: Path) -> FileUnreadable | StoreFull:
        if error.errno in _FULL:
            return StoreFull(f"the archive disk is full at {self.root}; nothing was stored")
        return FileUnreadable(f"{path}: {error.strerror or error}")


@contextmanager
def naming_a_full_disk(what: str) -> Iterator[None]:
    """Say of a disk without room what could not be done.  Raises: StoreFull."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StoreFull(f"the archive disk is full; {what}") from error


def flush_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
