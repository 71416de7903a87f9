"""Origins of web pages: scheme, host and port, written exactly as browsers send them.

Invariant: what passes here can be compared with a request's `Origin` byte by byte.
Source: RFC 6454, 6.2; Fetch, "Origin header".
"""

import ipaddress
import re

from catalog.errors import BadKey

_ORIGIN = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>\d+))?"
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_USUAL_PORTS = {"https": "443", "http": "80"}
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FORM = "write it as browsers do: https://course.example.edu, in lower case, with nothing after it"


def checked_origin(text: str) -> str:
    """The origin, if it is one.  Raises: BadKey, saying what is wrong with it."""
    match = _ORIGIN.fullmatch(text)
    if match is None:
        raise BadKey(f"{text!r} is not the origin of a page; {_FORM}")
    scheme, host, port = match["scheme"], match["host"], match["port"]
    if scheme not in _USUAL_PORTS:
        raise BadKey(f"{text!r} begins with {scheme}://; pages come by https")
    if scheme == "http" and host not in _THIS_MACHINE:
        raise BadKey(f"{text!r} is not encrypted; http is taken for localhost only")
    if not _is_host(host):
        raise BadKey(f"{text!r} has no host that can be; {_FORM}")
    if port is not None and (port != str(int(port)) or not 0 < int(port) < 65536):
        raise BadKey(f"{text!r} has no port that can be: 1 to 65535")
    if port == _USUAL_PORTS[scheme]:
        raise BadKey(f"{text!r} names the usual port, which browsers leave out; leave it out")
    return text


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1])) == host[1:-1]
        except ValueError:
            return False
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.split("."))
