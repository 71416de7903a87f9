"""The gate against plain batched faster-whisper, tiny.en: what is heard where nobody speaks.

A constructed set: silence, noise, music and applause that this file makes, a stuck recording, two
real clips at once, and the recordings of laughter and of a radio from the edge.  Words count where
nobody speaks; repeats are runs of one to six words said at least four times in a row.  What the
gate marks as doubtful counts separately.  Clean speech is timed with both, turn and turn about.
    python -m bench.gate [--rounds 3]
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.record import SHARED, record
from bench.vocabulary import demo_talks
from index.weights import located
from ingest import media
from ingest.engines.choose import CPU_ROOM, MODELS, open_engine
from ingest.gate import gated, plain_words
from ingest.repair import Repair
from ingest.vocabulary import sentences_about, vocabulary

HZ = 16_000
EDGE = SHARED / "recordings" / "edge"
CLIPS = SHARED / "recordings" / "checked"
DEMO = Path(__file__).resolve().parent.parent / "demo" / "recordings"
CLEAN = "01-reading-a-generalization-gap.opus"
TIMES = 4
Heard = list[tuple[str, bool]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    folder = str(located("tiny.en", MODELS))
    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=2)
    pipeline = BatchedInferencePipeline(model)
    engine = open_engine("faster-whisper", "tiny.en", "cpu")

    def plain(pcm: Any) -> Heard:
        heard, _ = pipeline.transcribe(
            pcm, language="en", batch_size=CPU_ROOM.batch_size, word_timestamps=True
        )
        return [(segment.text, False) for segment in heard]

    def through_the_gate(pcm: Any) -> Heard:
        heard = gated(engine, pcm, language="en", hotwords=())
        return [(segment.text, segment.doubtful) for segment in heard]

    def with_vocabulary(pcm: Any) -> Heard:
        known = next(one.source for one in demo_talks() if one.sound.name == CLEAN)
        hotwords = [*sentences_about(known, engine.pieces), *vocabulary(known, engine.pieces)]
        repair = Repair(hotwords, engine.pieces)
        heard = gated(engine, pcm, language="en", hotwords=hotwords)
        return [(repair.repaired(segment).text, segment.doubtful) for segment in heard]

    ways = {"faster_whisper_batched": plain, "gate": through_the_gate}
    silent = {name: _counts(ways, pcm) for name, pcm in non_speech().items()}
    spoken = {name: _counts(ways, pcm) for name, pcm in difficult_speech().items()}
    record("gate", {
        "model": "tiny.en, int8 on CPU",
        "nobody_speaks": silent,
        "difficult_speech": spoken,
        "totals": {name: _totals(name, silent, spoken) for name in ways},
        "clean_speech_cpu_s": _timed(
            {**ways, "gate_and_vocabulary": with_vocabulary}, _sound(DEMO / CLEAN), rounds
        ),
    })  # fmt: skip


def non_speech() -> dict[str, Any]:
    draw = np.random.default_rng(229)
    noise = draw.standard_normal(60 * HZ).astype(np.float32)
    return {
        "digital silence, 60 s": np.zeros(60 * HZ, dtype=np.float32),
        "room noise at -60 dB, 60 s": 0.001 * noise,
        "room noise at -40 dB, 60 s": 0.01 * noise,
        "loud noise at -20 dB, 60 s": 0.1 * noise,
        "hum of 50 Hz with noise, 60 s": _hum() + 0.003 * noise,
        "music, 60 s": music(draw),
        "applause, 30 s": applause(draw),
        "laughter": _sound(EDGE / "laugh1.mp3"),
    }


def difficult_speech() -> dict[str, Any]:
    clips = [json.loads(line)["file"] for line in (CLIPS / "index.jsonl").read_text().splitlines()]
    first, second = (_joined(clips[start::20]) for start in (0, 7))
    length = min(len(first), len(second))
    talk = _sound(DEMO / CLEAN)
    stuck = np.tile(talk[30 * HZ : 30 * HZ + HZ * 7 // 10], 40)
    pauses = [talk[20 * HZ : 40 * HZ], np.zeros(25 * HZ, dtype=np.float32), talk[40 * HZ : 60 * HZ]]
    return {
        "two speakers at once": (first[:length] + second[:length]) / 2,
        "radio of Apollo 11": _sound(EDGE / "apollo11.mp3"),
        "a stuck recording": stuck,
        "speech around 25 s of silence": np.concatenate(pauses),
    }


def music(draw: np.random.Generator) -> Any:
    """Sixty seconds of chords with overtones, a tune above them and a beat below."""
    at = np.arange(60 * HZ) / HZ
    chords = [(220, 277, 330), (247, 311, 370), (196, 247, 294), (165, 208, 247)]
    tune = draw.choice([440, 494, 554, 587, 659, 740], size=240)
    sound = np.zeros_like(at)
    for number, chord in enumerate(chords * 8):
        part = slice(number * len(at) // 32, (number + 1) * len(at) // 32)
        for pitch in chord:
            sound[part] += sum(np.sin(2 * np.pi * pitch * k * at[part]) / k**2 for k in (1, 2, 3))
    for number, pitch in enumerate(tune):
        part = slice(number * HZ // 4, (number + 1) * HZ // 4)
        fading = np.exp(-6 * (at[part] - at[part][0]))
        sound[part] += (
            2 * fading * np.sin(2 * np.pi * pitch * at[part] + 0.3 * np.sin(38 * at[part]))
        )
    beat = np.exp(-30 * (at % 0.5)) * draw.standard_normal(len(at))
    return (0.06 * sound + 0.1 * beat).astype(np.float32)


def applause(draw: np.random.Generator) -> Any:
    """Thirty seconds of some hundred people clapping, rising and dying away."""
    sound = np.zeros(30 * HZ)
    clap = np.exp(-np.arange(HZ // 40) / 60)
    for start in draw.integers(0, len(sound) - len(clap), size=9_000):
        sound[start : start + len(clap)] += clap * draw.standard_normal(len(clap))
    rising = np.minimum(1, np.minimum(np.arange(30 * HZ), np.arange(30 * HZ)[::-1]) / (4 * HZ))
    return (0.08 * sound * rising).astype(np.float32)


def repeats(text: str) -> int:
    """How many runs of one to six words are said at least four times in a row."""
    words = plain_words(text)
    found = 0
    for length in range(1, 7):
        same = 0
        for place in range(length, len(words)):
            same = same + 1 if words[place] == words[place - length] else 0
            found += same == length * (TIMES - 1)
    return found


def _counts(ways: dict[str, Callable[[Any], Heard]], pcm: Any) -> dict[str, Any]:
    counts = {}
    for name, hear in ways.items():
        heard = hear(pcm)
        believed = " ".join(text for text, doubtful in heard if not doubtful)
        marked = " ".join(text for text, doubtful in heard if doubtful)
        counts[name] = {
            "words": len(plain_words(believed)),
            "repeats": repeats(believed),
            "words_marked_doubtful": len(plain_words(marked)),
        }
    return counts


def _totals(name: str, silent: dict[str, Any], spoken: dict[str, Any]) -> dict[str, int]:
    return {
        "words_where_nobody_speaks": sum(one[name]["words"] for one in silent.values()),
        "repeats": sum(one[name]["repeats"] for one in [*silent.values(), *spoken.values()]),
    }


def _timed(ways: dict[str, Callable[[Any], Heard]], pcm: Any, rounds: int) -> dict[str, Any]:
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, hear in ways.items():
            began = time.process_time()
            hear(pcm)
            spent[name].append(round(time.process_time() - began, 2))
    plain = spent["faster_whisper_batched"]
    ratios = {
        f"{name}_over_plain_median": round(
            statistics.median(a / b for a, b in zip(spent[name], plain, strict=True)), 3
        )
        for name in list(ways)[1:]
    }
    return {**spent, **ratios}


def _hum() -> Any:
    return (0.01 * np.sin(2 * np.pi * 50 * np.arange(60 * HZ) / HZ)).astype(np.float32)


def _joined(files: list[str]) -> Any:
    return np.concatenate([_sound(CLIPS / file) for file in files])


def _sound(file: Path) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        decoded = media.decode(file, Path(folder))
        return np.concatenate([media.samples(window.file) for window in decoded.windows])


if __name__ == "__main__":
    main()
