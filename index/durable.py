"""Writes that survive a kill and a power cut.

Invariant: a name appears with its whole content or not at all, and what was synced stays.
"""

import errno
import hashlib
import os
import shutil
import uuid
from pathlib import Path

CHUNK_BYTES = 1 << 20
TEMPORARY_PREFIX = ".writing-"
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EACCES}


def sync_file(file: Path) -> None:
    """Have the disk keep the content of a file or the names in a folder."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Sync every file below a folder, then every folder, from the leaves up."""
    entries = sorted(folder.rglob("*"), key=lambda entry: (entry.is_dir(), -len(entry.parts)))
    for entry in [*entries, folder]:
        sync_file(entry)


def link_folder(source: Path, target: Path) -> None:
    """Give every file of a folder a second name in a new one; a copy where that is impossible."""
    target.mkdir()
    for file in source.iterdir():
        link(file, target / file.name)


def link(source: Path, target: Path) -> None:
    """Give a file a second name; a copy on file systems that cannot, or across two of them."""
    try:
        os.link(source, target)
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)


def replace_text(file: Path, text: str) -> None:
    """Replace a small file atomically; a reader sees the old text or the new one."""
    temporary = file.with_name(f"{TEMPORARY_PREFIX}{file.name}-{uuid.uuid4().hex}")
    try:
        temporary.write_text(text, encoding="utf-8")
        sync_file(temporary)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    sync_file(file.parent)


def digest_of(file: Path) -> str:
    """The sha256 of a file as it is on disk now, as hex."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
