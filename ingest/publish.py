"""From the catalog to a published snapshot: build aside, verify, name it by the pointer."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

import numpy as np

from catalog import events
from catalog import passages as catalog_passages
from catalog.engine import Catalog
from catalog.lock import Held, only_one
from catalog.passages import SearchablePassage
from index import snapshot
from index.encoders import Encoder
from index.encoders.choose import made_by
from index.errors import IndexProblem
from index.passage import Passage, PassageId
from ingest.errors import SomebodyPublishes
from ingest.vectors import VectorCache, Vectors

Told: TypeAlias = Callable[[int, int], None]
NOTHING = hashlib.sha256().hexdigest()
"""The digest of a catalog without passages."""


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
    with catalog.read() as session:
        digest = catalog_passages.digest(session)
        current = None if anew else _unchanged(index_dir, digest, encoder)
        if current:
            return current
        rows = list(catalog_passages.searchable(session))
    passages = [as_passage(row) for row in rows]
    vectors = _gathered(passages, cache, encoder)
    manifest = snapshot.write(
        index_dir,
        passages,
        vectors,
        encoder=encoder.fingerprint,
        encoder_model=encoder_model,
        catalog_digest=digest,
    )
    snapshot.publish(index_dir, manifest.generation)
    snapshot.collect_garbage(index_dir)
    return manifest.generation


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
        return manifest.catalog_digest != digest
    except IndexProblem:
        return True  # damaged: build a whole one


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


def _unchanged(index_dir: Path, digest: str, encoder: Encoder) -> str | None:
    generation = snapshot.current_generation(index_dir)
    if generation is None:
        return None
    try:
        manifest = snapshot.read_manifest(index_dir, generation)
        snapshot.verify(index_dir, generation)
    except IndexProblem:
        return None  # damaged: build a whole one
    same = (manifest.catalog_digest, manifest.encoder_fingerprint) == (digest, encoder.fingerprint)
    return generation if same else None


def _fingerprint(index_dir: Path) -> str | None:
    """Whose vectors are published; None when none are, or nobody can tell."""
    try:
        generation = snapshot.current_generation(index_dir)
        return generation and snapshot.read_manifest(index_dir, generation).encoder_fingerprint
    except IndexProblem:
        return None


def _gathered(passages: list[Passage], cache: VectorCache, encoder: Encoder) -> Vectors:
    parts: list[Vectors] = [np.empty((0, encoder.dimension), dtype=np.float32)]
    parts += [cache.rows(owner_id, group) for owner_id, group in _by_owner(passages)]
    return np.concatenate(parts)


def _by_owner(passages: list[Passage]) -> Iterator[tuple[str, list[Passage]]]:
    for owner_id, group in groupby(passages, key=lambda one: one.owner_id):
        yield owner_id, list(group)
