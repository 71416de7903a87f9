"""The content of a generation: parts of rows, and one term index over all of them.

Invariant: a file of a generation never changes.  A generation that grew out of another has hard
links to the files that stayed the same, its own new part, and a note of the owners that are gone.

    part-000000000/  vectors.npy  [cells.npz]  passages.jsonl  rows.npy  owners.json
                     stems.u32  stem_starts.npy
    part-000200000/  the same, of row 200,000 and what follows
    terms/           tantivy's own segments
    spelling.tsv     every word of the term index
    notation.json    what passages and queries are normalised by

A new part swallows those before it that are not twice as large, by writing them out one after the
other.  So each is at least twice as large as the next; of a million rows there are at most twenty
parts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from index import closeness, spelling, terms
from index.closeness import join_wordings
from index.dense import join_vectors, write_vectors
from index.durable import link_folder
from index.encoders import Vectors
from index.notation import Notation, packaged
from index.passage import Passage
from index.rows import Place, Rows, RowsWriter, join_rows, rows_in

TERMS_FOLDER = "terms"
NOTATION_FILE = "notation.json"
PART_PREFIX = "part-"
_NEW_PART = "new"
_UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a generation has that its base had not, and whose rows it has no more.

    passages: all of each new or changed talk and paper, one after the other; a changed one is also
    in `gone`.  vectors: a unit row for each.  stamps: see `Rows.stamps`.  notation: by which the
    passages are normalised, and those of the base were.
    """

    passages: Iterable[Passage]
    vectors: Vectors
    stamps: Mapping[str, str] = field(default_factory=dict)
    gone: Iterable[str] = ()
    notation: Notation = field(default_factory=packaged)


def parts_of(folder: Path) -> list[Path]:
    """The folders of a generation's parts, in row order."""
    return sorted(folder.glob(f"{PART_PREFIX}*"))


def build(folder: Path, content: Change) -> Sequence[int]:
    """Write everything anew into an empty folder; nobody is gone.

    Raises: ValueError when vectors and passages do not fit.
    """
    (folder / TERMS_FOLDER).mkdir()
    part = folder / _named(0)
    rows = _begun(part, content, Place(row=0, owner=0))
    with closeness.Writer(part) as wordings:
        terms.write_terms(
            folder / TERMS_FOLDER,
            terms.Content(
                rows=rows.written(content.passages),
                notation=content.notation,
                told=wordings.take,
            ),
        )
    _finished(part, rows, content)
    _describe(folder, content.notation)
    return ()


def grow(folder: Path, base: Path, gone: Sequence[int], change: Change) -> Sequence[int]:
    """Fill an empty folder from a verified base and what changed; returns who is gone now.

    gone: the ordinals of owners that were gone in the base.
    Raises: ValueError when vectors and passages do not fit.
    """
    rows = Rows(parts_of(base), gone)
    leaving = rows.ordinals_of(change.gone)
    place = Place(row=rows.total, owner=len(rows.owners))
    (folder / TERMS_FOLDER).mkdir()
    part = folder / _NEW_PART
    added = _begun(part, change, place)
    with closeness.Writer(part) as wordings:
        terms.extend_terms(
            folder / TERMS_FOLDER,
            base / TERMS_FOLDER,
            terms.Content(
                rows=added.written(change.passages),
                notation=change.notation,
                told=wordings.take,
                gone=leaving,
            ),
        )
    _finished(part, added, change)
    _take_over(folder, base)
    _describe(folder, change.notation)
    return sorted({*gone, *leaving})


def _describe(folder: Path, notation: Notation) -> None:
    """Keep the notation and the words of a whole term index beside it."""
    (folder / NOTATION_FILE).write_text(notation.to_json(), encoding="utf-8")
    words = terms.spelled_words(folder / TERMS_FOLDER)
    passages = sum(rows_in(part) for part in parts_of(folder))
    spelling.write_words(folder / spelling.SPELLING_FILE, words, passages=passages)


def _begun(part: Path, change: Change, begin: Place) -> RowsWriter:
    _check(change.vectors)
    part.mkdir()
    return RowsWriter(part, begin=begin, stamps=change.stamps)


def _finished(part: Path, rows: RowsWriter, change: Change) -> None:
    rows.finish()
    if rows.passages != len(change.vectors):
        raise ValueError(f"{rows.passages} passages came with {len(change.vectors)} vectors")
    write_vectors(part, change.vectors)


def _take_over(folder: Path, base: Path) -> None:
    """Link the base's parts; those at its end that are not twice as large go into the new one."""
    kept, joined = parts_of(base), [folder / _NEW_PART]
    size = rows_in(joined[0])
    while kept and (mine := rows_in(kept[-1])) <= 2 * size:
        joined.insert(0, kept.pop())
        size += mine
    for part in kept:
        link_folder(part, folder / part.name)
    first = sum(rows_in(part) for part in kept)
    _joined(folder / _named(first), joined)


def _joined(target: Path, parts: Sequence[Path]) -> None:
    if len(parts) > 1:
        target.mkdir()
        join_rows(target, parts)
        join_vectors(target, parts)
        join_wordings(target, parts)
        for file in parts[-1].iterdir():
            file.unlink()
        parts[-1].rmdir()
    else:
        parts[0].rename(target)


def _named(first_row: int) -> str:
    return f"{PART_PREFIX}{first_row:09d}"


def _check(vectors: Vectors) -> None:
    if vectors.ndim != 2 or vectors.dtype != np.float32 or vectors.shape[1] < 1:
        raise ValueError(
            f"vectors must be float32 of shape (n, d), not {vectors.dtype} {vectors.shape}"
        )
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1) < _UNIT_TOLERANCE):  # also false for NaN
        row = int(np.argmax(~(np.abs(lengths - 1) < _UNIT_TOLERANCE)))
        raise ValueError(f"vector {row} is of length {lengths[row]}, not 1")
