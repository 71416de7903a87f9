import threading
from collections import Counter

from starlette.testclient import TestClient

from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served, until


def test_snapshots_are_swapped_under_requests_without_a_failure(shelf: Shelf) -> None:
    """Each generation has one more talk; every answer must have exactly its own generation's."""
    held: dict[str, int] = {}

    def grow(number: int) -> str:
        shelf.talk(NewTalk(title=f"Kernel {number}"), Spoken(sentences=(f"Kernel {number}.",)))
        generation = shelf.publish()
        held[generation] = number
        return generation

    first = grow(1)
    with served(shelf) as client:
        seen: list[tuple[int, str, int]] = []
        stop = threading.Event()
        readers = [threading.Thread(target=_ask, args=(client, seen, stop)) for _ in range(3)]
        for reader in readers:
            reader.start()
        try:
            newest = first
            for number in range(2, 6):
                newest = grow(number)
                until(lambda wanted=newest: any(one[1] == wanted for one in seen[-50:]))
        finally:
            stop.set()
            for reader in readers:
                reader.join()
    assert {status for status, _, _ in seen} == {200}
    assert {generation for _, generation, _ in seen} == set(held)
    wrong = [one for one in seen if one[2] != held[one[1]]]
    assert wrong == []
    assert min(Counter(generation for _, generation, _ in seen).values()) > 0


def _ask(client: TestClient, seen: list[tuple[int, str, int]], stop: threading.Event) -> None:
    while not stop.is_set():
        answer = client.get("/api/v1/search", params={"q": "kernel", "limit": 50})
        body = answer.json()
        seen.append((answer.status_code, body.get("generation", ""), body.get("total", -1)))
