"""The decoding process: `python -m ingest.media_child`, started by `ingest.media`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingest.confined_child import Limits, Request, allow_cpu, say, serve

CPU_START_S = 60
SOUND_S_PER_CPU_S = 20


def limits_of(request: Request) -> Limits:
    """A window's size for a file, a twentieth of the longest recording for the processor."""
    options = request["options"]
    return Limits(
        memory_bytes=options["memory_bytes"],
        file_bytes=options["window_s"] * 16_000 * 2 + (1 << 20),
        cpu_s=CPU_START_S,
        most_cpu_s=CPU_START_S + options["max_duration_s"] // SOUND_S_PER_CPU_S,
    )


def answered(file: Path, request: Request) -> dict[str, Any]:
    """The description of a recording or, when asked for, its windows."""
    from ingest.media_reader import Listening, chosen, described, opened, too_long

    options: dict[str, int] = request["options"]
    with file.open("rb") as stream:
        container = opened(file, stream, options)
        description = described(container)
        length_s = (description["duration_ms"] or options["max_duration_s"] * 1000) // 1000
        if length_s > options["max_duration_s"]:
            raise too_long(file, length_s * 1000, options)
        if request["verb"] == "probe":
            return description
        allow_cpu(CPU_START_S + length_s // SOUND_S_PER_CPU_S)
        listening = Listening(file, container, chosen(file, description["tracks"]), options)
        return listening.into(Path(request["out_dir"]), options, say)


if __name__ == "__main__":
    serve(limits_of, answered)
