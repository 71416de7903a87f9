"""Turns at searching: so many at once, so many waiting, the rest refused at once.

Invariant: a refusal costs nothing but a look at a counter; waiting is bounded.
"""

from collections.abc import Callable
from typing import TypeVar

import anyio

from app.errors import Overloaded

T = TypeVar("T")
RETRY_AFTER_S = 1


class Turns:
    """Runs blocking work in threads of its own, `at_once` of them; used from one event loop."""

    def __init__(
        self, *, at_once: int, waiting: int, on_refusal: Callable[[], None] = lambda: None
    ) -> None:
        self._limiter: anyio.CapacityLimiter | None = None
        self.at_once = at_once
        self.bound = at_once + waiting
        self.taken = 0
        self._on_refusal = on_refusal

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, when its turn has come.  Raises: Overloaded, at once."""
        if self.taken >= self.bound:
            self._on_refusal()
            raise Overloaded(retry_after_s=RETRY_AFTER_S)
        if self._limiter is None:  # belongs to the loop, so it is made inside it
            self._limiter = anyio.CapacityLimiter(self.at_once)
        self.taken += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self.taken -= 1
