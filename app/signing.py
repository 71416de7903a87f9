"""Addresses of recordings that hold for a while without a key being sent.

A player in a page cannot send a header, and a key never stands in an address.  So who asks for a
talk with a search key is told an address that names the key by its id, says until when it holds,
and carries a signature over both.  Invariant: it opens that one path, no longer than its key is
active, and shows what its key shows.  Source: RFC 2104 (HMAC).
"""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from app.errors import AddressRefused

LASTS_S = 4 * 3600
"""How long an address holds at least; a talk is heard in that time, pauses included."""
STEP_S = 3600
"""Addresses end on the full hour, so that what names one changes once an hour and not each time."""
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs addresses, and reads what was signed with the same secret."""

    secret: bytes

    def address(self, path: str, *, key_id: str, at_s: float) -> str:
        """The path with what opens it for the key with this public id; at_s: since the epoch."""
        until_s = int(at_s + LASTS_S) // STEP_S * STEP_S + STEP_S
        said = {"by": key_id, "until": str(until_s)}
        return f"{path}?{urlencode({**said, 'signature': self._signature(path, **said)})}"

    def key_of(self, path: str, query: str, *, at_s: float) -> str | None:
        """The public id of the key that an address was made for; None where none is signed.

        Raises: AddressRefused (another path, another secret, or its time is over).
        """
        said = dict(parse_qsl(query, keep_blank_values=True))
        signature = said.get("signature")
        if signature is None:
            return None
        by, until = said.get("by", ""), said.get("until", "")
        expected = self._signature(path, by=by, until=until)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            raise AddressRefused
        if float(until) <= at_s:
            raise AddressRefused
        return by

    def _signature(self, path: str, *, by: str, until: str) -> str:
        said = "\n".join((path, by, until)).encode("utf-8", "replace")
        return hmac.new(self.secret, said, hashlib.sha256).hexdigest()


def secret_in(folder: Path) -> bytes:
    """The secret of the archive in this folder, made where there is none; every server has it.

    Raises: OSError.
    """
    path = folder / "run" / "media.secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    with open(aside, "xb", opener=_for_its_owner) as file:
        file.write(secrets.token_bytes(SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):  # another server was first: its secret is the archive's
        path.hardlink_to(aside)
    aside.unlink()
    return path.read_bytes()


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
