"""Real vectors in number: the passages and questions of the judged sets, encoded once.

Above their number a benchmark takes copies that are moved a little in a random direction, and says
so: neighbours are then as crowded as in a real archive, and what is nearest means nothing.
"""

import hashlib
import tempfile
from pathlib import Path

import numpy as np

from bench.record import SHARED
from index.encoders import Encoder, Vectors
from index.evaluation import read_set
from index.query import MAX_CHARS

SETS = ("paper_tldr", "mlquestions", "scifact")
MOVED = 0.25  # of a vector's length
AT_ONCE = 1024


def passages(encoder: Encoder) -> Vectors:
    """A unit row for each passage of the judged sets, kept in the temporary folder."""
    texts = [one.encoded_text for name in SETS for one in read_set(_folder(name)).corpus]
    return _kept("passages", encoder, texts)


def questions(encoder: Encoder, count: int) -> Vectors:
    """A unit row for each of some questions of the judged sets, the sets in turns."""
    asked = [list(read_set(_folder(name)).queries.values()) for name in SETS]
    texts = [text[:MAX_CHARS] for some in zip(*asked, strict=False) for text in some][:count]
    return np.stack([encoder.encode_query(text) for text in texts])


def grown(real: Vectors, size: int) -> Vectors:
    """As many rows: the real ones, then copies of them, each moved in another direction."""
    rows = np.empty((size, real.shape[1]), dtype=np.float32)
    rng = np.random.default_rng(1)
    for start in range(0, size, len(real)):
        part = rows[start : start + len(real)]
        part[:] = real[: len(part)]
        if start:
            steps = rng.standard_normal(part.shape, dtype=np.float32)
            part += MOVED * steps / np.linalg.norm(steps, axis=1, keepdims=True)
            part /= np.linalg.norm(part, axis=1, keepdims=True)
    return rows


def _kept(kind: str, encoder: Encoder, texts: list[str]) -> Vectors:
    digest = hashlib.sha256("\0".join([encoder.fingerprint, *texts]).encode()).hexdigest()[:16]
    file = Path(tempfile.gettempdir()) / f"seminar-bench-{kind}-{digest}.npy"
    if not file.exists():
        made = [
            encoder.encode_passages(texts[n : n + AT_ONCE]) for n in range(0, len(texts), AT_ONCE)
        ]
        aside = file.with_suffix(".tmp.npy")
        np.save(aside, np.concatenate(made))
        aside.rename(file)
    return np.asarray(np.load(file), dtype=np.float32)


def _folder(name: str) -> Path:
    return SHARED / "retrieval" / name
