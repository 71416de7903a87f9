"""A snapshot that was built wrongly does not answer the canaries, whatever its checksums say."""

import shutil
from pathlib import Path

import pytest

from index import snapshot
from index.canaries import Canary, ask, read_canaries
from index.errors import CanaryFailed
from index.testing import HashEncoder
from tests.index.conftest import SEMINAR, passage, written

ENCODER = HashEncoder()
FINDS = Canary(query="double descent", owner_id="talk-descent")


def test_a_sound_snapshot_answers(root: Path) -> None:
    ask(root, written(root, SEMINAR), ENCODER, [FINDS])
    ask(root, written(root, []), ENCODER)
    ask(root, written(root, [passage(f"p{n}", "all the same") for n in range(300)]), ENCODER)
    ask(root, written(root, [passage("signs", "∀ ∃ → … 🙂")]), ENCODER)


def test_vectors_in_another_order_are_noticed(root: Path) -> None:
    vectors = ENCODER.encode_passages([one.encoded_text for one in SEMINAR])[::-1].copy()
    made = snapshot.write(root, SEMINAR, vectors, encoder=ENCODER, catalog_digest="")
    snapshot.verify(root, made.generation)
    with pytest.raises(CanaryFailed, match="another vector"):
        ask(root, made.generation, ENCODER)


def test_words_of_another_archive_are_noticed(root: Path) -> None:
    generation, other = written(root, SEMINAR), written(root, SEMINAR[::-1])
    shutil.rmtree(root / generation / "terms")
    shutil.copytree(root / other / "terms", root / generation / "terms")
    with pytest.raises(CanaryFailed, match="not found by its own words"):
        ask(root, generation, ENCODER)


def test_a_scan_that_misses_is_noticed(root: Path) -> None:
    from index.dense import DenseLeg

    class Blind(DenseLeg):
        def search(self, query, limit, allowed=None):  # type: ignore[no-untyped-def]
            rows, cosines = super().search(query, limit, allowed)
            return rows[1:], cosines[1:]

    generation = written(root, SEMINAR)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(CanaryFailed, match="find itself"):
        patch.setattr("index.canaries.DenseLeg", Blind)
        ask(root, generation, ENCODER)


def test_what_staff_want_found_must_be_found(root: Path) -> None:
    archive = [passage(f"p{n}", f"kernel kernel {n}") for n in range(20)]
    generation = written(root, [*archive, passage("other", "nothing of the kind")])
    wrong = Canary(query="kernel", owner_id="talk-other")
    with pytest.raises(CanaryFailed, match="talk-other is not among the first"):
        ask(root, generation, ENCODER, [wrong])
    with pytest.raises(CanaryFailed):
        ask(root, generation, ENCODER, [Canary(query="", owner_id="talk-other")])


def test_of_what_is_not_there_any_more_nothing_is_expected(root: Path) -> None:
    withdrawn = Canary(query="kernel", owner_id="withdrawn")
    assert ask(root, written(root, SEMINAR), ENCODER, [FINDS, withdrawn]) == [withdrawn]


def test_canaries_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "canaries.toml"
    assert read_canaries(file) == ()
    file.write_text('[[canary]]\nquery = "double descent"\nfinds = "talk-descent"\n')
    assert read_canaries(file) == (FINDS,)


@pytest.mark.parametrize("text", ["canary = 3", "[[canary]]\nquery = 1", "[[", "\udc00"])
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "canaries.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(CanaryFailed, match=r"canaries\.toml"):
        read_canaries(file)
