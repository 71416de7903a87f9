"""What is served: swapped whole, never damaged, old answers kept while new ones are opened."""

import gc
import threading
import weakref
from pathlib import Path

import pytest

from index import snapshot
from index.contract import SearchRequest
from index.current import CurrentSearcher
from index.errors import NoSnapshot
from index.searcher import Searcher
from index.testing import HashEncoder
from tests.index.conftest import SEMINAR, Publish, passage, vectors_file, written


def serving(root: Path) -> CurrentSearcher:
    return CurrentSearcher(root, lambda name: Searcher.open(root, name, HashEncoder()))


def damage(root: Path, generation: str) -> None:
    file = vectors_file(root, generation)
    content = bytearray(file.read_bytes())
    content[-5] ^= 4
    file.write_bytes(content)


def test_before_the_first_snapshot_there_is_none(root: Path) -> None:
    current = serving(root)
    assert not current.refresh()
    with pytest.raises(NoSnapshot, match="seminar reindex"):
        current.get()
    assert current.problem is not None


def test_the_first_snapshot_is_served_and_the_next_replaces_it(
    root: Path, publish: Publish
) -> None:
    current = serving(root)
    current.refresh()
    first = publish(SEMINAR)
    assert current.refresh()
    assert current.get().generation == first
    assert not current.refresh()
    second = publish(SEMINAR[:1])
    assert current.refresh()
    assert current.get().generation == second
    assert current.problem is None


def test_a_request_keeps_its_searcher_and_the_last_user_lets_it_go(
    root: Path, publish: Publish
) -> None:
    publish(SEMINAR)
    current = serving(root)
    current.refresh()
    pinned = current.get()
    gone = weakref.ref(pinned)
    publish(SEMINAR[:1])
    current.refresh()
    assert pinned.search(SearchRequest(text="kernel")).generation == pinned.generation
    assert len(pinned.search(SearchRequest(text="kernel norm")).hits) == 3
    del pinned
    gc.collect()
    assert gone() is None


def test_a_pinned_searcher_outlives_its_folder(root: Path, publish: Publish) -> None:
    import shutil

    current = serving(root)
    first = publish(SEMINAR)
    current.refresh()
    pinned = current.get()
    shutil.rmtree(root / first)
    assert pinned.search(SearchRequest(text="double descent")).hits[0].passage == SEMINAR[0]


def test_damage_leaves_the_old_one_serving_and_says_so(root: Path, publish: Publish) -> None:
    first = publish(SEMINAR)
    current = serving(root)
    current.refresh()
    second = publish(SEMINAR[:1])
    damage(root, second)
    assert not current.refresh()
    assert current.get().generation == first
    assert second in str(current.problem)
    third = publish(SEMINAR)
    assert current.refresh()
    assert current.get().generation == third
    assert current.problem is None


def test_at_start_the_newest_whole_older_snapshot_is_served(root: Path, publish: Publish) -> None:
    names = [publish(SEMINAR) for _ in range(4)]
    unpublished = written(root, SEMINAR)
    damage(root, names[3])
    damage(root, names[2])
    current = serving(root)
    assert current.refresh()
    assert current.get().generation == names[1]
    assert names[3] in str(current.problem)
    assert unpublished > names[3]


@pytest.mark.parametrize("content", [b"", b"garbled\n", b"20200101T000000000000-00000000\n", None])
def test_at_start_a_lost_pointer_still_serves_a_whole_snapshot(
    root: Path, publish: Publish, content: bytes | None
) -> None:
    older, newer = publish(SEMINAR), publish(SEMINAR)
    pointer = root / snapshot.POINTER
    if content is None:
        pointer.unlink()
    else:
        pointer.write_bytes(content)
    current = serving(root)
    current.refresh()
    assert current.problem is not None
    if content is not None and content.startswith(b"2020"):
        with pytest.raises(NoSnapshot):
            current.get()  # nothing is older than what the pointer names
    else:
        assert current.get().generation == newer
    snapshot.publish(root, older)
    assert current.refresh()
    assert current.get().generation == older


def test_when_every_snapshot_is_damaged_there_is_none(root: Path, publish: Publish) -> None:
    for name in [publish(SEMINAR), publish(SEMINAR)]:
        damage(root, name)
    current = serving(root)
    assert not current.refresh()
    with pytest.raises(NoSnapshot):
        current.get()


def test_a_pointer_lost_while_serving_takes_nothing_away(root: Path, publish: Publish) -> None:
    first = publish(SEMINAR)
    current = serving(root)
    current.refresh()
    (root / snapshot.POINTER).unlink()
    assert not current.refresh()
    assert current.get().generation == first
    assert current.problem is not None


def test_answers_change_only_whole_while_snapshots_are_swapped(
    root: Path, publish: Publish
) -> None:
    """Every generation says its number in each passage; an answer must never mix two."""
    publish(numbered(0))
    current = serving(root)
    current.refresh()
    stop, mixed, answers = threading.Event(), [], [0] * 4

    def ask(reader: int) -> None:
        while not stop.is_set():
            result = current.get().search(SearchRequest(text="lecture canary", limit=20))
            numbers = {hit.passage.title for hit in result.hits}
            if len(numbers) != 1 or len(result.hits) != 12 or result.degraded:
                mixed.append((result.legs, numbers))
            answers[reader] += 1

    readers = [threading.Thread(target=ask, args=(reader,)) for reader in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, 9):
        publish(numbered(number))
        assert current.refresh()
    stop.set()
    for reader in readers:
        reader.join()
    assert mixed == []
    assert min(answers) > 0


def numbered(number: int) -> list[object]:
    return [passage(f"{number}-{n}", f"lecture {n}", title=f"canary {number}") for n in range(12)]


def test_a_closed_one_serves_nothing(root: Path, publish: Publish) -> None:
    publish(SEMINAR)
    current = serving(root)
    current.refresh()
    current.close()
    with pytest.raises(NoSnapshot):
        current.get()
