"""Answers are kept as they left, and not a moment longer than they are true."""

import gzip

from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.api.kept import Kept
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served, until

SEARCH = "/api/v1/search"


def kept(client: TestClient) -> int:
    """How many answers came from memory so far."""
    lines = client.get("/metrics").text.splitlines()
    return int(
        float(next(x for x in lines if x.startswith("seminar_answers_kept_total")).split()[1])
    )


def test_the_same_request_is_answered_from_memory_and_equals_the_first(reader: TestClient) -> None:
    reader.get(SEARCH, params={"q": "kernel memory"})  # the catalog may have been looked at since
    first = reader.get(SEARCH, params={"q": "kernel memory"})
    before = kept(reader)
    again = reader.get(SEARCH, params={"q": "kernel memory"})
    assert kept(reader) == before + 1
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    tag = {"if-none-match": first.headers["etag"]}
    unchanged = reader.get(SEARCH, params={"q": "kernel memory"}, headers=tag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == first.headers["etag"]
    assert kept(reader) == before + 2


def test_what_is_kept_and_its_bounds_are_measured(reader: TestClient) -> None:
    reader.get(SEARCH, params={"q": "kernel"})
    lines = dict(x.rsplit(" ", 1) for x in reader.get("/metrics").text.splitlines())
    for sort in ("answers", "searches", "similar"):
        assert float(lines[f'seminar_kept_bound{{sort="{sort}"}}']) > 0
        assert float(lines[f'seminar_kept{{sort="{sort}"}}']) >= 0
    assert float(lines["seminar_shown"]) >= 5


def test_each_encoding_is_kept_by_itself(reader: TestClient) -> None:
    parameters = {"q": "gradient descent step sizes"}
    for _ in range(3):
        with reader.stream(
            "GET", SEARCH, params=parameters, headers={"accept-encoding": "gzip"}
        ) as packed:
            raw = b"".join(packed.iter_raw())
        plain = reader.get(SEARCH, params=parameters, headers={"accept-encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert gzip.decompress(raw) == plain.content


def test_a_head_request_is_not_answered_with_a_body(reader: TestClient) -> None:
    reader.get(SEARCH, params={"q": "kernel"})
    head = reader.head(SEARCH, params={"q": "kernel"})
    assert (head.status_code, head.content) == (200, b"")


def test_nothing_kept_outlives_a_deed_or_a_snapshot(shelf: Shelf) -> None:
    first = shelf.talk(NewTalk(title="Wombat"), Spoken(sentences=("A kernel is named.",)))
    paper = shelf.paper(NewPaper(title="Two"), ("A kernel is written down.",))
    shelf.publish()
    with served(shelf) as client:

        def ids(path: str = SEARCH) -> set[str]:
            return {hit["id"] for hit in client.get(path, params={"q": "kernel"}).json()["hits"]}

        assert [ids() for _ in range(3)] == [{first, paper}] * 3
        shelf.withdraw_paper(paper)
        assert ids() == {first}
        third = shelf.talk(NewTalk(title="Three"), Spoken(sentences=("Another kernel.",)))
        shelf.publish()
        until(lambda: ids() == {first, third})
        shelf.change_talk(first, recording_status="withdrawn")
        assert ids() == {third}
        assert "Wombat" not in client.get("/search", params={"q": "kernel"}).text


@given(st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=30)), max_size=60))
def test_what_is_kept_is_bounded_and_what_was_used_last_stays(
    puts: list[tuple[int, bytes]],
) -> None:
    memory: Kept[bytes] = Kept(most=4, most_bytes=60, size=len)
    for key, value in puts:
        memory.put(key, value)
        assert memory.get(key) == value or value == b""
        assert len(memory) <= 4
        assert memory.bytes <= 60
