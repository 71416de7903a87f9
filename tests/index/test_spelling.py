"""Which word of the archive was meant by one that it lacks."""

from pathlib import Path

import pytest

from index.sounds import readings, sounds
from index.spelling import Speller, write_words

ARCHIVE = {
    "rademacher": 40,
    "complexity": 200,
    "ranker": 9,
    "kernel": 300,
    "colonel": 1,
    "kullback": 30,
    "rollback": 2,
    "chebyshev": 12,
    "convex": 250,
    "convacs": 1,
    "interpolation": 90,
    "variance": 120,
    "wasserstein": 33,
    "sensor": 4,
    "cauchy": 8,
}


@pytest.fixture(scope="module")
def speller(tmp_path_factory: pytest.TempPathFactory) -> Speller:
    file = tmp_path_factory.mktemp("words") / "spelling.tsv"
    write_words(file, ARCHIVE.items(), passages=1000)
    return Speller.open(file)


def alone(_: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kernal", "kernel"),
        ("krenel", "kernel"),
        ("interpolaton", "interpolation"),
        ("varience", "variance"),
        ("coolback", "kullback"),
        ("chebychev", "chebyshev"),
        ("wasserstine", "wasserstein"),
        ("rademaker", "rademacher"),
        ("convecs", "convex"),
    ],
)
def test_a_slip_and_a_word_by_ear_are_put_right(speller: Speller, typed: str, meant: str) -> None:
    assert speller.nearest(typed, alone) == meant


def test_what_is_only_roughly_alike_needs_its_neighbour(speller: Speller) -> None:
    assert speller.nearest("raymucker", alone) is None
    assert speller.nearest("raymucker", lambda word: word == "rademacher") == "rademacher"


@pytest.mark.parametrize(
    "typed",
    ["kernel", "ker", "kernel2", "2021", "ядро", "核方法啊", "photosynthesis", "giraffe", "x" * 40],
)
def test_what_is_known_short_foreign_or_far_is_left_alone(speller: Speller, typed: str) -> None:
    assert speller.nearest(typed, alone) is None


def test_only_words_of_latin_letters_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "spelling.tsv"
    write_words(
        file, [("l2", 9), ("ядро", 3), ("kernel", 2), ("the", 99), ("x" * 31, 1)], passages=9
    )
    assert file.read_text() == "kernel\t2\tkarnal\n"


def test_in_a_large_archive_a_word_must_be_in_two_passages(tmp_path: Path) -> None:
    file = tmp_path / "spelling.tsv"
    write_words(file, [("kernal", 1), ("kernel", 2)], passages=5000)
    assert file.read_text() == "kernel\t2\tkarnal\n"


def test_words_that_sound_alike_have_one_key() -> None:
    assert sounds("Kullback") == sounds("coolback")
    assert sounds("Lipschitz") == sounds("lipshits")
    assert set(readings("Rademacher")) >= set(readings("rademaker"))
