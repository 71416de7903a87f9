"""The table of notation: what it makes one, how staff extend it, what is wrong with it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import BadNotation
from index.notation import Notation, packaged, plain, read

OWN = """
[abbreviations]
DRO = ["distributionally robust optimization"]
KL = ["Kullback divergence"]
RIP = []

[spellings]
"log-Sobolev" = ["logarithmic Sobolev", "log Sobolew"]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "notation.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def own(tmp_path: Path) -> Notation:
    return read(written(tmp_path, OWN))


def indexed(notation: Notation, text: str) -> str:
    return notation.with_short_forms(notation.normalised(text))


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("the Kullback–Leibler divergence", "kl"),
        ("(neural tangent kernels)", "ntk"),
        ("stochastic   gradient\ndescent", "sgd gd"),
        ("maximum likelihood estimators", "mle"),
        ("samples are i.i.d. here", "iid"),
        ("variational auto-encoders", "vae"),
    ],
)
def test_a_text_with_a_long_form_carries_the_short_one(text: str, short: str) -> None:
    assert indexed(packaged(), text) == f"{plain(text)} {short}"


@pytest.mark.parametrize("text", ["tangent kernel", "unneural tangent kernel", "leibler kullback"])
def test_what_is_no_long_form_gets_no_short_one(text: str) -> None:
    assert indexed(packaged(), text) == text


@pytest.mark.parametrize("spelled", ["O(n) time", "o of n time", "O (n) time", "order of n time"])
def test_spellings_of_one_thing_become_the_first(spelled: str) -> None:
    words = packaged().normalised(spelled).replace("(", " ").replace(")", " ").split()
    assert words == ["o", "n", "time"]


@pytest.mark.parametrize(
    ("spoken", "spelled"),
    [("alpha", "α"), ("alpha", r"\alpha"), ("lambda", "λ"), ("epsilon", "ϵ"), ("sigma", "Σ")],
)
def test_greek_letters_are_one_spoken_and_written(spoken: str, spelled: str) -> None:
    assert packaged().normalised(f"the {spelled} here") == f"the {spoken} here"


@given(st.text(st.characters(), max_size=80))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = packaged().normalised(text)
    assert packaged().normalised(once) == packaged().normalised(packaged().normalised(once))


def test_staff_add_entries_and_switch_others_off(own: Notation) -> None:
    assert indexed(own, "distributionally robust optimization").endswith(" dro")
    assert indexed(own, "the Kullback divergence").endswith(" kl")
    assert indexed(own, "the Kullback–Leibler divergence").endswith(" kl")
    assert indexed(own, "restricted isometry property") == "restricted isometry property"
    assert own.normalised("a logarithmic Sobolev inequality") == "a log sobolev inequality"
    assert own.digest != packaged().digest


def test_a_snapshot_keeps_the_whole_table(own: Notation) -> None:
    again = Notation.from_json(own.to_json())
    assert again.digest == own.digest
    assert indexed(again, "logarithmic Sobolev") == indexed(own, "logarithmic Sobolev")


def test_without_a_file_the_packaged_table_holds(tmp_path: Path) -> None:
    assert read(tmp_path / "notation.toml").digest == packaged().digest


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[abbreviations]\nKL = [", "at end of document"),
        ("[abbreviations]\n\nKL Kullback", "line 3"),
        ("[abbreviatons]\nKL = ['x']", r"\[abbreviatons\]"),
        ("[abbreviations]\nKL = 7", r"\[abbreviations\] 'KL' must be a text or a list"),
        ("[abbreviations]\nKL = ['a', 7]", "'KL' must be"),
        ("[abbreviations]\nKL = ['--']", "'--' has neither letters nor digits"),
        ("[abbreviations]\nKL = ['kl']", "'KL' stands for itself"),
        ("[spellings]\na = ['x y']\nb = ['x y']", "'x y' is in another entry too"),
        ("[spellings]\na = ['x y']\n'x y' = ['z']", "'x y' is in another entry too"),
        ("abbreviations = 3", "must hold"),
    ],
)
def test_a_faulty_table_is_refused_with_its_line_or_entry(
    tmp_path: Path, text: str, named: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(BadNotation, match=named) as caught:
        read(file)
    assert str(file) in str(caught.value)


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notation.toml"
    file.write_bytes(b"\xff\xfe[abbreviations]")
    with pytest.raises(BadNotation, match="utf-8"):
        read(file)
