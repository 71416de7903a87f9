"""Fetching: pinned, checked at every hop, bounded, and gone on with after a break."""

import itertools
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from catalog.errors import StoreFull
from ingest.errors import LinkRefused, Unreachable
from ingest.sources.connect import Patience
from ingest.sources.fetch import Fetcher, Limits
from ingest.sources.policy import Policy
from tests.ingest.elsewhere import (
    Elsewhere,
    Handler,
    around,
    body,
    elsewhere,
    endless,
    fetcher,
    status,
    untold,
)

CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as opened:
        yield opened


def test_a_file_comes_whole_with_its_name_and_progress(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/a/talk.mp4"] = body(CONTENT, Content_Type="video/mp4; codecs=x")
    told: list[tuple[int, int | None]] = []
    fetched = fetcher(around(server)).fetch(
        server.url("/a/talk.mp4?key=1"), tmp_path / "part", lambda *step: told.append(step)
    )
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert (fetched.name, fetched.media_type, fetched.size_bytes) == (
        "talk.mp4", "video/mp4", len(CONTENT)
    )  # fmt: skip
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    [(path, headers, _at)] = server.asked
    assert path == "/a/talk.mp4?key=1"
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert not {"cookie", "authorization", "referer"} & set(headers)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('attachment; filename="Lecture 3.mp4"', "Lecture 3.mp4"),
        ("attachment; filename*=UTF-8''%C3%9Cbung.pdf", "Übung.pdf"),
        ('attachment; filename="../../etc/pass wd"', "pass wd"),
        ('attachment; filename="..\\\\..\\\\x.mp4"', "x.mp4"),
        ('attachment; filename=".."', "127.0.0.1"),
        ("attachment; filename*0=a; filename*=b'filename*0=", "get"),
    ],
)
def test_a_name_is_never_a_path(server: Elsewhere, tmp_path: Path, said: str, name: str) -> None:
    server.routes["/get"] = body(CONTENT, Content_Disposition=said)
    got = fetcher(around(server)).fetch(server.url("/get"), tmp_path / "part", untold)
    assert got.name == name


def test_the_checked_address_is_the_one_that_is_asked(server: Elsewhere, tmp_path: Path) -> None:
    """A name that leads elsewhere at a second look-up is looked up once only."""
    server.routes["/x"] = body(CONTENT)
    looked_up = itertools.count()

    def rebinding(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if next(looked_up) == 0 else ["192.0.2.1"]

    policy = Policy(inside=frozenset({f"media.example:{server.port}"}), resolve=rebinding)
    fetcher(policy).fetch(server.url("/x", "media.example"), tmp_path / "part", untold)
    assert next(looked_up) == 1
    assert server.asked[0][1]["host"] == f"media.example:{server.port}"


def test_proxies_in_the_environment_are_not_known(
    server: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.routes["/x"] = body(CONTENT)
    fetcher(around(server)).fetch(server.url("/x"), tmp_path / "part", untold)


def test_redirects_are_followed_and_each_is_checked(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/a"] = status(302, Location="/b")
    server.routes["/b"] = status(307, Location=server.url("/c"))
    server.routes["/c"] = body(CONTENT)
    fetcher(around(server)).fetch(server.url("/a"), tmp_path / "part", untold)
    assert server.paths == ["/a", "/b", "/c"]


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("http://169.254.169.254/latest/meta-data/", "link-local"),
        ("http://localhost/", "loopback"),
        ("//127.0.0.1/x", "loopback"),
        ("http://[::ffff:127.0.0.1]/", "IPv4 within IPv6"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://127.0.0.1/x", "only http and https"),
        ("http://a:b@127.0.0.1/", "user name or password"),
        ("http://8.8.8.8:22/", "the port 22"),
    ],
)
def test_a_redirect_cannot_lead_inside(
    server: Elsewhere, tmp_path: Path, location: str, says: str
) -> None:
    server.routes["/a"] = status(302, Location=location)
    with pytest.raises(LinkRefused, match=says):
        fetcher(around(server)).fetch(server.url("/a"), tmp_path / "part", untold)
    assert not (tmp_path / "part").exists()


def test_a_redirect_to_another_port_of_a_named_host_reaches_nobody(
    server: Elsewhere, tmp_path: Path
) -> None:
    with elsewhere() as canary:
        server.routes["/a"] = status(302, Location=canary.url("/secret"))
        with pytest.raises(LinkRefused):
            fetcher(around(server)).fetch(server.url("/a"), tmp_path / "part", untold)
        assert canary.asked == []


def test_redirects_have_an_end(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/a"] = status(302, Location="/a")
    with pytest.raises(LinkRefused, match="more than 5 times"):
        fetcher(around(server)).fetch(server.url("/a"), tmp_path / "part", untold)
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    "page",
    [
        body(b"<p>Hello", Content_Type="text/html; charset=utf-8"),
        body(b"\n <!DOCTYPE html><title>Talks</title>", Content_Type="video/mp4"),
    ],
)
def test_a_page_is_not_a_file(server: Elsewhere, tmp_path: Path, page: object) -> None:
    server.routes["/watch"] = page  # type: ignore[assignment]
    with pytest.raises(LinkRefused, match="shows a page, not a file; give the address of"):
        fetcher(around(server)).fetch(server.url("/watch"), tmp_path / "part", untold)


@pytest.mark.parametrize(
    ("code", "says"),
    [(404, "nothing"), (410, "nothing"), (403, "does not give"), (401, "does not")],
)
def test_what_is_not_there_or_not_given_is_refused(
    server: Elsewhere, tmp_path: Path, code: int, says: str
) -> None:
    server.routes["/x"] = status(code)
    with pytest.raises(LinkRefused, match=says):
        fetcher(around(server)).fetch(server.url("/x?key=hidden"), tmp_path / "part", untold)


def test_a_server_in_trouble_is_waited_for_as_long_as_it_asks(
    server: Elsewhere, tmp_path: Path
) -> None:
    server.routes["/x"] = status(503, Retry_After="120")
    with pytest.raises(Unreachable, match="answers 503") as waits:
        fetcher(around(server)).fetch(server.url("/x?key=hidden"), tmp_path / "part", untold)
    assert waits.value.after_s == 120
    assert "hidden" not in str(waits.value)


def test_nobody_there_is_waited_for(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        policy = Policy(inside=frozenset({place}))
        with pytest.raises(Unreachable, match="refused"):
            fetcher(policy).fetch(f"http://{place}/x", tmp_path / "part", untold)


def test_a_file_beyond_the_limit_is_refused_before_it_comes(
    server: Elsewhere, tmp_path: Path
) -> None:
    server.routes["/x"] = body(CONTENT)
    with pytest.raises(LinkRefused, match="the limit; raise SEMINAR_LINK_MAX_GB"):
        fetcher(around(server), 1000).fetch(server.url("/x"), tmp_path / "part", untold)
    assert not (tmp_path / "part").exists()


def test_an_endless_file_ends_at_the_limit(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/live"] = endless
    with pytest.raises(LinkRefused, match="the limit"):
        fetcher(around(server)).fetch(server.url("/live"), tmp_path / "part", untold)
    assert (tmp_path / "part").stat().st_size <= 1 << 20


def drip(gap_s: float, *, headers: bool) -> object:
    """Gives a byte now and then: of its headers, or of a body without end."""

    def answer(to: Handler) -> None:
        to.close_connection = True
        waited = threading.Event()
        to.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: " + (b"" if headers else b"no\r\n\r\n"))
        for _ in range(1000):
            to.wfile.write(b"x")
            waited.wait(gap_s)

    return answer


def test_headers_that_drip_are_not_waited_for(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/x"] = drip(0.02, headers=True)  # type: ignore[assignment]
    limits = Limits(size_bytes=1 << 20, time_s=30, patience=Patience(headers_s=0.2))
    with pytest.raises(Unreachable, match="in time"):
        Fetcher(policy=around(server), limits=limits).fetch(
            server.url("/x"), tmp_path / "part", untold
        )


def test_a_broadcast_is_refused_when_its_time_is_over(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/x"] = drip(0.02, headers=False)  # type: ignore[assignment]
    with pytest.raises(LinkRefused, match="does not end within"):
        fetcher(around(server), time_s=0.2).fetch(server.url("/x"), tmp_path / "part", untold)


def test_a_server_that_trickles_is_waited_for(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/x"] = drip(0.02, headers=False)  # type: ignore[assignment]
    limits = Limits(size_bytes=1 << 20, time_s=30, least_over_s=0.2)
    with pytest.raises(Unreachable, match="kB a second"):
        Fetcher(policy=around(server), limits=limits).fetch(
            server.url("/x"), tmp_path / "part", untold
        )


@pytest.mark.parametrize(
    "same", [{"ETag": '"v1"'}, {"Last_Modified": "Mon, 01 Feb 2021 10:00:00 GMT"}]
)
def test_an_interrupted_file_goes_on_where_it_was(
    server: Elsewhere, tmp_path: Path, same: dict[str, str]
) -> None:
    server.routes["/x"] = body(CONTENT, 100_000, **same)
    one, part = fetcher(around(server)), tmp_path / "part"
    with pytest.raises(Unreachable):
        one.fetch(server.url("/x"), part, untold)
    kept = part.stat().st_size
    assert 0 < kept <= 100_000
    assert one.fetch(server.url("/x"), part, untold).size_bytes == len(CONTENT)
    assert part.read_bytes() == CONTENT
    assert server.asked[1][1]["range"] == f"bytes={kept}-"


@pytest.mark.parametrize(
    ("before", "after"),
    [({"ETag": '"v1"'}, {"ETag": '"v2"'}), ({"ETag": 'W/"v1"'}, {"ETag": 'W/"v1"'}), ({}, {})],
    ids=["changed", "weak", "nothing said"],
)
def test_what_may_have_changed_begins_anew(
    server: Elsewhere, tmp_path: Path, before: dict[str, str], after: dict[str, str]
) -> None:
    server.routes["/x"] = body(b"y" * 200_000, 100_000, **before)
    one, part = fetcher(around(server)), tmp_path / "part"
    with pytest.raises(Unreachable):
        one.fetch(server.url("/x"), part, untold)
    server.routes["/x"] = body(CONTENT, **after)
    one.fetch(server.url("/x"), part, untold)
    assert part.read_bytes() == CONTENT


def test_a_part_that_the_server_cannot_go_on_with_is_dropped(
    server: Elsewhere, tmp_path: Path
) -> None:
    server.routes["/x"] = body(CONTENT, 100_000, ETag='"v1"')
    one, part = fetcher(around(server)), tmp_path / "part"
    with pytest.raises(Unreachable):
        one.fetch(server.url("/x"), part, untold)
    server.routes["/x"] = status(416)
    with pytest.raises(Unreachable, match="begun anew"):
        one.fetch(server.url("/x"), part, untold)
    server.routes["/x"] = body(CONTENT, ETag='"v1"')
    one.fetch(server.url("/x"), part, untold)
    assert part.read_bytes() == CONTENT


def test_a_full_disk_is_noticed_before_anything_is_written(
    server: Elsewhere, tmp_path: Path
) -> None:
    server.routes["/x"] = body(CONTENT)

    def full(size_bytes: int) -> None:
        raise StoreFull(f"no room for {size_bytes}")

    limits = Limits(size_bytes=1 << 20, time_s=30)
    with pytest.raises(StoreFull, match=f"no room for {len(CONTENT)}"):
        Fetcher(policy=around(server), limits=limits, require_room=full).fetch(
            server.url("/x"), tmp_path / "part", untold
        )
    assert not (tmp_path / "part").exists()


def test_a_certificate_must_be_for_the_name_although_the_address_is_pinned(tmp_path: Path) -> None:
    authority = trustme.CA()
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("media.example").configure_cert(ours)

    def trust() -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    with elsewhere(ours) as server:
        server.routes["/x"] = body(CONTENT)
        hosts = {f"{name}.example:{server.port}" for name in ("media", "other")}
        policy = Policy(
            inside=frozenset(hosts), resolve=lambda _host, _port: ["127.0.0.1"], trust=trust
        )
        fetcher(policy).fetch(server.url("/x", "media.example"), tmp_path / "part", untold)
        with pytest.raises(LinkRefused, match=r"does not prove that it is other\.example"):
            fetcher(policy).fetch(server.url("/x", "other.example"), tmp_path / "part", untold)
        with pytest.raises(LinkRefused, match="does not prove"):
            strangers = Policy(inside=frozenset(hosts), resolve=policy.resolve)
            fetcher(strangers).fetch(server.url("/x", "media.example"), tmp_path / "part", untold)
