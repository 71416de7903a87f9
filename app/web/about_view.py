"""The page about the archive: what it holds, how good its transcripts are, what it keeps of you."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from app.api import inventory
from app.api.schemas import StatusAnswer
from app.api.status import status_of
from app.web import privacy
from app.web.contexts.lists import AboutPage
from app.web.contexts.parts import Frame
from app.web.formats import counted, day, hours
from app.web.transcript import DOUBT_BELOW
from app.wiring import Service
from catalog import quality
from catalog.quality import Quality
from catalog.tables import Paper

MEASURED: Mapping[str, str] = {"tiny.en": "22.6"}
"""Words in a hundred that a model gets wrong on human-checked clips.  Source: `bench/wer.py`."""


def about_page(service: Service, *, base: str) -> AboutPage:
    """What the archive holds, what it runs on, how it is, and what it keeps."""
    status = status_of(service)
    return AboutPage(
        frame=Frame(
            title="About",
            archive=service.settings.archive_name,
            here="about",
            description="What this archive holds, how good its transcripts are, and what it keeps "
            "of those who use it.",
            canonical=f"{base}/about",
        ),
        holds=_holds(service, status),
        good=good(_quality(service), status.speech_models),
        models=(
            ("Meaning", status.encoder.model),
            ("Speech", ", ".join(status.speech_models) or "nothing transcribed yet"),
            ("Version", status.version),
        ),
        rules=privacy.rules(service.settings),
        state=tuple(_state(name, service) for name in status.degraded),
    )


def good(known: Quality, models: Sequence[str]) -> tuple[str, ...]:
    """How far the transcripts can be trusted, a sentence for each thing that is known."""
    said: list[str] = []
    if known.words:
        share = 100 * known.doubtful / known.words
        said.append(
            f"The machine was unsure of {share:.1f} % of its words, in the "
            f"{counted(known.read, 'newest transcript')} that it made here."
        )
    if known.every:
        said.append(
            f"{counted(known.every, 'talk has', 'talks have')} a transcript: {known.machine:,} as "
            f"heard by a machine, {known.edited:,} corrected by staff, {known.captions:,} from "
            "captions that came with the talk."
        )
    for name, errors in MEASURED.items():
        if any(model.split()[-1].endswith(name) for model in models if model):
            said.append(
                f"The model {name} got {errors} of 100 words wrong on short clips that people "
                "had checked. It does better on clear lectures, and worse on names and formulas."
            )
    return tuple(said)


def _holds(service: Service, status: StatusAnswer) -> tuple[tuple[str, str], ...]:
    snapshot = status.snapshot
    with service.catalog.read() as session:
        pages = _pages(session)
    newest = next((one for one in reversed(inventory.changes(service)) if not one.gone), None)
    held = [
        ("Talks", f"{status.talks:,}"),
        ("Recorded", hours(status.recorded_ms) if status.recorded_ms else "nothing yet"),
        ("Papers", f"{status.papers:,}" + (f" with {counted(pages, 'page')}" if pages else "")),
        ("Passages", f"{snapshot.passages:,}" if snapshot else "none yet"),
    ]
    if newest:
        held.append(("Last change", day(newest.changed_at.date())))
    if snapshot:
        held.append(("Indexed", f"{snapshot.created_at:%d %B %Y, %H:%M} UTC".lstrip("0")))
    return tuple(held)


def _pages(session: Session) -> int:
    total = sa.select(sa.func.sum(col(Paper.page_count))).where(col(Paper.visibility) == "public")
    return int(session.execute(total).scalar() or 0)


def _quality(service: Service) -> Quality:
    """Counted once for each state of the archive: reading all words takes a while."""
    known = service.quality.get(service.stamp)
    if known is None:
        with service.catalog.read() as session:
            known = quality.measured(session, doubt_below=DOUBT_BELOW)
        service.quality.put(service.stamp, known)
    return known


def _state(name: str, service: Service) -> str:
    if name in {"encoder", "dense"}:
        loading = service.live.encoder.state == "loading"
        return "Search by meaning " + ("is just starting." if loading else "is not available.")
    if service.live.searcher() is None:
        return "No index is published yet; words are looked up in the catalog."
    return "The newest index cannot be used; an older one answers."
