"""Hostile queries: random text, syntax of other engines, filters with garbage, LaTeX soup.

    python -m bench.hostile [--queries 200000] [--seed 1] [FOLDER]

Each goes through the parser, the correction of unknown words, the terms leg and a snippet, over an
index of the judged set in FOLDER or of a few sentences.  Anything but an answer or `InvalidQuery`
is an error; it is counted and its query is printed so that it can be tried again.
"""

# ruff: noqa: SIM905 – lists of odd words read best as text

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from bench.record import SHARED, record
from index.correction import Corrector
from index.errors import InvalidQuery
from index.evaluation import read_set
from index.notation import packaged
from index.passage import Passage
from index.query import MAX_CHARS, parse
from index.snippet import snippet
from index.spelling import SPELLING_FILE, Speller, write_words
from index.terms import Content, Row, TermsLeg, spelled_words, write_terms

WORDS = (
    "kernel kernal descent raymucker complexity the of bias variance KL Kullback–Leibler ℓ2 α "
    "Θ stochastic gradient descent L^2 why does ẞ İstanbul ſ ﬁnite ½ ² 漢字 кириллица עברית नमस्ते"
).split()
SYNTAX = (
    "NEAR( NEAR/3 AND OR NOT && || + - ! ( ) { } [ ] ^ ^3 ~ ~2 * ? : \\ / field:x title:kernel "
    "[a TO b] {a TO *} /re.*/ IN:[a b] <script> ' OR 1=1 -- %s %00 ${x} {{7*7}} ../../etc"
).split(" ")
FILTERS = (
    'speaker: speaker:" speaker:"a speaker:x author:« series:"" series:- year: year:2021 '
    "year:2019-2021 year:2021..2019 year:-1 year:99999 year:２０２１ "
    "kind: kind:paper kind:film -kind:talk "
    '-speaker:y -"a phrase" -" -- -word -λ -é -_ "" " “ ” « »'
).split(" ")
LATEX = (
    "\\ell_2 \\ell_{ \\mathbb{R}^d \\frac{a}{ $ $$ \\begin{ \\left( ^{ _{ } \\alpha\\beta \\\\ "
    "l_ ell two l two ell_∞ \\operatorname*{argmin}"
).split(" ")
ODD = (
    "\0",
    "\ud800",
    "\udfff",
    "\u202e",
    "\u2066",
    "\u200d",
    "\ufeff",
    "\uffff",
    "\x1b[31m",
    "\r\n",
)
CHARACTERS = (  # where random characters come from
    (0x00, 0x7F), (0x80, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x590, 0x6FF), (0x900, 0x97F),
    (0x2000, 0x206F), (0x2070, 0x22FF), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xD800, 0xDFFF),
    (0xFB00, 0xFFFF), (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF), (0xE0000, 0xE01EF),
)  # fmt: skip
SENTENCES = (
    "The Rademacher complexity bounds the bias of the variance.",
    "Stochastic gradient descent with the neural tangent kernel minimises the ℓ2 norm.",
)


def main() -> None:
    """Ask them all and record what came of it."""
    parser = argparse.ArgumentParser(description="Hostile queries.")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--queries", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = arguments.folder or SHARED / "retrieval" / "lecture_questions"
    passages = read_set(folder).corpus if folder.is_dir() else few()
    with tempfile.TemporaryDirectory() as name:
        figures = asked(Path(name), passages, arguments.queries, random.Random(arguments.seed))
    record("hostile", {"seed": arguments.seed, "passages": len(passages), **figures})


def asked(
    folder: Path, passages: tuple[Passage, ...], queries: int, chance: random.Random
) -> dict[str, object]:
    """Ask random queries, and say what came of them and how long each took."""
    leg, corrector = opened(folder, passages)
    outcomes: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    parse_ms, whole_ms = np.zeros(queries), np.zeros(queries)
    for number in range(queries):
        text = hostile(chance)
        began = time.perf_counter()
        try:
            query = parse(text)
            parse_ms[number] = 1000 * (time.perf_counter() - began)
            outcomes[answered(query.typed, leg, corrector, passages)] += 1
        except InvalidQuery:
            outcomes["invalid"] += 1
        except Exception as problem:  # what this is looking for
            errors[type(problem).__name__] += 1
            print(f"error: {problem!r} for {text!r}")
        whole_ms[number] = 1000 * (time.perf_counter() - began)
    return {
        "queries": queries,
        "invalid": outcomes.pop("invalid", 0),
        "answered": dict(sorted(outcomes.items())),
        "errors": errors.total(),
        "errors_by_class": dict(errors),
        "parse_ms": times(parse_ms[parse_ms > 0]),
        "whole_ms": times(whole_ms),
    }


def answered(text: str, leg: TermsLeg, corrector: Corrector, passages: tuple[Passage, ...]) -> str:
    """Do with a query what a searcher does with it by words; says how it went."""
    query = parse(text)
    meant = corrector.corrected(query)
    query = parse(meant) if meant is not None else query
    left_out = leg.rows_to_leave_out(query)
    hits = leg.search(query, 10)
    query.text.encode()
    if set(left_out).intersection(hits.rows):
        raise ValueError("what is left out was found")
    for row in hits.rows[:1]:
        snippet(passages[row].text, query)
    return "found" if hits.rows else "nothing found"


def opened(folder: Path, passages: tuple[Passage, ...]) -> tuple[TermsLeg, Corrector]:
    """The terms leg and the corrector over these passages."""
    terms = folder / "terms"
    terms.mkdir()
    rows = [Row(row=n, owner=n, passage=one) for n, one in enumerate(passages)]
    write_terms(terms, Content(rows=rows))
    write_words(folder / SPELLING_FILE, spelled_words(terms), passages=len(passages))
    leg = TermsLeg(terms)
    speller = Speller.open(folder / SPELLING_FILE)
    return leg, Corrector(terms=leg, notation=packaged(), speller=speller)


def hostile(chance: random.Random) -> str:
    """One query: a few pieces of any kind, glued with or without spaces; sometimes far too long."""
    pieces = [piece(chance) for _ in range(chance.randint(1, chance.choice((2, 6, 20))))]
    text = chance.choice((" ", " ", "", "\t", "\u3000")).join(pieces)
    if chance.random() < 0.02:
        text = (text or "x") * (MAX_CHARS // max(1, len(text)) + 1)
    return text[: MAX_CHARS + (chance.random() < 0.1)]


def piece(chance: random.Random) -> str:
    """A word, syntax, a filter, LaTeX, something odd, or random characters."""
    kind = chance.random()
    if kind < 0.7:
        return chance.choice(chance.choice((WORDS, SYNTAX, FILTERS, LATEX, ODD)))
    if kind < 0.75:
        return "e" + "\u0301" * chance.randint(1, 60)
    first, last = chance.choice(CHARACTERS)
    letters = "".join(chr(chance.randint(first, last)) for _ in range(chance.randint(1, 12)))
    return chance.choice(("", "", "", '"', "-", "speaker:", "year:", "\\")) + letters


def few() -> tuple[Passage, ...]:
    """What to search in where there is no judged set."""
    return tuple(
        Passage(id=f"p{n}", kind="paper", owner_id="few", title="", text=text, page=1)  # type: ignore[arg-type]
        for n, text in enumerate(SENTENCES)
    )


def times(each_ms: np.ndarray) -> dict[str, float]:
    """Median, 99th percentile and maximum."""
    half, most, all_of_them = np.percentile(each_ms, (50, 99, 100))
    return {"p50": round(half, 3), "p99": round(most, 3), "max": round(all_of_them, 3)}


if __name__ == "__main__":
    main()
