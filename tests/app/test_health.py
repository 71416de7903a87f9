import threading

import pytest
import sqlalchemy as sa
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
    """One talk about kernels, published."""
    shelf.talk(NewTalk(title="Kernels"), Spoken(sentences=("A kernel is a kernel.",)))
    shelf.publish()
    return shelf


def missing(_: Settings) -> Encoder:
    raise EncoderMissing("/models/somewhere", "install it")


def broken(_: Settings) -> Encoder:
    raise RuntimeError("a library failed in /models/somewhere")


def ready(client: TestClient) -> tuple[int, str]:
    """The probe's status and word."""
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["status"]


def test_all_is_well_when_all_is_there(stocked: Shelf) -> None:
    with served(stocked) as client:
        assert ready(client) == (200, "ready")
        assert client.get("/api/v1/search", params=SEARCH).json()["degraded"] == []
        assert "by meaning and by words" in client.get("/search", params=SEARCH).text
        assert "not available" not in client.get("/about").text


def test_until_the_encoder_is_loaded_it_is_not_ready_but_answers_by_words(stocked: Shelf) -> None:
    may_load = threading.Event()

    def slow(_: Settings) -> Encoder:
        may_load.wait(20)
        return HashEncoder()

    with served(stocked, load_encoder=slow, wait=False) as client:
        try:
            assert client.get("/livez").status_code == 200
            until(lambda: "encoder is being loaded" in client.get("/readyz").text)
            assert ready(client) == (503, "not ready")
            until(lambda: client.get("/api/v1/status").json()["snapshot"] is not None)
            answer = client.get("/api/v1/search", params=SEARCH).json()
            assert answer["legs"] == {"dense": "the encoder is being loaded", "terms": "ok"}
            assert answer["degraded"] == ["dense"]
            assert answer["hits"]
            assert "just starting" in client.get("/search", params=SEARCH).text
        finally:
            may_load.set()
        until(lambda: ready(client) == (200, "ready"))
        assert client.get("/api/v1/search", params=SEARCH).json()["degraded"] == []


@pytest.mark.parametrize("load", [missing, broken])
def test_without_an_encoder_it_serves_by_words_and_says_so(stocked: Shelf, load: object) -> None:
    with served(stocked, load_encoder=load) as client:  # type: ignore[arg-type]
        assert ready(client) == (200, "degraded")
        for mode in ("hybrid", "semantic", "keyword"):
            answer = client.get("/api/v1/search", params={**SEARCH, "mode": mode}).json()
            assert answer["hits"]
            assert answer["degraded"] == ([] if mode == "keyword" else ["dense"])
        assert "not available" in client.get("/search", params=SEARCH).text
        assert "not available" in client.get("/about").text
        assert client.get("/api/v1/status").json()["degraded"] == ["encoder"]
        for url in ("/readyz", "/api/v1/status", "/api/v1/search?q=kernel"):
            assert "/models/somewhere" not in client.get(url).text


def test_vectors_of_another_encoder_are_a_degraded_answer(stocked: Shelf) -> None:
    with served(stocked, load_encoder=lambda _: HashEncoder(name="other")) as client:
        assert ready(client) == (200, "degraded")
        answer = client.get("/api/v1/search", params=SEARCH).json()
        assert answer["degraded"] == ["dense"]
        assert "reindex" in answer["legs"]["dense"]
        assert answer["hits"]


def test_without_a_snapshot_it_serves_from_the_catalog_and_says_so(shelf: Shelf) -> None:
    shelf.talk(NewTalk(title="Kernels"), Spoken(sentences=("A kernel is a kernel.",)))
    with served(shelf) as client:
        assert ready(client) == (200, "degraded")
        answer = client.get("/api/v1/search", params=SEARCH).json()
        assert (answer["generation"], answer["degraded"]) == ("none", ["dense", "terms"])
        assert [hit["title"] for hit in answer["hits"]] == ["Kernels"]
        assert str(shelf.settings.data_dir) not in client.get("/readyz").text
        shelf.publish()
        until(lambda: ready(client) == (200, "ready"))
        assert client.get("/api/v1/search", params=SEARCH).json()["degraded"] == []


def test_a_damaged_snapshot_leaves_the_older_one_serving_and_says_so(stocked: Shelf) -> None:
    first = stocked.publish()
    second = stocked.publish()
    damaged = stocked.settings.index_dir / second / "part-000000000" / "vectors.npy"
    damaged.write_bytes(b"\0" * damaged.stat().st_size)
    with served(stocked) as client:
        assert ready(client) == (200, "degraded")
        answer = client.get("/api/v1/search", params=SEARCH).json()
        assert (answer["generation"], answer["degraded"]) == (first, ["snapshot"])
        assert "an older one answers" in client.get("/search", params=SEARCH).text


def test_without_a_catalog_it_lives_but_is_not_ready(stocked: Shelf) -> None:
    with served(stocked) as client:
        service = client.app.state.service  # type: ignore[attr-defined]
        with service.catalog.write() as session:
            session.execute(sa.text("ALTER TABLE talks RENAME TO elsewhere"))
        assert client.get("/livez").status_code == 200
        assert ready(client) == (503, "not ready")
        answer = client.get("/api/v1/search", params=SEARCH)
        assert (answer.status_code, answer.json()["code"]) == (503, "catalog_unavailable")
        assert "no such table" not in answer.text
        page = client.get("/search", params=SEARCH, headers={"accept": "text/html"})
        assert page.status_code == 503
        assert "does not answer" in page.text


def test_an_empty_archive_answers_and_says_what_to_do(shelf: Shelf) -> None:
    with served(shelf) as client:
        assert ready(client) == (200, "degraded")
        assert "seminar add" in client.get("/").text
        for url in ("/talks", "/papers", "/about", "/search?q=kernel", "/api/v1/search?q=kernel"):
            assert client.get(url).status_code == 200


def test_metrics_say_what_is_served_and_count_by_route(stocked: Shelf) -> None:
    generation = stocked.publish()
    with served(stocked) as client:
        client.get("/api/v1/search", params={"q": "secret words"})
        client.get("/talks/kernels")
        text = client.get("/metrics").text
    assert f'seminar_snapshot_info{{generation="{generation}"}} 1.0' in text
    assert "seminar_snapshot_passages 1.0" in text
    assert "seminar_encoder_ready 1.0" in text
    assert 'route="/talks/{key}"' in text
    assert 'seminar_search_legs_total{leg="dense",state="ok"}' in text
    assert "secret" not in text
    assert "seminar_searches_in_flight_bound 36.0" in text


def test_a_worker_that_runs_is_seen_by_name_and_its_jobs_are_measured(shelf: Shelf) -> None:
    from catalog import workers
    from catalog.lock import only_one
    from catalog.tables import WorkerRow

    with served(shelf) as client, only_one(shelf.settings.worker_lock):
        with shelf.catalog.write() as session:
            row = WorkerRow(name="hall-gpu0", host="hall", pid=1, device="cuda:0")
            workers.say(session, WorkerRow(**{**row.model_dump(), "queues": ["speech"]}))
        answer = client.get("/api/v1/status").json()
        text = client.get("/metrics").text
    assert answer["worker"] == "running"
    assert answer["workers"] == [{"name": "hall-gpu0", "device": "cuda:0", "queues": ["speech"]}]
    assert 'seminar_workers{queue="speech"} 1.0' in text
    assert 'seminar_workers{queue="text"} 0.0' in text
    assert 'seminar_jobs{queue="speech",state="failed"}' in text
    assert 'seminar_jobs_oldest_waiting_seconds{queue="text"}' in text
