"""A snapshot that grew step by step answers as one that was written whole."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import snapshot
from index.contract import SearchRequest
from index.errors import SnapshotDamaged
from index.notation import packaged
from index.parts import Change, parts_of
from index.passage import Passage
from index.query import parse
from index.searcher import Searcher
from index.terms import TermsLeg
from index.testing import HashEncoder
from tests.index.conftest import passage

ENCODER = HashEncoder()
WORDS = ("kernel", "margin", "width", "descent", "prior", "norm", "bandit", "regret")
Archive = Mapping[str, Sequence[Passage]]
ASKED = (
    "what is the kernel margin",
    "talk-3 descent",
    "again -margin",
    'again -"descent again"',
    "again kind:talk -norm",
)
STEPS = st.lists(
    st.dictionaries(
        st.sampled_from([f"talk-{n}" for n in range(6)]),
        st.lists(st.sampled_from(WORDS), max_size=4),
        min_size=1,
        max_size=3,
    ),
    min_size=1,
    max_size=8,
)


def talk(owner_id: str, words: Sequence[str], step: int) -> list[Passage]:
    """The passages of a talk as of some step, one for each word."""
    return [
        passage(f"{owner_id}-{step}-{n}", f"{word} again {owner_id}", owner_id=owner_id)
        for n, word in enumerate(words)
    ]


def whole(root: Path, archive: Archive) -> str:
    everything = [one for passages in archive.values() for one in passages]
    return snapshot.write(
        root, everything, encoded(everything), encoder=ENCODER, catalog_digest=""
    ).generation


def grown(root: Path, base: str, new: Archive, *, gone: Sequence[str] = ()) -> str:
    added = [one for passages in new.values() for one in passages]
    change = Change(passages=added, vectors=encoded(added), gone=[*new, *gone])
    return snapshot.extend(root, snapshot.verify(root, base), change, catalog_digest="").generation


def encoded(passages: Sequence[Passage]) -> np.ndarray:
    return ENCODER.encode_passages([one.encoded_text for one in passages])


def answers(root: Path, generation: str, mode: str, text: str) -> set[tuple[str, float]]:
    searcher = Searcher.open(root, generation, ENCODER)
    request = SearchRequest(text=text, mode=mode, exact=True, limit=100)  # type: ignore[arg-type]
    found = searcher.search(request)
    assert found.degraded == ()
    hits = found.hits
    return {(hit.passage.id, round(hit.score, 4) if mode == "semantic" else 0.0) for hit in hits}


@settings(max_examples=10, deadline=None)
@given(steps=STEPS)
def test_what_grew_answers_as_what_was_written_whole(
    tmp_path_factory: pytest.TempPathFactory, steps: list[dict[str, list[str]]]
) -> None:
    root = tmp_path_factory.mktemp("grown")
    archive: dict[str, list[Passage]] = {}
    generation = whole(root, archive)
    for number, step in enumerate(steps):
        changed = {owner: talk(owner, words, number) for owner, words in step.items()}
        generation = grown(root, generation, changed)
        archive = {**archive, **changed}
        snapshot.publish(root, generation)
    written = whole(root, archive)
    assert sorted(snapshot.passage_ids(root, generation)) == sorted(
        snapshot.passage_ids(root, written)
    )
    manifests = [snapshot.read_manifest(root, name) for name in (generation, written)]
    assert len({(one.passages, one.talks, one.papers) for one in manifests}) == 1
    for mode in ("semantic", "keyword"):
        for text in ASKED:
            assert answers(root, generation, mode, text) == answers(root, written, mode, text)


@pytest.fixture
def two(root: Path) -> tuple[str, str]:
    """A generation of 40 talks, and one that grew out of it: a talk changed, one gone, one new."""
    first = whole(root, {f"talk-{n}": talk(f"talk-{n}", WORDS[:3], 0) for n in range(40)})
    new = {"talk-7": talk("talk-7", ["regret"], 1), "talk-new": talk("talk-new", ["bandit"], 1)}
    return first, grown(root, first, new, gone=["talk-9"])


def test_what_did_not_change_is_the_same_file(root: Path, two: tuple[str, str]) -> None:
    first, second = (root / name for name in two)
    [base] = parts_of(first)
    assert [part.name for part in parts_of(second)] == [base.name, "part-000000120"]
    for file in base.iterdir():
        assert file.samefile(second / base.name / file.name)
    segments = [file for file in (first / "terms").iterdir() if file.suffix == ".store"]
    assert segments
    assert all(file.samefile(second / "terms" / file.name) for file in segments)


def test_the_base_stays_as_it_was(root: Path, two: tuple[str, str]) -> None:
    first, second = two
    snapshot.verify(root, first)
    ids = snapshot.passage_ids(root, first)
    assert len(ids) == 120
    left = [one for one in ids if not one.startswith(("talk-7-", "talk-9-"))]
    assert snapshot.passage_ids(root, second) == [*left, "talk-7-1-0", "talk-new-1-0"]
    shutil.rmtree(root / first)
    snapshot.verify(root, second)
    assert len(answers(root, second, "keyword", "regret")) == 1


def test_what_is_gone_is_found_by_no_leg(root: Path, two: tuple[str, str]) -> None:
    for mode in ("semantic", "keyword", "hybrid"):
        found = {name for name, _ in answers(root, two[1], mode, "kernel talk-9 talk-7 again")}
        assert found
        assert not {one for one in found if one.startswith(("talk-9-", "talk-7-0"))}


def test_no_score_exceeds_its_bound_among_holes(root: Path) -> None:
    generation = whole(root, {f"talk-{n}": talk(f"talk-{n}", WORDS[:1], 0) for n in range(20)})
    generation = grown(root, generation, {}, gone=[f"talk-{n}" for n in range(4)])
    leg = TermsLeg(root / generation / "terms")
    for text in ("kernel", "again", "kernel talk 7"):
        hits = leg.search(parse(text), 20)
        assert len(hits.rows) == leg.count == 16
        assert 0 < max(hits.scores) <= hits.bound


def test_damage_to_a_shared_file_is_detected_in_both(root: Path, two: tuple[str, str]) -> None:
    first, second = two
    shared = [
        file for file in (root / second).rglob("*") if file.is_file() and file.stat().st_nlink == 2
    ]
    assert len(shared) >= 10
    for file in shared:
        content = file.read_bytes()
        if not content:
            continue
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        for generation in (first, second):
            with pytest.raises(SnapshotDamaged):
                snapshot.verify(root, generation)
        file.write_bytes(content)
    snapshot.verify(root, first)
    snapshot.verify(root, second)


def test_a_damaged_generation_is_not_extended(root: Path, two: tuple[str, str]) -> None:
    file = next((root / two[1] / "terms").glob("*.store"))
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(SnapshotDamaged):
        grown(root, two[1], {"talk-8": talk("talk-8", WORDS[:1], 2)})
    assert len(snapshot.generations(root)) == 2


def test_where_files_cannot_be_linked_they_are_copied(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("index.durable.os.link", refuse)
    first = whole(root, {"talk-1": talk("talk-1", WORDS[:3], 0)})
    second = grown(root, first, {"talk-2": talk("talk-2", WORDS[3:5], 1)})
    shutil.rmtree(root / first)
    snapshot.verify(root, second)
    assert len(snapshot.passage_ids(root, second)) == 5


def test_parts_are_few_and_rows_keep_their_numbers(root: Path) -> None:
    generation = whole(root, {"talk-0": talk("talk-0", WORDS * 8, 0)})
    expected = list(snapshot.passage_ids(root, generation))
    for step in range(1, 40):
        new = talk(f"talk-{step}", WORDS[:2], step)
        generation = grown(root, generation, {f"talk-{step}": new})
        expected += [one.id for one in new]
        assert len(parts_of(root / generation)) <= 7
    assert snapshot.passage_ids(root, generation) == expected
    vectors = snapshot.vectors(root, generation)
    passages = [talk(f"talk-{step}", WORDS[:2], step) for step in range(1, 40)]
    assert np.array_equal(vectors[64:], encoded([one for some in passages for one in some]))


def test_too_many_holes_end_the_line(root: Path) -> None:
    talks = {f"talk-{n}": talk(f"talk-{n}", WORDS[:1], 0) for n in range(10)}
    generation = whole(root, talks)
    for n in range(3):
        assert snapshot.extensible(snapshot.read_manifest(root, generation), packaged())
        generation = grown(root, generation, {}, gone=[f"talk-{n}"])
    assert not snapshot.extensible(snapshot.read_manifest(root, generation), packaged())
