"""/embed: the script for other sites, by a stable name and by names that hold its hash.

Invariant: any site may load these files and nothing else of ours by `*`; a name with a hash leads
to the bytes that have it, for ever.  Source: Subresource Integrity, W3C.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.caching import holds
from app.api.edge import FOR_EVER
from app.api.problems import documented
from app.api.schemas import Shape

router = APIRouter(prefix="/embed", tags=["embed"])
SCRIPT = "text/javascript"
DIGEST_LETTERS = 16
FRESH = "public, max-age=300, stale-while-revalidate=86400"
ANYBODY = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
PINNED = re.compile(r"v1-([0-9a-f]{16})\.js")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One version of the script."""

    body: bytes

    @property
    def digest(self) -> str:
        """The part of its SHA-256 that its name holds."""
        return hashlib.sha256(self.body).hexdigest()[:DIGEST_LETTERS]

    @property
    def integrity(self) -> str:
        """What a page writes into `integrity=`."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.body).digest()).decode()


class IntegrityAnswer(Shape):
    """How to pin the script of this moment."""

    url: str = Field(description="An address whose bytes never change.")
    integrity: str = Field(description="For the attribute `integrity` of the script's tag.")
    bytes: int = Field(ge=1, description="Before compression.")


@cache
def present() -> Script:
    """The script as this version of the archive has it."""
    return Script(body=(files("app.embed") / "v1.js").read_bytes())


@cache
def pinned() -> Mapping[str, Script]:
    """Every script that may be asked for by its hash: the present one and those of releases."""
    kept = kept_in(files("app.embed") / "released")
    return {**kept, present().digest: present()}


def kept_in(folder: Traversable) -> dict[str, Script]:
    """Scripts of earlier releases by their digest.  Raises: ValueError (a name that lies)."""
    found: dict[str, Script] = {}
    for file in folder.iterdir() if folder.is_dir() else ():
        named = PINNED.fullmatch(file.name)
        if named is None:
            continue
        script = Script(body=file.read_bytes())
        if script.digest != named[1]:
            raise ValueError(f"{file.name} was changed: its hash is {script.digest}")
        found[script.digest] = script
    return found


@router.get(
    "/v1.js",
    summary="The script for other sites",
    response_class=Response,
    responses={200: {"content": {SCRIPT: {}}}, 304: {"description": "Not changed"}},
)
def stable(request: Request) -> Response:
    """The present `<talk-search>` and `<talk-player>`; browsers keep them for 5 minutes."""
    return _sent(request, present(), FRESH)


@router.get(
    "/v1-{digest}.js",
    summary="One version of the script",
    response_class=Response,
    responses={
        200: {"content": {SCRIPT: {}}},
        304: {"description": "Not changed"},
        **documented(404),
    },
)
def by_digest(
    request: Request,
    digest: Annotated[str, Path(max_length=64, description="From `/embed/integrity.json`.")],
) -> Response:
    """The version with this hash, for pages that pin it; it never changes."""
    script = pinned().get(digest)
    if script is None:
        raise HTTPException(status_code=404, headers=ANYBODY)
    return _sent(request, script, FOR_EVER)


@router.get(
    "/integrity.json",
    response_model=IntegrityAnswer,
    summary="How to pin the script",
)
def integrity() -> Response:
    """The address and the hash of the present version, for `src` and `integrity`."""
    script = present()
    answer = IntegrityAnswer(
        url=f"/embed/v1-{script.digest}.js",
        integrity=script.integrity,
        bytes=len(script.body),
    )
    return Response(
        answer.model_dump_json(),
        media_type="application/json",
        headers={**ANYBODY, "cache-control": FRESH},
    )


def _sent(request: Request, script: Script, keep: str) -> Response:
    headers = {**ANYBODY, "etag": f'W/"{script.digest}"', "cache-control": keep}
    if holds(request.headers.get("if-none-match"), headers["etag"]):
        return Response(status_code=304, headers=headers)
    return Response(script.body, media_type=SCRIPT, headers=headers)
