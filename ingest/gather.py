"""Which files a call means: files as they are named, folders by the endings that are known.

Invariant: a file that lies in a folder and is not taken is named among the skipped, with a reason.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.languages import is_language
from ingest.accept import MEDIA_TYPES
from ingest.captions import TIMED, UNTIMED, is_captions
from ingest.described import SIDE_CARS, side_car_of

TAKEN = frozenset({*MEDIA_TYPES, ".pdf", *TIMED})
_HALF = (".part", ".crdownload", ".partial", ".tmp", ".download", ".filepart", "~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The files to take, the captions among them by their recording, and what is left out."""

    files: tuple[Path, ...]
    captions: Mapping[Path, Path]
    skipped: tuple[tuple[Path, str], ...]  # with the reason


def gather(paths: Iterable[Path]) -> Gathered:
    """All files under these paths, each once; captions go with the recording of their name."""
    found: dict[Path, Path] = {}
    skipped: list[tuple[Path, str]] = []
    for path in paths:
        if not path.is_dir():
            found.setdefault(path.absolute(), path)
            continue
        for file in files_under(path):
            reason = why_skipped(file)
            if reason is None:
                found.setdefault(file.absolute(), file)
            elif reason:
                skipped.append((file, reason))
    pairs = paired(found.values())
    kept = set(pairs.captions.values())
    others = ((f, f"{pairs.captions[r].name} is used") for f, r in pairs.recordings.items())
    return Gathered(
        files=tuple(file for file in found.values() if file not in pairs.recordings),
        captions=pairs.captions,
        skipped=(*skipped, *(other for other in others if other[0] not in kept)),
    )


def files_under(folder: Path) -> Iterator[Path]:
    """All files of a folder and its folders, in the order of their names."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            yield Path(root) / name


def why_skipped(file: Path) -> str | None:
    """Why a file of a folder is not taken; empty for a side-car, None when it is taken."""
    if is_half(file):
        return "hidden or unfinished"
    if file.suffix.lower() in SIDE_CARS:
        return "" if describes_something(file) else "describes no file"
    if file.suffix.lower() == UNTIMED:
        return "plain text is taken when it is named"
    return None if file.suffix.lower() in TAKEN else "not a known ending"


def is_half(file: Path) -> bool:
    """Whether the name says that the file is hidden or not finished yet."""
    return file.name.startswith((".", "~")) or file.name.lower().endswith(_HALF)


def describes_something(side_car: Path) -> bool:
    """Whether a file lies beside it that it may describe."""
    stem = side_car.stem
    names = (stem, *(stem + one for end in TAKEN for one in (end, end.upper())))
    beside = (side_car.with_name(name) for name in names)
    return any(file.is_file() and side_car_of(file) == side_car for file in beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Captions that are named after a recording: `talk.vtt` or `talk.en.vtt` of `talk.mp4`."""

    captions: Mapping[Path, Path]  # by their recording
    recordings: Mapping[Path, Path]  # by any captions that are named after them


def paired(files: Iterable[Path]) -> Pairs:
    """Which captions go with which recording; of several, the first by name."""
    everything = list(files)
    by_stem = {
        (file.parent, file.stem): file for file in everything if file.suffix.lower() in MEDIA_TYPES
    }
    captions: dict[Path, Path] = {}
    recordings: dict[Path, Path] = {}
    for file in filter(is_captions, everything):
        stem, _, language = file.stem.rpartition(".")
        recording = by_stem.get((file.parent, file.stem))
        if recording is None and is_language(language):
            recording = by_stem.get((file.parent, stem))
        if recording is not None:
            captions.setdefault(recording, file)
            recordings[file] = recording
    return Pairs(captions=captions, recordings=recordings)
