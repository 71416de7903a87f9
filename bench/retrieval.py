"""nDCG@10 of keyword, semantic and hybrid search on two judged sets, beside what others do.

The reference is the table of the data's own README (BM25, dense, the best convex fusion of the
set, rank fusion); ours is one fixed setting for both.
    python -m bench.retrieval
"""

from dataclasses import asdict

from bench.record import SHARED, record
from index.encoders.choose import open_encoder
from index.evaluation import evaluate

REFERENCE = {
    "scifact": {"keyword": 0.676, "semantic": 0.648, "hybrid": 0.736, "rank_fusion": 0.713},
    "mlquestions": {"keyword": 0.403, "semantic": 0.614, "hybrid": 0.634, "rank_fusion": 0.565},
}
TOLERANCE = 0.01


def main() -> None:
    encoder = open_encoder("all-MiniLM-L6-v2")
    sets = {}
    for name, reference in REFERENCE.items():
        scores = evaluate(SHARED / "retrieval" / name, encoder)
        ours = {one.mode: one for one in scores}
        sets[name] = {
            "ours": {mode: _rounded(asdict(one)) for mode, one in ours.items()},
            "reference_ndcg_at_10": reference,
            "within_tolerance": all(
                ours[mode].ndcg_at_10 >= reference[mode] - TOLERANCE for mode in ours
            ),
        }
    record("retrieval", {"encoder": encoder.fingerprint, "sets": sets})


def _rounded(values: dict) -> dict:
    return {
        key: round(value, 3) if isinstance(value, float) else value for key, value in values.items()
    }


if __name__ == "__main__":
    main()
