"""What can go wrong in the service itself, beside the problems of the catalog and the index.

ServiceProblem
├── PortTaken        another program listens there: choose another port
├── Overloaded       as many searches run as may: come back in a moment
├── InvalidCursor    the cursor is not one of ours, or of another request: begin without it
├── UnknownParameter, RepeatedParameter   a parameter that nobody reads, or that stands there twice
├── UnknownField     `fields` names what the answer does not have: use the names in the message
├── UnexpectedBody   a request that reads has a body: send none
├── TooManyRanges    more byte ranges at once than are sent: ask for fewer
├── Withdrawn        the talk or paper was here and is no longer shown
└── NoMedia          the talk or paper has no file to serve
"""

from collections.abc import Iterable


class ServiceProblem(Exception):
    """Root of the service's errors; the message says what, which and what to do."""


class PortTaken(ServiceProblem):
    """Another program listens on the address."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        super().__init__(
            f"port {port} on {host} is in use by another program; stop it, or choose another "
            "port with --port"
        )


class Overloaded(ServiceProblem):
    """As many requests wait for a search as may wait."""

    def __init__(self, *, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"too many searches at once; try again in {retry_after_s} s")


class InvalidCursor(ServiceProblem):
    """The cursor was not given out for this request."""

    def __init__(self) -> None:
        super().__init__("the cursor does not belong to this request; begin again without it")


class UnknownParameter(ServiceProblem):
    """The operation has no such parameter; names that were typed are not repeated."""

    def __init__(self, known: Iterable[str]) -> None:
        self.known = tuple(known)
        names = ", ".join(self.known) or "none"
        super().__init__(f"there is a parameter that this address does not have; it has: {names}")


class RepeatedParameter(ServiceProblem):
    """A parameter stands in the address more than once."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"`{name}` is given more than once; give it once")


class UnknownField(ServiceProblem):
    """`fields` names what the answer does not have."""

    def __init__(self, known: Iterable[str]) -> None:
        self.known = tuple(known)
        super().__init__(f"`fields` may name: {', '.join(self.known)}")


class UnexpectedBody(ServiceProblem):
    """A request that only reads came with a body."""

    def __init__(self) -> None:
        super().__init__("a request that reads has no body; send parameters in the address")


class TooManyRanges(ServiceProblem):
    """More byte ranges were asked for at once than are sent."""

    def __init__(self, *, most: int) -> None:
        self.most = most
        super().__init__(f"at most {most} byte ranges are sent at once; ask for fewer")


class Withdrawn(ServiceProblem):
    """Staff took it out of the archive's view."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"this {kind} was withdrawn and is no longer shown")


class NoMedia(ServiceProblem):
    """There is no file of it that may be served."""

    def __init__(self, kind: str, detail: str) -> None:
        self.kind = kind
        super().__init__(f"this {kind} has no file to serve: {detail}")
