"""A recording's tracks, and its sound as 16 kHz windows on disk.

Decoders read what strangers made, so every file is opened in a child process (`media_child`) with
limits on memory, processor time and file size.  Invariant: whatever the file holds, the caller gets
windows whose times match the player's, or one of the errors of `ingest.errors`; and the same file
gives the same windows byte for byte.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ingest.confined import Confined, Progress
from ingest.errors import UnreadableMedia

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
DECODER = Confined(
    module="ingest.media_child",
    crash=UnreadableMedia,
    advice="convert it to mp3 or wav and add that",
)

TrackKind = Literal["audio", "video", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One track of a recording, as its container declares it."""

    number: int
    kind: TrackKind
    codec: str
    channels: int | None = None
    sample_rate_hz: int | None = None
    language: str | None = None
    is_default: bool = False
    decodable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """What a container declares about itself; `duration_ms` is None where it does not say."""

    container: str
    duration_ms: int | None
    tracks: tuple[Track, ...]
    has_video: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeOptions:
    """How windows are cut, and the limits of the decoding process."""

    window_s: int = 600
    quiet_search_s: int = 60
    max_duration_s: int = 12 * 3600
    max_tracks: int = 64
    memory_bytes: int = 2 << 30

    def __post_init__(self) -> None:
        if not 0 < self.quiet_search_s < self.window_s:
            raise ValueError(f"need 0 < quiet_search_s < window_s: {self}")
        if min(self.max_duration_s, self.max_tracks, self.memory_bytes) <= 0:
            raise ValueError(f"limits must be positive: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A raw file of 16-bit little-endian mono samples at 16 kHz, and its place in the recording."""

    file: Path
    start_ms: int
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The sound of one recording.

    Windows are in time order and touch.  `gaps` are the stretches [start_ms, end_ms) that could not
    be read, in time order; a gap after the last window reaches to where the recording should end.
    `cut_off` says that the file stops before its own end mark, by an unknown length.
    """

    windows: tuple[Window, ...]
    decoded_ms: int
    container_ms: int | None
    gaps: tuple[tuple[int, int], ...]
    cut_off: bool
    track: int

    @property
    def is_partial(self) -> bool:
        """Whether anything of the recording is missing."""
        return bool(self.gaps) or self.cut_off


def probe(path: Path, *, options: DecodeOptions | None = None) -> MediaInfo:
    """Read what a recording's container declares, without decoding it.

    Raises: UnreadableMedia, UnsupportedFormat, TooLarge, DecoderStopped.
    """
    request = {"verb": "probe", "options": asdict(options or DecodeOptions())}
    answer = DECODER.ask(path, request)
    tracks = tuple(Track(**t) for t in answer.pop("tracks"))
    return MediaInfo(**answer, tracks=tracks)


def decode(
    path: Path,
    out_dir: Path,
    *,
    options: DecodeOptions | None = None,
    progress: Progress | None = None,
) -> Decoded:
    """Write a recording's sound into `out_dir` as windows that end where it is quiet.

    `progress` gets the milliseconds decoded so far, once a minute of sound.  Windows of an earlier
    try are replaced, each atomically.  Damage never raises as long as any sound was read.
    Raises: UnreadableMedia, NoAudio, UnsupportedFormat, TooLarge, DecoderStopped, DiskFull.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    chosen = asdict(options or DecodeOptions())
    request = {"verb": "decode", "out_dir": str(out_dir.resolve()), "options": chosen}
    answer = DECODER.ask(path, request, progress)
    windows = tuple(
        Window(file=out_dir / Path(name).name, start_ms=start, duration_ms=duration)
        for name, start, duration in answer.pop("windows")
    )
    gaps = tuple((start, end) for start, end in answer.pop("gaps"))
    return Decoded(**answer, windows=windows, gaps=gaps)


def samples(file: Path) -> NDArray[float32]:
    """A window's sound, shape (n,), float32 in -1..1 at 16 kHz."""
    import numpy as np

    return np.fromfile(file, dtype="<i2").astype(np.float32) / np.float32(32768.0)
