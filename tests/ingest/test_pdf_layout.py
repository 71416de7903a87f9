from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.pdf import read_pdf
from ingest.pdf_layout import laid_out
from ingest.pdf_lines import Run
from ingest.pdf_signs import negated, signs_of
from tests.ingest.pdf_files import FONT, Placed, write_placed

LEFT = [
    f"the left column says {word} here," for word in ("one", "two", "three", "four", "five", "six")
]
RIGHT = [
    f"the right column says {word} then," for word in ("seven", "eight", "nine", "ten", "more")
]
TITLE = "A Title That Is Set Across Both Columns of the Page"


def column(lines: Sequence[str], x: float, y: float = 640) -> list[Placed]:
    return [Placed(text=line, x=x, y=y - 12 * n) for n, line in enumerate(lines)]


def text_of(tmp_path: Path, *pieces: Placed, font: str = FONT) -> list[str]:
    return (
        read_pdf(write_placed(tmp_path / "paper.pdf", pieces, font=font)).pages[0].text.split("\n")
    )


def test_two_columns_are_read_one_after_the_other_however_they_are_drawn(tmp_path: Path) -> None:
    left, right = column(LEFT, 72), column(RIGHT, 240)
    title = Placed(text=TITLE, x=80, y=690, size=13)
    across = [piece for row in zip(left, right, strict=False) for piece in row]
    expected = [TITLE, *LEFT, *RIGHT]
    assert text_of(tmp_path, title, *left, *right) == expected
    assert text_of(tmp_path, *across, left[-1], title) == expected


def test_a_caption_across_both_columns_divides_them(tmp_path: Path) -> None:
    caption = Placed(text=f"Figure 1: {TITLE}", x=80, y=560)
    below = column(LEFT, 72, 530) + column(RIGHT, 240, 530)
    lines = text_of(tmp_path, *column(LEFT, 72), *column(RIGHT, 240), caption, *below)
    assert lines == [*LEFT, *RIGHT, caption.text, *LEFT, *RIGHT]


def test_a_head_of_two_parts_comes_before_both_columns(tmp_path: Path) -> None:
    head = [Placed(text="A. Writer", x=72, y=740, size=8), Placed(text="On Margins", x=300, y=740)]
    lines = text_of(tmp_path, *column(LEFT, 72), *column(RIGHT, 240), *head)
    assert lines == ["A. Writer On Margins", *LEFT, *RIGHT]


def test_a_wide_table_is_read_row_by_row(tmp_path: Path) -> None:
    places = (72, 130, 195, 260, 330)
    cells = [["Model", "Small", "Middle", "Large", "All"], ["Margin", "1.5", "22.25", "3.1", "7"]]
    table = [
        Placed(text=cell, x=x, y=700 - 12 * n)
        for x, column in zip(places, zip(*cells, strict=True), strict=True)
        for n, cell in enumerate(column)
    ]
    caption = Placed(text=f"Table 1: {TITLE}", x=80, y=660)
    lines = text_of(tmp_path, *table, caption, *column(LEFT, 72), *column(RIGHT, 240))
    assert lines == [*(" ".join(row) for row in cells), caption.text, *LEFT, *RIGHT]


def test_the_footnote_of_the_left_column_does_not_come_between_them(tmp_path: Path) -> None:
    note = Placed(text="1 See the web.", x=72, y=560, size=8)
    lines = text_of(tmp_path, *column(LEFT, 72), note, *column(RIGHT, 240))
    assert lines == [*LEFT, *RIGHT, note.text]


def test_one_column_with_equations_is_read_as_it_was_written(tmp_path: Path) -> None:
    pieces: list[Placed] = []
    for n in range(6):
        y = 700 - 60 * n
        pieces += [
            Placed(text=f"We see that the error {n} is bounded by the sum below:", x=72, y=y),
            Placed(text=f"training loss {n} =", x=80, y=y - 24),
            Placed(text="margin of data", x=172, y=y - 18),
            Placed(text="norm of weights", x=170, y=y - 31),
            Placed(text=f"plus the rest of {n}", x=258, y=y - 24),
            Placed(text=f"({n})", x=340, y=y - 24),
        ]
    lines = text_of(tmp_path, *pieces)
    assert lines[:5] == [
        "We see that the error 0 is bounded by the sum below:",
        "training loss 0 =",
        "margin of data",
        "norm of weights",
        "plus the rest of 0 (0)",
    ]


def test_what_is_drawn_out_of_place_goes_where_it_stands(tmp_path: Path) -> None:
    head = Placed(text="The heading that is drawn last", x=72, y=700, size=14)
    lines = text_of(tmp_path, *column(LEFT, 72), head)
    assert lines == [head.text, *LEFT]


def test_exponents_are_no_words_of_their_own(tmp_path: Path) -> None:
    pieces = [
        Placed(text="in R", x=72, y=700),
        Placed(text="d", x=90.5, y=703.6, size=7),
        Placed(text="and beyond the sphere", x=97.5, y=700),
    ]
    assert text_of(tmp_path, *pieces) == ["in Rd and beyond the sphere"]


def test_what_stands_sideways_comes_last(tmp_path: Path) -> None:
    stamp = Placed(text="drawn up the margin", x=20, y=300, size=20, turned="0 1 -1 0")
    assert text_of(tmp_path, stamp, *column(LEFT, 72)) == [*LEFT, stamp.text]


def test_a_page_that_is_all_sideways_is_read_along_its_lines(tmp_path: Path) -> None:
    pieces = [
        Placed(text=line, x=100 + 12 * n, y=72, turned="0 1 -1 0") for n, line in enumerate(LEFT)
    ]
    assert text_of(tmp_path, *pieces) == LEFT


def test_accents_that_are_drawn_alone_are_put_on_their_letter(tmp_path: Path) -> None:
    name = Placed(text="(by Szepesv) (\\264) 333 (ari and others)", x=72, y=700, kerned=True)
    assert text_of(tmp_path, name) == ["by Szepesvári and others"]


@pytest.mark.parametrize(
    ("font", "drawn", "meant"),
    [("CMSY10", "kxk", "‖x‖"), ("CMMI10", "`", "ℓ"), ("CMEX10", "X", "∑"), ("Helvetica", "k", "k")],
)
def test_signs_of_mathematics_are_what_they_look_like(font: str, drawn: str, meant: str) -> None:
    assert "".join(signs_of(f"ABCDEF+{font}").get(sign, sign) for sign in drawn) == meant


def test_the_norm_is_read_as_a_norm(tmp_path: Path) -> None:
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /CMSY10 /Encoding /WinAnsiEncoding >>"
    pieces = [Placed(text="k", x=72, y=700), *column(LEFT, 72)]
    assert text_of(tmp_path, *pieces, font=font)[0] == "‖"


def test_a_stroke_before_a_relation_negates_it() -> None:
    assert negated("a \u0338= b, x ↦→ y") == "a ≠ b, x ↦ y"


RUNS = st.lists(
    st.builds(
        Run,
        text=st.text("abcxyz", min_size=1, max_size=12),
        left=st.floats(0, 600),
        right=st.floats(0, 600),
        baseline=st.floats(0, 800),
        size=st.floats(1, 40),
        turns=st.integers(0, 3),
        hinted=st.booleans(),
    ),
    max_size=60,
)


@given(RUNS)
def test_no_letter_is_lost_or_made_up(runs: list[Run]) -> None:
    drawn = Counter(letter for run in runs for letter in run.text)
    assert Counter(laid_out(runs).text.replace(" ", "").replace("\n", "")) == drawn
