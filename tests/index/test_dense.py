"""The meaning leg: exact, filtered, and clear about which FAISS it wants."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.dense import Allowed, DenseLeg, check_installed, join_vectors, write_vectors
from index.encoders import Vectors
from index.errors import FaissUnavailable


def unit_rows(count: int, dimension: int = 16) -> Vectors:
    rows = np.random.default_rng(5).standard_normal((count, dimension)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture(scope="module")
def leg(tmp_path_factory: pytest.TempPathFactory) -> DenseLeg:
    return opened(tmp_path_factory.mktemp("dense"), unit_rows(100))


def opened(folder: Path, rows: Vectors) -> DenseLeg:
    write_vectors(folder, rows)
    return DenseLeg([folder])


@settings(max_examples=40, deadline=None)
@given(
    query=st.integers(0, 99),
    limit=st.integers(1, 120),
    chosen=st.one_of(st.none(), st.sets(st.integers(0, 99))),
)
def test_it_finds_what_sorting_all_cosines_finds(
    leg: DenseLeg, query: int, limit: int, chosen: set[int] | None
) -> None:
    rows = unit_rows(100)
    allowed = None if chosen is None else np.isin(np.arange(100), list(chosen))
    found, cosines = leg.search(rows[query], limit, allowed)
    candidates = list(range(100)) if chosen is None else sorted(chosen)
    expected = sorted(candidates, key=lambda row: -float(rows[row] @ rows[query]))[:limit]
    assert found.tolist() == expected
    assert np.allclose(cosines, [rows[row] @ rows[query] for row in expected], atol=1e-5)


def test_a_passage_finds_itself_first(leg: DenseLeg) -> None:
    found, cosines = leg.search(unit_rows(100)[42], 3)
    assert found[0] == 42
    assert cosines[0] == pytest.approx(1, abs=1e-5)


def test_cosines_of_given_rows_are_exact_and_in_order(leg: DenseLeg) -> None:
    rows = unit_rows(100)
    assert np.allclose(
        leg.cosines(rows[0], np.array([7, 3, 7])), rows[[7, 3, 7]] @ rows[0], atol=1e-6
    )
    assert leg.cosines(rows[0], np.array([], dtype=np.int64)).shape == (0,)


@pytest.fixture
def in_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if archives of this size were large."""
    monkeypatch.setattr("index.dense.CELLS_FROM", 500)
    monkeypatch.setattr("index.dense.GATHERED", 40)
    monkeypatch.setattr("index.dense.PROBED", 1 / 16)


def crowded(count: int, dimension: int = 64) -> Vectors:
    """Unit rows around some centres, as texts about some subjects are."""
    drawn = np.random.default_rng(11)
    centres = drawn.standard_normal((20, dimension))
    rows = centres[drawn.integers(0, 20, count)] + 0.7 * drawn.standard_normal((count, dimension))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def nearest(rows: Vectors, query: Vectors, limit: int, allowed: Allowed) -> list[int]:
    cosines = np.where(allowed, rows @ query, -2)
    return [int(row) for row in np.argsort(-cosines, kind="stable")[:limit]]


@pytest.mark.usefixtures("in_cells")
def test_a_large_archive_is_searched_cell_by_cell_and_answers_with_exact_cosines(
    tmp_path: Path,
) -> None:
    rows = crowded(2_000)
    leg = opened(tmp_path, rows)
    everywhere = np.ones(2_000, dtype=np.bool_)
    recalls = []
    for query in crowded(2_030)[-30:]:
        found, cosines = leg.search(query, 10)
        assert np.allclose(cosines, rows[found] @ query, atol=1e-5)
        assert list(cosines) == sorted(cosines, reverse=True)
        recalls.append(len({*found.tolist()} & {*nearest(rows, query, 10, everywhere)}) / 10)
    assert np.mean(recalls) > 0.7  # one cell of sixteen is looked into


@pytest.mark.usefixtures("in_cells")
@pytest.mark.parametrize("share", [0.0, 0.005, 0.015])
def test_a_filter_that_leaves_little_is_answered_exactly(tmp_path: Path, share: float) -> None:
    rows = crowded(2_000)
    leg = opened(tmp_path, rows)
    allowed = np.arange(2_000) < 2_000 * share
    for query in rows[-10:]:
        found, _ = leg.search(query, 10, allowed)
        assert found.tolist() == nearest(rows, query, 10, allowed)[: int(allowed.sum())]


@pytest.mark.usefixtures("in_cells")
def test_no_leg_finds_what_a_wide_filter_or_a_hole_keeps_out(tmp_path: Path) -> None:
    rows = crowded(2_000)
    write_vectors(tmp_path, rows)
    live, allowed = np.arange(2_000) % 3 > 0, np.arange(2_000) % 2 > 0
    leg = DenseLeg([tmp_path], live=live)
    for query in rows[:20]:
        found, _ = leg.search(query, 50, allowed)
        assert len(found) == 50
        assert (live & allowed)[found].all()
        assert live[leg.search(query, 50)[0]].all()


@pytest.mark.parametrize(("cells_from", "probed"), [(500, 1.0), (10_000, 1 / 16)])
def test_parts_answer_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells_from: int, probed: float
) -> None:
    monkeypatch.setattr("index.dense.CELLS_FROM", cells_from)
    monkeypatch.setattr("index.dense.PROBED", probed)
    rows, parts = crowded(900), [tmp_path / name for name in ("a", "b", "c", "joined")]
    for part, some in zip(parts, (rows[:500], rows[500:500], rows[500:]), strict=False):
        part.mkdir()
        write_vectors(part, some)
    parts[3].mkdir()
    join_vectors(parts[3], parts[:3])
    one, several = DenseLeg(parts[3:]), DenseLeg(parts[:3])
    for query in rows[::90]:
        (rows_found, cosines), (same_rows, same) = several.search(query, 20), one.search(query, 20)
        assert np.array_equal(rows_found, same_rows)
        assert np.array_equal(cosines, same)
    assert np.array_equal(several.vectors(), rows)
    assert np.array_equal(several.of(np.array([600]))[0], rows[600])


@pytest.mark.usefixtures("in_cells")
def test_where_the_nearest_cells_are_kept_out_all_are_looked_into(tmp_path: Path) -> None:
    rows = crowded(2_000)
    leg, query = opened(tmp_path, rows), rows[0]
    allowed = rows @ query < np.sort(rows @ query)[1_000]
    assert leg.search(query, 900, allowed)[0].tolist() == nearest(rows, query, 900, allowed)


@pytest.mark.usefixtures("in_cells")
def test_the_rows_of_a_large_part_keep_their_numbers(tmp_path: Path) -> None:
    rows = crowded(2_000)
    leg = opened(tmp_path, rows)
    assert np.array_equal(leg.vectors(), rows)
    assert np.array_equal(leg.of(np.array([1_234]))[0], rows[1_234])
    assert np.allclose(
        leg.cosines(rows[0], np.array([7, 1_999])), rows[[7, 1_999]] @ rows[0], atol=1e-6
    )


@pytest.mark.usefixtures("in_cells")
def test_a_thousand_equal_passages_are_no_trouble(tmp_path: Path) -> None:
    leg = opened(tmp_path, np.repeat(unit_rows(1), 1_000, axis=0))
    found, cosines = leg.search(unit_rows(1)[0], 5)
    assert len(found) == 5
    assert np.allclose(cosines, 1)


def test_the_vectors_come_back_as_they_were(leg: DenseLeg) -> None:
    assert np.array_equal(leg.vectors(), unit_rows(100))


def test_an_empty_archive_finds_nothing(tmp_path: Path) -> None:
    leg = opened(tmp_path, np.zeros((0, 16), dtype=np.float32))
    assert leg.search(unit_rows(1)[0], 5)[0].tolist() == []
    assert leg.vectors().shape == (0, 16)


def test_without_faiss_the_extra_is_named() -> None:
    with pytest.raises(FaissUnavailable, match=r"-e .\.\[cpu\]"):
        check_installed([])


def test_with_two_faiss_the_start_is_refused() -> None:
    with pytest.raises(FaissUnavailable, match="pip uninstall faiss-cpu faiss-gpu"):
        check_installed(["faiss-cpu", "faiss-gpu"])


def test_one_faiss_is_right() -> None:
    check_installed(["faiss-gpu"])
