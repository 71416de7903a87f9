"""Places at a stream: so many at once, the rest refused at once.

Invariant: a place that was taken is given back once, however its stream ended.
"""

from app.errors import TooManyListeners

AT_ONCE = 32


class Listeners:
    """Counts who listens; used from one event loop."""

    def __init__(self, *, at_once: int = AT_ONCE) -> None:
        self.bound = at_once
        self.taken = 0

    def take(self) -> None:
        """Take a place.  Raises: TooManyListeners."""
        if self.taken >= self.bound:
            raise TooManyListeners(self.bound)
        self.taken += 1

    def leave(self) -> None:
        """Give a place back."""
        self.taken -= 1
