"""The fast path gives the reference's vectors, or refuses the model."""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from index.encoders import Encoder
from index.encoders.choose import fitting_encoder, made_by, open_encoder
from index.encoders.fast import FastEncoder
from index.encoders.recipe import NoRecipe, fingerprint_of, read_recipe
from index.encoders.sentence import SentenceEncoder
from index.errors import EncoderMismatch, EncoderMissing, ModelMissing
from index.testing import HashEncoder
from tests.index.conftest import PROJECT
from tests.index.tiny import bi_encoder

NEAR = 0.9999
QUERY_NEAR, TINY_QUERY_NEAR = 0.998, 0.98  # chance weights suffer more from int8
TEXTS = (
    *("The kernel is constant.", "", "ℓ2 norm \ud800 and NUL \0.", "word " * 300, "Zwei Sätze."),
    *("[SEP] in a text [MASK]", "İstanbul ﬁne ① 中文字", "a" * 300, "  spaces\tand\nlines  ", "x"),
)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bi_encoder(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def changed(tiny: Path, tmp_path: Path) -> Callable[..., Path]:
    """The tiny model with one of its JSON files changed."""

    def with_change(file: str, **values: Any) -> Path:
        folder = tmp_path / "changed"
        shutil.copytree(tiny, folder)
        path = folder / file
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
        return folder

    return with_change


def assert_same(fast: Encoder, reference: Encoder, *, queries: float = QUERY_NEAR) -> None:
    assert fast.fingerprint == reference.fingerprint
    assert fast.dimension == reference.dimension
    rows = (fast.encode_passages(TEXTS) * reference.encode_passages(TEXTS)).sum(axis=1)
    assert rows.min() >= NEAR
    for text in TEXTS:
        assert float(fast.encode_query(text) @ reference.encode_query(text)) >= queries


def test_the_packaged_model_has_the_references_vectors(minilm: SentenceEncoder) -> None:
    assert_same(open_encoder("all-MiniLM-L6-v2", backend="onnx"), minilm)


@pytest.mark.parametrize("pooling", ["cls", "mean"])
@pytest.mark.parametrize("prompts", [None, {}, {"passage": "unread: "}])
def test_poolings_and_prompts_are_obeyed(
    tmp_path: Path, pooling: Literal["cls", "mean"], prompts: dict[str, str] | None
) -> None:
    folder = bi_encoder(tmp_path, pooling=pooling, prompts=prompts)
    reference = SentenceEncoder(folder, device="cpu")
    assert_same(FastEncoder(folder), reference, queries=TINY_QUERY_NEAR)


def test_a_query_prompt_makes_another_vector_than_a_passage(tiny: Path) -> None:
    encoder = FastEncoder(tiny)
    text = "wide networks"
    assert float(encoder.encode_query(text) @ encoder.encode_passages([text])[0]) < NEAR


def test_a_text_has_the_same_vector_in_any_company(tiny: Path) -> None:
    encoder = FastEncoder(tiny)
    together = encoder.encode_passages(TEXTS)
    alone = np.stack([encoder.encode_passages([text])[0] for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize(
    ("file", "values", "reason"),
    [
        ("config.json", {"model_type": "mpnet"}, "model_type is mpnet"),
        ("config.json", {"hidden_act": "relu"}, "hidden_act"),
        ("config.json", {"dtype": "bfloat16"}, "dtype"),
        ("config.json", {"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ("config_sentence_transformers.json", {"truncate_dim": 16}, "cuts its vectors"),
        ("1_Pooling/config.json", {"pooling_mode": "max"}, "pooling is"),
        ("1_Pooling/config.json", {"include_prompt": False}, "prompts out of the pooling"),
        ("sentence_bert_config.json", {"do_lower_case": True}, "do_lower_case"),
        ("sentence_bert_config.json", {"something_new": 1}, "something_new"),
        ("tokenizer_config.json", {"model_max_length": 10**9}, "outgrow"),
        ("tokenizer_config.json", {"do_lower_case": False}, "two minds"),
    ],
)
def test_what_the_fast_path_does_not_know_is_refused(
    changed: Callable[..., Path], file: str, values: dict[str, Any], reason: str
) -> None:
    with pytest.raises(NoRecipe, match=reason):
        read_recipe(changed(file, **values))


def test_a_refused_model_runs_on_the_reference_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = bi_encoder(tmp_path, pooling="max")
    with caplog.at_level(logging.WARNING):
        encoder = open_encoder(str(folder), device="cpu")
    assert isinstance(encoder, SentenceEncoder)
    assert "runs on sentence-transformers" in caplog.text
    assert "pooling is" in caplog.text
    with pytest.raises(EncoderMissing, match="SEMINAR_ENCODER_BACKEND=auto"):
        open_encoder(str(folder), device="cpu", backend="onnx")


def test_each_file_that_decides_the_vectors_changes_the_fingerprint(
    tiny: Path, changed: Callable[..., Path]
) -> None:
    other = changed("config_sentence_transformers.json", prompts={"query": "ask: "})
    assert fingerprint_of(other) != fingerprint_of(tiny)
    assert made_by(FastEncoder(tiny).fingerprint, str(tiny))
    assert not made_by(FastEncoder(tiny).fingerprint, str(other))


def test_the_encoder_that_fits_is_found_among_names() -> None:
    def load(name: str) -> Encoder:
        if name == "gone":
            raise ModelMissing(name, "install it")
        return HashEncoder(name=name)

    wanted = HashEncoder(name="new").fingerprint
    assert fitting_encoder(wanted, ("", "gone", "old", "new"), load).fingerprint == wanted
    with pytest.raises(EncoderMismatch):
        fitting_encoder(wanted, ("old",), load)
    with pytest.raises(ModelMissing):
        fitting_encoder(wanted, ("gone",), load)


def test_a_query_is_encoded_without_torch_and_nothing_is_written_home(
    tiny: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; from index.encoders.choose import open_encoder;"
        f"open_encoder({str(tiny)!r}, device='cpu').encode_query('a');"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []
