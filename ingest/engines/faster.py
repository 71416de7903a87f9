"""faster-whisper: the default engine, and the one file that imports it.

Speech is found first (Silero), cut into stretches of up to 30 s and decoded in batches.  The
batched pipeline switches Whisper's own safety net off; `ingest.gate` puts it back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.dense import preload_cuda
from ingest.engines import SAMPLE_RATE_HZ, EngineInfo, prompted
from ingest.engines.fingerprints import fingerprint
from ingest.engines.room import Batch
from ingest.engines.shape import shaped
from ingest.errors import OutOfMemory, SpeechModelMissing
from ingest.segments import Segment

if TYPE_CHECKING:
    from ingest.engines import PCM

ENGINE = "faster-whisper"
SEED = 20_240_229
WAYS = "vad+batched+beam5+prompted3+words"


@dataclass(frozen=True, slots=True, kw_only=True)
class FasterOptions:
    """Where and how the model runs.  `threads` 0 means every core that this process may use.

    A prompt makes the search easier: three beams with one hear more than five without, and cost
    a processor the same.
    """

    device: str = "cpu"
    compute_type: str = "int8"
    batch_size: int = 6
    beam_size: int = 5
    prompted_beam_size: int = 3
    threads: int = 0

    def __post_init__(self) -> None:
        if min(self.batch_size, self.beam_size, self.prompted_beam_size) < 1 or self.threads < 0:
            raise ValueError(f"batch and beam are positive, threads not negative: {self}")


class FasterWhisper:
    """A CTranslate2 Whisper model in memory."""

    def __init__(
        self, model: Path, *, name: str = "", options: FasterOptions | None = None
    ) -> None:
        """Load a model's folder.  Raises: SpeechModelMissing, OutOfMemory."""
        model = _local(model)
        self._options = options or FasterOptions()
        self._name = name or model.name
        self._model = _loaded(model, self._name, self._options)
        self._batch = Batch(self._options.batch_size, device=self._options.device)
        self.info = EngineInfo(
            engine=ENGINE,
            model=self._name,
            device=self._options.device,
            compute_type=self._options.compute_type,
            fingerprint=fingerprint(ENGINE, model / "model.bin", self._options.compute_type, WAYS),
        )

    def transcribe(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """See `Transcriber.transcribe`."""
        if len(pcm):
            prompt = self._prompt(hotwords)
            yield from self._batch.heard(lambda size: self._batched(pcm, language, prompt, size))

    def _batched(
        self, pcm: PCM, language: str | None, prompt: str | None, batch_size: int
    ) -> Iterator[Segment]:
        from faster_whisper import BatchedInferencePipeline

        _seed()
        with _wrapped(self._name, self._options.device):
            heard, _ = BatchedInferencePipeline(self._model).transcribe(
                pcm,
                language=self._language(language),
                hotwords=prompt,
                beam_size=self._beams(prompt),
                batch_size=batch_size,
                word_timestamps=True,
            )
            yield from shaped(heard, _length_ms(pcm))

    def transcribe_carefully(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """See `Transcriber.transcribe_carefully`."""
        _seed()
        if not len(pcm):
            return
        prompt = self._prompt(hotwords)
        with _wrapped(self._name, self._options.device):
            heard, _ = self._model.transcribe(
                pcm,
                language=self._language(language),
                hotwords=prompt,
                beam_size=self._beams(prompt),
                condition_on_previous_text=False,
                word_timestamps=True,
                vad_filter=True,
                hallucination_silence_threshold=2.0,
            )
            yield from shaped(heard, _length_ms(pcm))

    def detect_language(self, pcm: PCM) -> str:
        """See `Transcriber.detect_language`."""
        if not self._model.model.is_multilingual:
            return "en"
        speech = only_speech(pcm)
        if not len(speech):
            return "en"
        with _wrapped(self._name, self._options.device):
            language: str = self._model.detect_language(speech, language_detection_segments=4)[0]
        return language

    def _language(self, language: str | None) -> str | None:
        return language if self._model.model.is_multilingual else "en"

    def pieces(self, word: str) -> int:
        """See `Transcriber.pieces`."""
        return len(self._model.hf_tokenizer.encode(f" {word}", add_special_tokens=False).ids)

    def _beams(self, prompt: str | None) -> int:
        return self._options.prompted_beam_size if prompt else self._options.beam_size

    def _prompt(self, hotwords: Sequence[str]) -> str | None:
        return prompted(hotwords, self.pieces)


def stretches_of_speech(pcm: PCM) -> list[tuple[int, int]]:
    """Where somebody speaks, as [start, end) in samples, in order; found by the Silero detector."""
    from faster_whisper.vad import get_speech_timestamps

    if not len(pcm):
        return []
    return [(int(s["start"]), int(s["end"])) for s in get_speech_timestamps(pcm)]


def only_speech(pcm: PCM) -> PCM:
    """The sound with everything but speech cut away."""
    import numpy as np

    parts = [pcm[start:end] for start, end in stretches_of_speech(pcm)]
    return np.concatenate(parts) if parts else pcm[:0]


def cuda_is_there() -> bool:
    """Whether CTranslate2 can use a CUDA device on this machine."""
    preload_cuda()
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count()) > 0


def supported_on_cuda() -> tuple[str, ...]:
    """The arithmetics that the CUDA device can do."""
    import ctranslate2

    return tuple(sorted(ctranslate2.get_supported_compute_types("cuda")))


def _local(model: Path) -> Path:
    """The model's folder; a hub's name is fetched first, so that its weights are fingerprinted."""
    if model.is_dir():
        return model
    from faster_whisper.utils import download_model

    try:
        return Path(download_model(str(model)))
    except Exception as problem:  # the hub's client fails in many ways; all mean: not here
        raise SpeechModelMissing(
            str(model),
            "is not on this machine and no hub gave it",
            "name a model's folder in SEMINAR_WHISPER_MODEL",
        ) from problem


def _loaded(model: Path, name: str, options: FasterOptions) -> Any:
    advice = "name a model's folder or an installed model in SEMINAR_WHISPER_MODEL"
    try:
        with _wrapped(name, options.device):
            return _whisper(options.device)(
                str(model),
                device=options.device,
                compute_type=options.compute_type,
                cpu_threads=options.threads or len(os.sched_getaffinity(0)),
            )
    except (RuntimeError, OSError, ValueError) as problem:
        raise SpeechModelMissing(name, f"cannot be loaded ({problem})", advice) from problem


def _whisper(device: str) -> Any:
    """The model's class; on a processor the stretches of a batch are encoded one by one.

    That gives the same numbers in the same time, without one attention matrix for all of them:
    170 MB less at eight stretches with tiny.en.
    """
    import ctranslate2
    import numpy as np
    from faster_whisper import WhisperModel

    if device != "cpu":
        return WhisperModel

    class OneByOne(WhisperModel):  # type: ignore[misc]
        def encode(self, features: Any) -> Any:
            if features.ndim == 2:
                return super().encode(features)
            encode = super().encode
            return ctranslate2.StorageView.from_array(
                np.concatenate([np.array(encode(one[None])) for one in features])
            )

    return OneByOne


class _wrapped:  # noqa: N801 - reads as a phrase after `with`
    """Turns the engine's out-of-memory errors into ours."""

    def __init__(self, model: str, device: str) -> None:
        self._model = model
        self._device = device

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        said = str(problem).lower()
        if isinstance(problem, MemoryError) or (
            isinstance(problem, RuntimeError) and ("out of memory" in said or "bad_alloc" in said)
        ):
            raise OutOfMemory(self._model, self._device) from problem


def _seed() -> None:
    import ctranslate2

    ctranslate2.set_random_seed(SEED)


def _length_ms(pcm: PCM) -> int:
    return len(pcm) * 1000 // SAMPLE_RATE_HZ
