"""A caption file as a transcript, and what of it can be searched.

Invariant: what it says is kept as it is; marks of sounds are left out of what is searched only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.caption_files import Captions, read_timed, read_untimed, without_sounds
from catalog.captions import Line
from index.passage import Cut, cut_talk, cut_text
from ingest.errors import BadCaptions
from ingest.segments import Segment, Word
from ingest.sentences import sentences
from ingest.texts import decoded, read_bytes

TIMED = (".vtt", ".srt")
UNTIMED = ".txt"
MEDIA_TYPES = {".vtt": "text/vtt", ".srt": "application/x-subrip", ".txt": "text/plain"}
_ADVICE = "save it as WebVTT, SubRip or plain text in UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionFile:
    """A caption file by what it is called, and where its bytes are."""

    name: str
    path: Path


def is_captions(path: Path) -> bool:
    """Whether a file is to be taken as captions, by its name."""
    return path.suffix.lower() in MEDIA_TYPES


def read_captions(file: CaptionFile) -> Captions:
    """Read WebVTT, SubRip or text without times.  Raises: BadCaptions, FileUnreadable."""
    named = Path(file.name)
    try:
        text, remark = decoded(read_bytes(file.path))
        read = read_untimed(text) if named.suffix.lower() == UNTIMED else read_timed(text)
    except ValueError as error:
        raise BadCaptions(named, str(error), _ADVICE) from error
    if not any(without_sounds(line.text) for line in read.lines):
        raise BadCaptions(named, "it holds no words", "offer the file that has them")
    return replace(read, remarks=(remark, *read.remarks)) if remark else read


def cuts_of(lines: Sequence[Line], *, timed: bool) -> list[Cut]:
    """The passages of a transcript, without marks of sounds."""
    if not timed:
        return cut_text([text for line in lines if (text := without_sounds(line.text))])
    return cut_talk(sentences(_segment(line) for line in lines))


def _segment(line: Line) -> Segment:
    """A line as it is searched; where a sound is marked in it, its words are timed anew."""
    text = without_sounds(line.text)
    same = text == " ".join(line.text.split())
    words = tuple(
        Word(start_ms=w.start_ms, end_ms=w.end_ms, text=w.text, confidence=w.confidence or 0.0)
        for w in line.words
    )
    return Segment(
        start_ms=line.start_ms, end_ms=line.end_ms, text=text, words=words if same else ()
    )
