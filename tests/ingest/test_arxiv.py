"""arXiv: numbers in every way of writing, what its API says, and its rate."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.addresses import ArxivId
from ingest.errors import LinkRefused, UnknownPaper, Unreachable
from ingest.sources.arxiv import Arxiv, arxiv_id_in, entry_in
from tests.archive import ROOT
from tests.ingest.elsewhere import Elsewhere, around, body, elsewhere, fetcher, status, untold

FEED = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">
  <title>arXiv Query</title>{entries}
</feed>"""
ENTRY = """
  <entry>
    <id>http://arxiv.org/abs/{id}</id>
    <published>2019-12-04T18:00:00Z</published>
    <updated>2020-01-15T18:00:00Z</updated>
    <title>On the Sorrows of
      Wide &amp; Idle Networks</title>
    <summary>  We train networks that do nothing.
  They do it well.  </summary>
    <author><name>Ada Quill</name><arxiv:affiliation>Nowhere</arxiv:affiliation></author>
    <author><name>Béla Ürmös</name></author>
    <arxiv:doi>10.9999/idle.2019</arxiv:doi>
    <link href="http://arxiv.org/abs/{id}" rel="alternate"/>
  </entry>"""


def feed(*ids: str) -> bytes:
    return FEED.format(entries="".join(ENTRY.format(id=one) for one in ids)).encode()


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as opened:
        yield opened


def arxiv(server: Elsewhere, tmp_path: Path, spacing_s: float = 0) -> Arxiv:
    return Arxiv(
        base_url=server.url(""),
        fetcher=fetcher(around(server)),
        run_dir=tmp_path / "run",
        spacing_s=spacing_s,
    )


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("arxiv:1912.02292", "1912.02292"),
        ("arXiv:1912.02292v2", "1912.02292v2"),
        ("arxiv:0704.0001", "0704.0001"),
        ("arxiv:cs/0301012", "cs/0301012"),
        ("arxiv:math.AG/0601001v3", "math/0601001v3"),
        ("arxiv:cond-mat/9901001", "cond-mat/9901001"),
        ("https://arxiv.org/abs/1912.02292", "1912.02292"),
        ("http://www.arxiv.org/abs/1912.02292v1?context=cs", "1912.02292v1"),
        ("https://arxiv.org/pdf/1912.02292.pdf", "1912.02292"),
        ("https://arxiv.org/pdf/1912.02292v2#page=3", "1912.02292v2"),
        ("https://export.arxiv.org/pdf/cs/0301012", "cs/0301012"),
    ],
)
def test_a_number_is_known_in_every_way_of_writing(word: str, named: str) -> None:
    assert str(arxiv_id_in(word)) == named


@pytest.mark.parametrize(
    "word",
    ["https://example.org/abs/1912.02292", "https://arxiv.org.example/abs/1912.02292",
     "https://arxiv.org/list/cs.LG/recent", "notes.pdf", "1912.02292"],
)  # fmt: skip
def test_other_words_are_not_numbers(word: str) -> None:
    assert arxiv_id_in(word) is None


@pytest.mark.parametrize(
    "word",
    ["arxiv:", "arxiv:1912", "arxiv:1913.02292", "arxiv:1912.022922", "arxiv:cs/1234",
     "arxiv:1912.02292v0", "arxiv:1912.02292&max_results=9", "https://arxiv.org/abs/listing"],
)  # fmt: skip
def test_what_should_be_a_number_and_is_not_is_refused(word: str) -> None:
    with pytest.raises(LinkRefused, match="not a number of arXiv; they are like"):
        arxiv_id_in(word)


def test_what_the_api_says_is_read(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/api/query"] = body(feed("1912.02292v2"), Content_Type="application/atom+xml")
    entry = arxiv(server, tmp_path).entry(ArxivId(base="1912.02292"))
    assert str(entry.id) == "1912.02292v2"
    assert entry.title == "On the Sorrows of Wide & Idle Networks"
    assert entry.authors == ("Ada Quill", "Béla Ürmös")
    assert (entry.year, entry.doi) == (2019, "10.9999/idle.2019")
    assert entry.abstract == "We train networks that do nothing. They do it well."
    assert server.paths == ["/api/query?id_list=1912.02292&max_results=1"]


ERROR = feed("x").replace(b"http://arxiv.org/abs/x", b"http://arxiv.org/api/errors#incorrect_id")
BARE = FEED.format(entries="<entry><id>http://arxiv.org/abs/1912.99999</id></entry>").encode()


@pytest.mark.parametrize("answer", [feed(), ERROR, BARE], ids=["empty", "error", "bare"])
def test_a_number_without_a_paper_is_said(answer: bytes) -> None:
    with pytest.raises(UnknownPaper, match=r"arXiv has no paper 1912\.99999; check the number"):
        entry_in(answer, ArxivId(base="1912.99999"))


def test_a_number_that_the_api_refuses_is_said(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/api/query"] = status(400)
    with pytest.raises(UnknownPaper):
        arxiv(server, tmp_path).entry(ArxivId(base="1912.99999"))


@pytest.mark.parametrize(
    "answer",
    [
        b"<html><body>Rate exceeded.</body></html>",
        b"Rate exceeded.",
        b"",
        b"\xff\xfe",
        b'<!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><feed>&b;</feed>',
    ],
)
def test_another_answer_is_waited_for(answer: bytes) -> None:
    with pytest.raises(Unreachable, match="not the list"):
        entry_in(answer, ArxivId(base="1912.02292"))


def test_an_answer_without_end_is_refused(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/api/query"] = body(b" " * (2 << 20))
    with pytest.raises(LinkRefused, match="limit"):
        arxiv(server, tmp_path).entry(ArxivId(base="1912.02292"))


def test_three_seconds_are_owed_after_the_end_of_the_last_request(
    server: Elsewhere, tmp_path: Path
) -> None:
    server.routes["/api/query"] = body(feed("1912.02292v2"))
    server.routes["/pdf/1912.02292v2"] = body(b"%PDF-")
    slept: list[float] = []
    one = Arxiv(
        base_url=server.url("/"),
        fetcher=fetcher(around(server)),
        run_dir=tmp_path / "run",
        sleep=slept.append,
    )
    entry = one.entry(ArxivId(base="1912.02292"))
    one.pdf(entry.id, tmp_path / "part", untold)
    assert slept[0] == 0
    assert 0 < slept[1] <= 3
    assert server.paths[1] == "/pdf/1912.02292v2"


ASK = """
import sys
from pathlib import Path
from catalog.addresses import ArxivId
from ingest.sources.arxiv import Arxiv
from tests.ingest.elsewhere import Elsewhere, around, fetcher
server = Elsewhere(int(sys.argv[1]))
one = Arxiv(base_url=server.url(""), fetcher=fetcher(around(server)), run_dir=Path(sys.argv[2]),
            spacing_s=0.3)
for _ in range(2):
    one.entry(ArxivId(base="1912.02292"))
"""


def test_the_processes_of_an_archive_keep_the_rate_together(
    server: Elsewhere, tmp_path: Path
) -> None:
    server.routes["/api/query"] = body(feed("1912.02292v2"))
    asking = [
        subprocess.Popen([sys.executable, "-c", ASK, str(server.port), tmp_path / "run"], cwd=ROOT)
        for _ in range(3)
    ]
    assert [one.wait(60) for one in asking] == [0, 0, 0]
    at = [moment for _path, _headers, moment in server.asked]
    assert len(at) == 6
    assert min(later - earlier for earlier, later in itertools.pairwise(at)) >= 0.29
