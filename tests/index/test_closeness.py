"""How close a passage is to a query: what it says of it, and what stands side by side."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.closeness import Asked, Wordings, Writer, close_to, join_wordings, number_of

STEMS = st.lists(st.sampled_from(["gradient", "descent", "kernel", "norm", "margin"]), max_size=12)
ASKED = Asked(
    weights={"gradient": 2.0, "descent": 3.0, "kernel": 5.0}, pairs=(("gradient", "descent"),)
)


def written(part: Path, texts: list[list[str]]) -> Path:
    part.mkdir()
    with Writer(part) as writer:
        for text in texts:
            writer.take([["a", "title"], [], text])
    return part


def test_coverage_is_the_share_of_the_weight_that_is_said(tmp_path: Path) -> None:
    texts = [["kernel"], ["gradient", "x", "descent"], ["kernel", "descent", "gradient"], []]
    close = Wordings([written(tmp_path / "part", texts)]).closeness(ASKED, [0, 1, 2, 3])
    assert close.coverage.tolist() == pytest.approx([0.5, 0.5, 1.0, 0.0])


def test_a_pair_counts_once_and_only_in_its_order(tmp_path: Path) -> None:
    texts = [
        ["gradient", "descent", "gradient", "descent"],
        ["descent", "gradient"],
        ["gradient", "of", "descent"],
    ]
    close = Wordings([written(tmp_path / "part", texts)]).closeness(ASKED, [2, 1, 0])
    assert close.pairs.tolist() == [0.0, 0.0, 5.0]


def test_no_pair_goes_across_title_and_text(tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.mkdir()
    with Writer(part) as writer:
        writer.take([["gradient"], [], ["descent"]])
    assert Wordings([part]).closeness(ASKED, [0]).pairs.tolist() == [0.0]


def test_several_parts_answer_as_one(tmp_path: Path) -> None:
    texts = [["kernel"], ["gradient", "descent"], ["norm"], ["descent"], []]
    one = written(tmp_path / "one", texts[:2])
    two = written(tmp_path / "two", texts[2:])
    joined = tmp_path / "joined"
    joined.mkdir()
    join_wordings(joined, [one, two])
    rows = [4, 0, 3, 1, 2]
    several = Wordings([one, two]).closeness(ASKED, rows)
    single = Wordings([joined]).closeness(ASKED, rows)
    assert several.coverage.tolist() == single.coverage.tolist()
    assert several.pairs.tolist() == single.pairs.tolist()


def test_a_query_without_a_known_word_is_close_to_nothing(tmp_path: Path) -> None:
    close = Wordings([written(tmp_path / "part", [["kernel"]])]).closeness(Asked(weights={}), [0])
    assert (close.coverage.tolist(), close.pairs.tolist()) == ([0.0], [0.0])


@given(st.lists(STEMS, max_size=5))
def test_it_is_what_counting_by_hand_gives(texts: list[list[str]]) -> None:
    stems = np.array([number_of(one) for text in texts for one in text], dtype=np.uint32)
    place = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    close = close_to(ASKED, stems, place, len(texts))
    for row, text in enumerate(texts):
        said = sum(weight for stem, weight in ASKED.weights.items() if stem in text) / 10
        beside = ("gradient", "descent") in pairwise(text)
        assert close.coverage[row] == pytest.approx(said)
        assert close.pairs[row] == (5.0 if beside else 0.0)
