"""Quality on every development set: each leg, their fusion, and the reranker where one is set.

`make evaluate` writes the table; with --check it compares with the committed one and fails when a
set's score fell by more than 0.005.
    python -m bench.evaluate [--check]
"""

import argparse
import json
import sys

from index.encoders.choose import open_encoder

from bench import cuts
from bench.record import RESULTS, SHARED, record
from index.encoders import Encoder
from index.evaluation import evaluate

SETS = ("mlquestions", "scifact", "paper_tldr")
MOST_LOST = 0.005
NAME = "evaluation"

Table = dict[str, dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description="Quality on every development set.")
    parser.add_argument("--check", action="store_true", help="compare with the committed table")
    checks = parser.parse_args().check
    if not (SHARED / "retrieval").is_dir():
        sys.exit(f"the development sets are not here: {SHARED / 'retrieval'} is missing")
    table = measured(open_encoder("all-MiniLM-L6-v2"))
    if not checks:
        record(NAME, {"scores": table})
        return
    committed: Table = json.loads((RESULTS / f"{NAME}.json").read_text())["scores"]
    fallen = [
        f"{name}, {mode}: {table.get(name, {}).get(mode)} instead of {score}"
        for name, scores in committed.items()
        for mode, score in scores.items()
        if table.get(name, {}).get(mode, 0.0) < score - MOST_LOST
    ]
    print(json.dumps(table, indent=2))
    if fallen:
        sys.exit("quality fell:\n" + "\n".join(fallen))


def measured(encoder: Encoder) -> Table:
    """By set and search: nDCG@10, of the lectures MRR@10 of the judged moment."""
    table: Table = {}
    for name in SETS:
        scores = evaluate(SHARED / "retrieval" / name, encoder)
        table[f"{name}, nDCG@10"] = {one.mode: round(one.ndcg_at_10, 4) for one in scores}
        print(name, table[f"{name}, nDCG@10"], file=sys.stderr, flush=True)
    table["lecture_questions, MRR@10 of the moment"] = cuts.scores_of_the_chosen(encoder)
    return table


if __name__ == "__main__":
    main()
