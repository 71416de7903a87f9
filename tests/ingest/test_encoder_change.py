"""After a change of the encoder everything is encoded beside serving, then published once."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from catalog.engine import Catalog, open_catalog
from catalog.store import Store
from index import snapshot
from index.encoders import Vectors
from index.encoders.choose import open_encoder
from index.testing import HashEncoder
from ingest.publish import Deeds, differs, encode_anew, publish
from ingest.vectors import VectorCache
from tests.index.tiny import bi_encoder
from tests.ingest.test_publish import put

TALKS = 4


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Catalog]:
    catalog = open_catalog(f"sqlite:///{tmp_path}/catalog.db")
    for number in range(TALKS):
        put(catalog, f"Kernel {number}")
    yield catalog
    catalog.close()


class Counting(HashEncoder):
    """Counts what it encodes, and dies at a chosen call."""

    def __init__(self, *, dies_at: int = -1) -> None:
        super().__init__(name="new", dimension=32)
        self.calls, self._dies_at = 0, dies_at

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        if self.calls == self._dies_at:
            raise KeyboardInterrupt
        return super().encode_passages(texts)


def test_it_is_encoded_before_and_the_old_snapshot_stays_until_then(
    shelf: Catalog, tmp_path: Path
) -> None:
    index_dir, store, old, new = tmp_path / "index", Store(tmp_path), HashEncoder(), Counting()
    first = publish(shelf, index_dir, VectorCache(store, old), old, encoder_model="old")
    told: list[tuple[int, int]] = []
    encode_anew(shelf, index_dir, VectorCache(store, new), new, lambda *far: told.append(far))
    assert told == [(3 * (n + 1), 3 * TALKS) for n in range(TALKS)]
    assert snapshot.current_generation(index_dir) == first
    encoded = new.calls
    second = publish(shelf, index_dir, VectorCache(store, new), new, encoder_model="new")
    assert new.calls == encoded + 1  # the canaries of the snapshot, and nothing else
    manifest = snapshot.read_manifest(index_dir, second)
    assert (manifest.encoder_model, manifest.encoder_fingerprint) == ("new", new.fingerprint)
    assert manifest.dimension == 32


def test_killed_in_the_middle_it_goes_on_where_it_was(shelf: Catalog, tmp_path: Path) -> None:
    index_dir, store, old = tmp_path / "index", Store(tmp_path), HashEncoder()
    publish(shelf, index_dir, VectorCache(store, old), old)
    dying, living = Counting(dies_at=3), Counting()
    with pytest.raises(KeyboardInterrupt):
        encode_anew(shelf, index_dir, VectorCache(store, dying), dying, lambda *_: None)
    encode_anew(shelf, index_dir, VectorCache(store, living), living, lambda *_: None)
    assert living.calls == TALKS - 2


def test_with_the_same_encoder_nothing_is_encoded_before(shelf: Catalog, tmp_path: Path) -> None:
    index_dir, store, same = tmp_path / "index", Store(tmp_path), Counting()
    publish(shelf, index_dir, VectorCache(store, same), same)
    calls = same.calls
    encode_anew(shelf, index_dir, VectorCache(store, same), same, lambda *_: None)
    assert same.calls == calls


def test_a_worker_with_another_model_has_something_to_publish(
    shelf: Catalog, tmp_path: Path
) -> None:
    index_dir, store = tmp_path / "index", Store(tmp_path)
    old, new = bi_encoder(tmp_path / "a", seed=1), bi_encoder(tmp_path / "b", seed=2)
    for folder, other in ((old, new), (new, old)):
        assert differs(shelf, index_dir, str(folder))
        assert Deeds(shelf, index_dir, str(folder)).to_publish()
        encoder = open_encoder(str(folder), device="cpu")
        publish(shelf, index_dir, VectorCache(store, encoder), encoder, encoder_model=str(folder))
        assert not differs(shelf, index_dir, str(folder))
        assert not Deeds(shelf, index_dir, str(folder)).to_publish()
        assert differs(shelf, index_dir, str(other))
