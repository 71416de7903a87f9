"""GET /api/v1/jobs/{id}/events: how a job goes on, as server-sent events until it ends.

Invariant: a stream says what changed and nothing twice; it ends with the job, with the key that
asked for it, and with the server.  Source: HTML, "Server-sent events".
"""

import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Header, Request
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.access import caller_of
from app.api.depends import Opened
from app.api.jobs import JobKey, seen
from app.api.listeners import Listeners
from app.api.problems import documented
from app.api.staff_schemas import JobAnswer
from app.keyring import HeldKey
from app.wiring import Service
from catalog.errors import CatalogProblem, NotThere

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])
ENDS = frozenset({"done", "failed", "cancelled"})
LOOK_EVERY_S = 0.5
SAY_EVERY_S = 15.0
"""How long a stream is silent at most; proxies close what says nothing for a minute."""

AGAIN_MS = 2_000
EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "event": {"enum": ["progress", "end"]},
        "id": {"type": "string", "description": "For `Last-Event-ID`."},
        "retry": {"type": "integer"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/JobAnswer"},
        },
    },
}
"""The shape of one event.  Source: OpenAPI 3.2, 4.14.5, which is what programs of 3.1 read too."""
LastSeen = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=200, description="What was seen last; goes on after."),
]


@router.get(
    "/{job_id}/events",
    summary="How a job goes on",
    response_class=Response,
    responses={
        200: {
            "description": "Events `progress`, then one `end`; the data of each is a job.",
            "content": {"text/event-stream": {"itemSchema": EVENT}},
        },
        204: {"description": "The job has ended, and its end was seen."},
        **documented(404, 422),
    },
)
async def events(
    request: Request, service: Opened, job_id: JobKey, last_event_id: LastSeen = None
) -> Response:
    """Server-sent events while the job changes, at most two a second, until it ends."""
    first = await to_thread.run_sync(partial(seen, service, job_id))
    if first.state in ENDS and last_event_id == event_id(first):
        return Response(status_code=204)
    if request.scope.get("head"):
        return EventSourceResponse(())
    told = _told(request, service, first, last_event_id)
    return _Stream(told, service.listeners)


class _Stream(EventSourceResponse):
    """A stream that has a place among the listeners until it ends."""

    def __init__(self, told: AsyncIterator[bytes], listeners: Listeners) -> None:
        """Raises: TooManyListeners."""
        listeners.take()
        self._listeners = listeners
        super().__init__(told, headers={"cache-control": "no-store", "x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and give the place back."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listeners.leave()


def event_id(job: JobAnswer) -> str:
    """What tells one state of a job from another."""
    return f"{job.attempt}.{job.state}.{job.step or '-'}.{job.done}.{job.total or '-'}"


async def _told(
    request: Request, service: Service, job: JobAnswer, last: str | None
) -> AsyncIterator[bytes]:
    key = caller_of(request.scope).key
    said_at = time.monotonic()
    yield format_sse_event(retry=AGAIN_MS)
    while True:
        if event_id(job) != last:
            last, said_at = event_id(job), time.monotonic()
            yield _event(job)
        elif time.monotonic() - said_at >= SAY_EVERY_S:
            said_at = time.monotonic()
            yield KEEPALIVE_COMMENT
        if job.state in ENDS:
            return
        await anyio.sleep(LOOK_EVERY_S)
        if await request.is_disconnected() or not _may_listen(service, key):
            return
        try:
            job = await to_thread.run_sync(partial(seen, service, job.id))
        except (NotThere, CatalogProblem):  # whoever asks again is told which
            return


def _event(job: JobAnswer) -> bytes:
    return format_sse_event(
        data_str=job.model_dump_json(),
        event="end" if job.state in ENDS else "progress",
        id=event_id(job),
    )


def _may_listen(service: Service, key: HeldKey | None) -> bool:
    return key is not None and service.keys.is_active(key.public_id)
