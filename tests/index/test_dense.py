"""The meaning leg: exact, filtered, and clear about which FAISS it wants."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.dense import DenseLeg, check_installed, write_vectors
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
    assert np.allclose(leg.cosines(rows[0], [7, 3, 7]), rows[[7, 3, 7]] @ rows[0], atol=1e-6)
    assert leg.cosines(rows[0], []).shape == (0,)


def test_the_vectors_come_back_as_they_were(leg: DenseLeg) -> None:
    assert np.array_equal(leg.vectors(), unit_rows(100))


def test_an_empty_archive_finds_nothing(tmp_path: Path) -> None:
    leg = opened(tmp_path, np.zeros((0, 16), dtype=np.float32))
    assert leg.search(unit_rows(1)[0], 5)[0].tolist() == []
    assert leg.vectors().shape == (0, 16)


def test_without_faiss_the_extra_is_named() -> None:
    with pytest.raises(FaissUnavailable, match=r"seminar-archive\[cpu\]"):
        check_installed([])


def test_with_two_faiss_the_start_is_refused() -> None:
    with pytest.raises(FaissUnavailable, match="pip uninstall faiss-cpu faiss-gpu"):
        check_installed(["faiss-cpu", "faiss-gpu"])


def test_one_faiss_is_right() -> None:
    check_installed(["faiss-gpu"])
