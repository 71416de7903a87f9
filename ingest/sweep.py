"""After a removal: its files, artifacts and jobs go, a snapshot without it is published, and the
databases are written anew, so that no byte of it stays.

Invariant: a removal counts as swept only when all of that was done; whoever sweeps next does what
is left.  A file that somebody brought again since the removal stays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from catalog import events, submissions
from catalog.engine import Catalog, compact_sqlite
from catalog.settings import Settings
from catalog.store import Store
from catalog.tables import Event
from index import snapshot
from ingest.publish import differs, publishing
from ingest.steps import Steps
from ingest.workflow import forget_jobs

PATIENCE_S = 600.0
MADE_BY_FILE = ("heard", "pcm", "cuts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep did."""

    removals: int
    generation: str | None  # that was published, if one had to be


def sweep(settings: Settings, catalog: Catalog, store: Store) -> Swept:
    """Finish all removals.  Raises: IndexProblem, StoreFull; what is done stays done."""
    with catalog.read() as session:
        left = events.unswept(session)
    for removal in left:
        _drop_files(catalog, store, removal)
        for owner_id in removal.unswept.get("owners", []):
            store.drop_vectors(owner_id)
    _drop_ownerless_artifacts(catalog, store)
    forget_jobs(settings.jobs_url, [job for one in left for job in one.unswept.get("jobs", [])])
    steps = Steps(settings, catalog, store)
    publish = partial(steps.publish, wait_s=PATIENCE_S, anew=bool(left))
    generation = _published(settings, catalog, publish, rewrite=bool(left))
    if left:
        catalog.compact()
        _compact_jobs(settings)
        with catalog.write() as session:
            events.swept(session, [one.id for one in left if one.id is not None])
    return Swept(removals=len(left), generation=generation)


def _drop_files(catalog: Catalog, store: Store, removal: Event) -> None:
    for sha256 in removal.unswept.get("files", []):
        with catalog.read() as session:
            brought_again = submissions.holder_of(session, sha256) is not None
        path = store.media(sha256)
        if path.exists() and path.stat().st_mtime >= removal.at.timestamp():
            brought_again = True  # its row may be about to be written
        if not brought_again:
            store.forget_media(sha256)


def _drop_ownerless_artifacts(catalog: Catalog, store: Store) -> None:
    """Also those that a job wrote in the moment in which it was removed."""
    found = {kind: store.artifact_owners(kind) for kind in MADE_BY_FILE}
    with catalog.read() as session:
        known = submissions.known_files(session)
    for kind, owners in found.items():
        for sha256 in owners - known:
            store.drop_artifacts(kind, sha256)


def _published(
    settings: Settings, catalog: Catalog, publish: Callable[[], str], *, rewrite: bool
) -> str | None:
    """Publish when search shows another catalog, and let no older generation stay.

    rewrite: publish too when files still hold what was taken out and nobody finds any more.
    """
    index_dir = settings.index_dir
    due = differs(catalog, index_dir) or (rewrite and _has_holes(index_dir))
    generation = publish() if due else None
    with publishing(catalog, index_dir, wait_s=PATIENCE_S):
        snapshot.collect_garbage(index_dir, keep=1, min_age_s=0)
    return generation


def _has_holes(index_dir: Path) -> bool:
    """Whether a published snapshot's files hold passages that were taken out."""
    generation = snapshot.current_generation(index_dir)
    return generation is not None and bool(snapshot.read_manifest(index_dir, generation).gone)


def _compact_jobs(settings: Settings) -> None:
    path = Path(settings.jobs_url.removeprefix("sqlite:///"))
    if settings.jobs_url.startswith("sqlite") and path.exists():
        compact_sqlite(path)
