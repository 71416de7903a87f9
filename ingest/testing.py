"""A speech engine that needs no model: it hears tones and hums instead of words.

It passes the same contract tests as the real engines.  Invariant: what it says depends on the sound
alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ingest.engines import SAMPLE_RATE_HZ, EngineInfo
from ingest.engines.room import Batch
from ingest.errors import OutOfMemory
from ingest.segments import Segment, Word

if TYPE_CHECKING:
    from ingest.engines import PCM

WORD_MS = 500
WORDS_PER_SEGMENT = 12
AUDIBLE = 0.001


class TonesHeard:
    """Says "tone440" for each half second of a tone of 440 Hz, and nothing for silence."""

    def __init__(self) -> None:
        self.info = EngineInfo(
            engine="tones", model="none", device="cpu", compute_type="float32", fingerprint="0" * 64
        )

    def transcribe(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """See `Transcriber.transcribe`; language and hotwords change nothing."""
        del language, hotwords
        run: list[Word] = []
        for word in _words(pcm):
            apart = run and word.start_ms > run[-1].end_ms
            if apart or len(run) == WORDS_PER_SEGMENT:
                yield _segment(run)
                run = []
            run.append(word)
        if run:
            yield _segment(run)

    def transcribe_carefully(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """The same as `transcribe`: it has no doubts."""
        return self.transcribe(pcm, language=language, hotwords=hotwords)

    def pieces(self, word: str) -> int:
        """A piece for each four letters."""
        return 1 + len(word) // 5

    def detect_language(self, pcm: PCM) -> str:
        """Always English."""
        del pcm
        return "en"


class CrampedTones(TonesHeard):
    """Hears tones in batches on a device that holds at most so many segments at once."""

    def __init__(self, *, batch_size: int, most: int) -> None:
        super().__init__()
        self.batch = Batch(batch_size, device="cramped")
        self._most = most

    def transcribe(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """See `Transcriber.transcribe`; the batch is halved until it fits.  Raises: OutOfMemory."""
        whole = list(super().transcribe(pcm, language=language, hotwords=hotwords))
        return self.batch.heard(lambda size: self._in_batches(whole, size))

    def _in_batches(self, whole: Sequence[Segment], size: int) -> Iterator[Segment]:
        for start in range(0, len(whole), size):
            batch = whole[start : start + size]
            if len(batch) > self._most:
                raise OutOfMemory(self.info.model, "cramped")
            yield from batch


def _words(pcm: PCM) -> Iterator[Word]:
    step = SAMPLE_RATE_HZ * WORD_MS // 1000
    for number, start in enumerate(range(0, len(pcm), step)):
        part = pcm[start : start + step]
        start_ms = number * WORD_MS
        end_ms = start_ms + len(part) * 1000 // SAMPLE_RATE_HZ
        if float(abs(part).max()) > AUDIBLE:
            yield Word(start_ms=start_ms, end_ms=end_ms, text=f"tone{_pitch(part)}", confidence=1.0)


def _pitch(part: PCM) -> int:
    """The frequency of a tone, to the nearest ten, from how often it changes sign."""
    signs = part > 0
    changes = int((signs[1:] != signs[:-1]).sum())
    return round(changes * SAMPLE_RATE_HZ / (20 * max(1, len(part)))) * 10


def _segment(words: Sequence[Word]) -> Segment:
    text = " ".join(w.text for w in words)
    return Segment(
        start_ms=words[0].start_ms, end_ms=words[-1].end_ms, text=text, words=tuple(words)
    )
