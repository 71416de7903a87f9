"""GET /api/v1/status, and the probes /livez, /readyz and /metrics.

Invariant: liveness looks at nothing; readiness refuses only where no right answer could be given,
and names what is degraded.
"""

from collections.abc import Mapping
from typing import Literal

import sqlalchemy as sa
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlmodel import Session, col, select
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app import __version__
from app.api import work
from app.api.caching import tagged
from app.api.depends import Opened
from app.api.problems import documented
from app.api.schemas import (
    EncoderStatus,
    ReadyAnswer,
    SnapshotStatus,
    StatusAnswer,
    WorkerStatus,
)
from app.wiring import Service
from catalog import workers
from catalog.errors import CatalogUnavailable
from catalog.tables import SUBMISSION_STATES, Paper, Recording, Submission, Talk, Transcript
from index.contract import OK

router = APIRouter(tags=["status"])
NOTHING_PUBLISHED = "nothing is published yet; search looks words up in the catalog"
OLDER = "the newest snapshot cannot be served, an older one is; the log says why"
Ready = Literal["ready", "degraded", "not ready"]


@router.get("/livez", response_class=PlainTextResponse, summary="Is the process alive")
async def livez() -> PlainTextResponse:
    """Always ok while the process answers."""
    return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})


@router.get(
    "/readyz",
    response_model=ReadyAnswer,
    summary="Should requests be sent here",
    responses={503: {"model": ReadyAnswer, "description": "Not ready"}},
)
def readyz(service: Opened) -> JSONResponse:
    """Ready, degraded (it answers, but not as well as it could) or not ready."""
    checks = {"catalog": _catalog(service), **_index(service)}
    answer = ReadyAnswer(status=readiness(service, checks), checks=checks)
    return JSONResponse(
        answer.model_dump(),
        status_code=503 if answer.status == "not ready" else 200,
        headers={"cache-control": "no-store"},
    )


def readiness(service: Service, checks: Mapping[str, str]) -> Ready:
    """The word for a set of checks."""
    waits = not service.live.opened or service.live.encoder.state == "loading"
    if waits or checks["catalog"] != OK:
        return "not ready"
    return "ready" if set(checks.values()) == {OK} else "degraded"


@router.get("/metrics", response_class=PlainTextResponse, summary="Metrics for Prometheus")
def metrics(service: Opened) -> Response:
    """Counters, gauges and histograms."""
    measured, live = service.metrics, service.live
    searcher = live.searcher()
    measured.passages.set(searcher.count if searcher else 0)
    measured.snapshot.info({"generation": searcher.generation if searcher else "none"})
    measured.encoder_ready.set(live.encoder.state == "ready")
    measured.searches.set(service.turns.taken)
    measured.searches_bound.set(service.turns.bound)
    _measure_memory(service)
    work.measure(service)
    return Response(generate_latest(measured.registry), media_type=CONTENT_TYPE_LATEST)


def _measure_memory(service: Service) -> None:
    measured = service.metrics
    measured.shown.set(len(service.view.owners))
    for sort, kept in (
        ("answers", service.bodies),
        ("searches", service.found),
        ("similar", service.similar),
    ):
        measured.kept.labels(sort).set(len(kept))
        measured.kept_bound.labels(sort).set(kept.most)
        measured.kept_bytes.labels(sort).set(kept.bytes)


@router.get(
    "/api/v1/status",
    response_model=StatusAnswer,
    summary="What the archive holds and how it is",
    responses={304: {"description": "Not changed"}, **documented()},
)
def status(request: Request, service: Opened) -> Response:
    """Counts, models, jobs, and what is degraded."""
    body = status_of(service).model_dump_json().encode()
    return tagged(request, body, media_type="application/json")


def status_of(service: Service) -> StatusAnswer:
    """What the archive holds, what it runs on, and what does not work."""
    encoder = service.live.encoder
    with service.catalog.read() as session:
        jobs, held = _jobs(session), _held(session)
        living = workers.alive(session, service.settings)
        works = workers.any_alive(session, service.settings)
    return StatusAnswer(
        name=service.settings.archive_name,
        version=__version__,
        snapshot=_snapshot(service),
        talks=held[0],
        papers=held[1],
        recorded_ms=held[2],
        encoder=EncoderStatus(
            model=service.live.encoder_model, state=encoder.state, detail=encoder.detail
        ),
        speech_models=_speech_models(service),
        jobs=jobs,
        worker="running" if works else "stopped",
        workers=[
            WorkerStatus(name=one.name, device=one.device, queues=one.queues) for one in living
        ],
        degraded=[name for name, said in _index(service).items() if said != OK],
    )


def _snapshot(service: Service) -> SnapshotStatus | None:
    searcher = service.live.searcher()
    if searcher is None:
        return None
    known = searcher.manifest
    return SnapshotStatus(
        generation=known.generation,
        created_at=known.created_at,
        passages=known.passages,
        talks=known.talks,
        papers=known.papers,
    )


def _catalog(service: Service) -> str:
    try:
        with service.catalog.read() as session:
            session.exec(select(Talk.id).limit(1)).first()
    except CatalogUnavailable:
        return "the catalog database does not answer"
    return OK


def _index(service: Service) -> dict[str, str]:
    live, searcher = service.live, service.live.searcher()
    if not live.opened:
        return {"snapshot": "the snapshot is being opened", "encoder": live.encoder.detail}
    snapshot = NOTHING_PUBLISHED if searcher is None else OLDER if live.problem else OK
    encoder = OK if live.encoder.state == "ready" else live.encoder.detail
    legs = searcher.legs if searcher and encoder == OK else {}
    return {"snapshot": snapshot, "encoder": encoder, **{str(k): v for k, v in legs.items()}}


def _jobs(session: Session) -> dict[str, int]:
    query = select(Submission.state, sa.func.count()).group_by(col(Submission.state))
    counted = {row[0]: row[1] for row in session.exec(query)}
    return {state: counted.get(state, 0) for state in SUBMISSION_STATES}


def _held(session: Session) -> tuple[int, int, int]:
    """How many public talks and papers there are, and how long the recordings are, in ms."""
    talks = session.exec(select(sa.func.count()).where(Talk.visibility == "public")).one()
    papers = session.exec(select(sa.func.count()).where(Paper.visibility == "public")).one()
    recorded = session.exec(
        select(sa.func.sum(sa.func.coalesce(Recording.duration_ms, Recording.decoded_ms)))
        .join(Talk, col(Talk.id) == Recording.talk_id)
        .where(Talk.visibility == "public")
    ).one()
    return talks, papers, int(recorded or 0)


def _speech_models(service: Service) -> list[str]:
    with service.catalog.read() as session:
        query = select(Transcript.engine, Transcript.model).where(
            col(Transcript.is_current), Transcript.origin == "machine"
        )
        return sorted({f"{engine} {model}" for engine, model in session.exec(query.distinct())})
