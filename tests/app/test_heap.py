"""What is set aside from the garbage collector still goes when nobody refers to it."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from app.heap import release, settle
from catalog.talks import NewTalk
from index.contract import SearchRequest
from index.searcher import Searcher
from index.testing import HashEncoder
from tests.app.shelf import Shelf, Spoken, served, until


@pytest.fixture
def untouched() -> Iterator[None]:
    """The collector as it was, afterwards."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    release()
    gc.enable()


@pytest.mark.usefixtures("untouched")
def test_a_searcher_that_nobody_holds_goes_without_the_collector(shelf: Shelf) -> None:
    shelf.talk(NewTalk(title="Kernel"), Spoken(sentences=("The tangent kernel.",)))
    searcher = Searcher.open(shelf.settings.index_dir, shelf.publish(), HashEncoder())
    assert searcher.search(SearchRequest(text="kernel", kinds=("talk",))).hits
    gc.disable()
    settle()
    held = weakref.ref(searcher)
    del searcher
    assert held() is None


@pytest.mark.usefixtures("untouched")
def test_a_served_snapshot_is_opened_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.talk(NewTalk(title="Kernel"), Spoken(sentences=("The tangent kernel.",)))
    generation = shelf.publish()
    opened: list[str] = []
    init = Searcher.__init__

    def counted(self: Searcher, folder: object, name: str, *rest: object) -> None:
        opened.append(name)
        init(self, folder, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Searcher, "__init__", counted)
    with served(shelf) as client:
        until(lambda: client.get("/readyz").json()["status"] == "ready")
        assert client.get("/api/v1/search", params={"q": "kernel"}).json()["hits"]
    assert opened == [generation]
