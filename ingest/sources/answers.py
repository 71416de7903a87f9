"""What a server's answer says of a file: whether it is one, its name, and whether it is the same.

Pure but for the note that lies beside a file that is not whole yet.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import unquote

from catalog.addresses import Target
from ingest.errors import LinkRefused, Unreachable

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_PAGE_TYPES = {"text/html", "application/xhtml+xml"}
_PAGE_BEGINS = (b"<!doctype html", b"<html")
_NAME_BYTES = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The beginning of an answer: headers by their names in lower case."""

    target: Target
    status: int
    headers: Mapping[str, str]

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is known of a file that is not whole yet."""

    validator: str
    total: int | None
    name: str
    media_type: str


def require_file(head: Head) -> None:
    """Raises: LinkRefused (it will not give a file), Unreachable (it may later)."""
    status, shown = head.status, head.target.shown
    if status in _PASSING or status >= 500:
        raise Unreachable(shown, f"the server answers {status}", after_s=_retry_after(head))
    if status in {404, 410}:
        raise LinkRefused(shown, f"there is nothing ({status})", "check the address")
    if status in {401, 402, 403, 407, 451}:
        raise LinkRefused(
            shown,
            f"the server does not give it to us ({status})",
            "download the file yourself and add it",
        )
    if status not in {200, 206, 416}:
        raise LinkRefused(shown, f"the server answers {status}", "check the address")
    if head.header("content-type").partition(";")[0].strip().lower() in _PAGE_TYPES:
        raise page_instead(head.target)
    if head.header("content-encoding") not in {"", "identity"}:
        raise LinkRefused(
            shown, "the server sends it packed", "download the file yourself and add it"
        )


def looks_like_a_page(block: bytes) -> bool:
    """Whether a file begins as a page does, whatever its server calls it."""
    return block[:64].lstrip().lower().startswith(_PAGE_BEGINS)


def page_instead(target: Target) -> LinkRefused:
    """The refusal of a page where a file was expected."""
    return LinkRefused(
        target.shown,
        "this address shows a page, not a file",
        "give the address of the recording or PDF itself",
    )


def too_large(target: Target, limit_bytes: int) -> LinkRefused:
    """The refusal of a file beyond the limit."""
    return LinkRefused(
        target.shown,
        f"it gives more than {limit_bytes / 1e9:.3g} GB, the limit",
        "raise SEMINAR_LINK_MAX_GB if it is meant",
    )


# going on with a part


def keep_part(part: Path, known: Part) -> None:
    """Note beside a part what is known of it."""
    part.parent.mkdir(parents=True, exist_ok=True)
    _note_of(part).write_text(json.dumps(asdict(known)))


def read_part(part: Path) -> Part | None:
    """What was noted of a part that can be gone on with."""
    try:
        known = Part(**json.loads(_note_of(part).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return known if known.validator and part.exists() else None


def drop_note(part: Path) -> None:
    """Forget what was noted: the part is whole, or is begun anew."""
    _note_of(part).unlink(missing_ok=True)


def goes_on(head: Head, known: Part | None, begun: int) -> bool:
    """Whether the answer is the rest of the same file, from byte `begun`."""
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", head.header("content-range"))
    if head.status != 206 or known is None or span is None:
        return False
    return int(span[1]) == begun and _validator(head) in {"", known.validator}


def described(head: Head, begun: int) -> Part:
    """What the beginning of an answer says of the whole file."""
    length = head.header("content-length")
    return Part(
        validator=_validator(head),
        total=begun + int(length) if length.isdecimal() else None,
        name=_name(head),
        media_type=head.header("content-type").partition(";")[0].strip().lower(),
    )


def _note_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _validator(head: Head) -> str:
    """What tells that a file is still the same; a weak tag does not.  Source: RFC 9110, 13.1.5."""
    tag = head.header("etag")
    return tag if tag and not tag.startswith("W/") else head.header("last-modified")


def _name(head: Head) -> str:
    """What the server calls the file, else the end of the address; never a path."""
    named = _disposed(head) or unquote(head.target.path.partition("?")[0])
    last = named.replace("\\", "/").rstrip("/").rpartition("/")[2]
    clean = "".join(c if c.isalnum() or c in " .-_()" else "_" for c in last)
    return clean.encode()[-_NAME_BYTES:].decode(errors="ignore").strip(". ") or head.target.host


def _disposed(head: Head) -> str | None:
    message = Message()
    message["Content-Disposition"] = head.header("content-disposition")
    try:
        return message.get_filename()
    except (TypeError, ValueError, LookupError):  # the library stumbles over malformed ones
        return None


def _retry_after(head: Head) -> float | None:
    said = head.header("retry-after")
    return float(said) if said.isdecimal() else None
