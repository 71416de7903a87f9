"""What understanding queries costs: `python -m bench.understanding [--passages 200000]`.

Passages are stretches of 120 words of the abstracts in the shared data, again and again until there
are enough.  Times are of one thread.
"""

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from bench.hostile import opened, times
from bench.record import SHARED, record
from index.notation import packaged
from index.passage import Passage, PassageId
from index.query import parse
from index.spelling import correctable

ABSTRACTS = SHARED / "papers" / "conf_papers.jsonl.gz"
WORDS = 120
ORDINARY = (
    "why does the test error fall again when the model grows",
    "neural tangent kernel",
    '"the bias of the variance" estimator',
    'speaker:"Boaz Barak" year:2019-2021 scaling laws -vision',
    r"KL divergence and the \ell_2 norm",
)
MISTYPED = (
    "raymucker complexity", "gradiant descent", "stocastic optimizaton", "coolback divergence",
    "wasserstine distance", "eigenvecter of a hesian", "lipshits constant", "baysian inferense",
)  # fmt: skip
LEFT_OUT = ("learning -vision", "learning -kernel", "learning -model", 'learning -"neural network"')


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description="What understanding queries costs.")
    parser.add_argument("--passages", type=int, default=200_000)
    arguments = parser.parse_args()
    passages = tuple(islice(stretches(), arguments.passages))
    with tempfile.TemporaryDirectory() as name:
        leg, corrector = opened(Path(name), passages)
        vocabulary = sum(correctable(word) for word, _ in leg.spelled())
        meant = {text: corrector.corrected(parse(text)) for text in MISTYPED}
        figures = {
            "passages": len(passages),
            "vocabulary": vocabulary,
            "normalise_us": normalising(passages[:2000]),
            "parse_ms": timed(parse, ORDINARY, 2000),
            "ordinary_ms": timed(lambda text: corrector.corrected(parse(text)), ORDINARY, 200),
            "correct_ms": timed(lambda text: corrector.corrected(parse(text)), MISTYPED, 20),
            "leave_out_ms": timed(lambda text: leg.rows_to_leave_out(parse(text)), LEFT_OUT, 10),
            "left_out": {text: len(leg.rows_to_leave_out(parse(text))) for text in LEFT_OUT},
            "meant": meant,
        }
    record("understanding", figures)


def normalising(passages: Sequence[Passage]) -> dict[str, float]:
    """Microseconds to normalise a passage and add its short forms."""
    known = packaged()
    each = []
    for one in passages:
        began = time.perf_counter()
        known.with_short_forms(known.normalised(one.text))
        each.append(1e6 * (time.perf_counter() - began))
    return times(np.array(each))


def timed(work: Callable[[str], object], texts: Sequence[str], turns: int) -> dict[str, float]:
    """Milliseconds of each call, texts in turn."""
    each = []
    for text in list(texts) * (turns + 1):
        began = time.perf_counter()
        work(text)
        each.append(1000 * (time.perf_counter() - began))
    return times(np.array(each[len(texts) :]))


def stretches() -> Iterator[Passage]:
    """Passages without end."""
    with gzip.open(ABSTRACTS, "rt") as lines:
        words = [
            word for line in lines for word in (json.loads(line).get("abstract") or "").split()
        ]
    starts = cycle(range(0, len(words) - WORDS, WORDS // 2))
    for number, start in enumerate(starts):
        yield Passage(
            id=PassageId(f"p{number}"),
            kind="paper",
            owner_id=f"o{number // 20}",
            title="",
            text=" ".join(words[start : start + WORDS]),
            page=1,
        )


if __name__ == "__main__":
    main()
