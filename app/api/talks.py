"""GET /api/v1/talks and /api/v1/talks/{id}."""

import time
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from app.api import inventory
from app.api.access import caller_of
from app.api.answers import hidden_recording
from app.api.caching import keeping, tagged
from app.api.depends import Opened, named
from app.api.fields import Wanted, fields_of, written
from app.api.lists import sliced
from app.api.mentions import papers_mentioned, seen_from_talk
from app.api.places import media_url, paper_url, talk_url, transcript_url
from app.api.problems import documented
from app.api.schemas import PaperLink, Progress, TalkAnswer, TalkItem, TalkList
from app.errors import Withdrawn
from app.wiring import Service
from catalog import talks as catalog_talks
from catalog.errors import NotThere
from catalog.mentions import Mentioned
from catalog.submissions import OPEN
from catalog.tables import Submission, Transcript
from catalog.talks import TalkDetails
from catalog.transcripts import TIMED_SHAPES

router = APIRouter(prefix="/api/v1/talks", tags=["talks"])
FORMATS = ("json", "vtt", "srt", "txt")
TalkKey = Annotated[
    str, Path(max_length=200, description="Id or slug of a talk.", examples=["the-second-descent"])
]


@router.get(
    "",
    response_model=TalkList,
    summary="List talks",
    responses={304: {"description": "Not changed"}, **documented(400, 422)},
)
def talks(
    request: Request,
    service: Opened,
    wanted: Annotated[Wanted, Depends(fields_of(TalkItem))],
    limit: Annotated[int, Query(ge=1, le=100, description="Talks per page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=400, description="From `next_cursor` of the page before.")
    ] = None,
) -> Response:
    """Public talks, newest first, those without a date last."""
    listed = inventory.talks(service)
    part = sliced(listed, named="talks", key=lambda one: one.public_id, limit=limit, after=cursor)
    rows = inventory.talk_rows(service, (one.public_id for one in part.items))
    answer = TalkList(items=[item(one) for one in rows], next_cursor=part.next_cursor)
    body = written(answer, wanted, within="items")
    return tagged(request, body, media_type="application/json")


@router.get(
    "/{talk_id}",
    response_model=TalkAnswer,
    summary="One talk",
    responses={304: {"description": "Not changed"}, **documented(404, 410, 422)},
)
def talk(
    request: Request,
    service: Opened,
    talk_id: TalkKey,
    wanted: Annotated[Wanted, Depends(fields_of(TalkAnswer))],
) -> Response:
    """A talk with its recording, transcripts and papers; unlisted ones too, by their id."""
    details = shown_talk(service, talk_id)
    answer = talk_answer(details, papers_mentioned(service, details.talk))
    answer = _for_players(request, service, answer)
    return tagged(
        request,
        written(answer, wanted),
        media_type="application/json",
        keep=keeping(answer.visibility),
    )


def _for_players(request: Request, service: Service, answer: TalkAnswer) -> TalkAnswer:
    """With an address that a player may ask for without a key, where a page asked with one."""
    key = caller_of(request.scope).key
    closed = service.settings.reading == "key" and key is not None and key.scope == "search"
    if key is None or answer.media_url is None or not closed:
        return answer
    signed = service.signer.address(answer.media_url, key_id=key.public_id, at_s=time.time())
    return answer.model_copy(update={"media_url": signed})


def shown_talk(service: Service, key: str) -> TalkDetails:
    """The talk with this id or slug, if it may be shown.  Raises: NotThere, Withdrawn."""
    with service.catalog.read() as session:
        found = catalog_talks.find(session, named("talk", key))
        if not service.shows(found.public_id):
            raise NotThere("talk", key)
        if found.visibility == "withdrawn":
            raise Withdrawn("talk")
        return catalog_talks.details(session, [found])[0]


def item(one: TalkDetails) -> TalkItem:
    """A talk as a list shows it."""
    return TalkItem.model_validate(_known(one))


def talk_answer(one: TalkDetails, mentioned: Sequence[Mentioned]) -> TalkAnswer:
    """A talk with everything that is known of it, and where it names papers."""
    talk, heard = one.talk, one.transcript if not hidden_recording(one) else None
    playable = one.recording if not hidden_recording(one) else None
    return TalkAnswer.model_validate(
        {
            **_known(one),
            "abstract": talk.abstract,
            "language": (heard.language if heard else None) or talk.language,
            "visibility": talk.visibility,
            "media_url": media_url(talk) if playable else None,
            "media_type": playable.media_type if playable else None,
            "transcripts": {form: transcript_url(talk, form) for form in forms_of(heard)},
            "partial": bool(heard and not heard.complete),
            "gaps": heard.gaps if heard else [],
            "papers": [
                PaperLink(id=paper.public_id, title=paper.title, url=paper_url(paper))
                for paper in one.papers
            ],
            "mentions": seen_from_talk(mentioned),
            "processing": _progress(one.submission),
        }
    )


def forms_of(heard: Transcript | None) -> tuple[str, ...]:
    """The formats that a transcript can be written in."""
    if heard is None:
        return ()
    return FORMATS if heard.timed else tuple(f for f in FORMATS if f not in TIMED_SHAPES)


def percent_of(job: Submission) -> int | None:
    """How far a job's step is, of 100; None where it cannot tell."""
    if not job.total:
        return None
    return max(0, min(100, 100 * job.done // job.total))


def _known(one: TalkDetails) -> dict[str, object]:
    hidden = hidden_recording(one)
    return {
        "id": one.talk.public_id,
        "slug": one.talk.slug,
        "title": one.talk.title,
        "speakers": list(one.names),
        "series": one.series.name if one.series else None,
        "date": one.talk.held_on,
        "duration_ms": duration_ms(one),
        "title_is_known": one.talk.title_is_known,
        "recording_status": one.recording_status,
        "links": one.talk.links,
        "has_transcript": one.transcript is not None and not hidden,
        "url": talk_url(one.talk),
    }


def duration_ms(one: TalkDetails) -> int | None:
    """How long the recording is: as could be read, else as its container says."""
    if one.recording is None:
        return None
    return one.recording.duration_ms or one.recording.decoded_ms


def _progress(job: Submission | None) -> Progress | None:
    if job is None or job.state not in {*OPEN, "failed"}:
        return None
    return Progress(state=job.state, step=job.step, percent=percent_of(job))
