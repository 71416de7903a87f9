"""/embed: the script for other sites, by a stable name and by names that hold its hash.

Invariant: any site may load these files and nothing else of ours by `*`; a name with a hash leads
to the bytes that have it, for ever.  Source: Subresource Integrity, W3C.
"""

import base64
import hashlib
import os
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import structlog
from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.caching import holds
from app.api.depends import Opened
from app.api.edge import FOR_EVER
from app.api.schemas import Shape

router = APIRouter(prefix="/embed", include_in_schema=False)
SCRIPT = "text/javascript"
DIGEST_LETTERS = 16
FRESH = "public, max-age=300, stale-while-revalidate=86400"
ANYBODY = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
DIGEST = re.compile(r"[0-9a-f]{16}")
KEPT = "embed"
"""The folder, in that of the archive, of every script that it ever served."""

log = structlog.get_logger(__name__)


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


def keep(folder: Path) -> None:
    """Keep the present script for pages that pin it, also when another version is installed.

    Where the folder cannot be written, none is kept, and the log says so.
    """
    script = present()
    path = folder / f"v1-{script.digest}.js"
    if path.exists():
        return
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(script.body)
        aside.replace(path)
    except OSError as error:
        log.warning("the script for other sites is not kept", reason=str(error))


def pinned(folder: Path, digest: str) -> Script | None:
    """The script with this hash: the present one, or one that was kept in the folder."""
    if digest == present().digest:
        return present()
    if not DIGEST.fullmatch(digest):
        return None
    try:
        script = Script(body=(folder / f"v1-{digest}.js").read_bytes())
    except OSError:
        return None
    return script if script.digest == digest else None  # one that was changed is not served


@router.get("/v1.js")
def stable(request: Request) -> Response:
    """The present `<talk-search>` and `<talk-player>`; browsers keep them for 5 minutes."""
    return _sent(request, present(), FRESH)


@router.get("/v1-{digest}.js")
def by_digest(
    request: Request,
    service: Opened,
    digest: Annotated[
        str, PathParameter(max_length=64, description="From `/embed/integrity.json`.")
    ],
) -> Response:
    """The version with this hash, for pages that pin it; it never changes."""
    script = pinned(service.settings.data_dir / KEPT, digest)
    if script is None:
        raise HTTPException(status_code=404, headers=ANYBODY)
    return _sent(request, script, FOR_EVER)


@router.get("/integrity.json")
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
