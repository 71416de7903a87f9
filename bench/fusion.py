"""Sweep the two constants of fusion over judged sets: `python bench/fusion.py FOLDER…`.

Each set is encoded once; a line of the table is one number of rare words, a column one weight of
the terms leg, a cell nDCG@10 on each set in the order given.  The numbers in `index/fusion.py`
are from here and from `seminar evaluate`.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index import fusion, snapshot
from index.dense import DenseLeg
from index.encoders import Encoder
from index.encoders.sentence import SentenceEncoder
from index.evaluation import JudgedSet, ndcg, read_set
from index.parts import parts_of
from index.query import MAX_CHARS, parse
from index.terms import TermHits, TermsLeg
from index.weights import ENCODERS, located

WEIGHTS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
RARE_WORDS = (0.0, 2.0, 3.0, 4.0, 5.0, 6.0)
CANDIDATES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """What both legs gave one judged query, by row; every row has its cosine."""

    cosines: Mapping[int, float]
    hits: TermHits
    grades: Mapping[str, int]


def main() -> None:
    """Print one table for all the sets that are named."""
    parser = argparse.ArgumentParser(description="Sweep the constants of fusion.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    arguments = parser.parse_args()
    encoder = SentenceEncoder(located(arguments.model, ENCODERS))
    sets = [(judged := read_set(folder), legs_of(judged, encoder)) for folder in arguments.folders]
    print("rare words", *(f"weight {weight}" for weight in WEIGHTS), sep="\t")
    for rare_words in RARE_WORDS:
        cells = [
            " ".join(f"{score(judged, legs, weight, rare_words):.3f}" for judged, legs in sets)
            for weight in WEIGHTS
        ]
        print(rare_words, *cells, sep="\t")


def legs_of(judged: JudgedSet, encoder: Encoder) -> list[Legs]:
    """Run both legs once for every judged query."""
    vectors = encoder.encode_passages([passage.encoded_text for passage in judged.corpus])
    with tempfile.TemporaryDirectory() as name:
        made = snapshot.write(
            Path(name), judged.corpus, vectors, encoder=encoder, catalog_digest=""
        )
        folder = Path(name) / made.generation
        dense, terms = DenseLeg(parts_of(folder)), TermsLeg(folder / "terms")
        return [
            legs(dense, terms, encoder, (text[:MAX_CHARS], judged.grades[query]))
            for query, text in judged.queries.items()
        ]


def legs(
    dense: DenseLeg, terms: TermsLeg, encoder: Encoder, asked: tuple[str, Mapping[str, int]]
) -> Legs:
    """Both legs for one query."""
    query = parse(asked[0])
    vector, hits = encoder.encode_query(query.text), terms.search(query, CANDIDATES)
    rows = np.union1d(dense.search(vector, CANDIDATES)[0], np.array(hits.rows, dtype=np.int64))
    cosines = dense.cosines(vector, rows.tolist()).tolist()
    return Legs(cosines=dict(zip(rows.tolist(), cosines, strict=True)), hits=hits, grades=asked[1])


def score(judged: JudgedSet, asked: Sequence[Legs], weight: float, rare_words: float) -> float:
    """Mean nDCG@10 with these constants."""
    values = []
    for one in asked:
        scale = one.hits.bound + rare_words * one.hits.rare
        shares = {r: s / scale for r, s in zip(one.hits.rows, one.hits.scores, strict=True)}
        ranking = fusion.fused(one.cosines, shares, weight=weight)[:10]
        values.append(ndcg([judged.corpus[row].id for row, _ in ranking], one.grades))
    return float(np.mean(values))


if __name__ == "__main__":
    main()
