"""`seminar evaluate`: how well the search does on a set of questions with known answers."""

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.context import print_json, remark

if TYPE_CHECKING:
    from catalog.settings import Settings
    from index.rerankers import Rereader


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
    rerank: Annotated[
        bool, typer.Option("--rerank", help="Read the best hits again with the reranker.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Build a throwaway index over a set and print nDCG@10, MRR@10, recall@100 and latency."""
    from index.contract import MODES
    from index.encoders.choose import open_encoder
    from index.evaluation import evaluate as measure

    settings = context.obj.settings()
    modes = [one for one in MODES if mode.value in {one, "all"}]
    encoder = open_encoder(
        settings.encoder_model, device=settings.device, backend=settings.encoder_backend
    )
    rereader = _rereader(settings) if rerank else None
    scores = measure(folder, encoder, modes, rereader=rereader, progress=_told)
    if as_json:
        print_json([asdict(one) for one in scores])
        return
    print("mode      nDCG@10  MRR@10  recall@100  p50 ms  p95 ms")
    for one in scores:
        print(
            f"{one.mode:9} {one.ndcg_at_10:7.3f} {one.mrr_at_10:7.3f} {one.recall_at_100:11.3f} "
            f"{one.p50_ms:7.1f} {one.p95_ms:7.1f}"
        )


def _rereader(settings: "Settings") -> "Rereader":
    """Raises: ModelMissing."""
    from index.rerankers import Rereader
    from index.rerankers.cross import open_reranker

    reranker = open_reranker(settings.reranker_model, device=settings.device)
    return Rereader(reranker=reranker, deadline_ms=settings.reranker_ms)


def _told(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{what}: {done} of {total} ", end="\n" if done == total else "", file=sys.stderr)
    elif done == total:
        remark(f"{what}: {total}")
