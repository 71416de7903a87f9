"""Media made for the tests: tones and noise in every container, and ways to damage them."""

import random
import struct
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data" / "recordings"
ENCODERS = {
    "mp3": "libmp3lame",
    "m4a": "aac",
    "mp4": "aac",
    "mov": "aac",
    "mkv": "aac",
    "webm": "libopus",
    "ogg": "libopus",
    "flac": "flac",
    "wma": "wmav2",
    "wav": "pcm_s16le",
}
MUXERS = {"wma": "asf", "mkv": "matroska", "m4a": "mp4"}
RATE = 48_000

Sound = NDArray[np.float32]


def shared(folder: str) -> Path:
    """A folder of real recordings; the test is skipped where there is none."""
    where = SHARED / folder
    if not where.is_dir():
        pytest.skip(f"the real recordings ({folder}) are not on this machine")
    return where


def tone(seconds: float, *, pitch_hz: float = 440.0, rate: int = RATE, loud: float = 0.3) -> Sound:
    """A sine tone."""
    times = np.arange(round(seconds * rate)) / rate
    return (loud * np.sin(2 * np.pi * pitch_hz * times)).astype(np.float32)


def silence(seconds: float, *, rate: int = RATE) -> Sound:
    """Nothing at all."""
    return np.zeros(round(seconds * rate), dtype=np.float32)


def write_wav(path: Path, channels: NDArray[np.float32], *, rate: int = RATE) -> Path:
    """Write sound of the shape (samples,) or (samples, channels) as 16-bit PCM."""
    data = np.atleast_2d(channels.T).T
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(data.shape[1])
        stream.setsampwidth(2)
        stream.setframerate(rate)
        stream.writeframes((data * 32767).astype("<i2").tobytes())
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """A sound track to encode."""

    codec: str
    sound: Sound
    start_s: float = 0.0
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A small grey film to encode."""

    seconds: float


def encode(path: Path, sound: Sound, **muxer_options: str) -> Path:
    """Write mono sound in the container and usual coding of the file's suffix."""
    codec = ENCODERS[path.suffix[1:]]
    return write_tracks(path, Sounding(codec=codec, sound=sound), **muxer_options)


def write_tracks(path: Path, *tracks: Sounding | Film, **muxer_options: str) -> Path:
    """Write a recording with these tracks."""
    kind = path.suffix[1:]
    with av.open(str(path), "w", format=MUXERS.get(kind, kind), options=muxer_options) as out:
        streams = [_stream(out, track) for track in tracks]
        for track, stream in zip(tracks, streams, strict=True):
            packets = _film(stream, track) if isinstance(track, Film) else _sound(stream, track)
            for packet in packets:
                out.mux(packet)
    return path


def _stream(out: Any, track: Sounding | Film) -> Any:
    if isinstance(track, Film):
        stream = out.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        return stream
    stream = out.add_stream(track.codec, rate=RATE, layout="mono")
    stream.bit_rate = 64_000
    if track.is_default:
        stream.disposition = av.stream.Disposition.default
    return stream


def _sound(stream: Any, track: Sounding) -> Iterator[Any]:
    context = stream.codec_context
    if not context.is_open:
        context.open()
    resampler = av.AudioResampler(
        format=context.format, layout="mono", rate=RATE, frame_size=context.frame_size or 1024
    )
    for place in range(0, len(track.sound), RATE):
        part = np.ascontiguousarray(track.sound[None, place : place + RATE])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        frame.rate, frame.pts = RATE, place + round(track.start_s * RATE)
        for ready in resampler.resample(frame):
            yield from stream.encode(ready)
    for ready in resampler.resample(None):
        yield from stream.encode(ready)
    yield from stream.encode(None)


def _film(stream: Any, track: Film) -> Iterator[Any]:
    grey = np.full((48, 64, 3), 128, dtype=np.uint8)
    for _ in range(round(track.seconds * 5)):
        yield from stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24"))
    yield from stream.encode(None)


def truncated(source: Path, target: Path, percent: int) -> Path:
    """The first part of a file."""
    data = source.read_bytes()
    target.write_bytes(data[: len(data) * percent // 100])
    return target


def with_noise(source: Path, target: Path, *, seed: int) -> Path:
    """A file of which one block of a hundredth, behind the first third, is random bytes."""
    data = bytearray(source.read_bytes())
    length = max(64, len(data) // 100)
    chance = random.Random(seed)
    place = chance.randrange(len(data) // 3, len(data) - 2 * length)
    data[place : place + length] = chance.randbytes(length)
    target.write_bytes(bytes(data))
    return target


def silent_ogg(path: Path, *, hours: float) -> Path:
    """A small Ogg Opus file whose timestamps claim hours of silence."""
    page = encode(path, silence(1)).read_bytes()
    place = page.rfind(b"OggS")
    header = bytearray(page[place:])
    header[6:14] = struct.pack("<q", round(hours * 3600 * RATE))
    header[22:26] = b"\0\0\0\0"
    header[22:26] = struct.pack("<I", _ogg_checksum(bytes(header)))
    path.write_bytes(page[:place] + bytes(header))
    return path


def _ogg_checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
            value &= 0xFFFFFFFF
    return value
