"""Immutable indexes on disk, and the pointer that says which one is served.

Invariant: a generation's name is never used twice and its folder never changes; it is built aside,
synced, and only then renamed into place.  The pointer is replaced atomically, and only by a
generation every byte of which was verified just then.  A kill at any moment leaves the pointer on a
whole snapshot; what is left over is swept by `collect_garbage`.

    <root>/<generation>/  manifest.json  part-000000000/ …  terms/  spelling.tsv  notation.json
                          (see index/parts.py)
    <root>/CURRENT        one line: the generation that is served
"""

import re
import secrets
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from index import terms
from index.closeness import WORDINGS_VERSION
from index.dense import LAYOUT, DenseLeg
from index.durable import TEMPORARY_PREFIX, digest_of, replace_text, sync_file, sync_tree
from index.encoders import Encoder, Vectors
from index.errors import SnapshotDamaged
from index.manifest import FileEntry, Manifest
from index.notation import Notation, packaged
from index.parts import NOTATION_FILE, TERMS_FOLDER, Change, build, grow, parts_of
from index.passage import CUTTER_VERSION, Passage, PassageId
from index.rows import Rows
from index.surroundings import NEIGHBOURS, SURROUNDINGS_VERSION

POINTER = "CURRENT"
MANIFEST_FILE = "manifest.json"
BUILDING_PREFIX = ".building-"
REMOVING_PREFIX = ".removing-"
GENERATION = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")
MOST_HOLES = 0.2
"""The share of rows that may be holes: they are scanned, counted by BM25, and lie on the disk."""
_STAMP = "%Y%m%dT%H%M%S%f"


def write(
    root: Path,
    passages: Iterable[Passage],
    vectors: Vectors,
    *,
    encoder: Encoder | str,
    encoder_model: str = "",
    catalog_digest: str,
    stamps: Mapping[str, str] | None = None,
    notation: Notation | None = None,
) -> Manifest:
    """Build a new generation from passages and their vectors, row by row; it is not published yet.

    vectors: shape (passages, dimension), unit rows.  encoder: what made them, or its fingerprint.
    stamps: by talk or paper, what it was made of, for whoever extends it.
    notation: kept with it, and what queries to it are read by; the packaged one if none is given.
    encoder_model: the name that readers load it by.
    Raises: ValueError when vectors and passages do not fit; OSError (disk full); FaissUnavailable.
    """
    written_as = notation or packaged()
    content = Change(passages=passages, vectors=vectors, stamps=stamps or {}, notation=written_as)
    by = encoder if isinstance(encoder, str) else encoder.fingerprint
    return _made(
        root,
        lambda folder: build(folder, content),
        _Origin(
            encoder=by,
            encoder_model=encoder_model,
            dimension=int(vectors.shape[-1]),
            catalog_digest=catalog_digest,
            build=build_parameters(written_as),
        ),
    )


def extend(root: Path, base: Manifest, change: Change, *, catalog_digest: str) -> Manifest:
    """Build a new generation out of another one; it costs what changed, and is not published yet.

    base: as `verify` gave it just now.
    Raises: ValueError when vectors and passages do not fit; OSError (disk full).
    """
    folder = root / base.generation
    if change.vectors.shape[-1] != base.dimension:
        raise ValueError(f"vectors {change.vectors.shape} do not fit those of {base.generation}")
    return _made(
        root,
        lambda building: grow(building, folder, base.gone, change),
        _Origin(
            encoder=base.encoder_fingerprint,
            encoder_model=base.encoder_model,
            dimension=base.dimension,
            catalog_digest=catalog_digest,
            build=build_parameters(change.notation),
            known=_inodes(folder, base),
        ),
    )


def extensible(manifest: Manifest, notation: Notation) -> bool:
    """Whether a generation may be extended; else the next one is written anew."""
    holes = manifest.rows - manifest.passages
    same = manifest.build == build_parameters(notation)
    return same and holes <= MOST_HOLES * manifest.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """What a generation is made of; `known` are the verified files of its base by inode."""

    encoder: str
    encoder_model: str
    dimension: int
    catalog_digest: str
    build: Mapping[str, str]
    known: Mapping[int, FileEntry] = field(default_factory=dict)


def _made(root: Path, fill: Callable[[Path], Sequence[int]], origin: _Origin) -> Manifest:
    """Fill a folder aside, sync it, and rename it into place."""
    root.mkdir(parents=True, exist_ok=True)
    building = root / f"{BUILDING_PREFIX}{uuid.uuid4().hex}"
    building.mkdir()
    try:
        gone = fill(building)
        manifest = _described(building, _new_generation(root), gone, origin)
        (building / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
        sync_tree(building)
        building.rename(root / manifest.generation)
        sync_file(root)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return manifest


def _described(folder: Path, generation: str, gone: Sequence[int], origin: _Origin) -> Manifest:
    rows = Rows(parts_of(folder), gone)
    return Manifest(
        generation=generation,
        created_at=datetime.now(UTC),
        passages=len(rows),
        rows=rows.total,
        gone=tuple(gone),
        talks=rows.count("talk"),
        papers=rows.count("paper"),
        dimension=origin.dimension,
        encoder_fingerprint=origin.encoder,
        encoder_model=origin.encoder_model,
        cutter_version=CUTTER_VERSION,
        catalog_digest=origin.catalog_digest,
        build=origin.build,
        files=_entries(folder, origin.known),
    )


def publish(root: Path, generation: str) -> None:
    """Point to a generation, after verifying it.

    Raises: SnapshotDamaged, and the pointer stays as it was.
    """
    verify(root, generation)
    replace_text(root / POINTER, generation + "\n")


def discard(root: Path, generation: str) -> None:
    """Remove a generation that must not be published."""
    _remove(_folder(root, generation))


def stamps(root: Path, manifest: Manifest) -> dict[str, str]:
    """What each talk and paper in a verified generation was made of, by its id."""
    return rows_of(root / manifest.generation, manifest).living()


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


def verify(root: Path, generation: str) -> Manifest:
    """Compare every byte of a generation with its manifest.  Raises: SnapshotDamaged."""
    folder = _folder(root, generation)
    manifest = _manifest(folder, generation)
    _compare(folder, manifest)
    return manifest


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


def notation_of(root: Path, generation: str) -> Notation:
    """The notation that a verified generation was built with.  Raises: ValueError, OSError."""
    return Notation.from_json((root / generation / NOTATION_FILE).read_text(encoding="utf-8"))


def build_parameters(notation: Notation) -> dict[str, str]:
    """How a snapshot is built; one that was built otherwise is built anew, never extended."""
    return {
        "vectors": LAYOUT,
        "terms_analyser": terms.ANALYSER_VERSION,
        "notation": notation.digest,
        "wordings": WORDINGS_VERSION,
        "surroundings": f"{SURROUNDINGS_VERSION}, {NEIGHBOURS}",
    }


def passage_ids(root: Path, generation: str) -> list[PassageId]:
    """The ids of a verified generation's passages, in row order.  Raises: SnapshotDamaged."""
    return rows_of(_folder(root, generation), verify(root, generation)).ids()


def vectors(root: Path, generation: str) -> Vectors:
    """The vectors of a verified generation's passages, in row order.

    Raises: SnapshotDamaged, FaissUnavailable.
    """
    folder, manifest = _folder(root, generation), verify(root, generation)
    return DenseLeg(parts_of(folder)).vectors()[rows_of(folder, manifest).numbers()]


def rows_of(folder: Path, manifest: Manifest) -> Rows:
    """The passages in the folder of a verified generation."""
    return Rows(parts_of(folder), manifest.gone)


_LEFT_OVER = (BUILDING_PREFIX, REMOVING_PREFIX, TEMPORARY_PREFIX)


def _entries(folder: Path, known: Mapping[int, FileEntry]) -> dict[str, FileEntry]:
    names = sorted(_file_names(folder))
    return {name: known.get(_inode(folder / name)) or _entry(folder / name) for name in names}


def _entry(file: Path) -> FileEntry:
    return FileEntry(sha256=digest_of(file), size_bytes=file.stat().st_size)


def _inodes(folder: Path, manifest: Manifest) -> dict[int, FileEntry]:
    """A generation's files by inode: a hard link to one of them is the same file."""
    return {_inode(folder / name): entry for name, entry in manifest.files.items()}


def _inode(file: Path) -> int:
    return file.stat().st_ino


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


def _compare(folder: Path, manifest: Manifest) -> None:
    generation = manifest.generation
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
