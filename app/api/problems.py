"""Errors as answers: one closed table from class to status, code and title.

Invariant: every error, expected or not, leaves as problem+json, or as a page for a browser that
asked for one; none of them repeats a query or shows our insides.  Source: RFC 9457.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app import errors as ours
from app.api.codes import problem_url
from app.api.schemas import Problem
from catalog import errors as catalog
from index import errors as index

PROBLEM_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a class of errors is answered; the detail is shown unless it speaks of our insides."""

    status: int
    code: str
    title: str
    says: str | None = None  # in the place of the error's own message


_BROKEN = "something in the archive does not work; staff can see what in the log"
_MODEL = Answer(status=503, code="model_unavailable", title="A model is missing", says=_BROKEN)
_INTERNAL = Answer(status=500, code="internal", title="Internal error", says=_BROKEN)

TABLE: Mapping[type[Exception], Answer] = {
    catalog.NotThere: Answer(status=404, code="not_found", title="Not found"),
    catalog.Ambiguous: Answer(status=409, code="ambiguous", title="Several match"),
    catalog.NotATranscript: Answer(status=404, code="no_transcript", title="No transcript"),
    catalog.NotTaken: Answer(status=409, code="not_taken", title="The talk cannot take it"),
    catalog.Untimed: Answer(status=409, code="untimed", title="A transcript without times"),
    catalog.AlreadyThere: Answer(status=409, code="already_there", title="Already in the archive"),
    catalog.FileUnreadable: Answer(status=422, code="file_unreadable", title="Unreadable file"),
    catalog.BadAddress: Answer(status=422, code="bad_address", title="Unusable address"),
    catalog.BadKey: Answer(status=422, code="bad_key", title="Impossible key"),
    catalog.BadListing: Answer(status=422, code="bad_listing", title="Faulty catalogue file"),
    catalog.CatalogUnavailable: Answer(
        status=503,
        code="catalog_unavailable",
        title="The catalog does not answer",
        says="the archive's catalog does not answer; try again in a moment",
    ),
    catalog.NoArchive: _INTERNAL,  # the command line's alone
    catalog.NewerArchive: Answer(
        status=503, code="newer_archive", title="Newer archive", says=_BROKEN
    ),
    catalog.UploadMoved: Answer(status=409, code="offset_mismatch", title="Another offset"),
    catalog.UploadBusy: Answer(status=423, code="upload_busy", title="The upload is in use"),
    catalog.UploadTooLarge: Answer(status=413, code="too_large", title="Too large"),
    catalog.TooManyUploads: Answer(
        status=503, code="too_many_uploads", title="Too many unfinished uploads"
    ),
    catalog.ChecksumMismatch: Answer(status=460, code="checksum_mismatch", title="Other bytes"),
    catalog.StoreFull: Answer(status=507, code="store_full", title="The archive is full"),
    catalog.StoreDamaged: Answer(
        status=503,
        code="file_unavailable",
        title="The file cannot be read",
        says="the archive's copy of this file cannot be read; staff can see why in the log",
    ),
    catalog.BadEdit: Answer(status=422, code="bad_edit", title="Faulty change"),
    catalog.InvalidSetting: _INTERNAL,
    catalog.JobProblem: Answer(status=409, code="job_refused", title="The job engine refuses"),
    catalog.CatalogProblem: _INTERNAL,
    index.InvalidQuery: Answer(status=422, code="invalid_query", title="Invalid query"),
    index.NoSnapshot: Answer(
        status=503, code="no_snapshot", title="Nothing is published yet", says=_BROKEN
    ),
    index.SnapshotDamaged: Answer(
        status=503, code="snapshot_damaged", title="The index is damaged", says=_BROKEN
    ),
    index.CanaryFailed: _INTERNAL,
    index.ModelMissing: _MODEL,
    index.EncoderMissing: _MODEL,
    index.RerankerMissing: _MODEL,
    index.ModelDamaged: _MODEL,
    index.EncoderMismatch: _MODEL,
    index.FaissUnavailable: _MODEL,
    index.BadNotation: _INTERNAL,
    index.UnusableSet: _INTERNAL,
    index.IndexProblem: _INTERNAL,
    ours.PortTaken: _INTERNAL,
    ours.Overloaded: Answer(status=503, code="overloaded", title="Too many searches at once"),
    ours.TooManyListeners: Answer(
        status=503, code="too_many_listeners", title="Too many listeners"
    ),
    ours.KeyMissing: Answer(status=401, code="key_missing", title="A key is needed"),
    ours.KeyUnknown: Answer(status=401, code="key_unknown", title="Unknown key"),
    ours.KeyRevoked: Answer(status=401, code="key_revoked", title="Revoked key"),
    ours.KeyExpired: Answer(status=401, code="key_expired", title="Expired key"),
    ours.AddressRefused: Answer(
        status=403, code="address_refused", title="The address holds no more"
    ),
    ours.KeyInUrl: Answer(status=400, code="key_in_url", title="A key in the address"),
    ours.ScopeMissing: Answer(status=403, code="scope_missing", title="Not for this key"),
    ours.OriginRefused: Answer(status=403, code="origin_refused", title="Not from this page"),
    ours.SeriesRefused: Answer(status=403, code="series_refused", title="Not in this series"),
    ours.TooManyRequests: Answer(status=429, code="rate_limited", title="Too many requests"),
    ours.InvalidCursor: Answer(status=400, code="invalid_cursor", title="Invalid cursor"),
    ours.UnknownParameter: Answer(status=422, code="unknown_parameter", title="Unknown parameter"),
    ours.RepeatedParameter: Answer(
        status=422, code="repeated_parameter", title="Repeated parameter"
    ),
    ours.UnknownField: Answer(status=422, code="unknown_field", title="Unknown field"),
    ours.UnexpectedBody: Answer(status=400, code="unexpected_body", title="Unexpected body"),
    ours.TooManyRanges: Answer(status=416, code="too_many_ranges", title="Too many ranges"),
    ours.Withdrawn: Answer(status=410, code="withdrawn", title="Withdrawn"),
    ours.NoMedia: Answer(status=404, code="no_media", title="No file"),
    ours.BodyTooLarge: Answer(status=413, code="too_large", title="Too large"),
    ours.BadUpload: Answer(status=400, code="bad_upload", title="Not an upload"),
    ours.NotAPiece: Answer(status=415, code="not_a_piece", title="Not a piece of an upload"),
    ours.OtherProtocol: Answer(status=412, code="tus_version", title="Another version of tus"),
    ours.VersionMismatch: Answer(status=412, code="version_mismatch", title="Changed meanwhile"),
    ours.ServiceProblem: _INTERNAL,
}

_BY_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_type",
    416: "range_not_satisfiable",
    501: "format_unknown",
}
RETRY_HEADERS = {503: {"retry-after": "1"}}

INVALID = Answer(status=422, code="invalid_parameter", title="Invalid parameter")
"""What a parameter of the wrong shape is; the web framework finds it, so no class of ours is it."""

Page = Callable[[Request, Problem], Awaitable[Response | None]]


def answers() -> list[Answer]:
    """Every answer that is a problem, one for each code, by code."""
    by_status = (
        Answer(status=status, code=code, title=HTTPStatus(status).phrase.capitalize())
        for status, code in _BY_STATUS.items()
    )
    return list({one.code: one for one in (*by_status, INVALID, *TABLE.values())}.values())


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its documentation."""
    return {
        status: {
            "model": Problem,
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_TYPE: {}},
        }
        for status in sorted({*statuses, 400, 401, 403, 429, 500, 503})
    }


def answer_for(error: Exception) -> Answer:
    """The table's entry for an error, by its class or the nearest above."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[cast(type[Exception], kind)]
    return _INTERNAL


def problem_of(error: Exception, path: str) -> Problem:
    """What is said of an error to the outside."""
    if isinstance(error, RequestValidationError):
        return _invalid(error, path)
    if isinstance(error, HTTPException):
        return problem_by_status(error.status_code, path)
    answer = answer_for(error)
    return _problem(answer, detail=answer.says or str(error), path=path)


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as an answer."""
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        media_type=PROBLEM_TYPE,
        headers={
            "cache-control": "no-store",
            **RETRY_HEADERS.get(problem.status, {}),
            **(headers or {}),
        },
    )


def install(app: FastAPI, page: Page) -> None:
    """Answer every error of the application; `page` may make a page of it instead."""

    async def handle(request: Request, error: Exception) -> Response:
        problem = problem_of(error, request.url.path)
        if problem.status >= 500:
            log.error("request failed", code=problem.code, exc_info=error)
        headers = _with_head(getattr(error, "headers", None))
        return await page(request, problem) or respond(problem, headers)

    for kind in (HTTPException, RequestValidationError, *TABLE):
        app.add_exception_handler(kind, handle)


def _with_head(headers: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """The headers of an error; whatever may be read may be asked for by HEAD too."""
    allowed = {one.strip() for one in (headers or {}).get("Allow", "").split(",")}
    if "GET" not in allowed:
        return headers
    return {**(headers or {}), "Allow": ", ".join(sorted(allowed | {"HEAD"}))}


def _problem(answer: Answer, *, detail: str, path: str) -> Problem:
    return Problem(
        type=problem_url(answer.code),
        title=answer.title,
        status=answer.status,
        detail=detail,
        code=answer.code,
        instance=path,
    )


def problem_by_status(status: int, path: str) -> Problem:
    """A problem that only its status says."""
    phrase = HTTPStatus(status).phrase
    other = "bad_request" if status < 500 else "internal"
    answer = Answer(status=status, code=_BY_STATUS.get(status, other), title=phrase.capitalize())
    says = {
        400: "the request cannot be understood",
        404: "there is nothing at this address",
        405: "this address cannot be used that way",
        416: "the file has no such bytes",
        501: "this is not given in that format; json and xml are",
    }
    return _problem(answer, detail=says.get(status, phrase.lower()), path=path)


def _invalid(error: RequestValidationError, path: str) -> Problem:
    """Which parameters are wrong and why, without repeating what they were."""
    found = [
        {"parameter": ".".join(map(str, one["loc"][1:])) or "body", "detail": one["msg"]}
        for one in error.errors()
    ]
    named = ", ".join(str(one["parameter"]) for one in found)
    answer = INVALID
    detail = f"cannot be used as given: {named}; see `errors`"
    if any(one["type"] == "json_invalid" for one in error.errors()):
        detail = "the body is not JSON; see `errors`"
    elif isinstance(error.body, bytes):  # which is what is left of it when nobody reads it
        detail = "the body was not read: send JSON, with `Content-Type: application/json`"
    return _problem(answer, detail=detail, path=path).model_copy(update={"errors": found})
