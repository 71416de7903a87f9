"""Only what changed is encoded again; a damaged file of vectors is made anew."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from catalog.store import Store
from index.encoders import Vectors
from index.passage import Passage, PassageId
from index.testing import HashEncoder
from ingest.vectors import VectorCache


class Counted(HashEncoder):
    """The fake encoder, counting what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().encode_passages(texts)


def passages(*texts: str) -> list[Passage]:
    return [
        Passage(id=PassageId(f"p{n}"), kind="talk", owner_id="t", title="T", text=text,
                start_ms=n, end_ms=n + 1)
        for n, text in enumerate(texts)
    ]  # fmt: skip


def test_what_is_known_is_not_encoded_again(tmp_path: Path) -> None:
    encoder = Counted()
    cache = VectorCache(Store(tmp_path), encoder)
    first = cache.rows("t", passages("one", "two"))
    encoder.asked.clear()
    second = VectorCache(Store(tmp_path), encoder).rows("t", passages("two", "three"))
    assert encoder.asked == ["T. three"]
    assert np.array_equal(first[1], second[0])


def test_equal_texts_share_a_vector_and_keep_their_rows(tmp_path: Path) -> None:
    encoder = Counted()
    rows = VectorCache(Store(tmp_path), encoder).rows("t", passages("same", "other", "same"))
    assert rows.shape == (3, encoder.dimension)
    assert np.array_equal(rows[0], rows[2])
    assert len(encoder.asked) == 2


def test_a_damaged_file_is_encoded_anew(tmp_path: Path) -> None:
    encoder = Counted()
    cache = VectorCache(Store(tmp_path), encoder)
    whole = cache.rows("t", passages("one"))
    [file] = tmp_path.glob("artifacts/vectors/*/*.npz")
    file.write_bytes(file.read_bytes()[:40])
    assert np.array_equal(cache.rows("t", passages("one")), whole)


def test_an_owner_without_passages_has_no_rows(tmp_path: Path) -> None:
    assert VectorCache(Store(tmp_path), HashEncoder()).rows("t", []).shape == (0, 64)
