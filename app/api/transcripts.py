"""GET /api/v1/talks/{id}/transcript in four formats."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.api.answers import hidden_recording
from app.api.caching import keeping, tagged
from app.api.depends import Opened
from app.api.problems import documented
from app.api.schemas import SegmentAnswer, TranscriptAnswer, WordAnswer
from app.api.talks import TalkKey, shown_talk
from app.errors import NoMedia
from app.wiring import Service
from catalog import transcripts
from catalog.tables import Segment, Transcript
from catalog.talks import TalkDetails
from catalog.transcripts import Shape

router = APIRouter(prefix="/api/v1/talks", tags=["talks"])
MEDIA_TYPES = {
    "json": "application/json",
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "txt": "text/plain",
}


@router.get(
    "/{talk_id}/transcript",
    response_model=TranscriptAnswer,
    summary="What was said",
    responses={
        200: {"content": {kind: {} for form, kind in MEDIA_TYPES.items() if form != "json"}},
        304: {"description": "Not changed"},
        **documented(404, 409, 410, 422),
    },
)
def transcript(
    request: Request,
    service: Opened,
    talk_id: TalkKey,
    form: Annotated[Shape, Query(alias="format", description="How it is written.")] = "json",
) -> Response:
    """The transcript as JSON with words and confidence, as WebVTT, SubRip or plain text.

    One without times is there as JSON and text only.
    """
    details = shown_talk(service, talk_id)
    current, segments = heard_in(service, details)
    body = _written(form, details, current, segments).encode()
    answer = tagged(
        request, body, media_type=MEDIA_TYPES[form], keep=keeping(details.talk.visibility)
    )
    answer.headers["content-disposition"] = f'inline; filename="{details.talk.slug}.{form}"'
    return answer


def heard_in(service: Service, details: TalkDetails) -> tuple[Transcript, list[Segment]]:
    """The talk's current transcript.  Raises: NotATranscript, NoMedia (recording withdrawn)."""
    if hidden_recording(details):
        raise NoMedia("talk", f"its recording is {details.talk.recording_status}")
    with service.catalog.read() as session:
        return transcripts.current(session, details.talk)


def _written(
    form: Shape, details: TalkDetails, current: Transcript, segments: list[Segment]
) -> str:
    if form == "json":
        return _answer(details, current, segments).model_dump_json()
    return transcripts.rendered(details.talk, current, segments, form)


def _answer(details: TalkDetails, current: Transcript, segments: list[Segment]) -> TranscriptAnswer:
    return TranscriptAnswer.model_validate(
        {
            "talk": details.talk.public_id,
            "title": details.talk.title,
            "language": current.language,
            "engine": current.engine,
            "model": current.model,
            "version": current.version,
            "origin": current.origin,
            "timed": current.timed,
            "complete": current.complete,
            "gaps": current.gaps,
            "segments": [_segment(one, timed=current.timed) for one in segments],
        }
    )


def _segment(one: Segment, *, timed: bool) -> SegmentAnswer:
    return SegmentAnswer(
        start_ms=one.start_ms if timed else None,
        end_ms=one.end_ms if timed else None,
        text=one.text,
        doubtful=one.doubtful,
        words=[
            WordAnswer(start_ms=start, end_ms=end, text=text, confidence=confidence)
            for start, end, text, confidence, *_heard in one.words
        ],
    )
