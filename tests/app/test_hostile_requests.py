"""Requests that make no sense are problems with their code, and quickly."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from starlette.testclient import TestClient

from app.api.described import readings
from app.api.problems import answers
from docs.reference import FOLDER
from tests.app.shelf import Shelf, served

DOCUMENT = json.loads((FOLDER / "openapi.json").read_text(encoding="utf-8"))
CODES = {one.code for one in answers()}
QUICK_S = 0.05
Operation = tuple[str, Mapping[str, Any]]
ALL: list[Operation] = list(readings(DOCUMENT))
API = [one for one in ALL if one[0].startswith("/api/")]
MEDIA = [one for one in ALL if one[0].startswith("/media/")]
HUGE = "x" * 100_000


def names(found: list[Operation]) -> list[str]:
    return [str(operation["operationId"]) for _, operation in found]


def queried(operation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in operation.get("parameters", ()) if one["in"] == "query"]


PARAMETERS = [(path, operation, one) for path, operation in API for one in queried(operation)]
PARAMETER_NAMES = [f"{operation['operationId']}-{one['name']}" for _, operation, one in PARAMETERS]
every_operation = pytest.mark.parametrize(("path", "operation"), API, ids=names(API))
every_file = pytest.mark.parametrize(("path", "operation"), MEDIA, ids=names(MEDIA))
every_parameter = pytest.mark.parametrize(
    ("path", "operation", "parameter"), PARAMETERS, ids=PARAMETER_NAMES
)


@pytest.fixture(scope="module")
def client(library: Shelf) -> Iterator[TestClient]:
    with served(library) as opened:
        yield opened


@pytest.fixture
def at(client: TestClient) -> Callable[[str], str]:
    talk = client.get("/api/v1/talks/the-second-descent").json()["id"]
    paper = client.get("/api/v1/papers").json()["items"][0]["id"]
    return lambda path: path.replace("{talk_id}", talk).replace("{paper_id}", paper)


def needed(operation: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: "kernel" for one in queried(operation) if one["required"]}


def long_asked(client: TestClient, path: str, given: Mapping[str, str]) -> httpx2.Response:
    """GET with an address that is longer than clients send."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": urlencode(given).encode(),
        "headers": [],
        "scheme": "http",
        "server": ("testserver", 80),
        "client": ("here", 1),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    assert client.portal is not None
    client.portal.call(client.app, scope, receive, send)
    body = b"".join(one.get("body", b"") for one in sent)
    return httpx2.Response(sent[0]["status"], headers=sent[0]["headers"], content=body)


def problem(ask: Callable[[], httpx2.Response]) -> tuple[int, str]:
    """Status and code of a refusal, which came quickly, the better of three tries."""
    took, answer = [], ask()
    for _ in range(3):
        began = time.perf_counter()
        answer = ask()
        took.append(time.perf_counter() - began)
    assert min(took) < QUICK_S, f"it took {min(took):.3f} s"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] in CODES
    assert HUGE not in answer.text
    return answer.status_code, str(answer.json()["code"])


@every_operation
def test_an_unknown_parameter(
    client: TestClient, at: Callable[[str], str], path: str, operation: Mapping[str, Any]
) -> None:
    refused = (422, "unknown_parameter")
    assert problem(lambda: long_asked(client, at(path), {HUGE: "1"})) == refused
    for name in ("colour", "Q", "limit[]", "\0", "%ff"):
        given = {**needed(operation), name: "1"}
        assert problem(partial(client.get, at(path), params=given)) == refused


@every_parameter
def test_a_repeated_parameter(
    client: TestClient,
    at: Callable[[str], str],
    path: str,
    operation: Mapping[str, Any],
    parameter: Mapping[str, Any],
) -> None:
    twice = [(str(parameter["name"]), "1")] * 2
    given = urlencode([*needed(operation).items(), *twice])
    asked = problem(lambda: client.get(at(path), params=given))
    assert asked == (422, "repeated_parameter")


@every_parameter
def test_a_parameter_of_a_hundred_kilobytes(
    client: TestClient,
    at: Callable[[str], str],
    path: str,
    operation: Mapping[str, Any],
    parameter: Mapping[str, Any],
) -> None:
    given = {**needed(operation), parameter["name"]: HUGE}
    asked = problem(lambda: long_asked(client, at(path), given))
    assert asked == (422, "invalid_parameter")


@every_parameter
def test_a_parameter_of_the_wrong_type_or_out_of_range(
    client: TestClient,
    at: Callable[[str], str],
    path: str,
    operation: Mapping[str, Any],
    parameter: Mapping[str, Any],
) -> None:
    schema = next(
        (one for one in parameter["schema"].get("anyOf", ()) if one.get("type") != "null"),
        parameter["schema"],
    )
    if schema.get("type") == "string" and not schema.keys() & {"enum", "pattern"}:
        pytest.skip("any text is of its type")
    expected = "unknown_field" if parameter["name"] == "fields" else "invalid_parameter"
    numbers = ("-1", "0", "99999999999999999999", "1e3", "NaN") if "maximum" in schema else ()
    for value in ("nonsense", "1;2", "ä", *numbers):
        given = {**needed(operation), parameter["name"]: value}
        assert problem(partial(client.get, at(path), params=given)) == (422, expected)


@pytest.mark.parametrize("path", ["/api/v1/search", "/api/v1/talks", "/api/v1/papers"])
@pytest.mark.parametrize(
    "forged", ["x", "=", "ä", "AAAA", "WzEsMl0", "A" * 399, "eyJhIjoxfQ", "-1", "%00"]
)
def test_a_forged_cursor(client: TestClient, path: str, forged: str) -> None:
    given = {"cursor": forged, **({"q": "kernel"} if path.endswith("search") else {})}
    assert problem(lambda: client.get(path, params=given)) == (400, "invalid_cursor")


def test_a_cursor_of_another_request(client: TestClient) -> None:
    first = client.get("/api/v1/talks", params={"limit": 1}).json()["next_cursor"]
    assert first
    given = {"cursor": first}
    assert problem(lambda: client.get("/api/v1/papers", params=given)) == (400, "invalid_cursor")


@every_operation
def test_an_outdated_or_forged_tag_gets_the_whole_answer(
    client: TestClient, at: Callable[[str], str], path: str, operation: Mapping[str, Any]
) -> None:
    for tag in ('W/"0"', "x", '"', HUGE, ",,,", '"a", W/"b"'):
        answer = client.get(at(path), params=needed(operation), headers={"if-none-match": tag})
        assert (answer.status_code, bool(answer.content)) == (200, True)


@every_operation
def test_a_tag_that_holds_is_enough(
    client: TestClient, at: Callable[[str], str], path: str, operation: Mapping[str, Any]
) -> None:
    answer = client.get(at(path), params=needed(operation))
    for tag in (answer.headers["etag"], f'"other", {answer.headers["etag"]}', "*"):
        again = client.get(at(path), params=needed(operation), headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("etag", "cache-control", "vary"):
            assert again.headers[name].split(", ")[0] == answer.headers[name].split(", ")[0]


@every_operation
def test_a_body_where_none_is_read(
    client: TestClient, at: Callable[[str], str], path: str, operation: Mapping[str, Any]
) -> None:
    given = needed(operation)
    for body in (b"{}", b"[" * 50_000, HUGE.encode()):
        ask = partial(client.request, "GET", at(path), params=given, content=body)
        assert problem(ask) == (400, "unexpected_body")


@pytest.mark.parametrize(("path", "operation"), ALL, ids=names(ALL))
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_a_wrong_method(
    client: TestClient,
    at: Callable[[str], str],
    path: str,
    operation: Mapping[str, Any],
    method: str,
) -> None:
    known = {"HEAD", *(one.upper() for one in DOCUMENT["paths"][path])}
    if method in known:
        assert problem(lambda: client.request(method, at(path))) == (401, "key_missing")
        return
    assert problem(lambda: client.request(method, at(path))) == (405, "method_not_allowed")
    allowed = client.request(method, at(path)).headers["allow"]
    assert {one.strip() for one in allowed.split(",")} == known


@pytest.mark.parametrize(("path", "operation"), ALL, ids=names(ALL))
def test_head_answers_wherever_get_does(
    client: TestClient, at: Callable[[str], str], path: str, operation: Mapping[str, Any]
) -> None:
    full = client.get(at(path), params=needed(operation))
    head = client.head(at(path), params=needed(operation))
    assert (head.status_code, head.content) == (full.status_code, b"")
    assert head.headers["content-type"] == full.headers["content-type"]
    assert head.headers.get("etag") == full.headers.get("etag")


@every_file
@pytest.mark.parametrize("many", [101, 10_000, 100_000])
def test_too_many_ranges(
    client: TestClient,
    at: Callable[[str], str],
    path: str,
    operation: Mapping[str, Any],
    many: int,
) -> None:
    ranges = {"range": "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 2 * many, 2))}
    asked = problem(lambda: client.get(at(path), headers=ranges))
    assert asked == (416, "too_many_ranges")


@every_file
def test_a_range_holds_only_for_the_file_that_it_was_meant_for(
    client: TestClient, at: Callable[[str], str], path: str, operation: Mapping[str, Any]
) -> None:
    tag = client.head(at(path)).headers["etag"]
    part = {"range": "bytes=0-1"}
    assert not tag.startswith("W/")
    assert client.get(at(path), headers={**part, "if-range": tag}).status_code == 206
    for other in ('"other"', f"W/{tag}", "Mon, 01 Jan 2001 00:00:00 GMT"):
        assert client.get(at(path), headers={**part, "if-range": other}).status_code == 200
    assert client.get(at(path), headers={**part, "if-none-match": tag}).status_code == 304
