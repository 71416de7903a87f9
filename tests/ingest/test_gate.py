from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ingest.engines import EngineInfo
from ingest.gate import Levels, doubtful_places, doubts, gated, loops, settled
from ingest.segments import Segment, Word
from ingest.testing import TonesHeard
from tests.ingest.media_files import shared, silence, tone

HZ = 16_000
PCM = NDArray[np.float32]


def said(text: str, start_ms: int = 0, end_ms: int = 4000, **measures: float) -> Segment:
    words = text.split()
    step = (end_ms - start_ms) // max(1, len(words))
    timed = tuple(
        Word(
            start_ms=start_ms + n * step,
            end_ms=start_ms + (n + 1) * step,
            text=word,
            confidence=0.9,
        )
        for n, word in enumerate(words)
    )
    segment = Segment(start_ms=start_ms, end_ms=end_ms, text=text, words=timed, avg_logprob=-0.2)
    return replace(segment, **measures)  # type: ignore[arg-type]


@dataclass
class Scripted:
    """An engine that says what the test wrote, and remembers what was read again."""

    first: list[Segment]
    second: list[Segment]
    lengths: list[int] = field(default_factory=list)
    hotwords: list[tuple[str, ...]] = field(default_factory=list)
    info: EngineInfo = field(default_factory=lambda: TonesHeard().info)

    def transcribe(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        yield from self.first

    def transcribe_carefully(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        self.lengths.append(len(pcm) * 1000 // HZ)
        self.hotwords.append(tuple(hotwords))
        yield from self.second

    def pieces(self, word: str) -> int:
        return 1

    def detect_language(self, pcm: PCM) -> str:
        return "en"


def passed(engine: Scripted, pcm: PCM) -> list[Segment]:
    return gated(engine, pcm, language="en", hotwords=())


def test_what_is_not_doubtful_passes_unchanged_and_is_read_once() -> None:
    good = said("the training error goes to zero")
    engine = Scripted([good], [])
    assert passed(engine, tone(5, rate=HZ)) == [good]
    assert engine.lengths == []


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        (said("so", compression_ratio=2.5), "repetitive"),
        (said("so", avg_logprob=-1.1), "improbable"),
        (said("and so on and so on and so on and so on and so on"), "looping"),
    ],
)
def test_each_reason_for_doubt_is_named(segment: Segment, reason: str) -> None:
    assert doubts(segment) == (reason,)


@pytest.mark.parametrize(
    "text",
    [
        "this is very very very very important",
        "no no no we know that the bound holds",
        "if x is in A and y is in A then x plus y is in A",
        "one two three four five six seven eight nine ten",
        "",
    ],
)
def test_how_people_speak_is_no_loop(text: str) -> None:
    assert not loops(text)


@pytest.mark.parametrize(
    "text",
    [
        "you " * 9,
        "thank you. " * 6,
        "I'm going to go. " * 3 + "I'm going to go",
        "the loss is convex and so we are done here " * 2,
    ],
)
def test_what_whisper_repeats_is_a_loop(text: str) -> None:
    assert loops(text)


@given(st.lists(st.sampled_from("abcd"), min_size=3, max_size=12), st.integers(8, 12))
def test_any_run_said_eight_times_is_a_loop(words: list[str], times: int) -> None:
    assert loops(" ".join(words * times))


@given(st.permutations([f"w{n}" for n in range(30)]))
def test_words_that_all_differ_are_no_loop(words: list[str]) -> None:
    assert not loops(" ".join(words))


def test_the_same_line_three_times_is_doubtful() -> None:
    line = "and that is it"
    lines = [said("first of all"), said(line), said(line + "."), said(line), said("next")]
    assert doubtful_places(lines) == {1, 2, 3}


def test_a_doubtful_stretch_is_read_again_and_the_second_reading_kept() -> None:
    bad = said("you " * 9, 1000, 3000)
    better = said("we see the double descent", 100, 1900)
    engine = Scripted([said("first", 0, 900), bad, said("last", 3500, 4000)], [better])
    first, second, last = passed(engine, tone(5, rate=HZ))
    assert (first.text, second.text, last.text) == ("first", better.text, "last")
    assert engine.lengths == [2300]
    assert (second.start_ms, second.words[0].start_ms) == (1000, 1000)
    assert not second.doubtful


def test_what_stays_doubtful_is_kept_and_marked() -> None:
    bad = said("mumble mumble", avg_logprob=-1.5)
    kept = passed(Scripted([bad], [said("mumble", 0, 900, avg_logprob=-1.4)]), tone(5, rate=HZ))
    assert [s.doubtful for s in kept] == [True]


def test_a_second_reading_that_hears_nothing_is_believed_only_without_speech() -> None:
    noise = said("Thank you.", avg_logprob=-1.2, no_speech_prob=0.8)
    mumble = said("Thank you.", avg_logprob=-1.2, no_speech_prob=0.1)
    assert settled(noise, []) == []
    assert settled(mumble, []) == [replace(mumble, doubtful=True)]


def test_a_second_reading_that_loops_does_not_replace_one_that_does_not() -> None:
    first = said("perhaps so", avg_logprob=-1.2)
    assert settled(first, [said("you " * 9)]) == [replace(first, doubtful=True)]


def test_text_over_silence_is_dropped() -> None:
    pcm = np.concatenate([tone(2, rate=HZ), silence(2, rate=HZ)])
    engine = Scripted([said("the bound", 0, 2000), said("Thank you.", 2300, 3900)], [])
    assert [s.text for s in passed(engine, pcm)] == ["the bound"]


def test_text_over_a_faint_hum_beside_loud_speech_is_dropped() -> None:
    pcm = np.concatenate([tone(4, rate=HZ), tone(2, rate=HZ, loud=0.001)])
    engine = Scripted([said("the bound", 0, 4000), said("Thank you.", 4200, 5900)], [])
    assert [s.text for s in passed(engine, pcm)] == ["the bound"]


def test_a_quiet_recording_is_not_silence() -> None:
    levels = Levels.of(tone(3, rate=HZ, loud=0.003))
    assert not levels.silent(0, 3000)
    assert Levels.of(silence(3, rate=HZ)).silent(0, 3000)
    assert Levels.of(silence(0, rate=HZ)).silent(0, 0)


def test_noise_and_laughter_give_nothing_that_is_not_marked() -> None:
    from tests.ingest.test_engines import faster

    folder = shared("edge")
    engine = faster(folder)
    for name in ("empty.wav", "empty.mp3", "laugh1.mp3", "apollo11.mp3"):
        for segment in gated(engine, _sound(folder / name), language=None, hotwords=()):
            assert segment.doubtful or not doubts(segment), name


def _sound(file: object) -> PCM:
    import tempfile
    from pathlib import Path

    from ingest.media import decode, samples

    with tempfile.TemporaryDirectory() as folder:
        decoded = decode(Path(str(file)), Path(folder))
        return np.concatenate([samples(w.file) for w in decoded.windows])


def test_sound_over_which_nothing_was_heard_is_read_again_without_hotwords() -> None:
    lost = said("and that is the bound", 0, 5000)
    engine = Scripted([said("first", 0, 2000), said("last", 9000, 10_000)], [lost])
    heard = gated(engine, tone(10, rate=HZ), language="en", hotwords=("Rademacher",))
    assert [(s.text, s.start_ms) for s in heard] == [
        ("first", 0),
        (lost.text, 2000),
        ("last", 9000),
    ]
    assert engine.lengths == [7000]
    assert engine.hotwords == [()]


def test_a_silent_hole_is_left_alone() -> None:
    pcm = np.concatenate([tone(2, rate=HZ), silence(20, rate=HZ), tone(2, rate=HZ)])
    engine = Scripted([said("first", 0, 2000), said("last", 22_000, 24_000)], [])
    assert len(passed(engine, pcm)) == 2
    assert engine.lengths == []


def test_a_few_unsure_words_over_laughter_are_dropped_when_twice_unsure() -> None:
    unsure = tuple(
        Word(start_ms=n * 500, end_ms=n * 500 + 500, text=text, confidence=0.4)
        for n, text in enumerate(("Thank", "you."))
    )
    laughter = replace(said("Thank you."), words=unsure, no_speech_prob=0.58)
    assert doubts(laughter) == ("unspoken",)
    assert passed(Scripted([laughter], [laughter]), tone(4, rate=HZ)) == []
    better = said("and then they laughed", 0, 2000)
    assert passed(Scripted([laughter], [better]), tone(4, rate=HZ)) == [better]
    assert doubts(replace(laughter, no_speech_prob=0.1)) == ()
