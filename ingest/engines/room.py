"""How much of a model fits on a GPU: arithmetic and batch by free memory, less when it runs out.

The only file that asks the driver.  Invariant: running out of memory costs time and never text;
what was heard is yielded once, in order.  Not run on a GPU yet: the shares are estimates.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from ingest.errors import OutOfMemory
from ingest.segments import Segment

GIB = 2**30
RESERVE_BYTES = GIB
"""For the driver's context and workspaces."""
PER_STRETCH = 0.12
"""Memory of one stretch of 30 s beside the weights, as a share of them.

Source: the table of faster-whisper's README: large-v2 in float16 takes 4,525 MB alone and 6,090 MB
in batches of eight, beside 3,087 MB of weights; this is half as much again.
"""
BATCHES = (32, 16, 8, 4, 2, 1)
WORTHWHILE_BATCH = 4
"""Rather halve the weights than decode fewer stretches at once."""
SHARES = {"float16": 1.0, "int8_float16": 0.55, "int8": 0.55}
"""The weights on the device, as a share of the file, which holds float16."""

log = structlog.get_logger(__name__)
Run = Callable[[int], Iterator[Segment]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How a model is to run on a device."""

    compute_type: str
    batch_size: int


def chosen(free_bytes: int | None, weights_bytes: int, supported: Sequence[str]) -> Room:
    """The finest arithmetic with a worthwhile batch, else the largest batch that fits.

    weights_bytes: the size of the model's file.  A memory of unknown size is taken for a small one.
    """
    known = [kind for kind in SHARES if kind in supported] or ["float32"]
    if free_bytes is None:
        return Room(compute_type=known[0], batch_size=WORTHWHILE_BATCH)
    rooms = [
        Room(compute_type=kind, batch_size=_batch(free_bytes, weights_bytes, kind))
        for kind in known
    ]
    good = [room for room in rooms if room.batch_size >= WORTHWHILE_BATCH]
    return good[0] if good else max(rooms, key=lambda room: room.batch_size)


def _batch(free_bytes: int, weights_bytes: int, kind: str) -> int:
    left = free_bytes - RESERVE_BYTES - weights_bytes * SHARES.get(kind, 2.0)
    fitting = int(left / (weights_bytes * PER_STRETCH)) if left > 0 else 0
    return next((batch for batch in BATCHES if batch <= fitting), 1)


def free_device_bytes() -> int | None:
    """The free memory of the first GPU that this process may use; None where nobody can tell."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        try:
            return int(pynvml.nvmlDeviceGetMemoryInfo(_handle(pynvml)).free)
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return None


def _handle(pynvml: object) -> object:
    """The driver counts all GPUs, whatever CUDA_VISIBLE_DEVICES leaves to this process."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    if first.startswith(("GPU-", "MIG-")):
        return pynvml.nvmlDeviceGetHandleByUUID(first)  # type: ignore[attr-defined]
    number = int(first) if first.isdigit() else 0
    return pynvml.nvmlDeviceGetHandleByIndex(number)  # type: ignore[attr-defined]


class Batch:
    """The size of a batch, which is halved when the device has no room for it and stays so."""

    def __init__(self, size: int, *, device: str) -> None:
        self.size = size
        self._device = device

    def heard(self, run: Run) -> Iterator[Segment]:
        """What `run` hears in batches of the size; begun again with half of it where memory ends.

        Raises: OutOfMemory, when a single stretch is too much.
        """
        until_ms = 0
        while True:
            try:
                for segment in run(self.size):
                    if segment.start_ms >= until_ms:
                        yield segment
                        until_ms = segment.end_ms
                return
            except OutOfMemory:
                if self.size == 1:
                    raise
                self._halve()

    def _halve(self) -> None:
        log.warning(
            "out of memory, going on with a smaller batch",
            device=self._device,
            batch_size=self.size,
            smaller=self.size // 2,
        )
        self.size //= 2
