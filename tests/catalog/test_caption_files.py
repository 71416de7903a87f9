"""Captions of others: mended where they are wrong, and said so."""

import pytest

from catalog.caption_files import read_timed, read_untimed, without_sounds


def srt(*cues: tuple[str, str, str]) -> str:
    return "\n\n".join(f"{n}\n{a} --> {b}\n{text}" for n, (a, b, text) in enumerate(cues, 1))


def at(seconds: float) -> str:
    return f"00:00:{seconds:06.3f}".replace(".", ",")


def test_captions_that_overlap_end_where_the_next_begins() -> None:
    read = read_timed(srt((at(0), at(3), "one"), (at(2), at(4), "two"), (at(2), at(5), "three")))
    assert [(line.start_ms, line.end_ms) for line in read.lines] == [
        (0, 2000),
        (2000, 4000),
        (2000, 5000),
    ]
    assert any("lasts into the next" in one for one in read.remarks)


def test_captions_that_run_backwards_are_put_in_order() -> None:
    read = read_timed(srt((at(5), at(6), "two"), (at(1), at(2), "one"), (at(9), at(8), "three")))
    assert [line.text for line in read.lines] == ["one", "two", "three"]
    assert [line.end_ms >= line.start_ms for line in read.lines] == [True] * 3
    assert len(read.remarks) == 2
    assert "00:00:09.000" in read.remarks[1]


def test_captions_that_are_right_are_not_remarked_upon() -> None:
    read = read_timed(srt((at(0), at(1), "Yes."), (at(1), at(2), "Yes."), (at(2), at(3), "Yes.")))
    assert [line.text for line in read.lines] == ["Yes."] * 3
    assert read.remarks == ()


def rolling(sentences: list[str]) -> str:
    """Captions as video sites make them: each row is shown twice, and once more for 10 ms."""
    blocks = ["WEBVTT", "Kind: captions\nLanguage: en"]
    before = " "
    for n, text in enumerate(sentences):
        words = text.replace(" ", f"<00:00:{2 * n + 1:02}.000><c> ", 1) + "</c>"
        blocks.append(
            f"00:00:{2 * n:02}.000 --> 00:00:{2 * n + 1:02}.990 align:start position:0%\n"
            f"{before}\n{words}"
        )
        blocks.append(
            f"00:00:{2 * n + 1:02}.990 --> 00:00:{2 * n + 2:02}.000 align:start position:0%\n"
            f"{text}\n "
        )
        before = text
    return "\n\n".join(blocks)


def test_rolling_captions_are_said_once() -> None:
    sentences = ["so today we", "look at kernels", "kernels are", "functions of two"]
    sentences += ["points and", "then more"]
    read = read_timed(rolling(sentences))
    assert [line.text for line in read.lines] == sentences
    assert [line.start_ms for line in read.lines][:4] == [0, 2000, 4000, 6000]
    assert any("roll" in one for one in read.remarks)


def test_text_without_times_keeps_its_paragraphs() -> None:
    read = read_untimed("One line\nand its rest.\n\n\nAnother.\n")
    assert [line.text for line in read.lines] == ["One line and its rest.", "Another."]
    assert not read.timed


def test_what_has_no_times_is_refused_as_captions() -> None:
    with pytest.raises(ValueError, match="00:00:01"):
        read_timed("hello\nthere\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[Music]", ""),
        ("so (audience laughs) we see", "so we see"),
        ("♪ la la ♪ well", "well"),
        ("[student speaking off mic]", ""),
        ("in the interval [0, 1] and f(x)", "in the interval [0, 1] and f(x)"),
        ("[x] is a list", "[x] is a list"),
    ],
)
def test_marks_of_sounds_are_not_speech(text: str, said: str) -> None:
    assert without_sounds(text) == said
