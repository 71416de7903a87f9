"""The OpenAPI document, completed: what the routes cannot say themselves.

Invariant: an operation has a name, a summary, a description and a tag; each of its answers an
example or a shape, each error the codes that it can have.  Links lead from what lists to what is
listed, so that a program can walk the archive.  Source: OpenAPI 3.1.1, 4.8.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.api.examples import EXAMPLES
from app.api.fields import SHAPE
from app.api.problems import PROBLEM_TYPE, Answer, answers, documented

Part = dict[str, Any]
TAGS = {
    "search": "One ranked list over what was said and what was written, and help while typing.",
    "talks": "Talks, their transcripts, and what is like them.",
    "papers": "Course papers, and what is like them.",
    "media": "Recordings and PDFs by byte ranges.",
    "status": "What the archive holds and how it is.",
    "staff": "Adding, changing and taking away, with a key for it.",
    "jobs": "How what was added goes on.",
}
ABOUT = (
    "Find the second of the talk, or the page of the paper, where it was said.\n\n"
    "Times are milliseconds of the recording. Every error is a problem (RFC 9457) with a stable "
    "`code`; its `type` is the address of a page that explains it. Parameters that an operation "
    "does not know are refused. HEAD answers wherever GET does. What adds or changes needs a key. "
    "Version 1 gains fields and "
    "parameters, and loses none."
)
KEYS = "A key of the archive; needed where the archive is closed to others, or its limits bind."
CONDITIONS = {
    "If-None-Match": ("Tags that are known, or `*`: then 304 where one still holds.", '"abc"'),
    "Range": ("At most 100 ranges of bytes.", "bytes=0-1023"),
    "If-Range": ("The range only while this tag holds, else everything.", '"abc"'),
}
HIDDEN_ON_READ = frozenset(
    {
        "too_large",
        "unsupported_type",
        "format_unknown",
        "ambiguous",
        "not_taken",
        "already_there",
        "job_refused",
    }
)
WRITING = frozenset(
    {
        *("file_unreadable", "bad_listing", "bad_key", "bad_address", "bad_edit"),
        *("version_mismatch", "too_many_listeners"),
    }
)
OF_UPLOADS = frozenset(
    {
        *("offset_mismatch", "upload_busy", "too_many_uploads", "checksum_mismatch"),
        *("bad_upload", "not_a_piece", "tus_version"),
    }
)
OF_FILES = frozenset({"too_many_ranges", "range_not_satisfiable", "file_unavailable", "no_media"})
OF_SEARCHES = frozenset(
    {"invalid_query", "invalid_cursor", "overloaded", "no_snapshot", "series_refused"}
)
OF_READERS = frozenset(
    {"unknown_parameter", "repeated_parameter", "unknown_field", "unexpected_body"}
)
STAFF = frozenset({"staff", "jobs"})
_ETAG = {
    "description": "Tag of this answer, for `If-None-Match`.",
    "schema": {"type": "string"},
}
_KEEP = {"description": "Who may keep it, and for how long.", "schema": {"type": "string"}}


def named(route: APIRoute) -> str:
    """The operation's name: the function's."""
    return route.name


def install(app: FastAPI) -> None:
    """Complete the document that the application gives of itself; made once."""
    plain = app.openapi

    def openapi() -> Part:
        if app.openapi_schema is None:
            plain()
            _complete(app.openapi_schema or {})
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def operations(document: Mapping[str, Any]) -> Iterable[tuple[str, Part]]:
    """Every operation with its path."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def readings(document: Mapping[str, Any]) -> Iterable[tuple[str, Part]]:
    """Those that anybody may ask for, with their paths; each is a GET."""
    return ((path, one) for path, one in operations(document) if not STAFF.issuperset(one["tags"]))


def _complete(document: Part) -> None:
    document["info"]["description"] = ABOUT
    document["info"]["license"] = {"name": "MIT", "identifier": "MIT"}
    document["servers"] = [{"url": "/", "description": "This archive"}]
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": KEYS}
    }
    document["security"] = [{}, {"key": []}]
    document["tags"] = [{"name": name, "description": said} for name, said in TAGS.items()]
    shapes = document["components"]["schemas"]
    shapes.pop("HTTPValidationError", None)
    shapes.pop("ValidationError", None)
    for path, operation in operations(document):
        _say_refusals(path, operation)
        _say_headers(path, operation)
        for status, answer in operation["responses"].items():
            _say_answer(path, operation, status, answer)
        _say_example(operation)
        _say_sparse(operation, shapes)
    _link(document)


def _say_refusals(path: str, operation: Part) -> None:
    """Add the errors that every operation of its kind can have."""
    of_every = (400, 422) if path.startswith("/api/") else ()
    fails = (500, 503) if path != "/livez" else ()
    given = operation["responses"]
    for status, said in documented(*of_every).items():
        if status in {*of_every, *fails}:
            given.setdefault(
                str(status), {"description": said["description"], "content": {PROBLEM_TYPE: {}}}
            )
    operation["responses"] = dict(sorted(given.items()))


def _say_headers(path: str, operation: Part) -> None:
    """Add the conditions that a request may carry."""
    of_files = path.startswith("/media/")
    for name, (said, example) in CONDITIONS.items():
        if (of_files or name == "If-None-Match") and "304" in operation["responses"]:
            operation.setdefault("parameters", []).append(
                {
                    "name": name,
                    "in": "header",
                    "required": False,
                    "description": said,
                    "schema": {"type": "string"},
                    "example": example,
                }
            )


def _say_answer(path: str, operation: Part, status: str, answer: Part) -> None:
    staff = not STAFF.isdisjoint(operation.get("tags", ()))
    if PROBLEM_TYPE in answer.get("content", {}):
        out = _not_of_staff(operation, path) if staff else _not_of_readers(path)
        found = [
            one
            for one in sorted(answers(), key=lambda one: one.code)
            if one.status == int(status) and one.code not in out
        ]
        answer["content"] = {
            PROBLEM_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {one.code: {"value": _problem(one, path)} for one in found},
            }
        }
        named_codes = ", ".join(f"`{one.code}`" for one in found)
        answer["description"] = f"{answer['description']}: {named_codes}"
        if status == "503":
            answer["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait.",
                    "schema": {"type": "string"},
                }
            }
    elif not staff and status in {"200", "206", "304"} and path.startswith(("/api/", "/media/")):
        answer["headers"] = {"ETag": _ETAG, "Cache-Control": _KEEP}


def _not_of_staff(operation: Part, path: str) -> set[str]:
    """The codes that an operation of staff cannot answer with."""
    out = set(OF_FILES | OF_SEARCHES) | {"no_transcript", "untimed", "format_unknown", "bad_key"}
    name = operation["operationId"]
    if name == "jobs":
        out -= {"invalid_cursor"}
    if name not in {"jobs", "job", "events", "upload"}:
        out |= OF_READERS
    if "/uploads" not in path:
        out |= OF_UPLOADS
    if name != "events":
        out |= {"too_many_listeners"}
    return out


def _not_of_readers(path: str) -> set[str]:
    """The codes that an operation which reads cannot answer with."""
    out = set(HIDDEN_ON_READ | WRITING | OF_UPLOADS)
    if not path.startswith("/media/"):
        out |= OF_FILES - ({"no_media"} if path.endswith("/transcript") else set())
    else:
        out |= OF_READERS
    if not path.endswith("/transcript"):
        out |= {"no_transcript", "untimed"}
    if path != "/api/v1/search":
        out |= OF_SEARCHES - (
            {"invalid_cursor"} if path in {"/api/v1/talks", "/api/v1/papers"} else set()
        )
    return out


def _problem(one: Answer, path: str) -> Part:
    return {
        "type": f"/problems/{one.code}",
        "title": one.title,
        "status": one.status,
        "detail": one.says or f"{one.title.lower()}; what is the matter stands here",
        "code": one.code,
        "instance": path,
    }


def _say_example(operation: Part) -> None:
    good = next(one for status, one in operation["responses"].items() if status.startswith("2"))
    for kind, value in EXAMPLES.get(operation["operationId"], {}).items():
        good.setdefault("content", {}).setdefault(kind, {})["example"] = value


def _say_sparse(operation: Part, shapes: Part) -> None:
    """An answer may be one with fewer fields, where `fields` can be asked for."""
    shape = next(
        (
            found
            for one in operation.get("parameters", ())
            if (found := _pop_mark(one.get("schema", {}))) is not None
        ),
        None,
    )
    if shape is None:
        return
    content = operation["responses"]["200"]["content"]["application/json"]
    whole = content["schema"]["$ref"].rsplit("/", 1)[-1]
    few = f"{shape}Fields"
    shapes[few] = {
        key: value for key, value in copy.deepcopy(shapes[shape]).items() if key != "required"
    } | {"title": few, "description": f"As {shape}, with the fields that were asked for."}
    answer = few
    if whole != shape:
        answer = f"{whole}Fields"
        shapes[answer] = _pointing(shapes[whole], shape, few) | {"title": answer}
    content["schema"] = {
        "anyOf": [{"$ref": f"#/components/schemas/{one}"} for one in (whole, answer)]
    }


def _pop_mark(schema: Part) -> str | None:
    found = schema.pop(SHAPE, None)
    return str(found) if found is not None else None


def _pointing(schema: Part, old: str, new: str) -> Part:
    """A copy of a shape whose entries are of another."""

    def changed(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: changed(value) for key, value in part.items()}
        if isinstance(part, list):
            return [changed(one) for one in part]
        return f"#/components/schemas/{new}" if part == f"#/components/schemas/{old}" else part

    return dict(changed(schema))


_BY = {
    **dict.fromkeys(("talk", "transcript", "similar_to_talk", "recording"), "talk_id"),
    **dict.fromkeys(("paper", "similar_to_paper", "pdf"), "paper_id"),
}
_OF_TALK = ("transcript", "similar_to_talk", "recording")
_OF_PAPER = ("similar_to_paper", "pdf")
_FOLLOWING: Mapping[str, Mapping[str, Sequence[str]]] = {
    "talks": {"/items/0/id": ("talk", *_OF_TALK)},
    "papers": {"/items/0/id": ("paper", *_OF_PAPER)},
    "talk": {"/id": _OF_TALK, "/papers/0/id": ("paper", *_OF_PAPER)},
    "paper": {"/id": _OF_PAPER, "/talks/0/id": ("talk", *_OF_TALK)},
}
"""What can be asked for with what stands where in an answer."""
_AGAIN = ("search", "talks", "papers")


def _link(document: Part) -> None:
    """Links from an answer to what can be asked for next."""
    for _, operation in operations(document):
        links = {
            f"{target}_of_it": {
                "operationId": target,
                "parameters": {_BY[target]: f"$response.body#{where}"},
                "description": f"`{where}` names what `{target}` is asked for.",
            }
            for where, targets in _FOLLOWING.get(operation["operationId"], {}).items()
            for target in targets
        }
        if operation["operationId"] in _AGAIN:
            links["next_page"] = {
                "operationId": operation["operationId"],
                "parameters": {
                    "cursor": "$response.body#/next_cursor",
                    **({"q": "$request.query.q"} if operation["operationId"] == "search" else {}),
                },
                "description": "The same request with `next_cursor`, until that is null.",
            }
        if links:
            operation["responses"]["200"]["links"] = links
