"""Speed on a GPU: transcription by batch size and encoding by batch size.

Without a GPU it says so and writes nothing.
    python -m bench.gpu [--model large-v3-turbo]
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.record import record
from ingest import media
from ingest.engines.choose import COMPUTE_TYPE, described
from ingest.engines.faster import FasterOptions, FasterWhisper, cuda_is_there
from ingest.engines.room import GIB, free_device_bytes
from ingest.errors import OutOfMemory

DEMO = Path(__file__).resolve().parent.parent / "demo" / "recordings"
BATCHES = (1, 2, 4, 8, 16, 32)
ENCODER_BATCHES = (8, 32, 128, 256, 512)
PASSAGES = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="large-v3-turbo")
    model = parser.parse_args().model
    if not cuda_is_there():
        print("bench.gpu: this machine has no CUDA device, nothing was measured")
        return
    free_bytes = free_device_bytes()
    record("gpu", {
        "engine": described("faster-whisper", model, "cuda"),
        "free_gib": None if free_bytes is None else round(free_bytes / GIB, 1),
        "times_real_time_by_batch": transcription(model),
        "passages_per_s_by_batch": encoding(),
    })  # fmt: skip


def transcription(model: str) -> dict[str, float | str]:
    """Times real time over the seven demonstration talks, after one talk to warm up."""
    talks = [_sound(file) for file in sorted(DEMO.iterdir()) if file.suffix != ".json"]
    minutes = sum(map(len, talks)) / media.SAMPLE_RATE_HZ / 60
    speeds: dict[str, float | str] = {}
    for batch in BATCHES:
        options = FasterOptions(device="cuda", compute_type=COMPUTE_TYPE["cuda"], batch_size=batch)
        try:
            engine = FasterWhisper(Path(model), options=options)
            _heard(engine, talks[:1])
            spent_s = _timed(lambda engine=engine: _heard(engine, talks))  # type: ignore[misc]
            speeds[str(batch)] = round(minutes * 60 / spent_s, 1)
        except OutOfMemory:
            speeds[str(batch)] = "out of memory"
    return speeds


def encoding() -> dict[str, float]:
    """Passages of about 120 words a second, with the default encoder."""
    from catalog.settings import Settings
    from index.encoders.sentence import SentenceEncoder
    from index.weights import ENCODERS, located

    name = Settings.model_fields["encoder_model"].default
    encoder = SentenceEncoder(located(name, ENCODERS), device="cuda")
    draw = np.random.default_rng(229)
    words = np.array([f"word{n}" for n in range(5_000)])
    texts = [" ".join(draw.choice(words, 120)) for _ in range(PASSAGES)]
    speeds = {}
    for batch in ENCODER_BATCHES:
        encoder._batch = batch
        encoder.encode_passages(texts[:batch])
        speeds[str(batch)] = round(PASSAGES / _timed(lambda: encoder.encode_passages(texts)), 1)
    return speeds


def _heard(engine: FasterWhisper, talks: list[Any]) -> int:
    return sum(
        len(segment.words)
        for pcm in talks
        for segment in engine.transcribe(pcm, language="en", hotwords=())
    )


def _timed(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _sound(file: Path) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        decoded = media.decode(file, Path(folder))
        return np.concatenate([media.samples(window.file) for window in decoded.windows])


if __name__ == "__main__":
    main()
