"""How often technical terms are heard wrongly: an exact count over an alignment of words.

A term counts once for each time the script says it; the longest listed term wins where two overlap.
It is right when each of its words is aligned to the same word and nothing was put in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Words = Sequence[str]
Pairs = list[tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Errors of one recording."""

    words: int
    word_errors: int
    terms: int
    term_errors: int
    missed: tuple[tuple[str, str], ...] = ()


def counted(said: Words, heard: Words, terms: Sequence[Words]) -> Counted:
    """Align what was heard with what was said and count wrong words and wrong terms."""
    pairs = aligned(said, heard)
    places = occurrences(said, terms)
    at = {i: n for n, (i, _) in enumerate(pairs) if i is not None}
    missed = []
    for start, length in places:
        span = pairs[at[start] : at[start + length - 1] + 1]
        if any(i is None or j is None or said[i] != heard[j] for i, j in span):
            instead = " ".join(heard[j] for _, j in span if j is not None)
            missed.append((" ".join(said[start : start + length]), instead))
    errors = sum(i is None or j is None or said[i] != heard[j] for i, j in pairs)
    return Counted(
        words=len(said),
        word_errors=errors,
        terms=len(places),
        term_errors=len(missed),
        missed=tuple(missed),
    )


def occurrences(said: Words, terms: Sequence[Words]) -> list[tuple[int, int]]:
    """Where listed terms are said, as (place, words), the longest first where they overlap."""
    found, place = [], 0
    longest_first = sorted(terms, key=len, reverse=True)
    while place < len(said):
        length = next(
            (len(t) for t in longest_first if t and list(said[place : place + len(t)]) == list(t)),
            0,
        )
        if length:
            found.append((place, length))
        place += length or 1
    return found


def aligned(said: Words, heard: Words) -> Pairs:
    """The cheapest pairing of two word lists; None stands for a word that has no partner."""
    table = [list(range(len(heard) + 1))]
    for i, word in enumerate(said, 1):
        row = [i]
        for j, other in enumerate(heard, 1):
            row.append(min(table[-1][j] + 1, row[-1] + 1, table[-1][j - 1] + (word != other)))
        table.append(row)
    pairs: Pairs = []
    i, j = len(said), len(heard)
    while i or j:
        if i and j and table[i][j] == table[i - 1][j - 1] + (said[i - 1] != heard[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and table[i][j] == table[i - 1][j] + 1:
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    return pairs[::-1]
