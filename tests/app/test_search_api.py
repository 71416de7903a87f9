import base64
import json

import pytest
from starlette.testclient import TestClient

from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served

SEARCH = "/api/v1/search"


def test_an_answer_has_the_promised_shape(reader: TestClient) -> None:
    answer = reader.get(SEARCH, params={"q": "interpolation threshold"}).json()
    assert answer["query"] == "interpolation threshold"
    assert answer["legs"] == {"dense": "ok", "terms": "ok"}
    assert answer["degraded"] == []
    hit = answer["hits"][0]
    assert (hit["kind"], hit["title"], hit["speakers"]) == (
        "talk",
        "The Second Descent",
        ["Jonas Feldmann"],
    )
    assert (hit["date"], hit["series"], hit["url"]) == (
        "2024-02-12",
        "Foundations",
        "/talks/the-second-descent",
    )
    passage = hit["passages"][0]
    assert passage["url"] == f"/talks/the-second-descent?t={passage['start_ms'] // 1000}"
    assert passage["page"] is None
    assert 0 <= passage["score"] <= 1
    assert {span["text"] for span in passage["snippet"] if span["hit"]} >= {
        "interpolation threshold"
    }


def test_a_paper_opens_at_its_page(reader: TestClient) -> None:
    hit = reader.get(SEARCH, params={"q": "parity functions", "kind": "paper"}).json()["hits"][0]
    passage = hit["passages"][0]
    assert passage["url"].startswith("/media/papers/")
    assert passage["url"].endswith(f".pdf#page={passage['page']}")
    assert passage["start_ms"] is None


def test_passages_of_one_talk_are_in_one_hit_best_first(reader: TestClient) -> None:
    answer = reader.get(SEARCH, params={"q": "gradient descent step sizes"}).json()
    ids = [hit["id"] for hit in answer["hits"]]
    assert len(ids) == len(set(ids))
    long = next(h for h in answer["hits"] if h["title"] == "What Gradient Descent Prefers")
    scores = [passage["score"] for passage in long["passages"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 5
    assert long["more"] > 0


@pytest.mark.parametrize(
    ("narrowed", "titles"),
    [
        ({"kind": "paper"}, {"Notes on Tangent Kernels", "Uniform Convergence"}),
        ({"series": "theory lunch"}, {"What Gradient Descent Prefers"}),
        ({"speaker": "raman"}, {"What Gradient Descent Prefers", "Notes on Tangent Kernels"}),
        ({"year": 2024}, {"The Second Descent"}),
    ],
)
def test_filters_leave_only_what_fits(
    reader: TestClient, narrowed: dict[str, str], titles: set[str]
) -> None:
    answer = reader.get(SEARCH, params={"q": "the of and descent kernel", **narrowed}).json()
    assert answer["hits"]
    assert {hit["title"] for hit in answer["hits"]} <= titles


@pytest.mark.parametrize(("mode", "off"), [("keyword", "dense"), ("semantic", "terms")])
def test_a_mode_runs_one_leg_and_is_not_degraded(reader: TestClient, mode: str, off: str) -> None:
    answer = reader.get(SEARCH, params={"q": "kernel", "mode": mode}).json()
    assert answer["legs"][off] == "off"
    assert answer["degraded"] == []
    assert answer["hits"]


def test_pages_of_an_answer_lead_to_the_end_without_repeating(reader: TestClient) -> None:
    whole = reader.get(SEARCH, params={"q": "the and of", "limit": 100}).json()
    seen: list[str] = []
    cursor: str | None = None
    while True:
        parameters = {"q": "the and of", "limit": "2", **({"cursor": cursor} if cursor else {})}
        part = reader.get(SEARCH, params=parameters).json()
        seen += [hit["id"] for hit in part["hits"]]
        cursor = part["next_cursor"]
        if cursor is None:
            break
    assert seen == [hit["id"] for hit in whole["hits"]]
    assert len(seen) == whole["total"] > 2


def test_a_cursor_of_another_query_is_refused(reader: TestClient) -> None:
    cursor = reader.get(SEARCH, params={"q": "the and of", "limit": 1}).json()["next_cursor"]
    answer = reader.get(SEARCH, params={"q": "kernel", "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    "forged",
    [
        "x",
        "é",
        "A" * 399,
        "[]",
        base64.urlsafe_b64encode(b"[1]").decode(),
        base64.urlsafe_b64encode(json.dumps([-1, "a", "b", "c"]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps([True, "a", "b", "c"]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps([10**30, "a", "b", "c"]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps([5, 1, 2, 3]).encode()).decode(),
        base64.urlsafe_b64encode(b"[" * 290).decode()[:390],
        "\x00",
        "",
    ],
)
def test_a_forged_cursor_is_refused(reader: TestClient, forged: str) -> None:
    answer = reader.get(SEARCH, params={"q": "kernel", "cursor": forged})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


def test_an_unchanged_answer_is_not_sent_again(reader: TestClient) -> None:
    first = reader.get(SEARCH, params={"q": "kernel"})
    again = reader.get(
        SEARCH, params={"q": "kernel"}, headers={"if-none-match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = reader.get(
        SEARCH, params={"q": "threshold"}, headers={"if-none-match": first.headers["etag"]}
    )
    assert other.status_code == 200


def test_a_tag_does_not_outlive_a_withdrawal(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="Kernel"), Spoken(sentences=("A kernel is named.",)))
    shelf.publish()
    with served(shelf) as client:
        tag = client.get(SEARCH, params={"q": "kernel"}).headers["etag"]
        shelf.change_talk(talk, visibility="withdrawn")
        again = client.get(SEARCH, params={"q": "kernel"}, headers={"if-none-match": tag})
        assert again.status_code == 200
        assert again.json()["hits"] == []


@pytest.mark.parametrize(
    "query",
    [
        "\x00",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        '"',
        '""""',
        "NEAR(",
        "title:x AND (",
        "\\ell_2",
        "*",
        "' OR 1=1 --",
        "%" * 500,
        "🙂" * 500,
        "a" * 1000,
        "<script>alert(1)</script>",
        "\u202e\u0000\uffff",
        "[[[{{{",
        "+-&|!(){}[]^~*?:",
    ],
)
def test_no_query_is_a_server_error(reader: TestClient, query: str) -> None:
    for path in (SEARCH, "/search", "/talks/the-second-descent", "/papers/uniform-convergence"):
        answer = reader.get(path, params={"q": query})
        assert answer.status_code in {200, 422}, (path, answer.text)


def test_raw_bytes_in_a_query_are_no_server_error(reader: TestClient) -> None:
    for raw in ("%ED%A0%80", "%FF%FE", "%00", "%", "%zz", "a%F0%9F"):
        assert reader.get(f"{SEARCH}?q={raw}").status_code in {200, 422}
        assert reader.get(f"/search?q={raw}").status_code in {200, 422}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"q": ""},
        {"q": "   "},
        {"q": "x" * 1001},
        {"q": "x", "limit": "0"},
        {"q": "x", "limit": "101"},
        {"q": "x", "limit": "many"},
        {"q": "x", "kind": "film"},
        {"q": "x", "mode": "psychic"},
        {"q": "x", "year": "soon"},
        {"q": "x", "year": "99999"},
        {"q": "x", "series": "s" * 201},
    ],
)
def test_what_cannot_be_searched_for_is_a_problem(
    reader: TestClient, parameters: dict[str, str]
) -> None:
    answer = reader.get(SEARCH, params=parameters)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] in {"invalid_parameter", "invalid_query"}
    assert "x" * 50 not in answer.text


def test_a_renamed_talk_is_shown_by_its_new_name_at_once(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="Kernel"), Spoken(sentences=("A kernel is named.",)))
    shelf.publish()
    with served(shelf) as client:
        shelf.change_talk(talk, title="Renamed")
        hits = client.get(SEARCH, params={"q": "kernel"}).json()["hits"]
        assert [hit["title"] for hit in hits] == ["Renamed"]


def test_what_was_understood_is_in_the_answer(reader: TestClient) -> None:
    answer = reader.get(
        SEARCH, params={"q": 'kernel speaker:raman -feature year:2023..2025 "parity functions"'}
    ).json()
    assert answer["understood"] == [
        {"part": "speaker", "value": "raman", "excluded": False},
        {"part": "word", "value": "feature", "excluded": True},
        {"part": "year", "value": "2023-2025", "excluded": False},
        {"part": "phrase", "value": "parity functions", "excluded": False},
    ]


@pytest.mark.parametrize("narrowed", [{}, {"kind": "talk"}])
def test_filters_may_be_typed_and_add_to_the_others(
    reader: TestClient, narrowed: dict[str, str]
) -> None:
    answer = reader.get(SEARCH, params={"q": "descent kernel speaker:raman", **narrowed}).json()
    titles = {hit["title"] for hit in answer["hits"]}
    both = {"What Gradient Descent Prefers", "Notes on Tangent Kernels"}
    assert titles == (both if not narrowed else {"What Gradient Descent Prefers"})


def test_filters_alone_list_talks_and_papers(reader: TestClient) -> None:
    answer = reader.get(SEARCH, params={"q": "speaker:raman"})
    assert answer.status_code == 200
    assert {hit["title"] for hit in answer.json()["hits"]} == {
        "What Gradient Descent Prefers",
        "Notes on Tangent Kernels",
    }


def test_a_word_that_nobody_said_is_put_right_and_it_is_said(reader: TestClient) -> None:
    answer = reader.get(SEARCH, params={"q": "interpolaton treshold"}).json()
    assert answer["query"] == "interpolaton treshold"
    assert answer["showing_for"] == "interpolation threshold"
    assert {span["text"] for span in answer["hits"][0]["passages"][0]["snippet"] if span["hit"]}
    page = reader.get("/search", params={"q": "interpolaton treshold"}).text
    assert "Showing results for <b>interpolation threshold</b>" in page
    assert 'href="/search?q=interpolaton+treshold&amp;exact=true"' in page


def test_exact_searches_for_what_was_typed(reader: TestClient) -> None:
    parameters = {"q": "interpolaton treshold", "exact": "true"}
    answer = reader.get(SEARCH, params=parameters).json()
    assert answer["showing_for"] is None
    assert answer["remarks"]
    assert "Showing results for" not in reader.get("/search", params=parameters).text


def test_a_page_shows_typed_filters_and_how_to_take_them_away(reader: TestClient) -> None:
    page = reader.get("/search", params={"q": "descent speaker:raman -<b>x -kernel"}).text
    assert '<a href="/search?q=descent+-%3Cb%3Ex+-kernel">speaker: raman ×</a>' in page
    assert "without kernel ×" in page


@pytest.mark.parametrize("query", ["?!", "🙂", '" "', "-kernel"])
def test_a_query_without_words_is_refused_with_what_to_type(reader: TestClient, query: str) -> None:
    answer = reader.get(SEARCH, params={"q": query})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_query")
    assert "type" in answer.json()["detail"]
    page = reader.get("/search", params={"q": query}, headers={"accept": "text/html"})
    assert page.status_code == 422
    assert "to search for" in page.text


def test_without_a_snapshot_filters_and_exclusions_hold_too(shelf: Shelf) -> None:
    shelf.talk(
        NewTalk(title="First", speakers=("Ann Other",)), Spoken(sentences=("A kernel is here.",))
    )
    shelf.talk(NewTalk(title="Second"), Spoken(sentences=("The kernel method is a trick.",)))
    with served(shelf, wait=False) as client:

        def titles(query: str) -> list[str]:
            hits = client.get(SEARCH, params={"q": query}).json()["hits"]
            return sorted(hit["title"] for hit in hits)

        assert titles("kernel") == ["First", "Second"]
        assert titles("kernel -tricks") == ["First"]
        assert titles("kernel speaker:other") == ["First"]
        assert titles("speaker:other") == ["First"]


def test_a_series_that_is_none_is_told(reader: TestClient) -> None:
    wrong = reader.get("/api/v1/search?q=kernel&series=Fondations").json()
    assert wrong["remarks"] == ["There is no series called “Fondations”."]
    right = reader.get("/api/v1/search?q=descent&series=foundations").json()
    assert right["hits"]
    assert right["remarks"] == []


def test_a_search_inside_a_withdrawn_talk_says_so(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="Gone"), Spoken(sentences=("A kernel is here.",)))
    shelf.publish()
    with served(shelf) as client:
        assert client.get("/api/v1/search?q=kernel&talk=gone").status_code == 200
        shelf.change_talk(talk, visibility="withdrawn")
        answer = client.get("/api/v1/search?q=kernel&talk=gone")
        assert (answer.status_code, answer.json()["code"]) == (410, "withdrawn")
