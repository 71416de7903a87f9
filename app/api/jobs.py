"""/api/v1/jobs: what is under way, and stopping or trying it again."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.api.caching import tagged
from app.api.depends import Opened, named
from app.api.lists import sliced
from app.api.places import job_url, paper_url, talk_url
from app.api.problems import documented
from app.api.schemas import KindName
from app.api.staff_schemas import JobAnswer, JobList, JobOwner, JobState
from app.api.talks import percent_of
from app.wiring import Service
from catalog import estimates, submissions
from catalog.estimates import Past
from catalog.submissions import Job
from catalog.tables import Paper, Talk

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])
JobKey = Annotated[str, Path(max_length=200, description="Id of a job.")]
_UNITS = {"paper": "pages", "link": "kB"}


@router.get(
    "",
    response_model=JobList,
    summary="List jobs",
    responses={304: {"description": "Not changed"}, **documented(400, 422)},
)
def jobs(
    request: Request,
    service: Opened,
    state: Annotated[JobState | None, Query(description="Only those in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Jobs per page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=400, description="From `next_cursor` of the page before.")
    ] = None,
) -> Response:
    """Every job, the one that was accepted last first."""
    with service.catalog.read() as session:
        found = submissions.listed(session, states=(state,) if state else ())
        known = estimates.past(session)
    found.sort(key=lambda job: job.submission.id or 0, reverse=True)
    part = sliced(
        found,
        named=f"jobs {state or ''}",
        key=lambda job: job.submission.public_id,
        limit=limit,
        after=cursor,
    )
    answer = JobList(
        items=[job_answer(job, known) for job in part.items], next_cursor=part.next_cursor
    )
    return tagged(request, answer.model_dump_json().encode(), media_type="application/json")


@router.get(
    "/{job_id}",
    response_model=JobAnswer,
    summary="One job",
    responses={304: {"description": "Not changed"}, **documented(404, 422)},
)
def job(request: Request, service: Opened, job_id: JobKey) -> Response:
    """A job as it is now."""
    body = seen(service, job_id).model_dump_json().encode()
    return tagged(request, body, media_type="application/json")


@router.post(
    "/{job_id}/cancel",
    response_model=JobAnswer,
    summary="Stop a job",
    responses=documented(404, 409, 422),
)
def cancel(service: Opened, job_id: JobKey) -> JobAnswer:
    """Stop a job before its next segment; what is finished of it is kept."""
    with service.catalog.write() as session:
        submissions.cancel(session, named("job", job_id))
    return seen(service, job_id)


@router.post(
    "/{job_id}/retry",
    response_model=JobAnswer,
    summary="Try a job again",
    responses=documented(404, 409, 422),
)
def retry(service: Opened, job_id: JobKey) -> JobAnswer:
    """Accept a failed or cancelled job again, or end its wait; what is finished of it is kept."""
    with service.catalog.write() as session:
        submissions.retry(session, named("job", job_id))
    return seen(service, job_id)


def seen(service: Service, job_id: str) -> JobAnswer:
    """The job with this id.  Raises: NotThere, CatalogUnavailable."""
    with service.catalog.read() as session:
        return job_answer(submissions.seen(session, named("job", job_id)), estimates.past(session))


def job_answer(job: Job, past: Past) -> JobAnswer:
    """A job as it is shown to staff."""
    one = job.submission
    left = past.seconds_left(job)
    return JobAnswer.model_validate(
        {
            "id": one.public_id,
            "kind": one.kind,
            "about": _owner(job.owner),
            "file": one.file_name,
            "state": one.state,
            "step": one.step,
            "done": one.done,
            "total": one.total,
            "unit": _UNITS.get(one.kind, "ms"),
            "percent": percent_of(one) if one.state == "running" else None,
            "seconds_left": None if left is None else round(left),
            "partial": one.partial,
            "attempt": one.attempt,
            "problem": one.failure,
            "reason": one.reason,
            "not_before": one.not_before,
            "accepted_at": one.accepted_at,
            "started_at": one.started_at,
            "finished_at": one.finished_at,
            "url": job_url(one.public_id),
        }
    )


def _owner(owner: Talk | Paper | None) -> JobOwner | None:
    if owner is None:
        return None
    kind: KindName = "talk" if isinstance(owner, Talk) else "paper"
    url = talk_url(owner) if isinstance(owner, Talk) else paper_url(owner)
    return JobOwner(kind=kind, id=owner.public_id, title=owner.title, url=url)
