"""Citations, read by independent parsers."""

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from bibtexparser.entrypoint import parse_string
from bibtexparser.model import Entry
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.citations.bibtex import bibtex, escaped
from app.citations.citation import Citation
from app.citations.csl import csl_json
from app.feeds.negotiation import preferred
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served

BIB = "application/x-bibtex"
CSL = "application/vnd.citationstyles.csl+json"
TALK = Citation(
    kind="talk",
    public_id="k3v9q2m7xa",
    title="The Second Descent",
    authors=("Jonas Feldmann",),
    url="https://seminars.example.edu/talks/the-second-descent",
    archive="Seminar archive",
    held_on=date(2024, 2, 12),
)


def entry_of(text: str) -> Entry:
    library = parse_string(text)
    assert not library.failed_blocks, text
    (entry,) = library.entries
    assert not library.comments
    return entry


def fields_of(text: str) -> dict[str, str]:
    return {one.key: one.value for one in entry_of(text).fields}


def test_a_talk_as_bibtex(reader: TestClient) -> None:
    answer = reader.get("/talks/the-second-descent.bib")
    assert answer.headers["content-type"].startswith(BIB)
    fields = fields_of(answer.text)
    assert fields["author"] == "Jonas Feldmann"
    assert fields["title"] == "{The Second Descent}"
    assert (fields["year"], fields["month"], fields["day"]) == ("2024", "feb", "12")
    assert fields["howpublished"] == "Talk, Foundations"
    assert fields["url"] == "http://testserver/talks/the-second-descent"
    assert re.fullmatch(r"feldmann2024second-\w{10}", entry_of(answer.text).key)


def test_a_second_and_a_passage_of_a_talk(reader: TestClient) -> None:
    fields = fields_of(reader.get("/talks/the-second-descent.bib?t=31.7").text)
    assert fields["note"] == "At 00:31"
    assert fields["url"].endswith("/talks/the-second-descent?t=31")
    hit = reader.get("/api/v1/search", params={"q": "interpolation threshold"}).json()["hits"][0]
    passage = hit["passages"][0]["id"]
    (item,) = reader.get(f"{hit['url']}.csl.json", params={"passage": passage}).json()
    assert item["note"].startswith("at 00:00; “Good afternoon")
    assert item["URL"].endswith(hit["passages"][0]["url"])
    other = reader.get("/talks/labels-come-last.bib", params={"passage": passage})
    assert (other.status_code, other.json()["code"]) == (404, "not_found")


def test_a_page_of_a_paper(reader: TestClient) -> None:
    found = reader.get("/api/v1/search", params={"q": "tangent kernel", "kind": "paper"}).json()
    hit = found["hits"][0]
    passage = hit["passages"][0]
    fields = fields_of(reader.get(f"{hit['url']}.bib", params={"passage": passage["id"]}).text)
    assert fields["author"] == "Priya Raman"
    assert fields["howpublished"] == "Course notes"
    assert fields["url"].endswith(f".pdf#page={passage['page']}")
    assert fields["note"].startswith(f"P. {passage['page']}; ")
    (item,) = reader.get(f"{hit['url']}.csl.json", params={"passage": passage["id"]}).json()
    assert item["page"] == str(passage["page"])


def test_csl_has_the_shape_that_processors_read(reader: TestClient) -> None:
    answer = reader.get("/talks/what-gradient-descent-prefers.csl.json")
    assert answer.headers["content-type"].startswith(CSL)
    (item,) = answer.json()
    assert item["type"] == "speech"
    assert item["author"] == [
        {"family": "Lind", "given": "Oskar"},
        {"family": "Raman", "given": "Priya"},
    ]
    assert item["issued"] == {"date-parts": [[2023, 4, 10]]}
    assert item["event-title"] == "Theory Lunch"
    (paper,) = reader.get("/papers/uniform-convergence.csl.json").json()
    assert (paper["type"], paper["issued"]) == ("article", {"date-parts": [[2022]]})


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (BIB, BIB),
        (CSL, CSL),
        (f"text/html;q=0.5, {BIB}", BIB),
        (f"{BIB};q=0.5, text/html", "text/html"),
        ("*/*", "text/html"),
        (f"*/*;q=0.1, {CSL};q=0.2", CSL),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        (f"{BIB};q=x, {CSL};q=2", "text/html"),
        ("", "text/html"),
        ("," * 5000, "text/html"),
    ],
)
def test_a_page_is_a_citation_for_who_asks_for_one(
    reader: TestClient, accept: str, kind: str
) -> None:
    for page in ("/talks/the-second-descent?t=31", "/papers/uniform-convergence"):
        answer = reader.get(page, headers={"accept": accept})
        assert answer.headers["content-type"].startswith(kind)
        assert "Accept" in ", ".join(answer.headers.get_list("vary"))
    one = reader.get("/api/v1/talks/the-second-descent").json()["id"]
    if kind == BIB:
        answer = reader.get(f"/talks/{one}?t=31", headers={"accept": accept})
        assert fields_of(answer.text)["note"] == "At 00:31"


def test_a_citation_is_not_sent_twice(reader: TestClient) -> None:
    for url in ("/talks/the-second-descent.bib", "/papers/uniform-convergence.csl.json"):
        first = reader.get(url)
        again = reader.get(url, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("t", ["-1", "x", "nan", "inf", "1e9", ""])
def test_a_second_that_cannot_be_is_a_problem(reader: TestClient, t: str) -> None:
    answer = reader.get("/talks/the-second-descent.bib", params={"t": t})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")


def test_what_is_hidden_is_not_cited(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="T"), Spoken(sentences=("A quixotry and a kernel.",)))
    paper = shelf.paper(NewPaper(title="P"), ("A page on kernels.",))
    shelf.publish()
    with served(shelf) as client:
        hit = client.get("/api/v1/search?q=quixotry&mode=keyword").json()["hits"][0]
        url = f"/talks/t.bib?passage={hit['passages'][0]['id']}"
        assert "quixotry" in client.get(url).text
        shelf.change_talk(talk, recording_status="withdrawn")
        assert client.get(url).status_code == 404
        assert client.get("/talks/t.bib").status_code == 200
        shelf.change_talk(talk, visibility="withdrawn")
        shelf.withdraw_paper(paper)
        for gone in ("/talks/t.bib", "/talks/t.csl.json", "/papers/p.bib", f"/talks/{talk}.bib"):
            assert client.get(gone).status_code == 410
        assert client.get("/talks/t", headers={"accept": BIB}).status_code == 410


def made(**changes: Any) -> Citation:
    return replace(TALK, **changes)


@given(title=st.text(max_size=60), names=st.lists(st.text(max_size=30), max_size=3))
def test_whatever_a_title_holds_the_entry_is_whole(title: str, names: list[str]) -> None:
    one = made(title=title, authors=tuple(names))
    fields = fields_of(bibtex(one))
    assert set(fields) <= {"author", "title", "year", "month", "day", "howpublished", "url"}
    assert fields["title"] == "{" + escaped(title) + "}"
    assert fields["url"] == one.url
    assert json.loads(csl_json(one))[0]["URL"] == one.url


def test_signs_of_tex_are_escaped_and_mathematics_is_kept() -> None:
    assert escaped("50% of R&D_1 #1 {x} \\y ~ ^") == (
        r"50\% of R\&D\_1 \#1 \textbraceleft{}x\textbraceright{} \textbackslash{}y "
        r"\textasciitilde{} \textasciicircum{}"
    )
    assert escaped(r"The $\ell_2$ norm & $x_{i}$") == r"The $\ell_2$ norm \& $x_{i}$"
    assert escaped("$5 and $x}$") == r"\$5 and \$x\textbraceright{}\$"
    assert escaped("a\x00b\n c") == "a b c"


def test_names_that_bibtex_would_take_apart_stay_together() -> None:
    names = ("Ada and Sons", "Lovelace, Ada", "מרים")
    assert "author = {{Ada and Sons} and Lovelace, Ada and מרים}" in bibtex(made(authors=names))
    people = json.loads(csl_json(made(authors=names)))[0]["author"]
    assert people == [
        {"literal": "Ada and Sons"},
        {"family": "Lovelace", "given": "Ada"},
        {"literal": "מרים"},
    ]


def test_keys_are_plain_and_differ() -> None:
    assert made(title="要旨", authors=("王",)).key == "2024-k3v9q2m7xa"
    assert made(start_ms=754_321).key == "feldmann2024second-k3v9q2m7xa-t754"
    assert made(held_on=None, authors=(), title="").key == "talk-k3v9q2m7xa"


def test_the_first_form_wins_a_tie() -> None:
    assert preferred("text/*, application/*", ("text/html", BIB)) == "text/html"
    assert preferred(f"{BIB}, text/html;q=0", ("text/html", BIB)) == BIB
