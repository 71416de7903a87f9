"""A stream of samples cut into window files at quiet places, with memory for one window only.

Invariant: the files together hold every sample once and in order, and the same samples give the
same files.  Runs in the decoding process.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
SAMPLE_BYTES = 2
HOP = SAMPLE_RATE_HZ // 50
QUIET_HOPS = 10
SILENCE_CHUNK = bytes(SAMPLE_RATE_HZ * SAMPLE_BYTES)

PCM = NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One finished window file and its place, in samples."""

    name: str
    start: int
    end: int


class WindowWriter:
    """Takes samples and leaves window files in a folder."""

    def __init__(self, folder: Path, *, window: int, search: int) -> None:
        self.position = 0
        self.written: list[Written] = []
        self._folder = folder
        self._window = window
        self._search = search
        self._waiting = bytearray()
        _clear(folder)

    def add(self, data: bytes | memoryview) -> None:
        """Append 16-bit little-endian samples."""
        self._waiting += data
        self.position += len(data) // SAMPLE_BYTES
        while len(self._waiting) >= self._window * SAMPLE_BYTES:
            self._write(self._cut())

    def silence(self, length: int) -> None:
        """Append `length` samples of silence."""
        whole, rest = divmod(length * SAMPLE_BYTES, len(SILENCE_CHUNK))
        for _ in range(whole):
            self.add(SILENCE_CHUNK)
        self.add(bytes(rest))

    def close(self) -> list[Written]:
        """Write what is left and make the folder's entries durable."""
        if self._waiting:
            self._write(len(self._waiting) // SAMPLE_BYTES)
        _sync(self._folder)
        return self.written

    def _cut(self) -> int:
        window = np.frombuffer(bytes(self._waiting[: self._window * SAMPLE_BYTES]), dtype="<i2")
        return self._window - self._search + quietest(window[-self._search :])

    def _write(self, length: int) -> None:
        start = self.written[-1].end if self.written else 0
        name = f"window-{len(self.written):04d}.pcm"
        _store(self._folder / name, bytes(self._waiting[: length * SAMPLE_BYTES]))
        del self._waiting[: length * SAMPLE_BYTES]
        self.written.append(Written(name=name, start=start, end=start + length))


def quietest(sound: PCM) -> int:
    """The middle of the quietest 200 ms, in samples; the latest of several equal ones."""
    hops = len(sound) // HOP
    if hops <= QUIET_HOPS:
        return len(sound)
    energy = (sound[: hops * HOP].astype(np.float64) ** 2).reshape(hops, HOP).sum(axis=1)
    running = np.concatenate(([0.0], np.cumsum(energy)))
    stretches = running[QUIET_HOPS:] - running[:-QUIET_HOPS]
    latest = len(stretches) - 1 - int(np.argmin(stretches[::-1]))
    return (latest + QUIET_HOPS // 2) * HOP


def _clear(folder: Path) -> None:
    for stale in [*folder.glob("window-*.pcm"), *folder.glob("window-*.part")]:
        stale.unlink()


def _store(file: Path, data: bytes) -> None:
    part = file.with_suffix(".part")
    with part.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
