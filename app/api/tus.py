"""The headers of uploads, read.  Source: tus 1.0.0, tus.io/protocols/resumable-upload."""

import base64
import binascii
from collections.abc import Iterator, Mapping

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.api.additions import About
from app.errors import BadUpload
from catalog.uploads import ALGORITHMS, Checksum

NAME_BYTES = 200
_LISTS = ("speakers", "papers", "authors")
_NAMES = ("filename", "name")
_OF_CLIENTS = {*_NAMES, "filetype", "type", "relativePath"}  # what well-known ones always send


def number(name: str, said: str | None, *, least: int = 0) -> int:
    """A header that counts bytes.  Raises: BadUpload."""
    if said is None or not said.isascii() or not said.isdigit() or len(said) > 15:
        raise BadUpload(f"`{name}` is missing or not a number of bytes")
    if int(said) < least:
        raise BadUpload(f"`{name}` is {said}; a file without bytes is nothing to take in")
    return int(said)


def checksum(said: str | None) -> Checksum | None:
    """What a piece must hash to, if that was said.  Raises: BadUpload."""
    if said is None:
        return None
    algorithm, _, digest = said.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadUpload(f"`Upload-Checksum` is of {' or '.join(ALGORITHMS)}")
    return Checksum(algorithm=algorithm, digest=_decoded("Upload-Checksum", digest))


def metadata(said: str) -> dict[str, str]:
    """The values of `Upload-Metadata` by name.  Raises: BadUpload."""
    found: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in said.split(","))):
        name, _, value = pair.partition(" ")
        if name in found:
            raise BadUpload("`Upload-Metadata` names something twice")
        try:
            found[name] = _decoded("Upload-Metadata", value).decode()
        except UnicodeDecodeError as error:
            raise BadUpload("`Upload-Metadata` holds a value that is not UTF-8") from error
    return found


def _decoded(name: str, said: str) -> bytes:
    try:
        return base64.b64decode(said, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadUpload(f"`{name}` holds something that is not base64") from error


def file_name(said: Mapping[str, str]) -> str:
    """The last part of the name that was said, as a file may have it.  Raises: BadUpload."""
    name = next((said[one] for one in _NAMES if said.get(one)), "")
    name = name.replace("\\", "/").rpartition("/")[2].strip()
    if not name.strip(".") or not name.isprintable() or len(name.encode()) > NAME_BYTES:
        raise BadUpload(
            "`Upload-Metadata` must hold a `filename` that can be one, of at most "
            f"{NAME_BYTES} bytes"
        )
    return name


def about(said: Mapping[str, str]) -> About:
    """What is known of the file.  Raises: RequestValidationError."""
    given = {name: value for name, value in said.items() if name not in _OF_CLIENTS and value}
    try:
        return About.model_validate(dict(_listed(given)))
    except ValidationError as error:
        faults = [
            {**one, "loc": ("header", "Upload-Metadata", *one["loc"])} for one in error.errors()
        ]
        raise RequestValidationError(faults) from error


def _listed(given: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    for name, value in given.items():
        parts = [part.strip() for part in value.split(";") if part.strip()]
        yield name, parts if name in _LISTS else value
