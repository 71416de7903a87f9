"""Taking an entry in: its captions first, then its recording, so that neither waits for the other.

Invariant: an entry that is refused leaves nothing, and says why in one line.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from catalog import submissions
from catalog.engine import Catalog
from catalog.errors import AlreadyThere, CatalogProblem
from catalog.store import Store
from ingest.accept import Offer, accept, holder, look_at_recording
from ingest.errors import IngestProblem
from ingest.manifest import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of one file: accepted, exists or refused; `problem` says why not.

    One that exists has a job while it is not through.
    """

    path: Path
    status: str
    kind: str | None = None
    public_id: str | None = None
    title: str | None = None
    job_id: str | None = None
    remarks: tuple[str, ...] = ()
    problem: CatalogProblem | IngestProblem | None = None


def take_in(catalog: Catalog, store: Store, entry: Entry) -> Iterator[Taken]:
    """Accept the files of an entry; a refusal is a value, and ends it."""
    talk = entry.talk
    if entry.captions is not None:
        try:
            owner = holder(catalog, entry.path)
            talk = owner.public_id if owner else talk
            if owner is None:
                look_at_recording(entry.path)
        except (CatalogProblem, IngestProblem) as problem:
            yield Taken(path=entry.path, status="refused", problem=problem)
            return
        first = _take(catalog, store, Offer(path=entry.captions, about=entry.about, talk=talk))
        if first.status == "refused":
            yield replace(first, path=entry.path)
            return
        yield first
        talk = first.public_id
    yield _take(catalog, store, Offer(path=entry.path, about=entry.about, talk=talk))


def _take(catalog: Catalog, store: Store, offer: Offer) -> Taken:
    try:
        accepted = accept(catalog, store, offer)
    except AlreadyThere as there:
        with catalog.read() as session:
            job_id = submissions.under_way(session, there.public_id)
        return Taken(
            path=offer.path,
            status="exists",
            kind=there.kind,
            public_id=there.public_id,
            title=there.title,
            job_id=job_id,
            problem=there,
        )
    except (CatalogProblem, IngestProblem) as problem:
        return Taken(path=offer.path, status="refused", problem=problem)
    return Taken(
        path=offer.path,
        status="accepted",
        kind=accepted.kind,
        public_id=accepted.public_id,
        title=accepted.title,
        job_id=accepted.job_id,
        remarks=accepted.remarks,
    )
