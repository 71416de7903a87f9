"""Real passages for benchmarks of size: abstracts of conference papers and transcripts, as cut.

Vectors are cached in a file, because encoding is not what these benchmarks measure; above the
number of real ones, slightly moved copies stand in for the rest.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bench.record import SHARED
from index.encoders import Vectors
from index.encoders.sentence import SentenceEncoder
from index.passage import cut_text
from index.weights import ENCODERS, located

MOVED = 0.25
"""The length of what is added to a unit vector to move it: neighbours of its kind, not doubles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A talk or a paper: its title, who made it, and the texts of its passages."""

    kind: str
    title: str
    names: tuple[str, ...]
    texts: tuple[str, ...]


@cache
def works() -> tuple[Work, ...]:
    """Transcribed talks, then abstracts."""
    return *_talks(), *_papers()


def encoded_texts(limit: int) -> list[str]:
    """What the encoder sees of the first passages, a fixed shuffle of all."""
    return _shuffled()[:limit]


def grown(real: Vectors, count: int, *, seed: int = 1) -> Vectors:
    """As many vectors as asked for: the real ones, then moved copies of them."""
    if count <= len(real):
        return real[:count]
    drawn = np.random.default_rng(seed)
    rows = np.empty((count, real.shape[1]), dtype=np.float32)
    rows[: len(real)] = real
    for first in range(len(real), count, len(real)):
        part = rows[first : first + len(real)]
        noise = drawn.standard_normal(part.shape, dtype=np.float32)
        noise *= MOVED / np.linalg.norm(noise, axis=1, keepdims=True)
        part[:] = real[: len(part)] + noise
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return rows


@cache
def _shuffled() -> list[str]:
    texts = [f"{one.title}. {text}" for one in works() for text in one.texts]
    order = np.random.default_rng(7).permutation(len(texts))
    return [texts[place] for place in order]


def _talks() -> Iterator[Work]:
    folder = SHARED / "transcripts"
    for line in (folder / "index.jsonl").read_text().splitlines():
        about = json.loads(line)
        file = folder / about["file"]
        if file.suffix == ".txt" and file.is_file():
            yield _work("talk", about["title"], (about["speaker"],), file.read_text())


def _papers() -> Iterator[Work]:
    with gzip.open(SHARED / "papers" / "conf_papers.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            about = json.loads(line)
            names = about.get("authors") or ()
            yield _work("paper", about["title"], tuple(map(str, names)), about["abstract"] or "")


def _work(kind: str, title: str, names: tuple[str, ...], text: str) -> Work:
    cuts = cut_text(text.split("\n\n"))
    return Work(
        kind=kind,
        title=title or "Untitled",
        names=tuple(name for name in names if name),
        texts=tuple(cut.text for cut in cuts),
    )


def real_vectors(count: int, file: Path) -> Vectors:
    """The vectors of `encoded_texts(count)`, from a file of them or, once, from the encoder."""
    if not file.is_file():
        encoder = SentenceEncoder(located("all-MiniLM-L6-v2", ENCODERS), device="cpu")
        texts = encoded_texts(count)
        rows = [encoder.encode_passages(texts[at : at + 256]) for at in range(0, len(texts), 256)]
        np.save(file, np.concatenate(rows))
    return np.asarray(np.load(file)[:count], dtype=np.float32)
