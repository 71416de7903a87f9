"""openai-whisper: the second engine, and the one file that imports `whisper`.

It gets decoded sound, so no ffmpeg program is needed, and only the stretches where the default
engine's detector hears speech, because Whisper invents text over silence.  Checkpoints load as
plain tensors; nothing is unpickled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.engines import SAMPLE_RATE_HZ, EngineInfo, prompted
from ingest.engines.faster import only_speech, stretches_of_speech
from ingest.engines.fingerprints import fingerprint
from ingest.engines.shape import shaped
from ingest.errors import OutOfMemory, SpeechModelMissing
from ingest.segments import Segment

if TYPE_CHECKING:
    from ingest.engines import PCM

ENGINE = "openai-whisper"
SEED = 20_240_229
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    start: float
    end: float
    word: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    start: float
    end: float
    text: str
    words: tuple[_Word, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    temperature: float


class OpenAIWhisper:
    """A PyTorch Whisper model in memory."""

    def __init__(self, model: Path | str, *, device: str = "cpu") -> None:
        """Load a checkpoint, or a model by its name from Whisper's own cache.

        Raises: SpeechModelMissing, OutOfMemory.
        """
        self._model = _loaded(model, device)
        compute_type = "float16" if device == "cuda" else "float32"
        self.info = EngineInfo(
            engine=ENGINE,
            model=Path(model).name,
            device=device,
            compute_type=compute_type,
            fingerprint=fingerprint(ENGINE, _weights(model), compute_type, "vad+beam5+words"),
        )

    def transcribe(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """See `Transcriber.transcribe`."""
        return self._heard(pcm, language, hotwords, (0.0,))

    def transcribe_carefully(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """See `Transcriber.transcribe_carefully`."""
        return self._heard(pcm, language, hotwords, TEMPERATURES)

    def detect_language(self, pcm: PCM) -> str:
        """See `Transcriber.detect_language`."""
        import whisper

        speech = only_speech(pcm)
        if not self._model.is_multilingual or not len(speech):
            return "en"
        sound = whisper.pad_or_trim(speech)
        mel = whisper.log_mel_spectrogram(sound, n_mels=self._model.dims.n_mels)
        _, chances = self._model.detect_language(mel.to(self._model.device))
        return str(max(chances, key=chances.__getitem__))

    def _heard(
        self,
        pcm: PCM,
        language: str | None,
        hotwords: Sequence[str],
        temperatures: tuple[float, ...],
    ) -> Iterator[Segment]:
        clips = [s / SAMPLE_RATE_HZ for stretch in stretches_of_speech(pcm) for s in stretch]
        if not clips:
            return
        import torch
        import whisper

        torch.manual_seed(SEED)
        try:
            result = whisper.transcribe(
                self._model,
                pcm,
                language=language if self._model.is_multilingual else "en",
                initial_prompt=self._prompt(hotwords),
                carry_initial_prompt=bool(hotwords),
                temperature=temperatures,
                beam_size=5,
                best_of=5,
                condition_on_previous_text=False,
                word_timestamps=True,
                clip_timestamps=clips,
                hallucination_silence_threshold=2.0,
                fp16=self.info.compute_type == "float16",
                verbose=None,
            )
        except (MemoryError, torch.OutOfMemoryError) as problem:
            raise OutOfMemory(self.info.model, self.info.device) from problem
        length_ms = len(pcm) * 1000 // SAMPLE_RATE_HZ
        yield from shaped((_read(s) for s in result["segments"]), length_ms)

    def pieces(self, word: str) -> int:
        """See `Transcriber.pieces`."""
        from whisper.tokenizer import get_tokenizer

        return len(get_tokenizer(self._model.is_multilingual).encode(f" {word}"))

    def _prompt(self, hotwords: Sequence[str]) -> str | None:
        return prompted(hotwords, self.pieces)


def _read(segment: dict[str, Any]) -> _Heard:
    words = tuple(_Word(**word) for word in segment["words"])
    known = {name: segment[name] for name in _Heard.__slots__ if name != "words"}
    return _Heard(**known, words=words)


def _weights(model: Path | str) -> Path:
    return model if isinstance(model, Path) else _cached(model)


def _cached(name: str) -> Path:
    return Path("~/.cache/whisper").expanduser() / f"{name}.pt"


def _loaded(model: Path | str, device: str) -> Any:
    import whisper

    name = Path(model).name
    advice = (
        "name a Whisper checkpoint (.pt) or a model of Whisper's cache in SEMINAR_WHISPER_MODEL"
    )
    if not _weights(model).is_file():
        raise SpeechModelMissing(name, "is not on this machine", advice)
    try:
        return whisper.load_model(str(model), device=device)
    except MemoryError as problem:
        raise OutOfMemory(name, device) from problem
    except Exception as problem:  # torch has many ways to refuse a file
        raise SpeechModelMissing(
            name, f"cannot be loaded ({type(problem).__name__})", advice
        ) from problem
