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
        self._values: OrderedDict[Hashable, V] = OrderedDict()
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
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Hashable, value: V) -> None:
        """Keep a value; the ones used longest ago make room."""
        with self._lock:
            before = self._values.pop(key, None)
            self.bytes -= self._size(before) if before is not None else 0
            self._values[key] = value
            self.bytes += self._size(value)
            while len(self._values) > self.most or self._is_too_big():
                _, dropped = self._values.popitem(last=False)
                self.bytes -= self._size(dropped)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._values.clear()
            self.bytes = 0

    def _is_too_big(self) -> bool:
        return self._most_bytes is not None and self.bytes > self._most_bytes
