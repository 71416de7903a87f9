"""Sweep the constants of fusion over judged sets: `python -m bench.fusion FOLDER…`.

Each set is encoded once; each line has a weight of the terms leg, what pairs count and what
coverage counts, then nDCG@10 on each set in the order given.  The constants of `index/fusion.py`
are from here and from `bench/cuts.py`.
"""

import argparse
import itertools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index import fusion, snapshot
from index.closeness import Wordings
from index.dense import DenseLeg
from index.encoders import Encoder
from index.encoders.choose import open_encoder
from index.evaluation import JudgedSet, ndcg, read_set
from index.parts import TERMS_FOLDER, parts_of
from index.query import MAX_CHARS, parse
from index.terms import TermsLeg

WEIGHTS = (1.0, 1.5, 2.0)
RARE_WORDS = (3.0, 5.0, 8.0)
PAIRS = (0.0, 0.5, 1.0)
COVERAGES = (0.0, 0.03, 0.07, 0.12)
CANDIDATES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """What both legs gave one judged query, by row: cosine, BM25, pairs and coverage."""

    rows: Mapping[int, tuple[float, float, float, float]]
    scale: fusion.Scale
    grades: Mapping[str, int]


def main() -> None:
    """Print one table for all the sets that are named."""
    parser = argparse.ArgumentParser(description="Sweep the constants of fusion.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    arguments = parser.parse_args()
    encoder = open_encoder(arguments.model)
    sets = [(judged := read_set(folder), legs_of(judged, encoder)) for folder in arguments.folders]
    print("weight", "rare words", "pairs", "coverage", *arguments.folders, sep="\t")
    for constants in itertools.product(WEIGHTS, RARE_WORDS, PAIRS, COVERAGES):
        cells = [f"{score(judged, legs, *constants):.4f}" for judged, legs in sets]
        print(*constants, *cells, sep="\t")


def legs_of(judged: JudgedSet, encoder: Encoder) -> list[Legs]:
    """Run both legs once for every judged query."""
    vectors = encoder.encode_passages([passage.encoded_text for passage in judged.corpus])
    with tempfile.TemporaryDirectory() as name:
        made = snapshot.write(
            Path(name), judged.corpus, vectors, encoder=encoder, catalog_digest=""
        )
        opened = _Opened(Path(name) / made.generation, encoder)
        return [
            opened.legs(text[:MAX_CHARS], judged.grades[query])
            for query, text in judged.queries.items()
        ]


class _Opened:
    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._dense = DenseLeg(parts_of(folder))
        self._terms = TermsLeg(folder / TERMS_FOLDER)
        self._wordings = Wordings(parts_of(folder))
        self._encoder = encoder

    def legs(self, text: str, grades: Mapping[str, int]) -> Legs:
        """Both legs for one query."""
        query = parse(text)
        vector = self._encoder.encode_query(query.text)
        hits = self._terms.search(query, CANDIDATES)
        bm25 = dict(zip(hits.rows, hits.scores, strict=True))
        rows = sorted({*self._dense.search(vector, CANDIDATES)[0].tolist(), *hits.rows})
        close = self._wordings.closeness(self._terms.asked(query), rows)
        cosines = self._dense.cosines(vector, np.array(rows, dtype=np.int64)).tolist()
        values = zip(
            cosines,
            (bm25.get(row, 0.0) for row in rows),
            close.pairs.tolist(),
            close.coverage.tolist(),
            strict=True,
        )
        return Legs(
            rows=dict(zip(rows, values, strict=True)),
            scale=fusion.Scale(bound=hits.bound, rare=hits.rare),
            grades=grades,
        )


def score(
    judged: JudgedSet,
    asked: Sequence[Legs],
    weight: float,
    rare_words: float,
    pairs: float,
    coverage: float,
) -> float:
    """Mean nDCG@10 with these constants."""
    values = []
    for one in asked:
        whole = max(1e-9, one.scale.bound + rare_words * one.scale.rare)
        scores = {
            row: cosine + weight * ((bm25 + pairs * pair) / whole + coverage * cover)
            for row, (cosine, bm25, pair, cover) in one.rows.items()
        }
        best = sorted(scores, key=lambda row: (-scores[row], row))[:10]
        values.append(ndcg([judged.corpus[row].id for row in best], one.grades))
    return float(np.mean(values))


if __name__ == "__main__":
    main()
