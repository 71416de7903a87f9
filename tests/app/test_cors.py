"""Which pages of other hosts may read answers: exactly those that keys and the setting name."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from app.api.cors import MAX_AGE_S
from app.keyring import LOOK_EVERY_S, OLDEST_S
from catalog.settings import read_settings
from catalog.tables import now
from tests.app.keys import COURSE, believed, expired, new_key, revoked, sent, service_of
from tests.app.shelf import Shelf, served

FURTHER = "https://library.example.edu"
PREFLIGHT = {
    "access-control-request-method": "GET",
    "access-control-request-headers": "authorization",
}
NEARLY = [
    "https://course.example.edu.evil.example",
    "https://evil-course.example.edu",
    "https://xcourse.example.edu",
    "https://example.edu",
    "https://course.example.ed",
    "https://course.example.edu:443",
    "https://course.example.edu:8443",
    "http://course.example.edu",
    "https://Course.example.edu",
    "HTTPS://course.example.edu",
    "https://course.example.edu.",
    "https://course.example.edu/",
    "https://course.example.edu, https://course.example.edu",
    "null",
    "*",
    "",
]


@pytest.fixture
def open_shelf(shelf: Shelf) -> Shelf:
    """An archive whose setting allows one origin to everybody."""
    shelf.settings = shelf.settings.model_copy(update={"cors_origins": FURTHER})
    return shelf


@pytest.fixture
def client(open_shelf: Shelf) -> Iterator[TestClient]:
    """A client of it."""
    with served(open_shelf) as made:
        yield made


def test_a_page_of_a_keys_origin_may_read_and_no_other(
    open_shelf: Shelf, client: TestClient
) -> None:
    _, secret = new_key(open_shelf, "search", origins=(COURSE,))
    believed(client)
    answer = client.get("/api/v1/talks", headers=sent(secret, COURSE))
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == COURSE
    assert "access-control-allow-credentials" not in answer.headers
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"ETag", "RateLimit", "Retry-After"} <= set(exposed)
    assert {"Origin", "Authorization"} <= set(answer.headers["vary"].split(", "))
    for origin in NEARLY:
        refused = client.get("/api/v1/talks", headers={**sent(secret), "origin": origin})
        assert (refused.status_code, refused.json()["code"]) == (403, "origin_refused"), origin
        assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("origin", [*NEARLY, "https://nobody.example"])
def test_an_origin_that_nearly_matches_reads_nothing(
    open_shelf: Shelf, client: TestClient, origin: str
) -> None:
    new_key(open_shelf, "search", origins=(COURSE,))
    believed(client)
    plain = client.get("/api/v1/talks", headers={"origin": origin})
    assert plain.status_code == 200  # a browser does not let the page see it
    assert "access-control-allow-origin" not in plain.headers
    assert "Origin" in plain.headers["vary"]
    asked = client.options("/api/v1/search", headers={"origin": origin, **PREFLIGHT})
    assert (asked.status_code, asked.json()["code"]) == (403, "origin_refused")
    assert "access-control-allow-origin" not in asked.headers


def test_a_preflight_needs_no_key(open_shelf: Shelf, client: TestClient) -> None:
    new_key(open_shelf, "search", origins=(COURSE,))
    believed(client)
    for origin in (COURSE, FURTHER):
        asked = client.options("/api/v1/search", headers={"origin": origin, **PREFLIGHT})
        assert asked.status_code == 204
        assert asked.content == b""
        assert asked.headers["access-control-allow-origin"] == origin
        assert "GET" in asked.headers["access-control-allow-methods"]
        assert "Authorization" in asked.headers["access-control-allow-headers"]
        assert asked.headers["access-control-max-age"] == str(MAX_AGE_S)
        assert "Origin" in asked.headers["vary"]
        assert "access-control-allow-credentials" not in asked.headers
    for path in ("/api/v1/nothing", "/API/v1/search", "//api/v1/search"):
        assert client.options(path, headers={"origin": COURSE, **PREFLIGHT}).status_code == 404
    assert client.options("/talks", headers={"origin": COURSE, **PREFLIGHT}).status_code == 403


def test_pages_are_for_people_not_for_other_pages(open_shelf: Shelf, client: TestClient) -> None:
    new_key(open_shelf, "search", origins=(COURSE,))
    believed(client)
    answer = client.get("/talks", headers={"origin": COURSE})
    assert "access-control-allow-origin" not in answer.headers


def test_without_a_key_pages_of_active_keys_and_of_the_setting_may_read(
    open_shelf: Shelf, client: TestClient
) -> None:
    public_id, _ = new_key(open_shelf, "search", origins=(COURSE,))
    believed(client)
    for origin in (COURSE, FURTHER):
        answer = client.get("/api/v1/talks", headers={"origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
    revoked(open_shelf, public_id)
    believed(client)
    answer = client.get("/api/v1/talks", headers={"origin": COURSE})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_page_can_read_that_its_key_has_ended(
    open_shelf: Shelf, client: TestClient, end: str
) -> None:
    public_id, secret = new_key(open_shelf, "search", origins=(COURSE,))
    if end == "revoked":
        revoked(open_shelf, public_id)
    else:
        expired(open_shelf, public_id, now() - timedelta(seconds=1))
    believed(client)
    asked = client.options("/api/v1/search", headers={"origin": COURSE, **PREFLIGHT})
    assert asked.headers["access-control-allow-origin"] == COURSE
    refused = client.get("/api/v1/search?q=x", headers=sent(secret, COURSE))
    assert (refused.status_code, refused.json()["code"]) == (401, f"key_{end}")
    assert refused.headers["access-control-allow-origin"] == COURSE
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    elsewhere = client.get("/api/v1/search?q=x", headers=sent(secret, "https://evil.example"))
    assert "access-control-allow-origin" not in elsewhere.headers


def test_a_revoked_key_is_refused_within_five_seconds_by_itself(
    open_shelf: Shelf, client: TestClient
) -> None:
    assert LOOK_EVERY_S < OLDEST_S < 5
    public_id, secret = new_key(open_shelf, "search", origins=(COURSE,))
    believed(client)
    url = "/api/v1/search?q=nothing"
    assert client.get(url, headers=sent(secret, COURSE)).status_code == 200
    revoked(open_shelf, public_id)
    began = time.monotonic()
    while client.get(url, headers=sent(secret, COURSE)).status_code == 200:
        assert time.monotonic() - began < 5
        time.sleep(0.02)
    assert client.get(url, headers=sent(secret, COURSE)).json()["code"] == "key_revoked"


def test_keys_that_could_not_be_looked_at_are_not_believed(
    open_shelf: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalog.errors import CatalogUnavailable

    public_id, secret = new_key(open_shelf, "search")
    ring = service_of(client).keys
    believed(client)

    def broken() -> object:
        raise CatalogUnavailable("it does not answer")

    monkeypatch.setattr(ring._pulse, "beat", broken)
    assert client.get("/api/v1/talks", headers=sent(secret)).status_code == 200
    monkeypatch.setattr(ring, "_looked_s", time.monotonic() - OLDEST_S)
    refused = client.get("/api/v1/talks", headers=sent(secret))
    assert (refused.status_code, refused.json()["code"]) == (503, "catalog_unavailable")
    assert client.get("/api/v1/talks").status_code == 200  # reading without a key goes on
    assert public_id


def test_an_answer_to_a_key_is_for_it_alone(open_shelf: Shelf, client: TestClient) -> None:
    _, secret = new_key(open_shelf, "search")
    believed(client)
    url = "/api/v1/search?q=kernel"
    for _ in range(2):  # the second comes out of memory
        keyed = client.get(url, headers=sent(secret))
        assert keyed.headers.get_list("cache-control") == ["private, no-cache"]
        assert "Authorization" in keyed.headers["vary"]
    same = client.get(url, headers={**sent(secret), "if-none-match": keyed.headers["etag"]})
    assert same.status_code == 304
    assert same.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in same.headers["vary"]
    assert "private" not in client.get(url).headers["cache-control"]


def test_a_setting_that_is_no_origin_stops_the_service() -> None:
    from catalog.errors import InvalidSetting

    with pytest.raises(InvalidSetting, match="SEMINAR_CORS_ORIGINS"):
        read_settings(cors_origins="https://course.example.edu/")
