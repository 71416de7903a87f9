"""From the catalog to a published snapshot: build what changed, ask it, verify it, point to it.

Invariant: what a talk or paper shows is summed up in its stamp, in the catalog and in the snapshot;
only where the two differ are passages read and written.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

import numpy as np
import structlog
from sqlmodel import Session

from catalog import events
from catalog import passages as catalog_passages
from catalog.engine import Catalog
from catalog.lock import Held, only_one
from catalog.passages import SearchablePassage
from index import canaries, snapshot
from index.encoders import Encoder
from index.encoders.choose import made_by
from index.errors import CanaryFailed, IndexProblem
from index.manifest import Manifest
from index.notation import Notation
from index.notation import read as read_notation
from index.parts import Change
from index.passage import Passage, PassageId
from index.surroundings import in_surroundings
from ingest.errors import SomebodyPublishes
from ingest.vectors import VectorCache, Vectors

log = structlog.get_logger("publish")

Told: TypeAlias = Callable[[int, int], None]
NOTATION_FILE = "notation.toml"
NOTHING = hashlib.sha256().hexdigest()
"""The digest of a catalog without passages."""
CANARIES_FILE = "canaries.toml"
MOST_NEW = 0.5
"""The share of talks and papers that may be new; beyond it everything is written anew."""


def publish(
    catalog: Catalog,
    index_dir: Path,
    cache: VectorCache,
    encoder: Encoder,
    *,
    encoder_model: str = "",
    anew: bool = False,
) -> str:
    """Publish the catalog as it is now; returns the generation.

    Nothing changed: the generation that is published already, unless `anew`.
    Raises: SomebodyPublishes, IndexProblem, CatalogProblem.
    """
    with publishing(catalog, index_dir, wait_s=600):
        return published(catalog, index_dir, cache, encoder, encoder_model=encoder_model, anew=anew)


@contextmanager
def publishing(catalog: Catalog, index_dir: Path, *, wait_s: float) -> Iterator[None]:
    """Be the only one who publishes, on this machine and on those that share the database.

    Raises: SomebodyPublishes, when another still does after `wait_s`.
    """
    until = time.monotonic() + wait_s
    try:
        with only_one(publish_lock(index_dir), wait_s=wait_s):
            while True:
                with catalog.only_one("publish") as mine:
                    if mine:
                        yield
                        return
                if time.monotonic() >= until:
                    raise SomebodyPublishes("on another machine")
                time.sleep(0.5)
    except Held as held:
        raise SomebodyPublishes(f"in process {held.pid}") from held


def published(
    catalog: Catalog,
    index_dir: Path,
    cache: VectorCache,
    encoder: Encoder,
    *,
    encoder_model: str = "",
    anew: bool = False,
) -> str:
    """See `publish`; for whoever is the only one who publishes already."""
    notation = notation_of(index_dir)
    with catalog.read() as session:
        stamps = catalog_passages.stamps(session)
        base = None if anew else _base(index_dir, encoder)
        if base and _is_of(base, catalog_passages.digest_of(stamps), notation):
            return base.generation
        wanted = _Wanted(
            index_dir=index_dir,
            stamps=stamps,
            notation=notation,
            base=base,
            encoder_model=encoder_model,
        )
        made = _made(session, wanted, cache)
    _ask(index_dir, made.generation, encoder)
    snapshot.publish(index_dir, made.generation)
    snapshot.collect_garbage(index_dir)
    return made.generation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a new generation shall be: everything in `stamps`, out of `base` where that may be."""

    index_dir: Path
    stamps: Mapping[str, str]
    notation: Notation
    base: Manifest | None
    encoder_model: str


def _made(session: Session, wanted: _Wanted, cache: VectorCache) -> Manifest:
    """A new generation: the base and what changed since, or everything anew."""
    base, stamps = wanted.base, wanted.stamps
    known = {} if base is None else snapshot.stamps(wanted.index_dir, base)
    new = [owner_id for owner_id, stamp in stamps.items() if known.get(owner_id) != stamp]
    digest = catalog_passages.digest_of(stamps)
    if (
        base is None
        or not snapshot.extensible(base, wanted.notation)
        or len(new) > MOST_NEW * len(stamps)
    ):
        everything = [as_passage(one) for one in catalog_passages.searchable(session)]
        return snapshot.write(
            wanted.index_dir,
            everything,
            _gathered(everything, cache),
            encoder=cache.encoder.fingerprint,
            encoder_model=wanted.encoder_model,
            catalog_digest=digest,
            stamps=stamps,
            notation=wanted.notation,
        )
    changed = [as_passage(one) for one in catalog_passages.searchable(session, new)]
    change = Change(
        passages=changed,
        vectors=_gathered(changed, cache),
        stamps=stamps,
        gone=[owner_id for owner_id in known if known[owner_id] != stamps.get(owner_id)],
        notation=wanted.notation,
    )
    return snapshot.extend(wanted.index_dir, base, change, catalog_digest=digest)


def _ask(index_dir: Path, generation: str, encoder: Encoder) -> None:
    """Have a new generation answer the canaries, or take it away.  Raises: CanaryFailed."""
    try:
        passed_over = canaries.ask(
            index_dir, generation, encoder, canaries.read_canaries(index_dir.parent / CANARIES_FILE)
        )
    except CanaryFailed:
        snapshot.discard(index_dir, generation)
        raise
    for canary in passed_over:
        log.warning("canary not asked: that is not searched", finds=canary.owner_id)


def encode_anew(
    catalog: Catalog, index_dir: Path, cache: VectorCache, encoder: Encoder, told: Told
) -> None:
    """Before a snapshot with another encoder: encode everything, talk by talk, beside serving.

    Nobody is kept waiting, and what is done is kept, so a kill costs one talk.  Does nothing while
    the published vectors are this encoder's.  told: how many passages are done, and how many of
    how many there are.
    """
    if _fingerprint(index_dir) in {None, encoder.fingerprint}:
        return
    with catalog.read() as session:
        passages = [as_passage(row) for row in catalog_passages.searchable(session)]
    done = 0
    for owner_id, group in _by_owner(passages):
        cache.rows(owner_id, group)
        done += len(group)
        told(done, len(passages))


def differs(catalog: Catalog, index_dir: Path, encoder_model: str = "") -> bool:
    """Whether a snapshot of the catalog would be another than the published one.

    encoder_model: its vectors would be of this one; not looked at when empty.
    """
    with catalog.read() as session:
        digest = catalog_passages.digest(session)
    try:
        generation = snapshot.current_generation(index_dir)
        if generation is None:
            return digest != NOTHING
        manifest = snapshot.read_manifest(index_dir, generation)
        if encoder_model and not made_by(manifest.encoder_fingerprint, encoder_model):
            return True
        return not _is_of(manifest, digest, notation_of(index_dir))
    except IndexProblem:
        return True  # damaged: build a whole one; a faulty notation: say so


def notation_of(index_dir: Path) -> Notation:
    """The notation of the archive: the packaged one with what staff added in the data folder.

    Raises: BadNotation.
    """
    return read_notation(index_dir.parent / NOTATION_FILE)


def _is_of(manifest: Manifest, digest: str, notation: Notation) -> bool:
    """Whether a generation is of that catalog, and built as this version builds."""
    return manifest.catalog_digest == digest and (
        manifest.build == snapshot.build_parameters(notation)
    )


def publish_lock(index_dir: Path) -> Path:
    """The file that whoever publishes holds."""
    return index_dir.parent / "run" / "publish.lock"


class Deeds:
    """What staff did since the worker looked last, cheaply: the number of the newest deed.

    Only after a new one is the catalog compared with the snapshot, and once at the beginning; then
    so is the encoder, because a setting changes with the worker.
    """

    def __init__(self, catalog: Catalog, index_dir: Path, encoder_model: str = "") -> None:
        self._catalog = catalog
        self._encoder_model = encoder_model
        self._index_dir = index_dir
        self._seen: int | None = None

    def to_publish(self) -> bool:
        """Whether search shows something that staff changed."""
        with self._catalog.read() as session:
            newest = events.newest(session)
        if newest == self._seen:
            return False
        if differs(self._catalog, self._index_dir, self._encoder_model):
            return True
        self._seen = newest
        return False


def as_passage(one: SearchablePassage) -> Passage:
    """A catalog passage as the index knows it."""
    return Passage(
        id=PassageId(one.row.public_id),
        kind="talk" if one.kind == "talk" else "paper",
        owner_id=one.owner_id,
        title=one.title,
        speakers=one.names,
        series=one.series,
        year=one.year,
        text=one.row.text,
        start_ms=one.row.start_ms,
        end_ms=one.row.end_ms,
        page=one.row.page,
        section=one.row.section,
    )


def _base(index_dir: Path, encoder: Encoder) -> Manifest | None:
    """The published generation, if it is whole and its vectors are of this encoder."""
    generation = snapshot.current_generation(index_dir)
    if generation is None:
        return None
    try:
        manifest = snapshot.verify(index_dir, generation)
    except IndexProblem:
        return None  # damaged, or of another format: build a whole one
    return manifest if manifest.encoder_fingerprint == encoder.fingerprint else None


def _fingerprint(index_dir: Path) -> str | None:
    """Whose vectors are published; None when none are, or nobody can tell."""
    try:
        generation = snapshot.current_generation(index_dir)
        return generation and snapshot.read_manifest(index_dir, generation).encoder_fingerprint
    except IndexProblem:
        return None


def _gathered(passages: list[Passage], cache: VectorCache) -> Vectors:
    parts: list[Vectors] = [np.empty((0, cache.encoder.dimension), dtype=np.float32)]
    parts += [
        in_surroundings(cache.rows(owner_id, group)) for owner_id, group in _by_owner(passages)
    ]
    return np.concatenate(parts)


def _by_owner(passages: list[Passage]) -> Iterator[tuple[str, list[Passage]]]:
    for owner_id, group in groupby(passages, key=lambda one: one.owner_id):
        yield owner_id, list(group)
