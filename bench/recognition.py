"""What errors of recognition cost a searcher: questions asked of what was heard and of the script.

The seven demonstration talks and the six of `bench/scripts`, among the 21 lectures of
`lecture_questions`, which are as they are in both archives.  Once the talks are transcribed as the
worker does it, with tiny.en and the vocabulary of the talk; once their scripts stand there word for
word.  Asked: 65 questions written from the scripts, and the technical terms that the talks say, as
a student who knows the name would type them; right is a passage that covers a place where the
answer is said.  Places are counted in words of the script, to which what was heard is aligned.
    python -m bench.recognition FOLDER   (the sound that `python -m bench.speak FOLDER` made)
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from bench.cuts import Judged, cut_as_chosen, lectures, of_talks, scores
from bench.record import record
from bench.terms import aligned, occurrences
from bench.vocabulary import SCRIPTS, Spoken, Ways, demo_talks, new_talks, sound
from index.encoders.choose import open_encoder
from index.passage import Passage, PassageId, Sentence
from ingest.segments import Segment, Word
from ingest.sentences import sentences

Asked = list[tuple[str, dict[str, list[int]]]]  # a question; by talk, the words that answer it


def main(folder: Path) -> None:
    talks = [*demo_talks(), *new_talks(folder)]
    encoder, ways = open_encoder("all-MiniLM-L6-v2"), Ways()
    said = {one.name: one.text.split() for one in talks}
    heard = {one.name: _heard(one, ways) for one in talks}
    archives = {
        "script": {name: sentences([_spoken(words)]) for name, words in said.items()},
        "transcript": {name: _placed(said[name], heard[name]) for name in said},
    }
    table: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    for name, archive in archives.items():
        passages = [*_passages(talks, archive), *_of_lectures()]
        for kind, asked in (("questions", _questions(said)), ("terms", _terms(talks, said))):
            judged = Judged(passages=passages, questions=_answered(asked, passages))
            table[kind][name] = scores(judged, encoder)
            print(kind, name, table[kind][name], flush=True)
    record("recognition", {
        "model": "tiny.en, int8 on CPU",
        "talks": len(talks),
        "asked": {"questions": len(_questions(said)), "terms": len(_terms(talks, said))},
        "mrr_at_10_of_the_moment": table,
        "loss_percent": {
            kind: {
                mode: round(100 * (1 - by["transcript"][mode] / by["script"][mode]), 2)
                for mode in by["script"]
            }
            for kind, by in table.items()
        },
    })  # fmt: skip


def _heard(talk: Spoken, ways: Ways) -> list[Sentence]:
    return sentences(ways.heard(sound(talk.sound), talk.source))


def _spoken(words: Sequence[str]) -> Segment:
    """The script as if word n were said in second n."""
    timed = tuple(
        Word(start_ms=1000 * n, end_ms=1000 * n + 900, text=word, confidence=1.0)
        for n, word in enumerate(words)
    )
    return Segment(start_ms=0, end_ms=1000 * len(words), text=" ".join(words), words=timed)


def _placed(said: Sequence[str], heard: Sequence[Sentence]) -> list[Sentence]:
    """What was heard, at the words of the script to which it is aligned."""
    words = [(word, n) for n, one in enumerate(heard) for word in one.text.split()]
    pairs = aligned([_plain(w) for w in said], [_plain(w) for w, _ in words])
    places: dict[int, list[int]] = defaultdict(list)
    last = 0
    for place, at in pairs:
        last = last if place is None else place
        if at is not None:
            places[words[at][1]].append(last)
    return [
        Sentence(start_ms=1000 * min(at), end_ms=1000 * max(at) + 900, text=one.text)
        for n, one in enumerate(heard)
        if (at := places[n])
    ]


def _passages(talks: Sequence[Spoken], archive: dict[str, list[Sentence]]) -> Iterator[Passage]:
    for talk in talks:
        for n, cut in enumerate(cut_as_chosen(archive[talk.name])):
            yield Passage(
                id=PassageId(f"{talk.name}/{n}"), kind="talk", owner_id=talk.name,
                title=talk.source.title, text=cut.text, start_ms=cut.start_ms, end_ms=cut.end_ms,
            )  # fmt: skip


def _of_lectures() -> Sequence[Passage]:
    return of_talks(*lectures(), cut_as_chosen).passages


def _questions(said: dict[str, list[str]]) -> Asked:
    written = yaml.safe_load((SCRIPTS / "questions.yaml").read_text())
    return [
        (question, {name: _places(said[name], answer)[:1]})
        for name, pairs in written.items()
        for question, answer in pairs
    ]


def _terms(talks: Sequence[Spoken], said: dict[str, list[str]]) -> Asked:
    every = {term.casefold(): term for talk in talks for term in talk.terms}
    found = {
        term: {name: at for name, words in said.items() if (at := _places(words, term))}
        for term in every.values()
    }
    return [(term, places) for term, places in found.items() if places]


def _places(said: Sequence[str], phrase: str) -> list[int]:
    """Where the words of a phrase are said: the middle word of each place."""
    words = [_plain(word) for word in phrase.split()]
    found = occurrences([_plain(word) for word in said], [words])
    return [start + length // 2 for start, length in found]


def _answered(asked: Asked, passages: Sequence[Passage]) -> list[tuple[str, frozenset[str]]]:
    """The passages that answer each question; a lecture that says a term's words answers it too."""
    spoken = {name for _, places in asked for name in places}
    of_lectures = [
        (one.id, f" {' '.join(_plain(word) for word in one.text.split())} ")
        for one in passages
        if one.owner_id not in spoken
    ]
    answered = []
    for text, places in asked:
        right = {
            str(one.id)
            for one in passages
            for place in places.get(one.owner_id, ())
            if (one.start_ms or 0) <= 1000 * place <= (one.end_ms or 0)
        }
        phrase = f" {' '.join(_plain(word) for word in text.split())} "
        right |= {str(name) for name, words in of_lectures if phrase in words}
        answered.append((text, frozenset(right)))
    return answered


def _plain(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
