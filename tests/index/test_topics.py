import numpy as np

from index.topics import DEFAULT, cuts, headings

MINUTE = 60_000


def _turning(each: int) -> np.ndarray:
    """Passages of one minute about three things, one after the other."""
    return np.repeat(np.eye(3, 8, dtype=np.float32), each, axis=0)


def test_a_talk_is_cut_where_it_turns_to_something_else() -> None:
    starts = [n * MINUTE for n in range(24)]
    assert cuts(_turning(8), starts, end_ms=24 * MINUTE) == [8, 16]


def test_a_short_talk_and_one_about_one_thing_are_not_cut() -> None:
    starts = [n * MINUTE for n in range(24)]
    assert cuts(_turning(2), starts[:6], end_ms=6 * MINUTE) == []
    assert cuts(np.tile(_turning(1)[:1], (24, 1)), starts, end_ms=24 * MINUTE) == []
    assert cuts(np.zeros((0, 8), dtype=np.float32), [], end_ms=0) == []


def test_no_part_is_shorter_than_four_minutes() -> None:
    vectors = np.random.default_rng(7).normal(size=(90, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    starts = [n * MINUTE for n in range(90)]
    edges = [0, *(starts[one] for one in cuts(vectors, starts, end_ms=90 * MINUTE)), 90 * MINUTE]
    assert len(edges) > 4
    assert min(np.diff(edges)) >= DEFAULT.shortest_ms


def test_a_heading_says_what_the_other_parts_do_not() -> None:
    first = "so the kernel matrix and you know the kernel matrix is the kernel matrix " * 3
    second = "well gradient descent goes on and gradient descent goes down by gradient descent " * 3
    assert [one[0] for one in headings([first, second])] == ["kernel matrix", "gradient descent"]
    assert headings(["", "you know"]) == [(), ()]
