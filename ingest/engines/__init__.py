"""Speech engines behind one protocol: sound in, segments with timed words out.

Invariant: the same sound, options and engine give the same segments, and silence gives none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ingest.segments import Segment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    PCM = NDArray[np.float32]

SAMPLE_RATE_HZ = 16_000
HOTWORD_TOKENS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """Which engine runs which model where; equal fingerprints give equal transcripts."""

    engine: str
    model: str
    device: str
    compute_type: str
    fingerprint: str


class Transcriber(Protocol):
    """Something that hears speech.  `pcm` has the shape (n,), float32 in -1..1, 16 kHz, mono."""

    @property
    def info(self) -> EngineInfo:
        """What is running."""

    def transcribe(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """Yield segments in time order as they are heard, with times relative to `pcm`.

        A `language` that is given is obeyed, but an English-only model always hears English.
        `hotwords` are the sentences, names and terms that are likely, the most important first;
        what exceeds the engine's prompt is left out.  Raises: OutOfMemory.
        """

    def transcribe_carefully(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        """Like `transcribe`, but in sequence, and again at higher temperatures where it fails."""

    def pieces(self, word: str) -> int:
        """In how many pieces the model spells a word; one for the words that it knows best."""

    def detect_language(self, pcm: PCM) -> str:
        """The code of the language spoken, such as "en"; "en" where nobody speaks."""


def prompted(hotwords: Sequence[str], pieces: Callable[[str], int]) -> str | None:
    """The hotwords as a text to go on from: first the sentences, then the terms as a glossary.

    A bare list of terms makes a small model fall silent now and then; sentences keep it talking.
    """
    kept = fitting(hotwords, [pieces(f"{word},") for word in hotwords])
    sentences = [one for one in kept if one.endswith((".", "?", "!"))]
    terms = ", ".join(one for one in kept if one not in sentences)
    return " ".join([*sentences, *([f"Glossary: {terms}."] if terms else [])]) or None


def fitting(
    hotwords: Sequence[str], lengths: Sequence[int], room: int = HOTWORD_TOKENS
) -> list[str]:
    """The first hotwords whose lengths, in tokens, fit into the room together."""
    kept: list[str] = []
    for word, length in zip(hotwords, lengths, strict=True):
        if length > room:
            break
        room -= length
        kept.append(word)
    return kept
