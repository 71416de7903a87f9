"""Captions taken in by the archive's own steps, with a quick encoder and no worker process."""

from pathlib import Path

from catalog import submissions
from catalog.talks import NewTalk
from ingest.accept import Accepted, Offer, accept, accept_corrections
from ingest.caption_steps import CaptionSteps
from ingest.steps import Steps
from tests.app.shelf import Shelf


def take_captions(shelf: Shelf, path: Path, new: NewTalk, *, talk: str | None = None) -> str:
    """A talk with these captions, published; its public id."""
    accepted = accept(shelf.catalog, shelf.store, Offer(path=path, about=new, talk=talk))
    do_captions(shelf, accepted)
    return accepted.public_id


def import_corrections(shelf: Shelf, path: Path, talk: str) -> None:
    """A corrected transcript, published."""
    do_captions(shelf, accept_corrections(shelf.catalog, shelf.store, path, talk=talk))


def do_captions(shelf: Shelf, accepted: Accepted) -> None:
    """The steps of a captions job, each run twice as after a kill."""
    steps = Steps(shelf.settings, shelf.catalog, shelf.store)
    steps.encoder = shelf.encoder
    mine, job = CaptionSteps(steps), accepted.job_id
    names = [mine.read(job) for _ in range(2)]
    cuts = [mine.cut(job, names[0]) for _ in range(2)]
    for _ in range(2):
        steps.encode(job, cuts[0])
        mine.commit(job, names[0], cuts[0])
    steps.clean(job)
    steps.publish()
    with shelf.catalog.read() as session:
        assert submissions.get(session, job).state == "done"
