"""The oracle: examines the whole archive and names every broken promise.

It reads every byte of media and of the served snapshot, so it takes as long as the disk does.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlmodel import Session, col, select

from catalog import events, passages, promises, submissions, workers
from catalog.engine import Catalog
from catalog.errors import CatalogProblem
from catalog.settings import Settings
from catalog.store import Store
from catalog.submissions import Job
from catalog.tables import Paper, PassageRow, Recording, Segment, Submission, Talk, Transcript, now
from index import snapshot
from index.errors import IndexProblem

GRACE_S = 3600.0
_LEASE_S = 120.0
_LENGTH_SLACK_MS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How much was examined, and every fault in a line that says what and which."""

    checked: dict[str, int]
    faults: list[str]


def check(catalog: Catalog, store: Store, settings: Settings) -> Report:
    """Examine the archive; an empty list of faults means that every promise holds."""
    faults = catalog.faults()
    checked: Counter[str] = Counter()
    with catalog.read() as session:
        jobs = submissions.listed(session)
        working = workers.any_alive(session, settings)
        for group in (
            _jobs(session, jobs, working=working),
            _media(session, store),
            _lengths(session),
            _snapshot(session, settings.index_dir, checked),
            _removals(session),
        ):
            faults.extend(group)
        checked["jobs"] = len(jobs)
        checked["media files"] = sum(1 for _ in store.media_files())
    faults.extend(_leftovers(store, settings.index_dir))
    return Report(checked=dict(checked), faults=faults)


def _jobs(session: Session, jobs: list[Job], *, working: bool) -> Iterator[str]:
    for job in jobs:
        one = job.submission
        beat = one.heartbeat_at or one.accepted_at
        silent_s = (now() - beat).total_seconds()
        held = one.worker is None and working  # free, and somebody will come to it
        if one.state == "running" and not held and silent_s > _LEASE_S:
            yield f"job {one.public_id} of {one.file_name} says running, and no worker holds it"
        if one.state == "done" and not _has_text(session, job):
            yield f"job {one.public_id} of {one.file_name} is done, and nothing was written of it"
    promised = {job.submission.sha256 for job in jobs}
    for recording in session.exec(select(Recording)):
        if recording.sha256 not in promised:
            yield f"recording {recording.file_name} ({recording.sha256[:12]}) has no job"


def _has_text(session: Session, job: Job) -> bool:
    owner = job.owner
    if owner is None:
        return False
    if job.submission.kind == "link":  # the job of what it fetched answers for the text
        return True
    if isinstance(owner, Paper):
        return owner.page_count is not None
    query = select(Transcript).where(Transcript.talk_id == owner.id, col(Transcript.is_current))
    transcript = session.exec(query).first()
    if transcript is None:
        return False
    said = session.exec(select(Segment).where(Segment.transcript_id == transcript.id)).first()
    found = session.exec(select(PassageRow).where(PassageRow.talk_id == owner.id)).first()
    return (said is None) == (found is None)


def _media(session: Session, store: Store) -> Iterator[str]:
    known = {
        *session.exec(select(Recording.sha256)),
        *session.exec(select(col(Paper.sha256)).where(col(Paper.sha256).is_not(None))),
        *session.exec(select(Submission.sha256).where(Submission.kind == "captions")),
    }
    for sha256 in sorted(sha for sha in known if sha):
        try:
            store.verify_media(sha256)
        except CatalogProblem as problem:
            yield str(problem)
    waiting = promises.waiting_files(session)
    for sha256, state in waiting.items():
        if state in submissions.OPEN and not store.media(sha256).exists():
            yield f"media file {sha256} was uploaded, and is missing"
    for path in store.media_files():
        if path.name not in {*known, *waiting} and _age_s(path) > GRACE_S:
            yield f"media file {path.name} belongs to nothing"


def _lengths(session: Session) -> Iterator[str]:
    rows = session.exec(
        select(Recording, Transcript, Talk)
        .join(Transcript, col(Transcript.recording_id) == Recording.id)
        .join(Talk, col(Talk.id) == Recording.talk_id)
        .where(
            col(Transcript.complete), col(Transcript.is_current), Transcript.origin != "captions"
        )
    )
    for recording, _transcript, talk in rows:
        if recording.duration_ms is None or recording.decoded_ms is None:
            continue
        missing_ms = recording.duration_ms - recording.decoded_ms
        if missing_ms > max(_LENGTH_SLACK_MS, recording.duration_ms // 100):
            yield (
                f"talk {talk.public_id} lacks {missing_ms / 1000:.1f} s of its recording "
                "and is not marked partial"
            )


def _snapshot(session: Session, index_dir: Path, checked: Counter[str]) -> Iterator[str]:
    wanted = Counter(one.row.public_id for one in passages.searchable(session))
    checked["passages"] = len(wanted)
    generation = snapshot.current_generation(index_dir)
    if generation is None:
        if wanted and not submissions.listed(session, states=submissions.OPEN):
            yield "there are passages and no snapshot is published; `seminar reindex` makes one"
        return
    try:
        snapshot.verify(index_dir, generation)
        found = Counter(map(str, snapshot.passage_ids(index_dir, generation)))
        vectors = snapshot.vectors(index_dir, generation)
    except (IndexProblem, OSError) as problem:
        yield f"snapshot {generation}: {problem}; `seminar reindex` makes a new one"
        return
    yield from _differences(session, wanted, found)
    checked["vectors"] = len(vectors)
    norms = np.linalg.norm(vectors, axis=1)
    bad = int(np.sum(~np.isfinite(norms) | (np.abs(norms - 1) > 0.01)))
    if bad or len(vectors) != found.total():
        yield f"snapshot {generation}: {bad} vectors are not of length 1, {len(vectors)} in all"


def _differences(session: Session, wanted: Counter[str], found: Counter[str]) -> Iterator[str]:
    waiting = {
        one.public_id
        for job in submissions.listed(session, states=submissions.OPEN)
        if job.owner is not None
        for one in passages.of(session, job.owner)
    }
    for public_id, times in (wanted - found).items():
        if public_id not in waiting:
            yield f"passage {public_id} is {times} times too few in the snapshot"
    for public_id in found - wanted:
        if not waiting:
            yield f"the snapshot names passage {public_id} that the catalog does not have"


def _removals(session: Session) -> Iterator[str]:
    for event in events.unswept(session):
        yield f"the removal of {event.kind} {event.public_id} is not finished; run `seminar sweep`"


def _leftovers(store: Store, index_dir: Path) -> Iterator[str]:
    for path in store.leftovers(older_than_s=GRACE_S):
        yield f"{path} was left half written"
    for path in index_dir.glob(".*"):
        if path.is_dir() and _age_s(path) > GRACE_S:
            yield f"{path} was left half built"


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime
