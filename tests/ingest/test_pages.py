"""Pages of video sites: which are read, how yt-dlp is held, and the door it goes through."""

import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalog.engine import open_catalog
from catalog.promises import Said
from catalog.settings import read_settings
from ingest.errors import LinkRefused, PagesMissing, Unreachable
from ingest.links import promise_link
from ingest.progress import Cancelled
from ingest.sources import pages
from ingest.sources.egress import egress
from ingest.sources.fetch import Limits
from ingest.sources.pages import extractors_of, fetch_page, is_page, options, problem_of
from ingest.sources.policy import Policy, named_in, target_of
from tests.ingest.elsewhere import Elsewhere, around, body, elsewhere, untold

yt_dlp: Any = pytest.importorskip("yt_dlp")
LIMITS = Limits(size_bytes=1 << 20, time_s=30)
HOSTS = named_in(read_settings().page_hosts)
WATCH = target_of("https://www.youtube.com/watch?v=aaaaaaaaaaa")


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as opened:
        yield opened


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://www.youtube.com/watch?v=aaaaaaaaaaa", True),
        ("https://youtu.be/aaaaaaaaaaa", True),
        ("https://vimeo.com/123", True),
        ("https://player.vimeo.com/video/123", True),
        ("https://notyoutube.com/watch", False),
        ("https://youtube.com.example/watch", False),
        ("https://media.example/talk.mp4", False),
    ],
)
def test_only_pages_of_listed_hosts_are_read_as_pages(url: str, page: bool) -> None:
    assert is_page(target_of(url), HOSTS) is page


def test_only_the_extractors_of_the_site_are_loaded_and_none_that_follows_a_page() -> None:
    for host, name in {
        "m.youtube.com": "Youtube",
        "youtu.be": "Youtube",
        "vimeo.com": "Vimeo",
    }.items():
        with yt_dlp.YoutubeDL({"allowed_extractors": extractors_of(host), "quiet": True}) as reader:
            loaded = set(reader._ies)
        assert loaded
        assert all(one.startswith(name) for one in loaded)
    with yt_dlp.YoutubeDL({"allowed_extractors": extractors_of("media.ccc.de")}) as reader:
        assert "Generic" not in reader._ies
        assert "CCC" in reader._ies


def test_yt_dlp_accepts_its_options_and_reads_no_files(tmp_path: Path) -> None:
    chosen = options(WATCH, tmp_path, LIMITS, untold)
    (tmp_path / "secret").write_text("x")
    with yt_dlp.YoutubeDL(chosen) as reader:
        assert reader.params["cookiefile"] is None
        assert reader.prepare_filename({"id": "../../x", "ext": "m4a"}).startswith(str(tmp_path))
        assert Path(reader.prepare_filename({"id": "../../x", "ext": "m4a"})).parent == tmp_path
        with pytest.raises(Exception, match="file:// URLs are disabled"):
            reader.urlopen(f"file://{tmp_path}/secret")


def test_a_broadcast_is_not_taken() -> None:
    judge = options(WATCH, Path(), LIMITS, untold)["match_filter"]
    assert "live" in judge({"is_live": True}, incomplete=False)
    assert judge({"is_live": False}) is None


def test_progress_is_told_and_a_wish_to_stop_is_heard(tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    [hook] = options(WATCH, tmp_path, LIMITS, lambda *step: told.append(step))["progress_hooks"]
    hook({"status": "downloading", "downloaded_bytes": 10, "total_bytes_estimate": 40})
    assert told == [(10, 40)]
    with pytest.raises(LinkRefused, match="the limit"):
        hook({"status": "downloading", "downloaded_bytes": 2 << 20})
    [late] = options(WATCH, tmp_path, Limits(size_bytes=1, time_s=-1), untold)["progress_hooks"]
    with pytest.raises(Unreachable, match="not whole after"):
        late({"status": "downloading", "downloaded_bytes": 1})


def test_without_network_a_page_is_waited_for(tmp_path: Path) -> None:
    nowhere = Policy(resolve=lambda _host, _port: [])
    with pytest.raises(Unreachable, match=r"www\.youtube\.com/watch cannot be reached"):
        fetch_page(WATCH, tmp_path, LIMITS, nowhere, untold)


def test_a_page_that_leads_inside_is_refused(tmp_path: Path) -> None:
    inside = Policy(resolve=lambda _host, _port: ["10.0.0.1"])
    with pytest.raises(LinkRefused, match="leads to an address inside"):
        fetch_page(WATCH, tmp_path, LIMITS, inside, untold)


def test_errors_of_yt_dlp_are_told_apart() -> None:
    from yt_dlp.networking.exceptions import TransportError
    from yt_dlp.utils import DownloadError, ExtractorError

    def wrapped(inner: Exception) -> Exception:
        error: Exception = DownloadError("failed", (type(inner), inner, None))
        return error

    network = ExtractorError("no page", cause=TransportError("timed out"))
    assert isinstance(problem_of(wrapped(network), WATCH), Unreachable)
    private = problem_of(wrapped(ExtractorError("Private video", expected=True)), WATCH)
    assert isinstance(private, LinkRefused)
    assert isinstance(problem_of(wrapped(Cancelled("j")), WATCH), Cancelled)


def test_what_a_page_says_is_kept(tmp_path: Path) -> None:
    (tmp_path / "aaaaaaaaaaa.m4a").write_bytes(b"x")
    (tmp_path / "aaaaaaaaaaa.m4a.part").write_bytes(b"x")
    info = {"title": "On Idle Networks", "upload_date": "20210201", "uploader": "An Institute"}
    page = pages._page(WATCH, info, tmp_path)
    assert (page.file.name, page.title) == ("aaaaaaaaaaa.m4a", "On Idle Networks")
    assert (page.held_on, page.uploader) == (date(2021, 2, 1), "An Institute")


def test_without_the_extra_the_refusal_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "find_spec", lambda _name: None)
    catalog = open_catalog(f"sqlite:///{tmp_path}/catalog.db")
    try:
        with pytest.raises(PagesMissing, match=r"pip install -e '.\[pages\]'"):
            promise_link(catalog, read_settings(data_dir=tmp_path), WATCH.url, Said())
    finally:
        catalog.close()


# the door


def through(proxy: str, place: str, verb: str = "CONNECT") -> tuple[bytes, socket.socket]:
    host, port = proxy.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), 10)
    connection.sendall(f"{verb} {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
    return connection.recv(4096), connection


def test_the_door_leads_where_the_policy_does(server: Elsewhere) -> None:
    server.routes["/x"] = body(b"hello")
    with egress(around(server)) as proxy:
        answer, connection = through(proxy, f"127.0.0.1:{server.port}")
        with connection:
            assert answer.startswith(b"HTTP/1.1 200")
            connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            read = b"".join(iter(lambda: connection.recv(4096), b""))
    assert read.endswith(b"hello")


@pytest.mark.parametrize("verb", ["CONNECT", "GET", "POST"])
def test_the_door_does_not_lead_inside(server: Elsewhere, verb: str) -> None:
    with egress(Policy()) as proxy:
        for place in (f"127.0.0.1:{server.port}", f"localhost:{server.port}", "169.254.169.254:443",
                      "[::1]:443", "8.8.8.8:22", "a:b@c:443"):  # fmt: skip
            answer, connection = through(proxy, place, verb)
            connection.close()
            assert answer.startswith(b"HTTP/1.1 403" if verb == "CONNECT" else b"HTTP/1.1 405")
    assert server.asked == []


def test_yt_dlp_goes_through_the_door(
    server: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    chosen = options(WATCH, tmp_path, LIMITS, untold)
    with egress(Policy()) as proxy, yt_dlp.YoutubeDL(chosen | {"proxy": proxy}) as reader:
        with pytest.raises(Exception, match="403"):
            reader.urlopen(f"https://127.0.0.1:{server.port}/x")
        with pytest.raises(Exception, match="405"):
            reader.urlopen(f"http://127.0.0.1:{server.port}/x")
    assert server.asked == []
