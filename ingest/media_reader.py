"""FFmpeg's side of the decoding process; the one file that imports `av`.

Invariant: FFmpeg sees the bytes of the one file that was asked for and can open nothing else.  It
reads through our own file object, every protocol is refused, and the container, found from the
content and never from the name, must be on the list.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ingest.confined_child import too_much_memory
from ingest.errors import NoAudio, TooLarge, UnreadableMedia, UnsupportedFormat
from ingest.media_marks import marks
from ingest.media_timeline import RATE, Timeline
from ingest.media_windows import WindowWriter

CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mp3,wav,flac,ogg,asf"
TAKEN = "mp3, m4a, wav, flac, ogg, wma, mp4, mov, mkv or webm"
READ_BYTES = 1 << 18
CHECKED = {"flac": {"err_detect": "crccheck+explode"}}
"""Codecs with a checksum in every frame, which by default play on when it does not match.

Their frames always have a time; one without it was pieced together from damaged ones.
"""
MOST_READ_ERRORS_IN_A_ROW = 50
PROGRESS_EVERY = 60 * RATE
FULL_SCALE = 32767.0

Say = Callable[[dict[str, Any]], None]


class OneFile:
    """The only bytes that FFmpeg gets."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Up to `size` bytes."""
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place in the file."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """The place in the file."""
        return self._stream.tell()


def opened(file: Path, stream: BinaryIO, options: dict[str, int]) -> Any:
    """Open a recording of a kind that is taken.

    Raises: UnsupportedFormat, UnreadableMedia, TooLarge.
    """
    import av

    closed = {
        "format_whitelist": CONTAINERS,
        "protocol_whitelist": "none",
        "max_streams": str(options["max_tracks"] + 1),
    }
    try:
        container = av.open(OneFile(stream), options=closed, buffer_size=READ_BYTES)
    except av.error.ArgumentError as problem:
        reason = "this kind of media is not taken, or it is damaged at its beginning"
        raise UnsupportedFormat(file, reason, f"convert it to {TAKEN}") from problem
    except av.error.MemoryError as problem:
        raise too_much_memory(file, options["memory_bytes"]) from problem
    except (av.error.FFmpegError, UnicodeDecodeError) as problem:
        reason = "it is not media, or its beginning or directory is missing"
        advice = "play it to see whether it is whole, and copy it again from its source"
        raise UnreadableMedia(file, reason, advice) from problem
    if len(container.streams) > options["max_tracks"]:
        reason = f"it has more than the limit of {options['max_tracks']} tracks"
        raise TooLarge(file, reason, "export it with its sound track only")
    return container


def described(container: Any) -> dict[str, Any]:
    """The container's own description, as the fields of `media.MediaInfo`."""
    duration = container.duration
    return {
        "container": container.format.name,
        "duration_ms": None if duration is None or duration <= 0 else round(duration / 1000),
        "tracks": [_track(s) for s in container.streams],
        "has_video": any(s.type == "video" and not _is_cover(s) for s in container.streams),
    }


def chosen(file: Path, tracks: list[dict[str, Any]]) -> int:
    """The number of the track to transcribe: the default one, else the first that can be decoded.

    Raises: NoAudio, UnreadableMedia.
    """
    sounds = [t for t in tracks if t["kind"] == "audio"]
    if not sounds:
        raise NoAudio(file, "there is no sound track in it", "add the recording that has the sound")
    readable = [t for t in sounds if t["decodable"]]
    if not readable:
        reason = "its sound is encrypted or in an unknown coding"
        raise UnreadableMedia(file, reason, "export it without protection, as mp3 or m4a")
    number: int = next((t for t in readable if t["is_default"]), readable[0])["number"]
    return number


class Listening:
    """One track's sound on its way from packets to window files."""

    def __init__(self, file: Path, container: Any, track: int, options: dict[str, int]) -> None:
        self._file = file
        self._container = container
        self._track = container.streams[track]
        codec = self._track.codec_context
        self._is_checked = codec.name in CHECKED
        codec.options = CHECKED.get(codec.name, {})
        self._zero = (container.start_time or 0) / 1e6
        self._limit = options["max_duration_s"] * RATE
        self._mixer = Mixer()
        known = marks(file, container.format.name)
        self._cut_off = known.cut_off
        self._end = (
            samples(container.duration / 1e6)
            if container.duration and known.length_is_known
            else None
        )
        self._line = Timeline(declared=self._end)

    def into(self, out_dir: Path, options: dict[str, int], say: Say) -> dict[str, Any]:
        """Decode everything into windows; the answer has the fields of `media.Decoded`.

        Raises: UnreadableMedia when there was no sound at all, TooLarge, OSError.
        """
        window, search = options["window_s"] * RATE, options["quiet_search_s"] * RATE
        writer = WindowWriter(out_dir, window=window, search=search)
        told = 0
        for packet in self._packets():
            self._hear(packet, writer)
            if self._line.position > self._limit:
                raise too_long(self._file, self._line.position // 16, options)
            if writer.position - told >= PROGRESS_EVERY:
                told = writer.position
                say({"progress": told // 16})
        if not self._line.position:
            reason = "no sound could be decoded from it"
            raise UnreadableMedia(
                self._file, reason, "play it to see whether it is damaged, and copy it again"
            )
        self._end_of(writer)
        return self._answer(writer)

    def _packets(self) -> Iterator[Any]:
        """Every packet of the track; places that cannot be read are passed over."""
        from av.error import FFmpegError
        from av.stream import Discard

        for other in self._container.streams:
            if other.index != self._track.index:
                other.discard = Discard.all
        failures = 0
        stream = self._container.demux(self._track)
        while failures < MOST_READ_ERRORS_IN_A_ROW:
            try:
                yield next(stream)
                failures = 0
            except StopIteration:
                return
            except FFmpegError:
                failures += 1
                self._line.lose(0)
                stream = self._container.demux(self._track)

    def _hear(self, packet: Any, writer: WindowWriter) -> None:
        from av.error import FFmpegError

        if packet.is_corrupt:
            self._line.lose(0)
        try:
            frames = packet.decode()
        except FFmpegError:
            self._line.lose(samples(float((packet.duration or 0) * (packet.time_base or 0))))
            return
        for frame in frames:
            self._place(frame, writer)

    def _place(self, frame: Any, writer: WindowWriter) -> None:
        at = None
        if frame.pts is not None:
            at = samples(float(frame.pts * frame.time_base) - self._zero)
        elif self._is_checked:
            self._line.lose(0)
        before = self._line.position
        silence = self._line.place(at, round(frame.samples * RATE / frame.sample_rate))
        if silence is None:
            return
        if silence:
            if before + silence > self._limit:
                return
            writer.add(self._mixer.rest())
            writer.silence(before + silence - writer.position)
        writer.add(self._mixer.mixed(frame))

    def _end_of(self, writer: WindowWriter) -> None:
        writer.add(self._mixer.rest())
        writer.silence(self._line.finish(sound_end=self._sound_end(), end=self._end))

    def _sound_end(self) -> int | None:
        track = self._track
        if track.duration is None or self._end is None:
            return self._end
        start = float((track.start_time or 0) * track.time_base) - self._zero
        return min(self._end, samples(start + float(track.duration * track.time_base)))

    def _answer(self, writer: WindowWriter) -> dict[str, Any]:
        windows = [[w.name, w.start // 16, w.end // 16 - w.start // 16] for w in writer.close()]
        return {
            "windows": windows,
            "decoded_ms": writer.position // 16,
            "container_ms": None if self._end is None else self._end // 16,
            "gaps": [[start // 16, -(-end // 16)] for start, end in self._line.gaps],
            "cut_off": self._cut_off,
            "track": self._track.index,
        }


class Mixer:
    """Frames of any rate and number of channels, mixed to 16 kHz mono.

    One and two channels are mixed by FFmpeg.  More are summed with equal power: each may be a
    microphone of its own, and FFmpeg's own mix drops the low-frequency channel.
    """

    def __init__(self) -> None:
        self._shape: tuple[object, ...] | None = None
        self._resampler: Any = None

    def mixed(self, frame: Any) -> bytes:
        """The frame's sound as 16-bit samples, as far as the resampler gives it already."""
        shape = (frame.format.name, frame.layout.name, frame.layout.nb_channels, frame.sample_rate)
        before = b""
        if shape != self._shape:
            before = self.rest()
            self._shape, self._resampler = shape, _resampler(frame)
        frame.pts = None
        return before + b"".join(_mono(f) for f in self._resampler.resample(frame))

    def rest(self) -> bytes:
        """What the resampler still held; the next frame starts afresh."""
        if self._resampler is None:
            return b""
        left = b"".join(_mono(f) for f in self._resampler.resample(None))
        self._shape = self._resampler = None
        return left


def too_long(file: Path, duration_ms: int, options: dict[str, int]) -> TooLarge:
    """The refusal of a recording beyond the limit on length."""
    limit_h = options["max_duration_s"] / 3600
    reason = f"it is {duration_ms / 3_600_000:.1f} h long, more than the limit of {limit_h:g} h"
    return TooLarge(file, reason, "cut it into parts")


def samples(seconds: float) -> int:
    """Seconds as samples at 16 kHz."""
    return round(seconds * RATE)


def _resampler(frame: Any) -> Any:
    from av import AudioResampler

    if frame.layout.nb_channels <= 2:
        return AudioResampler(format="s16", layout="mono", rate=RATE)
    return AudioResampler(format="flt", layout=frame.layout.name, rate=RATE)


def _mono(frame: Any) -> bytes:
    import numpy as np

    sound = frame.to_ndarray()
    if frame.format.name == "flt":
        channels = frame.layout.nb_channels
        together = sound.reshape(-1, channels).sum(axis=1, dtype=np.float64) / np.sqrt(channels)
        sound = np.rint(np.clip(together, -1.0, 1.0) * FULL_SCALE)
    data: bytes = sound.astype("<i2").tobytes()
    return data


def _track(stream: Any) -> dict[str, Any]:
    codec = stream.codec_context
    sound = stream.type == "audio" and codec is not None
    return {
        "number": stream.index,
        "kind": stream.type if stream.type in {"audio", "video"} else "other",
        "codec": codec.name if codec is not None else "unknown",
        "channels": codec.channels if sound else None,
        "sample_rate_hz": codec.sample_rate if sound else None,
        "language": stream.language,
        "is_default": bool(stream.disposition & stream.disposition.default),
        "decodable": codec is not None,
    }


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & stream.disposition.attached_pic)
