"""How passages are cut: by the judged moment of a lecture, and the named section of a paper.

Talks: the lectures of `lecture_questions`, cut in each way; a passage is right when it covers a
judged sentence.  MRR@10 over all lectures of keyword, semantic and hybrid search, beside plain
windows of 120 words without title or surroundings, searched by words or by meaning, which is what
one would do without this archive.
Papers: no judged passages exist, so the question is a section's own heading, and a passage of that
section is right; the headings themselves are in no passage.
    python -m bench.cuts
"""

import gzip
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.record import SHARED, record
from index import snapshot
from index.contract import MODES, SearchRequest
from index.encoders import Encoder, Vectors
from index.encoders.choose import open_encoder
from index.evaluation import reciprocal_rank
from index.passage import (
    Cut,
    CutOptions,
    PageText,
    Passage,
    PassageId,
    Sentence,
    cut_paper,
    cut_talk,
)
from index.prose import sections
from index.query import MAX_CHARS
from index.searcher import Searcher
from index.surroundings import in_surroundings
from ingest.pdf import read_pdf

LECTURES = SHARED / "retrieval" / "lecture_questions"
PLAIN_WORDS = 120
NO_SILENCE_MS = 10**9
WORDS = ((80, 120), (100, 130), (120, 150), (130, 150), (150, 150))
OVERLAPS = (0, 1, 3)
PARTS = (0.0, 0.3, 0.5, 0.7, 1.0)
CHOSEN = CutOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Passages in order, and for each question the ids of those that answer it."""

    passages: Sequence[Passage]
    questions: Sequence[tuple[str, frozenset[str]]]


def main() -> None:
    encoder = open_encoder("all-MiniLM-L6-v2")
    talks, questions, right = lectures()
    ways = [
        (f"{target}/{most} words, {overlap} sentences twice", _options(target, most, overlap))
        for target, most in WORDS
        for overlap in OVERLAPS
    ]
    table = {}
    for name, options in ways:
        judged = of_talks(talks, questions, right, lambda one, o=options: cut_talk(one, options=o))
        table[name] = {"passages": len(judged.passages)} | scores(judged, encoder)
        print(name, table[name], flush=True)
    chosen = of_talks(talks, questions, right, cut_as_chosen)
    parts = {part: scores(chosen, encoder, part=part) for part in PARTS}
    untitled = _without_title(chosen)
    plain = _without_title(of_talks(talks, questions, right, _plain))
    record("cuts", {
        "questions": len(questions),
        "mrr_at_10_of_the_moment": {
            "instead": {"plain windows of 120 words": scores(plain, encoder, part=0.0)},
            "by cut": table,
            "chosen cut, without the title": scores(untitled, encoder),
            "chosen cut, by the part of the surroundings": parts,
        },
        "mrr_at_10_of_the_section": _papers(encoder),
    })  # fmt: skip


def scores_of_the_chosen(encoder: Encoder) -> dict[str, float]:
    """MRR@10 of the judged moment, with passages cut as the archive cuts them."""
    return scores(of_talks(*lectures(), cut_as_chosen), encoder)


def _options(target: int, most: int, overlap: int) -> CutOptions:
    return CutOptions(
        target_words=target, max_words=most, overlap_sentences=overlap,
        pause_ms=NO_SILENCE_MS, max_gap_ms=NO_SILENCE_MS,
    )  # fmt: skip


def cut_as_chosen(sentences: Sequence[Sentence]) -> list[Cut]:
    return cut_talk(
        sentences,
        options=_options(CHOSEN.target_words, CHOSEN.max_words, CHOSEN.overlap_sentences),
    )


def lectures() -> tuple[
    dict[str, tuple[str, list[Sentence]]], list[tuple[str, str]], dict[str, set[str]]
]:
    """Lectures by id (title, sentences; sentence n is second n), questions, and what is judged."""
    talks: dict[str, tuple[str, list[Sentence]]] = {}
    with gzip.open(LECTURES / "corpus.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in map(json.loads, stream):
            lecture, number = line["id"].split("#")
            at_ms = int(number) * 1000
            sentences = talks.setdefault(lecture, (line["title"], []))[1]
            if line["text"].strip():
                sentences.append(Sentence(start_ms=at_ms, end_ms=at_ms + 999, text=line["text"]))
    lines = (LECTURES / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [(one["id"], one["text"]) for one in map(json.loads, lines)]
    right: dict[str, set[str]] = defaultdict(set)
    for row in (LECTURES / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, sentence, grade = row.split("\t")
        if int(grade) > 0:
            right[question].add(sentence)
    return talks, questions, right


def of_talks(
    talks: dict[str, tuple[str, list[Sentence]]],
    questions: list[tuple[str, str]],
    right: dict[str, set[str]],
    cut: Callable[[Sequence[Sentence]], list[Cut]],
) -> Judged:
    passages, covering = [], defaultdict(set)
    for lecture, (title, sentences) in talks.items():
        for number, one in enumerate(cut(sentences)):
            name = PassageId(f"{lecture}/{number}")
            passages.append(
                Passage(
                    id=name, kind="talk", owner_id=lecture, title=title, text=one.text,
                    start_ms=one.start_ms, end_ms=one.end_ms,
                )
            )  # fmt: skip
            first, last = (one.start_ms or 0) // 1000, (one.end_ms or 0) // 1000
            for sentence in range(first, last + 1):
                covering[f"{lecture}#{sentence}"].add(str(name))
    asked = [
        (text, frozenset(name for sentence in right[key] for name in covering[sentence]))
        for key, text in questions
    ]
    return Judged(passages=passages, questions=asked)


def _plain(sentences: Sequence[Sentence]) -> list[Cut]:
    """Windows of 120 words, wherever they end."""
    words = [(word, one) for one in sentences for word in one.text.split()]
    windows = [words[n : n + PLAIN_WORDS] for n in range(0, len(words), PLAIN_WORDS)]
    return [
        Cut(
            text=" ".join(word for word, _ in window),
            start_ms=window[0][1].start_ms,
            end_ms=window[-1][1].end_ms,
        )
        for window in windows
    ]


def _papers(encoder: Encoder) -> dict[str, dict[str, float]]:
    papers = {
        path.stem: read_pdf(path).pages
        for path in sorted((SHARED / "papers" / "pdf").glob("*.pdf"))
    }
    table = {}
    for target, most in WORDS:
        judged = _sections(papers, _options(target, most, CHOSEN.overlap_sentences))
        name = f"{target}/{most} words"
        table[name] = {"passages": len(judged.passages), "headings": len(judged.questions)}
        table[name] |= scores(judged, encoder)
        print(name, table[name], flush=True)
    return table


def _sections(papers: dict[str, Sequence[PageText]], options: CutOptions) -> Judged:
    passages: list[Passage] = []
    headings: dict[str, set[str]] = defaultdict(set)
    for paper, pages in papers.items():
        known = {one.title for one in sections([(page.number, page.text) for page in pages])}
        for number, one in enumerate(cut_paper(pages, options=options)):
            name = PassageId(f"{paper}/{number}")
            passages.append(
                Passage(
                    id=name, kind="paper", owner_id=paper, title="", text=one.text, page=one.page
                )
            )
            if one.section in known and one.section and len(_heading(one.section).split()) >= 3:
                headings[_heading(one.section)].add(str(name))
    asked = [(heading, frozenset(names)) for heading, names in sorted(headings.items())]
    return Judged(passages=passages, questions=asked)


def _heading(title: str) -> str:
    return title.lstrip("0123456789. ").strip()


def _without_title(judged: Judged) -> Judged:
    return replace(judged, passages=[replace(one, title="") for one in judged.passages])


_known: dict[str, Vectors] = {}


def scores(judged: Judged, encoder: Encoder, *, part: float | None = None) -> dict[str, float]:
    """MRR@10 of each mode; every text is encoded once in a run."""
    new = list(
        {one.content_key: one for one in judged.passages if one.content_key not in _known}.values()
    )
    if new:
        encoded = encoder.encode_passages([one.encoded_text for one in new])
        _known.update(zip((one.content_key for one in new), encoded, strict=True))
    vectors = np.concatenate([
        _placed(np.stack([_known[one.content_key] for one in group]), part)
        for group in _by_owner(judged.passages)
    ])  # fmt: skip
    with tempfile.TemporaryDirectory() as root:
        made = snapshot.write(
            Path(root), judged.passages, vectors, encoder=encoder, catalog_digest=""
        )
        searcher = Searcher.open(Path(root), made.generation, encoder)
        return {mode: round(_mrr(searcher, judged, mode), 4) for mode in MODES}


def _placed(vectors: Vectors, part: float | None) -> Vectors:
    return in_surroundings(vectors) if part is None else in_surroundings(vectors, weight=part)


def _by_owner(passages: Sequence[Passage]) -> Iterator[list[Passage]]:
    groups: dict[str, list[Passage]] = {}
    for one in passages:
        groups.setdefault(one.owner_id, []).append(one)
    yield from groups.values()


def _mrr(searcher: Searcher, judged: Judged, mode: str) -> float:
    ranks = []
    for text, names in judged.questions:
        request = SearchRequest(text=text[:MAX_CHARS], mode=mode, limit=10)  # type: ignore[arg-type]
        found = [hit.passage.id for hit in searcher.search(request).hits]
        ranks.append(reciprocal_rank(found, dict.fromkeys(names, 1)))
    return float(np.mean(ranks))


if __name__ == "__main__":
    main()
