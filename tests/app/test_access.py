"""Every address is closed unless it is opened by name: the table of routes and roles."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.access import DOORS, Doors, Needs
from app.embed.files import present
from app.main import create_app
from catalog.tables import now
from tests.app.conftest import filled
from tests.app.keys import COURSE, believed, expired, new_key, revoked, sent
from tests.app.shelf import Shelf, served
from tests.app.test_edge import routes

ROLES = ("none", "search", "ingest", "admin", "revoked", "expired", "unknown")
STAFF = {Needs.INGEST: ("ingest", "admin"), Needs.ADMIN: ("admin",)}
LET_IN = {200, 204, 404, 412, 415, 422}
ENDED = {"revoked": "key_revoked", "expired": "key_expired", "unknown": "key_unknown"}

QUERIES = {
    **dict.fromkeys(
        ("/search", "/covered", "/api/v1/search", "/feeds/search.atom"), "?q=threshold"
    ),
    "/oai": "?verb=Identify",
    "/oembed": "?url=http://testserver/talks/the-second-descent",
}
FORMS = {"/oai": {"verb": "Identify"}}


@pytest.fixture(scope="module")
def guarded(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[TestClient, dict[str, str]]]:
    """A client of a filled archive, and a secret for each role."""
    shelf = Shelf(tmp_path_factory.mktemp("guarded"))
    filled(shelf)
    shelf.publish()
    secrets = {scope: new_key(shelf, scope)[1] for scope in ("search", "ingest", "admin")}
    ended, secrets["revoked"] = new_key(shelf, "admin")
    revoked(shelf, ended)
    over, secrets["expired"] = new_key(shelf, "admin")
    expired(shelf, over, now() - timedelta(seconds=1))
    secrets["unknown"] = "seminar_admin_" + "a" * 40
    with served(shelf) as client:
        believed(client)
        yield client, secrets
    shelf.close()


def address(path: str, needs: Needs = Needs.NOTHING) -> str:
    """A real address for a route of the table; one that leads to nothing where staff write."""
    if needs in STAFF:
        return re.sub(r"{\w+}", "nothing", path)
    paper = "notes-on-tangent-kernels"
    for name, value in {
        "{talk_id}": "the-second-descent",
        "{paper_id}": paper,
        "{key}": paper if path.startswith("/papers") else "the-second-descent",
        "{path:path}": "look.css",
        "{code}": "not_found",
        "{digest}": present().digest,
        "{number}": "1",
        "{slug}": "jonas-feldmann" if "speakers" in path else "foundations",
    }.items():
        path = path.replace(name, value)
    return path + QUERIES.get(path, "")


def expected(needs: Needs, role: str) -> tuple[int | None, str | None]:
    """Status and code for a role at an address; None: staff are let in, whatever is there."""
    if needs is Needs.NOTHING:
        return 200, None
    if role in ENDED:
        return 401, ENDED[role]
    if role == "search" and needs is Needs.BROWSING:
        return 403, "scope_missing"
    if needs in STAFF:
        if role == "none":
            return 401, "key_missing"
        return (None, None) if role in STAFF[needs] else (403, "scope_missing")
    return 200, None


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.path)
def test_every_route_answers_every_role_as_the_table_says(
    guarded: tuple[TestClient, dict[str, str]], door: Any, role: str
) -> None:
    client, secrets = guarded
    headers = sent(secrets[role]) if role in secrets else {}
    for method, needs in door.needs.items():
        status, code = expected(needs, role)
        for verb in (method, "HEAD") if method == "GET" else (method,):
            form = FORMS.get(door.path) if verb == "POST" else None
            url = address(door.path, needs)
            answer = client.request(verb, url, headers=headers, data=form)
            if status is None or verb == "OPTIONS":
                assert answer.status_code in LET_IN, (verb, door.path, role)
                continue
            assert answer.status_code == status, (verb, door.path, role)
            if verb == "HEAD":
                assert answer.content == b""
            elif code is not None:
                assert answer.json()["code"] == code
        if status == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_the_table_and_the_routes_are_the_same(shelf: Shelf) -> None:
    doors = Doors(DOORS)
    declared = {door.path: set(door.needs) for door in DOORS}
    for path, methods in routes(create_app(shelf.settings)):
        known = declared.get("/static/{path:path}" if path == "/static" else path)
        assert known is not None, f"{path} is closed: name it in DOORS, with what it needs"
        assert methods - {"HEAD", "OPTIONS"} <= known, path
    assert doors.at("/nothing") is None


def test_a_route_that_nobody_named_is_not_reached_even_by_an_admin(shelf: Shelf) -> None:
    app = create_app(shelf.settings)

    @app.api_route("/api/v1/forgotten", methods=["GET", "POST"], include_in_schema=False)
    def forgotten() -> str:
        return "reached"

    @app.put("/api/v1/talks")
    def unnamed_method() -> str:
        return "reached"

    _, secret = new_key(shelf, "admin")
    with TestClient(app) as client:
        for headers in ({}, sent(secret)):
            for verb in ("GET", "HEAD", "POST", "OPTIONS"):
                assert client.request(verb, "/api/v1/forgotten", headers=headers).status_code == 404
            refused = client.put("/api/v1/talks", headers=headers)
            assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "//api/v1/talks",
        "/api//v1/talks",
        "/api/v1//talks",
        "/api/v1/%2e%2e/v1/talks",
        "/api/v1/../v1/talks",
        "/api/v1/.%2e/v1/talks",
        "/api%2fv1%2f/talks",
        "/api/v1/talks/the-second-descent%2f..%2f..",
        "/API/v1/talks",
        "/api/V1/talks",
        "/api/v1/Talks",
        "/api/v1/talks;x=1",
        "/api/v1/talks%00",
        "/api/v1/talks%20",
        "/api/v1/talks//",
        "/./api/v1/talks",
        "/static/..%2f..%2fapi/v1/talks",
        "/static/%2e%2e/%2e%2e/api/v1/talks",
        "/metrics/../api/v1/talks",
        "/livez/api/v1/talks",
    ],
)
def test_tricks_with_paths_open_nothing(tmp_path: Any, path: str) -> None:
    shelf = Shelf(tmp_path / "closed")
    closed = shelf.settings.model_copy(update={"reading": "key"})
    with TestClient(create_app(closed)) as client:
        for verb in ("GET", "HEAD", "OPTIONS", "POST"):
            answer = client.request(verb, path)
            assert answer.status_code in {401, 404, 405}, (verb, path)
    shelf.close()


def test_where_reading_needs_a_key_nothing_is_read_without(shelf: Shelf) -> None:
    filled(shelf)
    shelf.publish()
    _, search = new_key(shelf, "search")
    _, ingest = new_key(shelf, "ingest")
    shelf.settings = shelf.settings.model_copy(update={"reading": "key"})
    with served(shelf) as client:
        believed(client)
        for door in DOORS:
            needs = door.needs.get("GET", Needs.INGEST)
            if needs in STAFF:
                continue  # closed without a key however reading is
            url = address(door.path)
            closed = client.get(url)
            if needs is Needs.NOTHING:
                assert closed.status_code == 200
                continue
            assert closed.status_code == 401
            assert closed.json()["code"] == "key_missing"
            assert closed.headers["www-authenticate"] == 'Bearer realm="seminar archive"'
            assert "descent" not in closed.text.replace("/talks/the-second-descent", "").lower()
            assert client.get(url, headers=sent(ingest)).status_code == 200
            reads = client.get(url, headers=sent(search)).status_code
            assert reads == (200 if needs is Needs.READING else 403)
            assert client.get(url).status_code == 401  # also when the answer is kept


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "bearer seminar_search_",
        "Bearer " + "a" * 100_000,
        "Bearer ü",
    ],
)
def test_what_is_no_key_is_unknown(guarded: tuple[TestClient, dict[str, str]], header: str) -> None:
    client, _ = guarded
    answer = client.get("/api/v1/talks", headers=[(b"authorization", header.encode())])
    assert (answer.status_code, answer.json()["code"]) == (401, "key_unknown")


def test_two_keys_at_once_are_none(guarded: tuple[TestClient, dict[str, str]]) -> None:
    client, secrets = guarded
    twice = [("authorization", f"Bearer {secrets[one]}") for one in ("search", "admin")]
    assert client.get("/api/v1/talks", headers=twice).json()["code"] == "key_unknown"


def test_the_scheme_is_read_without_case(guarded: tuple[TestClient, dict[str, str]]) -> None:
    client, secrets = guarded
    answer = client.get("/api/v1/talks", headers={"authorization": f"bEARER {secrets['search']}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "key={}",
        "q=x&api_key={}",
        "q=x&API-KEY=nothing",
        "access_token=x",
        "%6bey=x",
        "q={}",
        "q=x&cursor={}",
        "q=seminar%5Fsearch_{half}",
    ],
)
def test_a_key_in_an_address_is_refused_and_not_repeated(
    guarded: tuple[TestClient, dict[str, str]], query: str
) -> None:
    client, secrets = guarded
    secret = secrets["search"]
    url = "/api/v1/search?" + query.format(secret, half=secret.rpartition("_")[2])
    for headers in ({}, sent(secret)):
        answer = client.get(url, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "key_in_url")
        assert secret.rpartition("_")[2] not in answer.text


def test_a_key_in_a_path_is_refused_and_not_repeated(
    guarded: tuple[TestClient, dict[str, str]],
) -> None:
    client, secrets = guarded
    for page in ({}, {"accept": "text/html"}):
        answer = client.get(f"/talks/{secrets['search']}", headers=page)
        assert answer.status_code == 400
        assert secrets["search"].rpartition("_")[2] not in answer.text


@pytest.mark.parametrize("query", ["q=a%26key%3D1", "q=key", "q=the+key+idea", "q=token&limit=3"])
def test_a_question_about_keys_is_a_question(
    guarded: tuple[TestClient, dict[str, str]], query: str
) -> None:
    client, _ = guarded
    assert client.get(f"/api/v1/search?{query}").status_code == 200


def test_a_search_key_comes_only_from_its_pages(shelf: Shelf) -> None:
    _, bound = new_key(shelf, "search", origins=(COURSE, "https://other.example.edu:8443"))
    _, free = new_key(shelf, "search")
    with served(shelf) as client:
        believed(client)
        for origin in (COURSE, "https://other.example.edu:8443"):
            assert client.get("/api/v1/talks", headers=sent(bound, origin)).status_code == 200
        assert client.get("/api/v1/talks", headers=sent(free)).status_code == 200
        for headers in (sent(bound), sent(bound, "https://evil.example"), sent(free, COURSE)):
            refused = client.get("/api/v1/talks", headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "origin_refused")
            assert "access-control-allow-origin" not in refused.headers
