"""Files that come in piece by piece: kept beside the store until they are whole, then promised.

Invariant: what was acknowledged is on the disk.  The size of the part says how far an upload is, so
there is nothing else that could say otherwise; a piece with a checksum counts when it was compared.
A whole upload becomes media and a job; killed in between, whoever looks next does what is left.
"""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from catalog.engine import Catalog
from catalog.errors import (
    AlreadyThere,
    ChecksumMismatch,
    NotThere,
    TooManyUploads,
    UploadBusy,
    UploadMoved,
    UploadTooLarge,
)
from catalog.names import new_public_id
from catalog.promises import Said, abandoned_files, promise_file
from catalog.settings import Settings
from catalog.store import Store, naming_a_full_disk

MOST_AT_ONCE = 100
ALGORITHMS = ("sha1", "sha256")
_LOCK_WAIT_S = 0.5
_HALF_MADE_S = 3600.0
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file on its way; `outcome` is its job, or the talk or paper that had its bytes before."""

    id: str
    length_bytes: int
    file_name: str
    metadata: str  # as the client sent it
    about: Mapping[str, Any]  # of `Said`
    outcome: Mapping[str, str] | None = None
    offset_bytes: int = 0
    expires_at: datetime = _NEVER

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.offset_bytes == self.length_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """A file that somebody wants to send."""

    length_bytes: int
    file_name: str
    metadata: str
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """What the bytes of a piece must hash to."""

    algorithm: str
    digest: bytes


class Uploads:
    """The uploads of one archive."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.most_bytes = int(settings.upload_max_gb * 1e9)
        self._keep_s = settings.upload_keep_hours * 3600
        self._store = store
        self._root = settings.data_dir / "uploads"

    def begin(self, new: NewUpload) -> Upload:
        """Make room for an upload.  Raises: UploadTooLarge, TooManyUploads, StoreFull."""
        if new.length_bytes > self.most_bytes:
            raise UploadTooLarge(self.most_bytes)
        coming = [one for one in self.listed() if one.outcome is None]
        if len(coming) >= MOST_AT_ONCE:
            raise TooManyUploads(len(coming))
        missing = sum(one.length_bytes - one.offset_bytes for one in coming)
        self._store.require_room(new.length_bytes + missing, new.file_name)
        upload = Upload(
            id=new_public_id(),
            length_bytes=new.length_bytes,
            file_name=new.file_name,
            metadata=new.metadata,
            about=asdict(new.said),
        )
        with naming_a_full_disk("the upload was not begun"):
            folder = self._root / upload.id
            folder.mkdir(parents=True)
            for name in ("part", "lock"):
                (folder / name).touch()
            self._note(upload)
        return self.find(upload.id)

    def find(self, upload_id: str) -> Upload:
        """The upload with this id, as far as it is.  Raises: NotThere (also when it expired)."""
        folder = self._root / upload_id
        try:
            known = Upload(**json.loads((folder / "about.json").read_text()))
            changed_s = max(one.stat().st_mtime for one in folder.iterdir())
        except (OSError, ValueError) as error:
            raise NotThere("upload", upload_id) from error
        ends_s = changed_s + self._keep_s
        if ends_s <= time.time():
            raise NotThere("upload", upload_id)
        offset = known.length_bytes if known.outcome else _offset(folder)
        return replace(
            known, offset_bytes=offset, expires_at=datetime.fromtimestamp(int(ends_s), UTC)
        )

    def listed(self) -> list[Upload]:
        """Every upload that has not expired."""
        found = []
        for folder in self._folders():
            with suppress(NotThere):
                found.append(self.find(folder.name))
        return found

    @contextmanager
    def piece(
        self, upload_id: str, *, offset_bytes: int, checksum: Checksum | None = None
    ) -> Iterator["Piece"]:
        """The next piece of an upload, to be written; nobody else writes to it meanwhile.

        Raises: NotThere, UploadBusy, UploadMoved (it is elsewhere), StoreFull.
        """
        with self._alone(upload_id):
            upload = self.find(upload_id)
            if offset_bytes != upload.offset_bytes or upload.outcome is not None:
                raise UploadMoved(upload.offset_bytes)
            with naming_a_full_disk("what came before is kept"):
                piece = Piece(self._root / upload_id, upload, checksum)
            try:
                yield piece
            finally:
                piece.close()

    def finish(self, catalog: Catalog, upload_id: str) -> Upload:
        """Make media and a job of a whole upload; one that is not whole or is done stays as it is.

        Raises: NotThere, UploadBusy, StoreFull, CatalogUnavailable.
        """
        with self._alone(upload_id):
            upload = self.find(upload_id)
            if upload.outcome is not None or not upload.is_whole:
                return upload
            part = self._root / upload_id / "part"
            stored = self._store.adopt(part)
            try:
                job = promise_file(catalog, stored, upload.file_name, Said(**upload.about))
                outcome = {"job": job.submission.public_id}
            except AlreadyThere as there:
                outcome = {"kind": there.kind, "id": there.public_id, "title": there.title}
            self._note(replace(upload, outcome=outcome))
            part.unlink(missing_ok=True)
            return self.find(upload_id)

    def drop(self, upload_id: str) -> None:
        """Forget an upload; its job, if it has one, goes on.  Raises: NotThere, UploadBusy."""
        with self._alone(upload_id):
            self.find(upload_id)
            shutil.rmtree(self._root / upload_id)

    def sweep(self, catalog: Catalog) -> list[str]:
        """Finish what is whole and forget what expired; returns the ids of what was finished.

        So are the bytes of jobs that ended as long ago without a talk or paper.
        """
        for folder in self._folders():
            try:
                self.find(folder.name)
            except NotThere:
                if time.time() - folder.stat().st_mtime > min(_HALF_MADE_S, self._keep_s):
                    shutil.rmtree(folder, ignore_errors=True)
        whole = [one.id for one in self.listed() if one.is_whole and one.outcome is None]
        for upload_id in whole:
            with suppress(NotThere, UploadBusy):
                self.finish(catalog, upload_id)
        with catalog.read() as session:
            before = datetime.fromtimestamp(time.time() - self._keep_s, UTC)
            abandoned = abandoned_files(session, before)
        for sha256 in abandoned:
            self._store.forget_media(sha256)
        return whole

    def _folders(self) -> list[Path]:
        return sorted(self._root.iterdir()) if self._root.is_dir() else []

    def _note(self, upload: Upload) -> None:
        known = asdict(upload)
        del known["offset_bytes"], known["expires_at"]
        path = self._root / upload.id / "about.json"
        with self._store.new_file(path) as file:
            file.write(json.dumps(known).encode())

    @contextmanager
    def _alone(self, upload_id: str) -> Iterator[None]:
        """Hold the upload's lock; the system frees it when its holder dies."""
        self.find(upload_id)
        with (self._root / upload_id / "lock").open("rb") as lock:
            until = time.monotonic() + _LOCK_WAIT_S
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError as error:
                    if time.monotonic() >= until:
                        raise UploadBusy(upload_id) from error
                    time.sleep(0.05)
            yield


class Piece:
    """A piece of an upload while it is written; used by one thread at a time.

    Without a checksum what came is kept even if the rest does not; with one, all of it or nothing.
    """

    def __init__(self, folder: Path, upload: Upload, checksum: Checksum | None) -> None:
        self._unchecked = folder / "unchecked"
        self._start = upload.offset_bytes
        self._room_bytes = upload.length_bytes - upload.offset_bytes
        self._checksum = checksum
        self._hashed = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        self._file: IO[bytes] = (folder / "part").open("r+b")
        self._file.truncate(self._start)  # what a dead process wrote and nobody compared
        self._file.seek(self._start)
        self._unchecked.unlink(missing_ok=True)
        if checksum is not None:
            self._unchecked.write_text(str(self._start))

    def write(self, data: bytes) -> None:
        """Add bytes.  Raises: UploadTooLarge (more than the upload is long), StoreFull."""
        if len(data) > self._room_bytes:
            self._take_back()
            raise UploadTooLarge(self._start + self._room_bytes)
        self._room_bytes -= len(data)
        if self._hashed is not None:
            self._hashed.update(data)
        with naming_a_full_disk("what came before is kept"):
            self._file.write(data)

    def end(self, *, whole: bool) -> None:
        """Make what came durable; `whole` says that the request came to its end.

        Raises: ChecksumMismatch, StoreFull.
        """
        said, hashed = self._checksum, self._hashed
        if said and hashed and (not whole or hashed.digest() != said.digest):
            self._take_back()
            raise ChecksumMismatch(said.algorithm)
        with naming_a_full_disk("what came before is kept"):
            self._file.flush()
            os.fsync(self._file.fileno())
        self._unchecked.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        with suppress(OSError):  # a full disk, which was said already
            self._file.close()

    def _take_back(self) -> None:
        self._file.flush()
        self._file.truncate(self._start)
        os.fsync(self._file.fileno())
        self._unchecked.unlink(missing_ok=True)


def _offset(folder: Path) -> int:
    """How far the part counts, in bytes."""
    size_bytes = (folder / "part").stat().st_size
    try:
        return min(size_bytes, int((folder / "unchecked").read_text() or 0))
    except FileNotFoundError:
        return size_bytes
