"""Quality on every development set: each leg, their fusion, and the reranker where one is set.

`make evaluate` writes the table; with --check it compares with the committed one and fails when a
set's score fell by more than 0.005.  The check leaves out the largest set, which takes as long as
all others, and takes a sixth of its passages instead.
    python -m bench.evaluate [--check]
"""

import argparse
import gzip
import json
import sys
import tempfile
from pathlib import Path

from bench import cuts
from bench.record import RESULTS, SHARED, record
from index.encoders import Encoder
from index.encoders.choose import open_encoder
from index.evaluation import evaluate

SETS = ("mlquestions", "scifact")
LARGE = "paper_tldr"
ONE_IN = 6
MOST_LOST = 0.005
NAME = "evaluation"

Table = dict[str, dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description="Quality on every development set.")
    parser.add_argument("--check", action="store_true", help="compare with the committed table")
    checks = parser.parse_args().check
    if not (SHARED / "retrieval").is_dir():
        sys.exit(f"the development sets are not here: {SHARED / 'retrieval'} is missing")
    table = measured(open_encoder("all-MiniLM-L6-v2"), whole=not checks)
    if not checks:
        record(NAME, {"scores": table})
        return
    committed: Table = json.loads((RESULTS / f"{NAME}.json").read_text())["scores"]
    fallen = [
        f"{name}, {mode}: {table[name][mode]} instead of {score}"
        for name, scores in committed.items()
        for mode, score in scores.items()
        if name in table and table[name][mode] < score - MOST_LOST
    ]
    print(json.dumps(table, indent=2))
    if fallen:
        sys.exit("quality fell:\n" + "\n".join(fallen))


def measured(encoder: Encoder, *, whole: bool) -> Table:
    """By set and search: nDCG@10, of the lectures MRR@10 of the judged moment."""
    table: Table = {}
    with tempfile.TemporaryDirectory() as name:
        folders = {one: SHARED / "retrieval" / one for one in SETS}
        folders[f"{LARGE}, a sixth"] = _sixth(SHARED / "retrieval" / LARGE, Path(name))
        if whole:
            folders[LARGE] = SHARED / "retrieval" / LARGE
        for one, folder in folders.items():
            scores = evaluate(folder, encoder)
            table[f"{one}, nDCG@10"] = {each.mode: round(each.ndcg_at_10, 4) for each in scores}
            print(one, table[f"{one}, nDCG@10"], file=sys.stderr, flush=True)
    table["lecture_questions, MRR@10 of the moment"] = cuts.scores_of_the_chosen(encoder)
    return table


def _sixth(folder: Path, into: Path) -> Path:
    """The set with the relevant passages, and every sixth of the others."""
    for file in ("queries.jsonl", "qrels.tsv"):
        (into / file).symlink_to(folder / file)
    relevant = {line.split("\t")[1] for line in (folder / "qrels.tsv").read_text().splitlines()}
    with (
        gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines,
        (into / "corpus.jsonl").open("w", encoding="utf-8") as kept,
    ):
        kept.writelines(
            line
            for number, line in enumerate(lines)
            if number % ONE_IN == 0 or json.loads(line)["id"] in relevant
        )
    return into


if __name__ == "__main__":
    main()
