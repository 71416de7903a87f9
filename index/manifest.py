"""What a snapshot says of itself, so that damage anywhere in it is noticed.

Invariant: the manifest names every file with its sha256 and size, and carries a digest of itself;
a changed byte in any of them is a difference.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

FORMAT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of a snapshot."""

    sha256: str
    size_bytes: int

    def __post_init__(self) -> None:
        if len(self.sha256) != 64 or self.size_bytes < 0:
            raise ValueError(f"no sha256 and size: {self.sha256!r}, {self.size_bytes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The identity card of a snapshot; `files` maps a path inside it to what the file must be.

    `rows` counts holes too, `passages` does not; `gone` are the ordinals of the owners whose rows
    are holes.
    """

    generation: str
    created_at: datetime
    passages: int
    rows: int
    gone: tuple[int, ...]
    talks: int
    papers: int
    dimension: int
    encoder_fingerprint: str
    encoder_model: str
    cutter_version: str
    catalog_digest: str
    build: Mapping[str, str]
    files: Mapping[str, FileEntry]

    def __post_init__(self) -> None:
        if self.created_at.tzinfo is None:
            raise ValueError("created_at must know its time zone")
        if self.passages > self.rows:
            raise ValueError(f"{self.passages} passages cannot lie in {self.rows} rows")
        if min(self.passages, self.talks, self.papers, self.dimension) < 0:
            raise ValueError("counts cannot be negative")

    def to_json(self) -> str:
        """The manifest as JSON text that ends in a digest of the rest."""
        body = {"format": FORMAT, **asdict(self), "created_at": self.created_at.isoformat()}
        return json.dumps({**body, "digest": _digest(body)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read a manifest.  Raises: ValueError when it was changed or is of a newer format."""
        body = json.loads(text)
        if not isinstance(body, dict) or body.pop("digest", None) != _digest(body):
            raise ValueError("does not agree with its own digest")
        if body.pop("format", None) != FORMAT:
            raise ValueError(f"is not of format {FORMAT}; it was written by another version")
        return cls(**_typed(body))


def _typed(body: dict[str, Any]) -> dict[str, Any]:
    if body.keys() != {field.name for field in fields(Manifest)}:
        raise ValueError(f"has other fields than expected: {sorted(body)}")
    files = {name: FileEntry(**entry) for name, entry in body["files"].items()}
    created_at = datetime.fromisoformat(body["created_at"])
    return {**body, "created_at": created_at, "files": files, "gone": tuple(body["gone"])}


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
