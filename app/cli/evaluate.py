"""`seminar evaluate`: how well the search does on a set of questions with known answers."""

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli.context import print_json, remark


class Mode(StrEnum):
    """Which searches are measured."""

    KEYWORD = "keyword"
    SEMANTIC = "semantic"
    HYBRID = "hybrid"
    ALL = "all"


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("evaluate")(evaluate)


def evaluate(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="corpus.jsonl[.gz], queries.jsonl, qrels.tsv")],
    mode: Annotated[Mode, typer.Option(help="One mode, or all three.")] = Mode.ALL,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Build a throwaway index over a set and print nDCG@10, MRR@10, recall@100 and latency."""
    from index.encoders.choose import open_encoder
    from index.evaluation import evaluate as measure
    from index.searcher import MODES

    settings = context.obj.settings()
    modes = [one for one in MODES if mode.value in {one, "all"}]
    encoder = open_encoder(
        settings.encoder_model, device=settings.device, backend=settings.encoder_backend
    )
    scores = measure(folder, encoder, modes, progress=_told)
    if as_json:
        print_json([asdict(one) for one in scores])
        return
    print("mode      nDCG@10  MRR@10  recall@100  p50 ms  p95 ms")
    for one in scores:
        print(
            f"{one.mode:9} {one.ndcg_at_10:7.3f} {one.mrr_at_10:7.3f} {one.recall_at_100:11.3f} "
            f"{one.p50_ms:7.1f} {one.p95_ms:7.1f}"
        )


def _told(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{what}: {done} of {total} ", end="\n" if done == total else "", file=sys.stderr)
    elif done == total:
        remark(f"{what}: {total}")
