"""Snapshots: built aside, verified, published by one pointer; damage anywhere is noticed."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from index import snapshot
from index.errors import SnapshotDamaged
from index.manifest import FORMAT, Manifest
from index.passage import CUTTER_VERSION
from index.terms import LOCK_FILES
from index.testing import HashEncoder
from tests.index.conftest import SEMINAR, Publish, passage, vectors_file, written


def test_a_manifest_says_what_is_in_a_snapshot(root: Path) -> None:
    before = datetime.now(UTC)
    manifest = snapshot.read_manifest(root, written(root, SEMINAR))
    assert (manifest.passages, manifest.talks, manifest.papers) == (3, 2, 1)
    assert manifest.dimension == 64
    assert manifest.encoder_fingerprint == HashEncoder().fingerprint
    assert manifest.cutter_version == CUTTER_VERSION
    assert manifest.catalog_digest == "d"
    assert before <= manifest.created_at <= datetime.now(UTC)
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_a_snapshot_gives_back_ids_and_vectors(root: Path) -> None:
    generation = written(root, SEMINAR)
    assert snapshot.passage_ids(root, generation) == [one.id for one in SEMINAR]
    expected = HashEncoder().encode_passages([one.encoded_text for one in SEMINAR])
    assert np.array_equal(snapshot.vectors(root, generation), expected)


def test_before_the_first_publish_nothing_is_current(root: Path) -> None:
    assert snapshot.current_generation(root) is None
    assert snapshot.generations(root) == []
    written(root, SEMINAR)
    assert snapshot.current_generation(root) is None


def test_publishing_points_to_a_generation_and_leaves_nothing_else(
    root: Path, publish: Publish
) -> None:
    first, second = publish(SEMINAR), publish(SEMINAR[:1])
    assert snapshot.current_generation(root) == second
    assert sorted(entry.name for entry in root.iterdir()) == [first, second, "CURRENT"]


def test_an_empty_archive_is_a_snapshot_too(root: Path, publish: Publish) -> None:
    generation = publish([])
    snapshot.verify(root, generation)
    assert snapshot.passage_ids(root, generation) == []


def test_names_rise_even_when_the_clock_was_set_back(root: Path) -> None:
    future = root / "20990101T000000000000-00000000"
    future.mkdir(parents=True)
    names = [written(root, []) for _ in range(5)]
    assert names == sorted(names)
    assert names[0] > future.name
    assert len(set(names)) == 5


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows[:2], "came with 2 vectors"),
        (lambda rows: rows * 2, "of length"),
        (lambda rows: np.where(rows == rows, np.nan, rows), "of length nan"),
        (lambda rows: rows.astype(np.float64), "float32"),
        (lambda rows: rows[0], "shape"),
    ],
)
def test_vectors_that_do_not_fit_are_refused_and_nothing_is_left(
    root: Path, spoil: Callable[..., object], message: str
) -> None:
    rows = HashEncoder().encode_passages([one.encoded_text for one in SEMINAR])
    with pytest.raises(ValueError, match=message):
        snapshot.write(root, SEMINAR, spoil(rows), encoder="e", catalog_digest="")  # type: ignore[arg-type]
    assert list(root.glob("*")) == []


def test_an_id_that_comes_twice_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="comes twice"):
        written(root, [passage("a", "one"), passage("a", "two")])


def spoilt_bytes(change: Callable[[bytearray], None]) -> Callable[[Path, Path], None]:
    def spoil(file: Path, _other: Path) -> None:
        content = bytearray(file.read_bytes())
        change(content)
        file.write_bytes(content)

    return spoil


def flip(content: bytearray) -> None:
    content[len(content) // 2] ^= 1


def flip_last(content: bytearray) -> None:
    content[-1] ^= 0x10


def halve(content: bytearray) -> None:
    del content[len(content) // 2 :]


def zero(content: bytearray) -> None:
    content[:] = bytes(len(content))


def empty(content: bytearray) -> None:
    content.clear()


def delete(file: Path, _other: Path) -> None:
    file.unlink()


def swap(file: Path, other: Path) -> None:
    shutil.copyfile(other, file)


DAMAGE: dict[str, Callable[[Path, Path], None]] = {
    "flipped": spoilt_bytes(flip),
    "flipped at the end": spoilt_bytes(flip_last),
    "truncated": spoilt_bytes(halve),
    "zeroed": spoilt_bytes(zero),
    "emptied": spoilt_bytes(empty),
    "deleted": delete,
    "swapped": swap,
}


def counterpart(file: Path, others: list[Path]) -> Path:
    """The file of the same kind in another snapshot."""
    return (
        next(
            other
            for other in others
            if other.suffix == file.suffix and other.name[:4] == file.name[:4]
        )
        if (file.parent.name != "terms" or file.suffix == ".json")
        else next(other for other in others if other.suffix == file.suffix)
    )


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_to_any_file_is_detected(root: Path, damage: str) -> None:
    generation = written(root, SEMINAR)
    other = written(root, SEMINAR[:2])
    others = [file for file in (root / other).rglob("*") if file.is_file()]
    files = sorted(file for file in (root / generation).rglob("*") if file.is_file())
    files = [file for file in files if file.name not in LOCK_FILES]  # readers leave them
    assert len(files) >= 10
    for file in files:
        content = file.read_bytes()
        DAMAGE[damage](file, counterpart(file, others))
        if file.exists() and file.read_bytes() == content:
            assert damage == "swapped"  # equal in both: no damage was done
            continue
        with pytest.raises(SnapshotDamaged) as caught:
            snapshot.verify(root, generation)
        assert caught.value.generation == generation
        file.write_bytes(content)
    snapshot.verify(root, generation)


def test_without_its_manifest_check_the_same_damage_would_pass(root: Path) -> None:
    """The control: FAISS itself opens the zeroed vectors without a word."""
    from index.dense import DenseLeg

    generation = written(root, [passage(f"p{n}", f"word{n}") for n in range(200)])
    file = vectors_file(root, generation)
    content = bytearray(file.read_bytes())
    content[8192:12288] = bytes(4096)
    file.write_bytes(content)
    assert DenseLeg([file.parent]).count == 200
    with pytest.raises(SnapshotDamaged):
        snapshot.verify(root, generation)


def test_a_file_that_does_not_belong_is_damage(root: Path) -> None:
    generation = written(root, SEMINAR)
    (root / generation / "terms" / "extra.idx").write_bytes(b"")
    with pytest.raises(SnapshotDamaged, match="does not belong"):
        snapshot.verify(root, generation)


def test_a_renamed_generation_is_damage(root: Path) -> None:
    generation = written(root, SEMINAR)
    renamed = generation[:-1] + ("0" if generation[-1] != "0" else "1")
    (root / generation).rename(root / renamed)
    with pytest.raises(SnapshotDamaged, match="belongs to"):
        snapshot.verify(root, renamed)


@pytest.mark.parametrize(
    "generation", ["..", "../x", "/etc", "", "CURRENT", "20990101T000000000000-zz"]
)
def test_what_names_no_generation_is_refused(root: Path, generation: str) -> None:
    with pytest.raises(SnapshotDamaged):
        snapshot.publish(root, generation)


def test_a_damaged_generation_is_not_published(root: Path, publish: Publish) -> None:
    served = publish(SEMINAR)
    broken = written(root, SEMINAR)
    vectors_file(root, broken).write_bytes(b"")
    with pytest.raises(SnapshotDamaged):
        snapshot.publish(root, broken)
    assert snapshot.current_generation(root) == served


@pytest.mark.parametrize("content", [b"", b"\n", b"nonsense\n", b"\xff\xfe", b"../../etc\n"])
def test_a_garbled_pointer_is_damage(root: Path, publish: Publish, content: bytes) -> None:
    publish(SEMINAR)
    (root / snapshot.POINTER).write_bytes(content)
    with pytest.raises(SnapshotDamaged, match="CURRENT"):
        snapshot.current_generation(root)


def test_a_manifest_of_a_newer_version_is_refused_with_a_reason(root: Path) -> None:
    import hashlib

    generation = written(root, SEMINAR)
    file = root / generation / snapshot.MANIFEST_FILE
    body = json.loads(file.read_text())
    body.pop("digest")
    body["format"] = FORMAT + 1
    body["digest"] = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    file.write_text(json.dumps(body))
    with pytest.raises(SnapshotDamaged, match="another version"):
        snapshot.verify(root, generation)


def aged(entry: Path, age_s: float) -> None:
    then = entry.stat().st_mtime - age_s
    os.utime(entry, (then, then))


def test_garbage_is_what_is_old_not_current_and_not_among_the_newest(
    root: Path, publish: Publish
) -> None:
    served = publish(SEMINAR[:1])
    others = [written(root, []) for _ in range(5)]
    for name in [served, *others]:
        aged(root / name, 3600)
    aged(root / others[1], -3600)
    assert snapshot.collect_garbage(root) == [others[0]]
    assert snapshot.generations(root) == [served, *others[1:]]
    snapshot.verify(root, served)


def test_garbage_is_what_killed_writers_left(root: Path, publish: Publish) -> None:
    generation = publish(SEMINAR)
    left = [root / ".building-x", root / ".removing-y", root / ".writing-CURRENT-z"]
    left[0].mkdir()
    (left[0] / "file").write_text("half")
    left[1].mkdir()
    left[2].write_text("half")
    assert snapshot.collect_garbage(root) == []
    for entry in left:
        aged(entry, 3600)
    assert set(snapshot.collect_garbage(root)) == {entry.name for entry in left}
    assert sorted(entry.name for entry in root.iterdir()) == [generation, "CURRENT"]


def test_nothing_is_collected_while_the_pointer_is_garbled(root: Path, publish: Publish) -> None:
    names = [publish([]) for _ in range(5)]
    (root / snapshot.POINTER).write_text("garbled")
    for name in names:
        aged(root / name, 3600)
    assert snapshot.collect_garbage(root) == []


def test_a_read_only_snapshot_is_whole_after_it_was_searched(root: Path, publish: Publish) -> None:
    from index.contract import SearchRequest
    from index.searcher import Searcher

    generation = publish(SEMINAR)
    searcher = Searcher.open(root, generation, HashEncoder())
    assert searcher.search(SearchRequest(text="kernel")).hits
    snapshot.verify(root, generation)
