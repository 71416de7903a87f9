"""The Python client against the real service."""

from collections.abc import Callable, Iterator

import httpx2
import pytest
from seminar_client import Archive, NotFound, ProblemError, Withdrawn
from starlette.testclient import TestClient

from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served


@pytest.fixture
def archive(reader: TestClient) -> Iterator[Archive]:
    with Archive("http://testserver", http=reader) as opened:
        yield opened


def test_a_search_goes_on_over_its_pages(archive: Archive) -> None:
    every = [hit.id for hit in archive.search("descent kernel threshold error", page_size=1)]
    assert len(every) == len(set(every)) > 1
    assert every == [hit.id for hit in archive.search("descent kernel threshold error")]


def test_nothing_is_asked_before_it_is_needed(archive: Archive) -> None:
    hits = archive.search("", page_size=1)
    with pytest.raises(ProblemError):
        next(hits)


def test_a_hit_has_the_second_and_the_words(archive: Archive) -> None:
    hit = next(archive.search("interpolation threshold", kind="talk"))
    assert hit.title == "The Second Descent"
    assert hit.date is not None
    assert hit.date.year == 2024
    passage = hit.passages[0]
    assert passage.start_ms is not None
    assert "threshold" in passage.text
    assert any(span.hit for span in passage.snippet)


def test_talks_papers_and_transcripts_are_values(archive: Archive) -> None:
    talk = archive.talk("the-second-descent")
    assert talk.id in [one.id for one in archive.talks(page_size=1)]
    assert archive.paper(talk.papers[0].id).talks[0].id == talk.id
    assert {one.id for one in archive.papers(page_size=1)} >= {talk.papers[0].id}
    said = archive.transcript(talk.slug)
    assert said.segments[0].words[0].text.strip() == "Good"
    assert archive.transcript_text(talk.slug, "vtt").startswith("WEBVTT")
    assert archive.status().talks == len(list(archive.talks()))
    assert archive.suggest("second")[0].text == "The Second Descent"
    assert talk.id not in {one.id for one in archive.similar_to_talk(talk.id)}
    assert isinstance(archive.similar_to_paper(talk.papers[0].id), list)


@pytest.mark.parametrize("key", ["nothing", "../status", "a/b", "ä ?#", ""])
def test_what_is_not_there_is_an_error_with_its_code(archive: Archive, key: str) -> None:
    with pytest.raises(NotFound) as found:
        archive.talk(key)
    assert (found.value.status, found.value.code) == (404, "not_found")
    assert found.value.type == "/problems/not_found"


def test_a_wrong_parameter_is_named(archive: Archive) -> None:
    with pytest.raises(ProblemError) as found:
        archive.search_page("kernel", limit=1000)
    assert found.value.code == "invalid_parameter"
    assert found.value.errors[0]["parameter"] == "limit"
    with pytest.raises(ProblemError, match="unknown_parameter"):
        archive.search_page("kernel", colour="red")


def test_what_was_withdrawn_is_said_so_and_kept_no_longer(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="Gone"), Spoken(sentences=("A kernel.",)))
    shelf.publish()
    with served(shelf) as client:
        archive = Archive("http://testserver", http=client, cached=True)
        assert archive.talk(talk) == archive.talk(talk)
        shelf.change_talk(talk, visibility="withdrawn")
        with pytest.raises(Withdrawn):
            archive.talk(talk)


def answering(*answers: httpx2.Response) -> tuple[httpx2.Client, list[httpx2.Request]]:
    """A client that gets these answers, and what it asked."""
    asked: list[httpx2.Request] = []
    left = iter(answers)

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return next(left)

    return httpx2.Client(transport=httpx2.MockTransport(answer)), asked


def busy(status: int, wait: str) -> httpx2.Response:
    return httpx2.Response(status, headers={"retry-after": wait}, json={"code": "overloaded"})


def no_suggestions(**headers: str) -> httpx2.Response:
    return httpx2.Response(200, headers=headers, json={"query": "a", "suggestions": []})


def test_a_busy_archive_is_asked_again_when_it_says() -> None:
    http, _ = answering(busy(503, "2"), busy(429, "90"), no_suggestions())
    waited: list[float] = []
    assert Archive("http://x", http=http, sleep=waited.append).suggest("a") == []
    assert waited == [2.0, 30.0]


def test_an_archive_that_stays_busy_is_left_after_three_tries() -> None:
    http, asked = answering(*(busy(503, "soon") for _ in range(4)))
    waited: list[float] = []
    with pytest.raises(ProblemError, match="overloaded"):
        Archive("http://x", http=http, sleep=waited.append).suggest("a")
    assert (len(asked), waited) == (3, [1.0, 1.0])


def test_a_key_goes_into_a_header_and_into_no_address() -> None:
    http, asked = answering(no_suggestions())
    Archive("http://x/", key="sk-secret", http=http).suggest("a")
    assert asked[0].headers["authorization"] == "Bearer sk-secret"
    assert "secret" not in str(asked[0].url)
    assert str(asked[0].url).startswith("http://x/api/v1/suggest?")


def test_what_did_not_change_is_not_sent_again(reader: TestClient) -> None:
    statuses: list[int] = []

    def noted(call: Callable[..., httpx2.Response]) -> Callable[..., httpx2.Response]:
        def ask(*given: object, **more: object) -> httpx2.Response:
            answer = call(*given, **more)
            statuses.append(answer.status_code)
            return answer

        return ask

    http = httpx2.Client(transport=reader._transport)
    http.get = noted(http.get)  # type: ignore[method-assign]
    archive = Archive("http://testserver", http=http, cached=True)
    titles = [[one.title for one in archive.talks()] for _ in range(2)]
    assert titles[0] == titles[1]
    assert statuses == [200, 304]


def test_at_most_so_many_answers_are_kept() -> None:
    http, _ = answering(*(no_suggestions(etag='W/"1"') for _ in range(300)))
    archive = Archive("http://x", http=http, cached=True)
    for number in range(300):
        archive.suggest(str(number))
    assert archive._kept is not None
    assert len(archive._kept) == 256
