"""Whose talks and papers a query asks for by name.

Invariant: a name is known from the snapshot alone.  A whole name always counts.  A surname counts
where nothing else is asked for, and where the archive uses the word as a name: most passages that
have it have it because somebody of that name speaks; "Long" in "long sequences" is none.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from index.notation import plain
from index.rows import Owner
from index.stopwords import STOP_WORDS
from index.terms import surface_words

LEAST_SHARE = 0.2
"""How many of the passages with a surname must be by somebody of that name."""

Share = Callable[[str], float]


class Names:
    """The speakers and authors of one snapshot; read-only."""

    def __init__(self, owners: Sequence[Owner], share: Share) -> None:
        """See `named`.

        share: of the passages with a word, how many have it in the name of a speaker.
        """
        self._share = share
        self._by_surname: dict[str, dict[tuple[str, ...], set[int]]] = {}
        for ordinal, owner in enumerate(owners):
            for name in map(_words_of_name, owner.speakers):
                if name:
                    whole = self._by_surname.setdefault(name[-1], {})
                    whole.setdefault(name, set()).add(ordinal)

    def named(self, text: str) -> frozenset[int]:
        """The ordinals of talks and papers by people whom the text names."""
        words = words_of(text)
        telling = frozenset(words) - STOP_WORDS
        found: set[int] = set()
        for place, surname in enumerate(words):
            people = self._by_surname.get(surname)
            if people:
                found |= self._of(people, words[: place + 1], telling)
        return frozenset(found)

    def _of(
        self, people: dict[tuple[str, ...], set[int]], said: Sequence[str], telling: frozenset[str]
    ) -> set[int]:
        """Who is meant by a surname: those whose whole name was said, else all of that name."""
        whole = [name for name in people if len(name) > 1 and _ends_in(said, name)]
        if not whole and not self._is_a_name(said[-1], telling):
            return set()
        return {ordinal for name in whole or people for ordinal in people[name]}

    def _is_a_name(self, surname: str, telling: frozenset[str]) -> bool:
        return telling == {surname} or self._share(surname) >= LEAST_SHARE


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name or a query, in lower case and without accents."""
    return tuple(surface_words(plain(text)))


_words_of_name = lru_cache(maxsize=65_536)(words_of)  # the next snapshot has the same people


def _ends_in(said: Sequence[str], name: tuple[str, ...]) -> bool:
    """Whether the words end in a whole name, with or without what stands in its middle."""
    return tuple(said[-len(name) :]) == name or tuple(said[-2:]) == (name[0], name[-1])
