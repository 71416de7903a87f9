"""Word error rate of a whole ingest against calling faster-whisper directly, same model.

The 100 human-checked clips of four conference talks; Whisper's own English normaliser.
    python -m bench.wer
"""

import json
import tempfile
from pathlib import Path

from faster_whisper import BatchedInferencePipeline, WhisperModel
from whisper.normalizers import EnglishTextNormalizer

from bench.record import SHARED, record
from index.weights import located
from ingest import media
from ingest.engines.choose import MODELS, open_engine
from ingest.gate import gated

CLIPS = SHARED / "recordings" / "checked"
MODEL = "tiny.en"


def main() -> None:
    clips = [json.loads(line) for line in (CLIPS / "index.jsonl").read_text().splitlines()]
    normal = EnglishTextNormalizer()
    said = [normal(clip["text"]).split() for clip in clips]
    direct = WhisperModel(str(located(MODEL, MODELS)), device="cpu", compute_type="int8")
    batched = BatchedInferencePipeline(direct)
    ours = open_engine("faster-whisper", MODEL, "cpu")

    def through_ingest(path: Path) -> str:
        with tempfile.TemporaryDirectory() as folder:
            decoded = media.decode(path, Path(folder))
            return " ".join(
                segment.text
                for window in decoded.windows
                for segment in gated(ours, media.samples(window.file), language="en", hotwords=())
            )

    ways = {
        "ingest": through_ingest,
        "faster_whisper_batched": lambda path: _text(
            batched.transcribe(str(path), language="en", batch_size=8)
        ),
        "faster_whisper_sequential": lambda path: _text(
            direct.transcribe(str(path), language="en", beam_size=5)
        ),
    }
    rates = {}
    for name, transcribe in ways.items():
        heard = [normal(transcribe(CLIPS / clip["file"])).split() for clip in clips]
        errors = sum(_distance(a, b) for a, b in zip(said, heard, strict=True))
        rates[name] = round(100 * errors / sum(map(len, said)), 2)
    record("wer", {
        "clips": len(clips),
        "words": sum(map(len, said)),
        "model": f"{MODEL}, int8 on CPU",
        "word_error_rate_percent": rates,
        "ingest_minus_batched_points": round(rates["ingest"] - rates["faster_whisper_batched"], 2),
    })  # fmt: skip


def _text(answer: tuple) -> str:
    return " ".join(segment.text for segment in answer[0])


def _distance(a: list[str], b: list[str]) -> int:
    """Words to insert, delete or replace to get from one to the other."""
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


if __name__ == "__main__":
    main()
