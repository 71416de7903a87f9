"""What can go wrong in the service itself, beside the problems of the catalog and the index.

ServiceProblem
├── PortTaken        another program listens there: choose another port
├── Overloaded       as many searches run as may: come back in a moment
├── TooManyListeners as many listen to jobs as may: come back in a moment, or ask for the job
├── KeyMissing       the address needs a key: send one
├── KeyUnknown       no key has that secret: look for a slip
├── KeyRevoked       the key was ended by staff: ask for another
├── KeyExpired       the key's time is over: ask for another
├── AddressRefused   a signed address is changed, or its time is over: ask for the talk again
├── KeyInUrl         a key, or a parameter for one, is in the address: send it as a header
├── ScopeMissing     the key is not for this: use one with more scope
├── OriginRefused    the key may not be sent from that page: name its origin when making one
├── SeriesRefused    the key is held to other series: search in one of those
├── TooManyRequests  a limit is used up: come back when it begins anew
├── InvalidCursor    the cursor is not one of ours, or of another request: begin without it
├── UnknownParameter, RepeatedParameter   a parameter that nobody reads, or that stands there twice
├── UnknownField     `fields` names what the answer does not have: use the names in the message
├── UnexpectedBody   a request that reads has a body: send none
├── TooManyRanges    more byte ranges at once than are sent: ask for fewer
├── Withdrawn        the talk or paper was here and is no longer shown
├── NoMedia          the talk or paper has no file to serve
├── BodyTooLarge     a request carries more than the address takes
├── VersionMismatch  what is to be changed is no longer what was seen: look again
├── BadUpload        the headers of an upload are missing or malformed: compare them with tus
├── NotAPiece        the piece of an upload has another type than tus gives it
└── OtherProtocol    the client speaks no version of tus that is spoken here
"""

from collections.abc import Iterable
from types import MappingProxyType

_CHALLENGE = 'Bearer realm="seminar archive"'
_INVALID = f'{_CHALLENGE}, error="invalid_token"'  # Source: RFC 6750, 3


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


class TooManyListeners(ServiceProblem):
    """As many streams of events are open as may be."""

    def __init__(self, bound: int) -> None:
        self.bound = bound
        super().__init__(
            f"{bound} others listen to jobs already; try again in a moment, or ask for the job "
            "itself"
        )


class KeyMissing(ServiceProblem):
    """The address needs a key and none was sent."""

    headers = MappingProxyType({"www-authenticate": _CHALLENGE})

    def __init__(self) -> None:
        super().__init__("this needs a key; send it as `Authorization: Bearer` and the key")


class KeyUnknown(ServiceProblem):
    """What was sent is no key of this archive."""

    headers = MappingProxyType({"www-authenticate": _INVALID})

    def __init__(self) -> None:
        super().__init__("the archive knows no such key; look whether it is whole")


class KeyRevoked(ServiceProblem):
    """Staff ended the key."""

    headers = MappingProxyType({"www-authenticate": _INVALID})

    def __init__(self) -> None:
        super().__init__("this key was revoked; ask the archive's staff for another")


class KeyExpired(ServiceProblem):
    """The key's time is over."""

    headers = MappingProxyType({"www-authenticate": _INVALID})

    def __init__(self) -> None:
        super().__init__("this key has expired; ask the archive's staff for another")


class AddressRefused(ServiceProblem):
    """A signed address was changed, or its time is over."""

    def __init__(self) -> None:
        super().__init__(
            "this address of a recording holds no more, or never did; ask for the talk again, "
            "its answer has another"
        )


class KeyInUrl(ServiceProblem):
    """A key in an address would stand in histories and logs."""

    def __init__(self) -> None:
        super().__init__(
            "a key does not belong into an address, where histories and logs keep it; send it as "
            "`Authorization: Bearer` and the key, and revoke it if this was a real one"
        )


class ScopeMissing(ServiceProblem):
    """The key is good, but not for this."""

    def __init__(self, *, scope: str, needed: str) -> None:
        self.scope = scope
        self.needed = needed
        self.headers = {
            "www-authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{needed}"'
        }
        super().__init__(f"a key of the scope {scope} may not do this; it needs the scope {needed}")


class OriginRefused(ServiceProblem):
    """The key, or the address, may not be used from that page."""

    def __init__(self, *, said: bool) -> None:
        self.said = said
        super().__init__(
            "pages of this origin may not use it; a key names the origins that may, each exactly"
            if said
            else "this key is for pages of the origins that it names, and the request has no Origin"
        )


class SeriesRefused(ServiceProblem):
    """The key is held to other series."""

    def __init__(self) -> None:
        super().__init__("this key is held to other series than the one that was asked for")


class TooManyRequests(ServiceProblem):
    """A limit is used up; `by` is what is counted by: key or client."""

    def __init__(self, *, by: str, quota: int, window_s: int, retry_after_s: int) -> None:
        self.by = by
        self.retry_after_s = retry_after_s
        self.headers = {"retry-after": str(retry_after_s)}
        whose = "with this key" if by == "key" else "from this address"
        super().__init__(
            f"more than {quota} requests in {window_s} s {whose}; try again in {retry_after_s} s"
        )


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


class BodyTooLarge(ServiceProblem):
    """The request carries more than the address takes."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        super().__init__(f"the request carries more than {most_bytes} bytes; send less at once")


class VersionMismatch(ServiceProblem):
    """The talk or paper changed since the caller looked."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(
            f"the {kind} is no longer the one that `If-Match` names; read it again, then change it"
        )


class BadUpload(ServiceProblem):
    """A header of the protocol is missing, or cannot be read."""


class NotAPiece(ServiceProblem):
    """The body is not of the type that pieces have."""

    def __init__(self, media_type: str) -> None:
        super().__init__(f"a piece of an upload is sent as `{media_type}`")


class OtherProtocol(ServiceProblem):
    """The client did not say that it speaks this version of tus."""

    def __init__(self, version: str) -> None:
        self.headers = {"tus-version": version}
        super().__init__(f"uploads speak tus {version}; send `Tus-Resumable: {version}`")
