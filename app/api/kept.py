"""A bounded memory: what was used last stays.

Invariant: never more than `most` entries, nor more than `most_bytes` of what `size` says.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """Values by key; safe from several threads."""

    def __init__(
        self,
        *,
        most: int,
        most_bytes: int | None = None,
        size: Callable[[V], int] = lambda _: 0,
    ) -> None:
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.most = most
        self._most_bytes = most_bytes
        self._size = size
        self.bytes = 0

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._values)

    def get(self, key: Hashable) -> V | None:
        """The value, which counts as used now; None if it is not here any more."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: V) -> None:
        """Keep a value; the ones used longest ago make room."""
        size = self._size(value)
        with self._lock:
            _, before = self._values.pop(key, (None, 0))
            self._values[key] = value, size
            self.bytes += size - before
            while len(self._values) > self.most or self._is_too_big():
                _, (_, dropped) = self._values.popitem(last=False)
                self.bytes -= dropped

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._values.clear()
            self.bytes = 0

    def _is_too_big(self) -> bool:
        return self._most_bytes is not None and self.bytes > self._most_bytes
