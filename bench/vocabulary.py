"""Technical terms heard wrongly, with the talk's vocabulary and without it, tiny.en on the CPU.

The seven demonstration talks and six new ones, whose scripts are the exact reference, and the 100
human-checked clips of real talks, of which only title and speaker are known.  A term counts once
for each time it is said, after Whisper's English normaliser; see `bench.terms`.  The thresholds of
`ingest.repair` were chosen on the talks in TUNED_ON alone; for the form of the prompt and for the
number of beams some of the others and the clips were looked at too.
    python -m bench.vocabulary FOLDER   (the sound that `python -m bench.speak FOLDER` made)
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from whisper.normalizers import EnglishTextNormalizer

from bench.record import SHARED, record
from bench.terms import Counted, counted
from ingest import media
from ingest.engines.choose import open_engine
from ingest.gate import gated
from ingest.pdf import read_pdf
from ingest.repair import Repair
from ingest.segments import Segment, shifted
from ingest.vocabulary import PaperSource, TalkSource, sentences_about, vocabulary

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "bench" / "scripts"
DEMO = ROOT / "demo"
RECORDINGS = SHARED / "recordings"
TUNED_ON = {
    "01-reading-a-generalization-gap",
    "03-networks-that-hardly-move",
    "05-four-ways-to-learn-a-distribution",
    "1-priors-that-saw-no-data",
    "3-counting-what-can-be-shattered",
    "5-spikes-in-the-bulk",
}
NORMAL = EnglishTextNormalizer()
HZ = 16_000
WAYS = ("without", "with")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A recording with its exact words, the terms in it, and what is known of it beforehand."""

    name: str
    group: str
    sound: Path
    text: str
    source: TalkSource
    terms: tuple[str, ...] = ()


def demo_talks() -> Iterator[Spoken]:
    manifest = yaml.safe_load((DEMO / "manifest.yaml").read_text())
    terms = yaml.safe_load((SCRIPTS / "demo_terms.yaml").read_text())
    papers = {Path(one["file"]).name: _demo_paper(one) for one in manifest["papers"]}
    for talk in manifest["talks"]:
        name = Path(talk["file"]).stem
        script = (DEMO / "talks" / f"{name}.md").read_text().splitlines()
        yield Spoken(
            name=name,
            group="demonstration",
            sound=DEMO / talk["file"],
            text=" ".join(line for line in script if not line.startswith("#")),
            source=_source(talk, tuple(papers[one] for one in talk["papers"])),
            terms=tuple(terms[name]),
        )


def new_talks(folder: Path) -> Iterator[Spoken]:
    for script in sorted(SCRIPTS.glob("*.md")):
        _, head, body = script.read_text().split("---\n", 2)
        talk = yaml.safe_load(head)
        paper = talk["paper"]
        yield Spoken(
            name=script.stem,
            group="new",
            sound=folder / f"{script.stem}.wav",
            text=body,
            source=_source(talk, (_paper(paper, (paper["text"],)),)),
            terms=tuple(talk["terms"]),
        )


def clips() -> Iterator[Spoken]:
    known = {
        one["id"]: TalkSource(title=one["title"], speakers=(one["speaker"],))
        for one in map(_json, sorted((RECORDINGS / "talks").glob("*.meta.json")))
    }
    for line in (RECORDINGS / "checked" / "index.jsonl").read_text().splitlines():
        clip = json.loads(line)
        yield Spoken(
            name=clip["file"],
            group="real clips",
            sound=RECORDINGS / "checked" / clip["file"],
            text=clip["text"],
            source=known[clip["talk"]],
        )


class Ways:
    """Transcribing as the worker does, with the vocabulary of a talk and without."""

    def __init__(self) -> None:
        self.engine = open_engine("faster-whisper", "tiny.en", "cpu")

    def heard(self, windows: Sequence[Any], source: TalkSource | None) -> Iterator[Segment]:
        """What is heard in windows that follow one another, times from the first."""
        terms = vocabulary(source, self.engine.pieces) if source else ()
        about = sentences_about(source, self.engine.pieces) if source else ()
        start_ms = 0
        for pcm in windows:
            for segment in self.with_words(pcm, about, terms):
                yield shifted(segment, start_ms)
            start_ms += 1000 * len(pcm) // HZ

    def with_words(
        self, pcm: Any, about: tuple[str, ...], terms: tuple[str, ...]
    ) -> Iterator[Segment]:
        repair = Repair(terms, self.engine.pieces)
        segments = gated(self.engine, pcm, language="en", hotwords=[*about, *terms])
        return map(repair.repaired, segments)


def main(folder: Path) -> None:
    ways = Ways()
    results: dict[str, dict[str, Counted]] = {way: {} for way in WAYS}
    everything = [*new_talks(folder), *demo_talks(), *clips()]
    for one in everything:
        windows = sound(one.sound)
        terms = [NORMAL(term).split() for term in one.terms]
        for way in WAYS:
            source = one.source if way == "with" else None
            text = " ".join(segment.text for segment in ways.heard(windows, source))
            results[way][one.name] = counted(NORMAL(one.text).split(), NORMAL(text).split(), terms)
    talks = [one for one in everything if one.terms]
    groups = {
        "all talks": talks,
        "tuned on": [one for one in talks if one.name in TUNED_ON],
        "not tuned on": [one for one in talks if one.name not in TUNED_ON],
        "demonstration": [one for one in talks if one.group == "demonstration"],
        "new": [one for one in talks if one.group == "new"],
        "real clips": [one for one in everything if not one.terms],
    }
    record("vocabulary", {
        "model": "tiny.en, int8 on CPU",
        "groups": {name: _compared(results, members) for name, members in groups.items()},
        "talks": {one.name: _compared(results, [one]) for one in talks},
        "words_heard_with_60_terms": {
            name: sum(
                len(segment.text.split())
                for segment in ways.with_words(pcm, (), _sixty(everything, ways))
            )
            for name, pcm in _nothing_said().items()
        },
        "still_wrong": {
            one.name: [f"{said} | {heard}" for said, heard in results["with"][one.name].missed]
            for one in talks
        },
    })  # fmt: skip


def _compared(results: dict[str, dict[str, Counted]], members: list[Spoken]) -> dict[str, Any]:
    totals = {way: [results[way][one.name] for one in members] for way in WAYS}
    words = sum(one.words for one in totals["with"])
    terms = sum(one.terms for one in totals["with"])
    errors = {way: sum(one.word_errors for one in totals[way]) for way in WAYS}
    wrong = {way: sum(one.term_errors for one in totals[way]) for way in WAYS}
    rates = {way: round(100 * errors[way] / words, 2) for way in WAYS}
    made: dict[str, Any] = {"words": words, "word_error_rate_percent": rates}
    if terms:
        made["terms_said"] = terms
        made["terms_wrong"] = wrong
        fewer = 1 - wrong["with"] / wrong["without"] if wrong["without"] else 0.0
        made["terms_wrong_fewer_percent"] = round(100 * fewer, 1)
    return made


def _sixty(everything: list[Spoken], ways: Ways) -> tuple[str, ...]:
    every = (t for one in everything for t in vocabulary(one.source, ways.engine.pieces))
    return tuple(dict.fromkeys(every))[:60]


def _nothing_said() -> dict[str, Any]:
    noise = np.random.default_rng(229).standard_normal(60 * HZ).astype(np.float32)
    return {
        "digital silence, 60 s": np.zeros(60 * HZ, dtype=np.float32),
        "noise at -60 dB, 60 s": 0.001 * noise,
        "noise at -40 dB, 60 s": 0.01 * noise,
        "hum at 50 Hz, 60 s": 0.01 * np.sin(2 * np.pi * 50 * np.arange(60 * HZ) / HZ).astype("f4"),
    }


def _source(talk: dict[str, Any], papers: tuple[PaperSource, ...]) -> TalkSource:
    return TalkSource(
        title=talk["title"],
        speakers=tuple(talk["speakers"]),
        series=talk["series"],
        abstract=talk["abstract"],
        papers=papers,
    )


def _demo_paper(one: dict[str, Any]) -> PaperSource:
    return _paper(one, tuple(page.text for page in read_pdf(DEMO / one["file"]).pages))


def _paper(one: dict[str, Any], pages: tuple[str, ...]) -> PaperSource:
    return PaperSource(
        title=one["title"], authors=tuple(one["authors"]), abstract=one["abstract"], pages=pages
    )


def _json(file: Path) -> Any:
    return json.loads(file.read_text())


def sound(file: Path) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        decoded = media.decode(file, Path(folder))
        return [np.array(media.samples(window.file)) for window in decoded.windows]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
