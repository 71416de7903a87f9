import re
from dataclasses import fields
from datetime import date
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from jinja2 import nodes
from starlette.testclient import TestClient

from app.web import codes
from app.web.contexts import lists, paper, places, search, talk
from app.web.rendering import STATIC, environment
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served

PAGES = [
    "/",
    "/search?q=interpolation+threshold",
    "/search?q=gradient+descent&kind=talk&series=Theory+Lunch&speaker=Oskar+Lind&year=2023",
    "/search?q=zzzzqqqq&kind=paper",
    "/search?q=gradient+descent&sort=oldest",
    "/covered?q=gradient+descent",
    "/covered?q=descent&series=Foundations",
    "/covered?q=zzzzqqqq&series=Nothing",
    "/talks",
    "/talks?series=Foundations&year=2024",
    "/talks?series=Nothing",
    "/talks/the-second-descent",
    "/talks/the-second-descent?t=31",
    "/talks/the-second-descent?q=threshold",
    "/talks/labels-come-last",
    "/series/foundations",
    "/speakers/priya-raman",
    "/papers",
    "/papers/notes-on-tangent-kernels",
    "/papers/notes-on-tangent-kernels?q=kernel",
    "/about",
    "/nothing",
]

DATA = "application/ld+json"  # read, never run


class Outline(HTMLParser):
    """What a page links to, its headings, and what it would run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.headings: list[int] = []
        self.inline: list[str] = []
        self.ids: list[str] = []
        self.unnamed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.addresses += [str(known[name]) for name in ("href", "src", "action") if name in known]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.inline += [name for name in known if name.startswith("on") or name == "style"]
        if tag == "script" and "src" not in known and known.get("type") != DATA:
            self.inline.append("script")
        if tag in {"input", "aside", "nav"} and known.get("type") not in {"checkbox", "hidden"}:
            self.unnamed += [tag] if not known.get("aria-label") else []
        if "id" in known:
            self.ids.append(str(known["id"]))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_runs_nothing_inline(reader: TestClient, path: str) -> None:
    answer = reader.get(path, headers={"accept": "text/html"})
    assert answer.status_code in {200, 404}
    outline = Outline(answer.text)
    assert outline.inline == []
    assert outline.unnamed == []
    assert outline.headings.count(1) == 1
    assert all(
        later - now <= 1 for now, later in zip(outline.headings, outline.headings[1:], strict=False)
    )
    assert len(outline.ids) == len(set(outline.ids))
    assert '<html lang="en">' in answer.text
    assert "<title>" in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_every_address_on_a_page_is_ours_and_answers(reader: TestClient, path: str) -> None:
    page = reader.get(path, headers={"accept": "text/html"})
    for address in set(Outline(page.text).addresses):
        parts = urlsplit(address.removeprefix("http://testserver"))
        assert (parts.scheme, parts.netloc) == ("", ""), address
        assert reader.get(address).status_code in {200, 303} or address.startswith("#"), address


def test_templates_use_only_what_their_contexts_have() -> None:
    """The name after `page.` in each template is a field of the context it is rendered with."""
    of = {
        "home.html": lists.HomePage,
        "search.html": search.SearchPage,
        "covered.html": search.CoveredPage,
        "talks.html": lists.TalksPage,
        "talk.html": talk.TalkPage,
        "papers.html": lists.PapersPage,
        "paper.html": paper.PaperPage,
        "about.html": lists.AboutPage,
        "embed.html": talk.EmbedPage,
        "place.html": places.PlacePage,
        "problem.html": lists.ProblemPage,
        "problems.html": codes.CodesPage,
    }
    folder = STATIC.parent / "templates"
    pages = {file.name for file in folder.iterdir() if file.is_file()}
    assert pages == {*of, "base.html", "parts.html"}
    for name, context in of.items():
        source = (folder / name).read_text()
        used = {
            node.attr
            for node in environment().parse(source).find_all(nodes.Getattr)
            if isinstance(node.node, nodes.Name) and node.node.name == "page"
        }
        assert used <= {field.name for field in fields(context)}, name
        unused = {field.name for field in fields(context)} - used - {"frame"}
        assert not unused, (name, unused)


def test_the_style_sheet_asks_for_nothing_from_elsewhere() -> None:
    for file in STATIC.iterdir():
        text = file.read_text()
        assert "@import" not in text
        assert "url(" not in text
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), file.name


def test_every_colour_is_a_token() -> None:
    sheets = {file.name: file.read_text() for file in STATIC.glob("*.css")}
    look = sheets.pop("look.css")
    after_tokens = "".join([look[look.index("* { box-sizing") :], *sheets.values()])
    known = {"#14171a", "#1a1d1f"}  # behind a video, and on the gold of the present find
    assert set(re.findall(r"#[0-9a-fA-F]{6}", after_tokens)) <= known


def contrast(first: str, second: str) -> float:
    """Ratio of two colours.  Source: WCAG 2.2, relative luminance."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_in_both_themes(theme: int) -> None:
    css = (STATIC / "look.css").read_text()
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", css)
    token = {name: (light, dark)[theme] for name, light, dark in found}
    for text in ("ink", "ink-soft", "accent"):
        for ground in ("paper", "wash", "accent-wash"):
            assert contrast(token[text], token[ground]) >= 4.5, (text, ground)
    assert contrast(token["ink"], token["hit"]) >= 4.5
    for mark in ("edge", "doubt", "accent"):
        assert contrast(token[mark], token["paper"]) >= 3, mark


def test_a_result_shows_who_when_and_where(reader: TestClient) -> None:
    page = reader.get("/search", params={"q": "interpolation threshold"}).text
    parts = ("Jonas Feldmann", "Foundations", "12 Feb 2024", "40 s")
    assert "&nbsp;· ".join(f"<bdi>{one}</bdi>" for one in parts) in page
    assert '<a class="t" href="/talks/the-second-descent?t=0"' in page
    assert "<mark>interpolation threshold</mark>" in page
    assert re.search(r"<b>\d talks?( and \d papers?)?</b>, best first", page)
    assert 'class="timeline"' in page


def test_a_page_of_results_leads_to_the_next_until_the_end(shelf: Shelf) -> None:
    for n in range(23):
        shelf.talk(NewTalk(title=f"Kernel {n}"), Spoken(sentences=(f"A kernel, number {n}.",)))
    shelf.publish()
    titles: list[str] = []
    with served(shelf) as client:
        url: str | None = "/search?q=kernel"
        while url:
            page = client.get(url).text
            titles += re.findall(r"<h2><a[^>]*>(Kernel \d+)</a>", page)
            following = re.search(r'href="([^"]+)" rel="next"', page)
            url = unescape(following[1]) if following else None
    assert sorted(titles) == sorted(f"Kernel {n}" for n in range(23))


def test_facets_narrow_and_widen_again(reader: TestClient) -> None:
    page = reader.get("/search", params={"q": "kernel descent"}).text
    narrowed = unescape(re.findall(r'href="(/search[^"]*kind=paper[^"]*)"', page)[0])
    papers = reader.get(narrowed).text
    assert 'class="kind">talk<' not in papers
    assert 'aria-current="true">Papers</a>' in papers
    assert "Everything</a>" in papers


def test_a_talk_page_begins_at_the_second_even_without_scripts(reader: TestClient) -> None:
    page = reader.get("/talks/the-second-descent", params={"t": "31"}).text
    assert re.search(r'<audio controls [^>]*src="/media/talks/\w+#t=31"', page)
    assert 'data-start="31"' in page
    assert re.search(r'<track kind="captions" src="/api/v1/talks/\w+/transcript\?format=vtt"', page)


@pytest.mark.parametrize("start", ["-1", "x", "1e999", "nan", "", "9" * 400, "31.9", "\x00"])
def test_a_strange_start_is_the_beginning_or_a_whole_second(reader: TestClient, start: str) -> None:
    page = reader.get("/talks/the-second-descent", params={"t": start})
    assert page.status_code == 200
    assert f'data-start="{31 if start == "31.9" else 0}"' in page.text


def test_the_transcript_is_in_the_page_with_doubt_marked(reader: TestClient) -> None:
    page = reader.get("/talks/the-second-descent").text
    assert 'title="heard with 41 % confidence" data-at="30000">Belkin</span>' in page
    assert 'data-start="10000" data-end="19000"' in page
    assert 'lang="en"' in page
    for form in ("TXT", "VTT", "SRT", "JSON"):
        assert f"Transcript as {form}" in page


def test_a_public_id_leads_to_the_slug(reader: TestClient) -> None:
    for kind, name in (("talks", "the-second-descent"), ("papers", "uniform-convergence")):
        one = reader.get(f"/api/v1/{kind}/{name}").json()["id"]
        answer = reader.get(f"/{kind}/{one}?q=a%26b", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (
            308,
            f"/{kind}/{name}?q=a%26b",
        )


@pytest.mark.parametrize(
    ("talk", "says"),
    [
        (
            NewTalk(title="T", recording_status="not_recorded"),
            "There is no recording of this talk.",
        ),
        (NewTalk(title="T", recording_status="declined"), "declined to be recorded"),
        (NewTalk(title="T"), "no recording of this talk"),
    ],
)
def test_a_missing_recording_is_explained(shelf: Shelf, talk: NewTalk, says: str) -> None:
    shelf.bare_talk(talk)
    with served(shelf) as client:
        page = client.get("/talks/t").text
    assert says in page
    assert "<audio" not in page


@pytest.mark.parametrize(
    ("job", "says"),
    [
        ({"state": "accepted"}, "waiting for its turn"),
        ({"state": "running", "step": "transcribe", "done": 1, "total": 3}, "33 %"),
        ({"state": "running", "step": "transcribe", "done": 1, "total": 3}, "being transcribed"),
        ({"state": "running", "step": "unheard-of"}, "being processed"),
        ({"state": "failed", "failure": "/secret/path"}, "could not be transcribed"),
    ],
)
def test_the_state_of_a_job_is_on_the_page(shelf: Shelf, job: dict[str, object], says: str) -> None:
    talk = shelf.talk(NewTalk(title="T"), None)
    shelf.change_job(talk, **job)
    with served(shelf) as client:
        page = client.get("/talks/t").text
    assert says in page
    assert "/secret/path" not in page
    assert "<audio" in page


def test_a_partial_and_a_silent_recording_say_so(shelf: Shelf) -> None:
    shelf.talk(
        NewTalk(title="Partial"),
        Spoken(sentences=("One.", "Two.", "Three."), gaps=((9_500, 19_500),)),
    )
    shelf.talk(NewTalk(title="Silent"), Spoken(sentences=()))
    with served(shelf) as client:
        partial = client.get("/talks/partial").text
        assert "Partial: 00:20 of 00:30 could be read (1 gap)." in partial
        assert "00:09 to 00:19 could not be read" in partial
        assert "No speech was heard" in client.get("/talks/silent").text


HOSTILE = [
    "<script>document.title='x'</script>",
    '"><img src=x onerror=alert(1)>',
    "'; alert(1); //",
    "</title><script>alert(1)</script>",
    "{{ 7 * 1573 }}{% for %}",
    "javascript:alert(1)",
    "<svg onload=alert(1)>",
    "-->\n\n<!-- NOTE",
]


def test_nothing_that_a_speaker_or_a_file_says_becomes_markup(shelf: Shelf) -> None:
    for n, bad in enumerate(HOSTILE):
        paper = shelf.paper(
            NewPaper(title=bad, authors=(bad,), venue=bad, abstract=bad), (f"{bad} kernel {n}",)
        )
        shelf.talk(
            NewTalk(
                title=bad,
                speakers=(f"{n} {bad}",),
                series=bad,
                abstract=bad,
                held_on=date(2024, 1, 1),
                links=(("slides", bad), ("video", bad)),
                papers=(paper,),
            ),
            Spoken(sentences=(f"{bad} kernel {n}",), doubtful=tuple(bad.split())),
        )
    shelf.publish()
    with served(shelf) as client:
        urls = {"/", "/talks", "/papers", "/search?q=kernel"}
        for url in tuple(urls):
            urls |= {a for a in Outline(client.get(url).text).addresses if a.startswith("/")}
        for bad in HOSTILE:
            urls.add("/search?" + urlencode({"q": bad}))
        for url in urls:
            answer = client.get(url, headers={"accept": "text/html"})
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            outline = Outline(answer.text)
            assert outline.inline == [], url
            assert "onerror=alert(1)>" not in answer.text.replace("&gt;", ""), url
            assert "<svg onload" not in answer.text, url
            assert not any(a.startswith("javascript:") for a in outline.addresses), url
            assert "11011" not in answer.text or "{{ 7 * 1573 }}" in unescape(answer.text), url


def test_hostile_words_in_captions_stay_words(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="T"), Spoken(sentences=("a <b>c</b> --> d & e",)))
    with served(shelf) as client:
        text = client.get(f"/api/v1/talks/{talk}/transcript?format=vtt").text
    assert "<b>" not in text
    assert "--&gt;" in text
    assert all(re.match(r"[\d:.]+ --> [\d:.]+$", row) for row in text.splitlines() if "-->" in row)


def test_static_files_are_named_by_content_and_kept(reader: TestClient) -> None:
    page = reader.get("/").text
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        assert re.search(r"\?v=[0-9a-f]{12}$", address)
        assert (STATIC / Path(urlsplit(address).path).name).exists()
