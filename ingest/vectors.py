"""Vectors of passages, kept by content and model, so that only what changed is encoded again.

One file per talk or paper and model: content keys and unit rows.  Re-creatable, hence an
artifact; replaced whole.
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalog.store import Store
from index.encoders import Encoder
from index.passage import Passage

Vectors = NDArray[np.float32]


class VectorCache:
    """Vectors of one encoder in the store."""

    def __init__(self, store: Store, encoder: Encoder) -> None:
        self._store = store
        self._encoder = encoder

    @property
    def encoder(self) -> Encoder:
        """What makes the vectors."""
        return self._encoder

    def rows(self, owner_id: str, passages: Sequence[Passage]) -> Vectors:
        """Unit rows (n, d) of the owner's passages in order; encodes those that are new."""
        if not passages:
            return np.empty((0, self._encoder.dimension), dtype=np.float32)
        path = self.path(owner_id)
        known = _read(path)
        missing = {one.content_key: one for one in passages if one.content_key not in known}
        if missing:
            encoded = self._encoder.encode_passages([one.encoded_text for one in missing.values()])
            known.update(zip(missing, encoded, strict=True))
        wanted = {one.content_key: known[one.content_key] for one in passages}
        if missing:
            self._store.write_artifact(path, packed(wanted))
        return np.stack([wanted[one.content_key] for one in passages])

    def path(self, owner_id: str) -> Path:
        """The file of a talk's or paper's vectors."""
        return self._store.artifact("vectors", self._encoder.fingerprint[:16], f"{owner_id}.npz")


def _read(path: Path) -> dict[str, Vectors]:
    try:
        with path.open("rb") as stored, np.load(stored, allow_pickle=False) as file:
            return dict(zip(file["keys"].tolist(), file["vectors"], strict=True))
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, zipfile.BadZipFile, EOFError, OSError):
        return {}  # damaged: encoded again, the file is replaced


def packed(rows: dict[str, Vectors]) -> bytes:
    """The content of such a file: unit rows by content key."""
    buffer = io.BytesIO()
    np.savez(buffer, keys=np.array(list(rows)), vectors=np.stack(list(rows.values())))
    return buffer.getvalue()
