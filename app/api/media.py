"""/media: recordings and PDFs by byte ranges.

Invariant: what is withdrawn is refused here too; a file's tag is its sha256, because its bytes
never change.
"""

from pathlib import Path as FilePath
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from app.api.answers import hidden_recording
from app.api.caching import FILES, VARY, holds, keeping, kept_by
from app.api.depends import Opened
from app.api.papers import PaperKey, shown_paper
from app.api.problems import PROBLEM_TYPE, documented, problem_by_status
from app.api.talks import TalkKey, shown_talk
from app.errors import NoMedia, TooManyRanges
from app.wiring import Service
from catalog.errors import StoreDamaged

router = APIRouter(prefix="/media", tags=["media"])
UNKNOWN_TYPE = "application/octet-stream"
_RANGES: dict[int | str, dict[str, Any]] = {
    206: {
        "description": "A range of the bytes, or several",
        "content": {kind: {} for kind in ("audio/*", "video/*", "application/*", "multipart/*")},
    },
    304: {"description": "Not changed"},
    **documented(400, 404, 410, 416, 422),
}


class FileAnswer(FileResponse):
    """A file whose refusals of odd ranges are problems like every other."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or the problem."""
        refused = False
        headers = [one for one in scope["headers"] if not _of_other_units(one)]

        async def send_or_refuse(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in {400, 416}:
                refused = True
                await self._refuse(message, scope, receive, send)
            elif not refused:
                await send(message)

        await super().__call__({**scope, "headers": headers}, receive, send_or_refuse)

    async def _refuse(self, start: Message, scope: Scope, receive: Receive, send: Send) -> None:
        kept = {k.decode(): v.decode() for k, v in start["headers"] if k == b"content-range"}
        problem = problem_by_status(start["status"], scope["path"])
        body = b"" if scope["method"] == "HEAD" else problem.model_dump_json(exclude_none=True)
        answer = Response(body, problem.status, headers=kept, media_type=PROBLEM_TYPE)
        await answer(scope, receive, send)


@router.api_route("/talks/{talk_id}", methods=["HEAD"], include_in_schema=False)
@router.get(
    "/talks/{talk_id}",
    summary="A talk's recording",
    response_class=FileResponse,
    responses={200: {"content": {"audio/*": {}, "video/*": {}, UNKNOWN_TYPE: {}}}, **_RANGES},
)
def recording(request: Request, service: Opened, talk_id: TalkKey) -> Response:
    """The bytes of a talk's current recording."""
    details = shown_talk(service, talk_id)
    if details.recording is None or hidden_recording(details):
        raise NoMedia("talk", f"its recording is {_reason(details.talk.recording_status)}")
    kind = details.recording.media_type
    return _file(
        request,
        service,
        sha256=details.recording.sha256,
        media_type=kind if kind.startswith(("audio/", "video/")) else UNKNOWN_TYPE,
        name=details.recording.file_name,
        visibility=details.talk.visibility,
    )


@router.api_route("/papers/{paper_id}.pdf", methods=["HEAD"], include_in_schema=False)
@router.get(
    "/papers/{paper_id}.pdf",
    summary="A paper's PDF",
    response_class=FileResponse,
    responses={200: {"content": {"application/pdf": {}}}, **_RANGES},
)
def pdf(request: Request, service: Opened, paper_id: PaperKey) -> Response:
    """The bytes of a paper's PDF."""
    paper = shown_paper(service, paper_id)
    if paper.sha256 is None:
        raise NoMedia("paper", "the archive knows it by name only")
    return _file(
        request,
        service,
        sha256=paper.sha256,
        media_type="application/pdf",
        name=paper.file_name or f"{paper.slug}.pdf",
        visibility=paper.visibility,
    )


def _of_other_units(header: tuple[bytes, bytes]) -> bool:
    """Whether it asks for ranges of something unknown; that is not obeyed (RFC 9110, 14.2)."""
    name, value = header
    return name == b"range" and not value.strip().lower().startswith(b"bytes")


def _reason(status: str) -> str:
    return "not here" if status == "recorded" else status.replace("_", " ")


def _file(
    request: Request,
    service: Service,
    *,
    sha256: str,
    media_type: str,
    name: str,
    visibility: str,
) -> Response:
    keep = kept_by(request, keeping(visibility, FILES))
    headers = {"etag": f'"{sha256}"', "cache-control": keep, "vary": VARY}
    if request.headers.get("range", "").count(",") >= FileResponse.max_ranges:
        raise TooManyRanges(most=FileResponse.max_ranges)
    if holds(request.headers.get("if-none-match"), headers["etag"]):
        return Response(status_code=304, headers=headers)
    path: FilePath = service.store.media(sha256)
    try:
        state = path.stat()
    except OSError as error:
        raise StoreDamaged(f"media file {sha256} cannot be read: {error}") from error
    return FileAnswer(
        path,
        headers=headers,
        media_type=media_type,
        filename=FilePath(name).name.encode("utf-8", "replace").decode(),
        stat_result=state,
        content_disposition_type="inline",
    )
