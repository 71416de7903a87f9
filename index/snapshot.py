"""Immutable indexes on disk, and the pointer that says which one is served.

Invariant: a generation's name is never used twice and its folder never changes; it is built aside,
synced, verified, and only then renamed into place.  The pointer is replaced atomically, and only
by a generation that was verified just then.  A kill at any moment leaves the pointer on a whole
snapshot; what is left over is swept by `collect_garbage`.

    <root>/<generation>/  vectors.faiss  terms/  passages.jsonl  rows.npy  owners.json
                          manifest.json
    <root>/CURRENT        one line: the generation that is served
"""

import re
import secrets
import shutil
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from index import query, terms
from index.dense import FACTORY, DenseLeg, write_vectors
from index.durable import TEMPORARY_PREFIX, digest_of, replace_text, sync_file, sync_tree
from index.encoders import Encoder, Vectors
from index.errors import SnapshotDamaged
from index.manifest import FileEntry, Manifest
from index.passage import CUTTER_VERSION, Passage, PassageId
from index.rows import Rows, RowsWriter

POINTER = "CURRENT"
MANIFEST_FILE = "manifest.json"
VECTORS_FILE = "vectors.faiss"
TERMS_FOLDER = "terms"
BUILDING_PREFIX = ".building-"
REMOVING_PREFIX = ".removing-"
GENERATION = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")
_STAMP = "%Y%m%dT%H%M%S%f"
_UNIT_TOLERANCE = 1e-3


def write(
    root: Path,
    passages: Iterable[Passage],
    vectors: Vectors,
    *,
    encoder: Encoder | str,
    encoder_model: str = "",
    catalog_digest: str,
) -> Manifest:
    """Build a new generation from passages and their vectors, row by row; it is not published yet.

    vectors: shape (passages, dimension), unit rows.  encoder: what made them, or its fingerprint.
    encoder_model: the name that readers load it by.
    Raises: ValueError when vectors and passages do not fit; OSError (disk full); FaissUnavailable.
    """
    _check_vectors(vectors)
    root.mkdir(parents=True, exist_ok=True)
    building = root / f"{BUILDING_PREFIX}{uuid.uuid4().hex}"
    building.mkdir()
    try:
        rows = _build(building, passages, vectors)
        generation = _new_generation(root)
        manifest = Manifest(
            generation=generation,
            created_at=datetime.now(UTC),
            passages=rows.passages,
            talks=rows.owners("talk"),
            papers=rows.owners("paper"),
            dimension=int(vectors.shape[1]),
            encoder_fingerprint=encoder if isinstance(encoder, str) else encoder.fingerprint,
            encoder_model=encoder_model,
            cutter_version=CUTTER_VERSION,
            catalog_digest=catalog_digest,
            build=_build_parameters(),
            files=_entries(building),
        )
        (building / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
        sync_tree(building)
        _verify_folder(building, generation)
        building.rename(root / generation)
        sync_file(root)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return manifest


def publish(root: Path, generation: str) -> None:
    """Point to a generation, after verifying it.

    Raises: SnapshotDamaged, and the pointer stays as it was.
    """
    verify(root, generation)
    replace_text(root / POINTER, generation + "\n")


def current_generation(root: Path) -> str | None:
    """The generation that is served, or None before the first.

    Raises: SnapshotDamaged for a garbled pointer.
    """
    try:
        text = (root / POINTER).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as problem:
        raise SnapshotDamaged(POINTER, POINTER, f"cannot be read ({problem})") from problem
    if not GENERATION.fullmatch(text.removesuffix("\n")):
        raise SnapshotDamaged(POINTER, POINTER, "does not name a generation")
    return text.removesuffix("\n")


def generations(root: Path) -> list[str]:
    """Every generation on disk, whole or damaged, oldest first."""
    if not root.is_dir():
        return []
    return sorted(entry.name for entry in root.iterdir() if GENERATION.fullmatch(entry.name))


def read_manifest(root: Path, generation: str) -> Manifest:
    """A generation's manifest, checked against itself only.  Raises: SnapshotDamaged."""
    return _manifest(_folder(root, generation), generation)


def verify(root: Path, generation: str) -> None:
    """Compare every byte of a generation with its manifest.  Raises: SnapshotDamaged."""
    _verify_folder(_folder(root, generation), generation)


def collect_garbage(root: Path, keep: int = 3, *, min_age_s: float = 600.0) -> list[str]:
    """Remove all but the newest `keep` generations, and what killed writers left; name them.

    Neither the current generation nor anything younger than `min_age_s` is touched.
    """
    if not root.is_dir():
        return []
    try:
        protected = {current_generation(root)}
    except SnapshotDamaged:  # which one is served is unknown, so every generation may be
        protected = set(generations(root))
    old = [name for name in generations(root)[: -keep or None] if name not in protected]
    left_over = [entry.name for entry in root.iterdir() if entry.name.startswith(_LEFT_OVER)]
    removed = [name for name in [*old, *left_over] if _age_s(root / name) >= min_age_s]
    for name in removed:
        _remove(root / name)
    return removed


def passage_ids(root: Path, generation: str) -> list[PassageId]:
    """The ids of a verified generation's passages, in row order.  Raises: SnapshotDamaged."""
    verify(root, generation)
    return Rows(_folder(root, generation)).ids()


def vectors(root: Path, generation: str) -> Vectors:
    """The vectors of a verified generation, in row order.

    Raises: SnapshotDamaged, FaissUnavailable.
    """
    verify(root, generation)
    return DenseLeg(_folder(root, generation) / VECTORS_FILE).vectors()


_LEFT_OVER = (BUILDING_PREFIX, REMOVING_PREFIX, TEMPORARY_PREFIX)


def _check_vectors(vectors: Vectors) -> None:
    if vectors.ndim != 2 or vectors.dtype != np.float32 or vectors.shape[1] < 1:
        raise ValueError(
            f"vectors must be float32 of shape (n, d), not {vectors.dtype} {vectors.shape}"
        )
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1) < _UNIT_TOLERANCE):  # also false for NaN
        row = int(np.argmax(~(np.abs(lengths - 1) < _UNIT_TOLERANCE)))
        raise ValueError(f"vector {row} is of length {lengths[row]}, not 1")


def _build(folder: Path, passages: Iterable[Passage], vectors: Vectors) -> RowsWriter:
    rows = RowsWriter(folder)
    (folder / TERMS_FOLDER).mkdir()
    terms.write_terms(folder / TERMS_FOLDER, rows.written(passages))
    rows.finish()
    if rows.passages != len(vectors):
        raise ValueError(f"{rows.passages} passages came with {len(vectors)} vectors")
    write_vectors(folder / VECTORS_FILE, vectors)
    return rows


def _build_parameters() -> dict[str, str]:
    return {
        "vectors": FACTORY,
        "terms_analyser": terms.ANALYSER_VERSION,
        "notation": query.NORMALISER_VERSION,
    }


def _entries(folder: Path) -> dict[str, FileEntry]:
    return {
        name: FileEntry(sha256=digest_of(folder / name), size_bytes=(folder / name).stat().st_size)
        for name in sorted(_file_names(folder))
    }


def _file_names(folder: Path) -> set[str]:
    """Every file of a snapshot but its manifest and the empty locks that readers leave."""
    names = (
        file.relative_to(folder)
        for file in folder.rglob("*")
        if not file.is_dir() or file.is_symlink()
    )
    return {
        str(name)
        for name in names
        if str(name) != MANIFEST_FILE
        and not (str(name.parent) == TERMS_FOLDER and name.name in terms.LOCK_FILES)
    }


def _new_generation(root: Path) -> str:
    """A name that sorts after every name on disk, even if the clock was set back."""
    stamp = datetime.now(UTC).strftime(_STAMP)
    newest = max(generations(root), default="")[: len(stamp)]
    if newest >= stamp:
        stamp = (datetime.strptime(newest, _STAMP) + timedelta(microseconds=1)).strftime(_STAMP)
    return f"{stamp}-{secrets.token_hex(4)}"


def _folder(root: Path, generation: str) -> Path:
    if not GENERATION.fullmatch(generation):
        raise SnapshotDamaged(generation, POINTER, "does not name a generation")
    return root / generation


def _manifest(folder: Path, generation: str) -> Manifest:
    try:
        manifest = Manifest.from_json((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise SnapshotDamaged(generation, MANIFEST_FILE, "is missing") from problem
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise SnapshotDamaged(
            generation, MANIFEST_FILE, f"cannot be trusted ({problem})"
        ) from problem
    if manifest.generation != generation:
        raise SnapshotDamaged(generation, MANIFEST_FILE, f"belongs to {manifest.generation}")
    return manifest


def _verify_folder(folder: Path, generation: str) -> None:
    manifest = _manifest(folder, generation)
    for name in sorted(manifest.files.keys() ^ _file_names(folder)):
        raise SnapshotDamaged(
            generation, name, "is missing" if name in manifest.files else "does not belong here"
        )
    for name, entry in manifest.files.items():
        try:
            size_bytes, sha256 = (folder / name).stat().st_size, digest_of(folder / name)
        except OSError as problem:
            raise SnapshotDamaged(generation, name, f"cannot be read ({problem})") from problem
        if size_bytes != entry.size_bytes:
            raise SnapshotDamaged(
                generation, name, f"has {size_bytes} bytes, not {entry.size_bytes}"
            )
        if sha256 != entry.sha256:
            raise SnapshotDamaged(generation, name, "has another sha256 than its manifest says")


def _age_s(entry: Path) -> float:
    try:
        return time.time() - entry.stat().st_mtime
    except FileNotFoundError:  # another collector was quicker
        return 0.0


def _remove(entry: Path) -> None:
    """Take the name away first, so that no half of a generation is ever seen under it."""
    removing = entry.with_name(f"{REMOVING_PREFIX}{uuid.uuid4().hex}")
    try:
        entry.rename(removing)
    except FileNotFoundError:
        return
    if removing.is_dir():
        shutil.rmtree(removing, ignore_errors=True)
    else:
        removing.unlink(missing_ok=True)
