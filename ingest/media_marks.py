"""What a file's own bytes say about its end where the demuxer only estimates or believes.

MP3 without a Xing, Info or VBRI header has an estimated length only; a WAV header promises bytes
that a cut file lacks; an Ogg stream ends with a marked page.  Nothing is decoded.
Source: RFC 3533 (Ogg pages); the Xing and VBRI headers as LAME and Fraunhofer write them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

HEAD_BYTES = 1 << 16
TAIL_BYTES = 1 << 17
OGG_PAGE_HEADER_BYTES = 27
OGG_LAST_PAGE = 4
STREAMED_WAV = {0, 0x7FFFFFFF, 0xFFFFFFFF}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Whether the declared length is sure, and whether the file stops before its end mark."""

    length_is_known: bool = True
    cut_off: bool = False


def marks(file: Path, container: str) -> Marks:
    """Read a recording's marks; `container` is the demuxer's name."""
    with file.open("rb") as stream:
        if container == "mp3":
            return Marks(length_is_known=_mp3_counts_its_frames(stream))
        if container == "wav":
            return Marks(cut_off=_wav_lacks_bytes(stream, file.stat().st_size))
        if container == "ogg":
            return Marks(cut_off=not _ogg_is_closed(stream, file.stat().st_size))
    return Marks()


def _mp3_counts_its_frames(stream: BinaryIO) -> bool:
    head = stream.read(10)
    tag = 0
    if head[:3] == b"ID3" and len(head) == 10:
        tag = 10 + sum(
            (byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True)
        )
    stream.seek(tag)
    first = stream.read(HEAD_BYTES)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))


def _wav_lacks_bytes(stream: BinaryIO, size: int) -> bool:
    if stream.read(4) != b"RIFF":
        return False
    place = 12
    while place + 8 <= size:
        stream.seek(place)
        name, length = struct.unpack("<4sI", stream.read(8))
        if name == b"data":
            return length not in STREAMED_WAV and place + 8 + length > size
        place += 8 + length + (length & 1)
    return True


def _ogg_is_closed(stream: BinaryIO, size: int) -> bool:
    stream.seek(max(0, size - TAIL_BYTES))
    tail = stream.read(TAIL_BYTES)
    page = tail.rfind(b"OggS")
    header = tail[page : page + OGG_PAGE_HEADER_BYTES]
    if page < 0 or len(header) < OGG_PAGE_HEADER_BYTES:
        return False
    segments = header[26]
    lacing = tail[page + OGG_PAGE_HEADER_BYTES : page + OGG_PAGE_HEADER_BYTES + segments]
    whole = page + OGG_PAGE_HEADER_BYTES + segments + sum(lacing) <= len(tail)
    return bool(header[5] & OGG_LAST_PAGE) and len(lacing) == segments and whole
