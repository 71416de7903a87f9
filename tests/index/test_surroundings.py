"""A passage in its surroundings: a part of what stands beside it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoders import Vectors
from index.surroundings import in_surroundings


def units(rows: int, seed: int) -> Vectors:
    made = np.random.default_rng(seed).standard_normal((rows, 8)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


@given(st.integers(0, 9), st.integers(0, 1000))
def test_vectors_stay_of_unit_length(rows: int, seed: int) -> None:
    mixed = in_surroundings(units(rows, seed))
    assert mixed.shape == (rows, 8)
    assert mixed.dtype == np.float32
    assert np.linalg.norm(mixed, axis=1) == pytest.approx(np.ones(rows), abs=1e-5)


def test_one_alone_keeps_its_vector() -> None:
    alone = units(1, 3)
    assert np.array_equal(in_surroundings(alone), alone)


def test_each_comes_nearer_to_its_neighbours_and_stays_nearest_to_itself() -> None:
    rows = units(5, 4)
    mixed = in_surroundings(rows)
    for place in range(1, 5):
        assert mixed[place] @ rows[place - 1] > rows[place] @ rows[place - 1]
    assert (mixed @ rows.T).argmax(axis=1).tolist() == [0, 1, 2, 3, 4]


def test_what_its_neighbours_cancel_out_keeps_its_vector() -> None:
    up = np.eye(8, dtype=np.float32)[:1]
    opposite = np.concatenate([-up, up, -up])
    assert np.array_equal(in_surroundings(opposite, weight=1.0)[1], opposite[1])
