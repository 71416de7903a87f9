"""Where hits may come from: filters on talks and papers, worked out once for both legs.

Invariant: both legs are given the same talks and papers, so no leg can find what the other must
not.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.passage import Kind
from index.query import Understood
from index.rows import Owner
from index.terms import Restriction


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a talk or paper must be; None lets everything through.

    owners: the only talks and papers there are for who asks, by their public ids.
    typed: filters that stand in the query; all must hold beside the others.
    """

    kinds: tuple[Kind, ...] | None = None
    owner: str | None = None
    owners: frozenset[str] | None = None
    series: str | None = None
    speaker: str | None = None
    year: int | None = None
    typed: tuple[Understood, ...] = ()

    def with_typed(self, typed: tuple[Understood, ...]) -> "Filters":
        """These filters, and those that were typed."""
        return replace(self, typed=typed)

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return self.kinds is not None or self._beyond_kind

    @property
    def _beyond_kind(self) -> bool:
        return bool(self.typed) or any(
            value is not None
            for value in (self.owner, self.owners, self.series, self.speaker, self.year)
        )

    def admits(self, owner: Owner) -> bool:
        """Whether passages of this talk or paper may be found."""
        return (
            (self.kinds is None or owner.kind in self.kinds)
            and (self.owner is None or owner.owner_id == self.owner)
            and (self.owners is None or owner.owner_id in self.owners)
            and (self.series is None or _folded(owner.series or "") == _folded(self.series))
            and (self.year is None or owner.year == self.year)
            and (
                self.speaker is None
                or any(_folded(self.speaker) in _folded(name) for name in owner.speakers)
            )
            and all(_holds(one, owner) != one.excluded for one in self.typed)
        )

    def ordinals(self, owners: Sequence[Owner]) -> list[int] | None:
        """The places of the talks and papers admitted, or None when nothing is filtered."""
        if not self.any:
            return None
        return [place for place, owner in enumerate(owners) if self.admits(owner)]

    def restriction(self, ordinals: Sequence[int] | None) -> Restriction:
        """The same for the terms leg, which knows kinds by themselves."""
        if not self._beyond_kind:
            return Restriction(kinds=self.kinds)
        return Restriction(owners=tuple(ordinals or ()))


def allowed_rows(
    owner_of: NDArray[np.int64], ordinals: Sequence[int] | None
) -> NDArray[np.bool_] | None:
    """Which rows may be found: those of these talks and papers; None: all.

    owner_of: the talk or paper of each row.
    """
    if ordinals is None:
        return None
    return np.isin(owner_of, np.array(ordinals, dtype=np.int64))


def without(
    allowed: NDArray[np.bool_] | None, left_out: Sequence[int], rows: int
) -> NDArray[np.bool_] | None:
    """The rows that may be found, but for those left out; None: all of so many rows."""
    if not left_out:
        return allowed
    rest = np.ones(rows, dtype=np.bool_) if allowed is None else allowed.copy()
    rest[np.array(left_out, dtype=np.int64)] = False
    return rest


def newest_beginnings(
    owners: Sequence[Owner], owner_of: NDArray[np.int64], rows: NDArray[np.int64]
) -> list[int]:
    """The first of these rows of each talk or paper, the newest talks and papers first."""
    ordinals, places = np.unique(owner_of[rows], return_index=True)
    firsts = zip(ordinals.tolist(), rows[places].tolist(), strict=True)
    return [row for _, row in sorted(firsts, key=lambda one: (-(owners[one[0]].year or 0), one))]


def _holds(one: Understood, owner: Owner) -> bool:
    """Whether a typed filter fits, whatever it is for; accents and spaces make no difference."""
    if one.part == "kind":
        return owner.kind == one.value
    if one.part == "year":
        first, last = one.years
        return owner.year is not None and first <= owner.year <= last
    if one.part == "series":
        return _bare(one.value) in _bare(owner.series or "")
    return any(_bare(one.value) in _bare(name) for name in owner.speakers)


def _bare(name: str) -> str:
    """The letters and digits of a name, without case and accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
