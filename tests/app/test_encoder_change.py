"""Another encoder by setting: the old snapshot serves until the new one can, with its encoder."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalog.settings import Settings
from catalog.talks import NewTalk
from index.encoders import Encoder
from index.errors import EncoderMissing
from index.testing import HashEncoder
from tests.app.shelf import Shelf, Spoken, served, until

SEARCH = {"q": "kernel"}


@pytest.fixture
def stocked(shelf: Shelf) -> Shelf:
    shelf.talk(NewTalk(title="Kernels"), Spoken(sentences=("A kernel is a kernel.",)))
    publish(shelf, "old")
    return shelf


def publish(shelf: Shelf, name: str, *, dimension: int = 64) -> str:
    """Publish as a worker with this setting would."""
    shelf.encoder, shelf.encoder_model = HashEncoder(name=name, dimension=dimension), name
    return shelf.publish()


def loading(*, missing: tuple[str, ...] = ()) -> Callable[[Settings], Encoder]:
    """Loads stand-ins by name; `new` has vectors of another length."""

    def load(settings: Settings) -> Encoder:
        name = settings.encoder_model
        if name in missing or name not in {"old", "new"}:
            raise EncoderMissing(name, "install it")
        return HashEncoder(name=name, dimension=64 if name == "old" else 32)

    return load


def ask(client: TestClient) -> dict[str, Any]:
    answer = client.get("/api/v1/search", params=SEARCH)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_the_snapshot_and_its_encoder_are_swapped_as_one(stocked: Shelf) -> None:
    with served(stocked, load_encoder=loading()) as client:
        assert client.get("/readyz").json()["status"] == "ready"
        seen: list[dict[str, Any]] = []
        stop = threading.Event()

        def keep_asking() -> None:
            while not stop.is_set():
                seen.append(ask(client))

        readers = [threading.Thread(target=keep_asking) for _ in range(3)]
        for reader in readers:
            reader.start()
        try:
            newest = publish(stocked, "new", dimension=32)
            until(lambda: seen and seen[-1]["generation"] == newest)
        finally:
            stop.set()
            for reader in readers:
                reader.join()
        assert {one["legs"]["dense"] for one in seen} == {"ok"}
        assert {tuple(one["degraded"]) for one in seen} == {()}
        assert len({one["generation"] for one in seen}) == 2
        assert client.get("/readyz").json()["status"] == "ready"
        assert client.get("/api/v1/status").json()["encoder"]["model"] == "new"


def test_a_snapshot_whose_encoder_does_not_load_replaces_nothing(stocked: Shelf) -> None:
    with served(stocked, load_encoder=loading(missing=("new",))) as client:
        old = ask(client)["generation"]
        publish(stocked, "new", dimension=32)
        until(lambda: client.get("/readyz").json()["status"] == "degraded")
        answer = ask(client)
        assert answer["generation"] == old
        assert answer["legs"] == {"dense": "ok", "terms": "ok"}
        assert answer["degraded"] == ["snapshot"]
        assert "an older one is" in client.get("/readyz").json()["checks"]["snapshot"]
        back = publish(stocked, "old")
        until(lambda: ask(client)["generation"] == back)
        assert client.get("/readyz").json()["status"] == "ready"


def test_also_after_a_restart_the_old_snapshot_serves(stocked: Shelf) -> None:
    old = stocked.publish()
    publish(stocked, "new", dimension=32)
    with served(stocked, load_encoder=loading(missing=("new",))) as client:
        answer = ask(client)
        assert (answer["generation"], answer["degraded"]) == (old, ["snapshot"])
        assert answer["legs"]["dense"] == "ok"


def test_with_no_encoder_at_all_words_answer_until_one_loads(stocked: Shelf) -> None:
    with served(stocked, load_encoder=loading(missing=("old",))) as client:
        assert ask(client)["degraded"] == ["dense"]
        newest = publish(stocked, "new", dimension=32)
        until(lambda: client.get("/readyz").json()["status"] == "ready")
        answer = ask(client)
        assert (answer["generation"], answer["degraded"]) == (newest, [])


def test_a_reranker_that_does_not_load_is_named_and_search_goes_on(stocked: Shelf) -> None:
    stocked.settings = stocked.settings.model_copy(update={"reranker_model": "/no/such/folder"})
    with served(stocked, load_encoder=loading()) as client:
        until(lambda: ask(client)["reranker"] != "off")
        answer = ask(client)
        assert answer["degraded"] == ["reranker"]
        assert "/no/such" not in answer["reranker"]
        assert answer["hits"]
