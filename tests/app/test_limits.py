"""How often somebody may ask, per key and per client; spoofed headers do not help."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.limits import Limits, Standing, client_named, headers_of
from app.main import create_app
from catalog.errors import InvalidSetting
from catalog.settings import read_settings
from tests.app.keys import answered_from_memory, believed, new_key, sent
from tests.app.shelf import Shelf, served

PROXY, NEAR, FAR = "192.0.2.10", "198.51.100.7", "203.0.113.9"


def limited(shelf: Shelf, client: str = NEAR, **settings: Any) -> TestClient:
    """A client at that address, of a service with those limits."""
    changed = shelf.settings.model_copy(update=settings)
    return TestClient(create_app(changed), client=(client, 50_000))


def statuses(client: TestClient, times: int, **headers: str) -> list[int]:
    return [client.get("/api/v1/talks", headers=headers).status_code for _ in range(times)]


def test_who_asks_too_often_is_told_when_to_come_back(shelf: Shelf) -> None:
    with limited(shelf, limit_per_client="3/minute") as client:
        left = []
        for _ in range(3):
            answer = client.get("/api/v1/talks")
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"client";q=3;w=60'
            left.append(answer.headers["ratelimit"].split(";")[1])
        assert left == ["r=2", "r=1", "r=0"]
        refused = client.get("/api/v1/talks")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["ratelimit"].startswith('"client";r=0;t=')
        assert "more than 3 requests in 60 s from this address" in refused.json()["detail"]
        page = client.get("/talks", headers={"accept": "text/html"})
        assert page.status_code == 429
        assert page.headers["retry-after"]


def test_what_is_kept_is_counted_too(shelf: Shelf) -> None:
    shelf.settings = shelf.settings.model_copy(update={"limit_per_client": "5/minute"})
    with served(shelf) as client:
        seen = [client.get("/api/v1/search?q=kernel").status_code for _ in range(8)]
        counted = client.get("/metrics").text
        from_memory = answered_from_memory(client)
    assert seen == [200] * 5 + [429] * 3
    assert from_memory >= 1
    assert 'seminar_requests_refused_total{status="429"} 3.0' in counted


def test_probes_and_files_of_the_pages_are_never_refused(shelf: Shelf) -> None:
    with limited(shelf, limit_per_client="1/hour") as client:
        assert statuses(client, 2) == [200, 429]
        for path in ("/livez", "/metrics", "/static/look.css"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers


def test_a_key_is_counted_wherever_it_comes_from(shelf: Shelf) -> None:
    _, one = new_key(shelf, "search")
    _, two = new_key(shelf, "search")
    with limited(shelf, client=PROXY, trusted_proxies=PROXY, limit_per_key="4/minute") as client:
        believed(client)
        seen = [
            client.get("/api/v1/talks", headers={**sent(one), "x-forwarded-for": f"203.0.113.{n}"})
            for n in range(6)
        ]
        assert [answer.status_code for answer in seen] == [200] * 4 + [429] * 2
        assert "with this key" in seen[-1].json()["detail"]
        assert '"key";q=4;w=60' in seen[0].headers["ratelimit-policy"]
        assert client.get("/api/v1/talks", headers=sent(two)).status_code == 200


def test_guessing_keys_is_counted(shelf: Shelf) -> None:
    with limited(shelf, limit_per_client="3/minute") as client:
        guesses = [
            client.get("/api/v1/talks", headers=sent(f"seminar_admin_{n:a>40}")).status_code
            for n in range(5)
        ]
    assert guesses == [401, 401, 401, 429, 429]


@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "forwarded", "x-real-ip", "client-ip", "true-client-ip"]
)
def test_a_stranger_cannot_say_who_he_is(shelf: Shelf, header: str) -> None:
    with limited(shelf, limit_per_client="3/minute", trusted_proxies=PROXY) as client:
        seen = [
            client.get("/api/v1/talks", headers={header: f"203.0.113.{n}"}).status_code
            for n in range(6)
        ]
    assert seen == [200] * 3 + [429] * 3


def test_a_trusted_proxy_says_who_asks_and_only_what_it_added_counts(shelf: Shelf) -> None:
    with limited(
        shelf, client=PROXY, limit_per_client="2/minute", trusted_proxies=f"{PROXY}, 10.0.0.0/8"
    ) as client:
        for who in (NEAR, FAR):
            assert statuses(client, 3, **{"x-forwarded-for": who}) == [200, 200, 429]
        # What the client wrote itself stands left of what the proxies added.
        for n in range(3):
            spoofed = f"192.0.2.{n}, {NEAR}, 10.1.2.3"
            assert statuses(client, 1, **{"x-forwarded-for": spoofed}) == [429]


def test_no_proxy_is_believed_where_none_is_named(shelf: Shelf) -> None:
    with limited(
        shelf, client="127.0.0.1", limit_per_client="1/minute", trusted_proxies=""
    ) as client:
        assert statuses(client, 1, **{"x-forwarded-for": NEAR}) == [200]
        assert statuses(client, 1, **{"x-forwarded-for": FAR}) == [429]


def test_limits_can_be_off(shelf: Shelf) -> None:
    with limited(shelf, limit_per_client="off", limit_per_key="off") as client:
        answer = client.get("/api/v1/talks")
    assert "ratelimit" not in answer.headers


def test_an_ipv6_client_is_its_network() -> None:
    assert client_named("2001:db8:1:2:3:4:5:6") == client_named("2001:db8:1:2::1")
    assert client_named("2001:db8:1:3::1") != client_named("2001:db8:1:2::1")
    assert client_named("::ffff:192.0.2.1") == client_named("192.0.2.1") == "192.0.2.1"
    assert len(client_named("x" * 10_000)) == 64


def test_headers_say_how_somebody_stands() -> None:
    standing = Standing(policy="key", quota=9, window_s=60, left=3, reset_s=7, exceeded=False)
    assert headers_of([standing]) == [
        (b"ratelimit-policy", b'"key";q=9;w=60'),
        (b"ratelimit", b'"key";r=3;t=7'),
    ]
    assert headers_of([]) == []


@pytest.mark.parametrize(
    "rate", ["", "many", "0/minute", "10", "10/day", "-1/minute", "1/minute;2"]
)
def test_a_limit_that_makes_no_sense_stops_the_service(rate: str) -> None:
    with pytest.raises(InvalidSetting, match="SEMINAR_LIMIT_PER_KEY"):
        read_settings(limit_per_key=rate)


def test_a_store_that_cannot_be_used_stops_the_service(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="SEMINAR_LIMIT_STORE cannot be used"):
        Limits(read_settings(data_dir=tmp_path, limit_store="nonsense://here"))


@pytest.mark.anyio
async def test_a_store_that_fails_does_not_take_the_service_down(tmp_path: Path) -> None:
    limits = Limits(read_settings(data_dir=tmp_path, limit_per_client="2/minute"))

    class Gone:
        async def hit(self, *_: object) -> bool:
            raise ConnectionError("the store is away")

    limits._counter = Gone()
    seen = [await limits.count("client", NEAR) for _ in range(3)]
    assert [one.exceeded for one in seen if one] == [False, False, True]


@pytest.mark.anyio
async def test_a_shared_store_counts_like_our_own(tmp_path: Path) -> None:
    from limits.aio.storage import MemoryStorage
    from limits.aio.strategies import FixedWindowRateLimiter

    for_two = FixedWindowRateLimiter(MemoryStorage())
    servers = [
        Limits(read_settings(data_dir=tmp_path, limit_per_client="3/minute")) for _ in range(2)
    ]
    for one in servers:
        one._counter = for_two
    seen = [await servers[n % 2].count("client", NEAR) for n in range(4)]
    assert [(one.left, one.exceeded) for one in seen if one] == [
        (2, False),
        (1, False),
        (0, False),
        (0, True),
    ]


@pytest.fixture
def anyio_backend() -> str:
    """The loop that the service runs on."""
    return "asyncio"
