"""What a transcript depends on, as one sha256.

Invariant: two engines with equal fingerprints transcribe alike, so a finished window may be reused.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

from index.weights import sha256_of


def fingerprint(distribution: str, weights: Path, *ways: str) -> str:
    """Name the engine's version, its weights (by sha256 where they are a file) and its ways."""
    version = metadata.version(distribution)
    what = sha256_of(weights) if weights.is_file() else weights.name
    return hashlib.sha256("\n".join((distribution, version, what, *ways)).encode()).hexdigest()
