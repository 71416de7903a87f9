"""/api/v1/uploads: files in pieces that can be resumed.  Source: tus 1.0.0, tus.io/protocols.

Core, creation, termination, expiration and checksum.  Invariant: an offset that was answered is on
the disk, and a whole upload is answered when its job is promised.  Bytes are written in threads.
"""

from contextlib import AbstractContextManager
from email.utils import format_datetime
from functools import partial
from typing import Annotated, Literal

import anyio
from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Path, Request
from pydantic import Field
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.api import tus
from app.api.depends import Opened, named
from app.api.edge import TUS
from app.api.places import job_url
from app.api.problems import documented
from app.api.schemas import Shape
from app.api.staff_schemas import JobOwner
from app.errors import BadUpload, NotAPiece, OtherProtocol
from app.wiring import Service
from catalog.uploads import ALGORITHMS, NewUpload, Piece, Upload

router = APIRouter(prefix="/api/v1/uploads", tags=["staff"])
PIECE = "application/offset+octet-stream"
EXTENSIONS = "creation,termination,expiration,checksum"
BLOCK_BYTES = 1 << 20
UploadKey = Annotated[str, Path(max_length=200, description="Id of an upload.")]


class UploadAnswer(Shape):
    """A file on its way, or what became of it."""

    id: str
    url: str
    state: Literal["receiving", "accepted", "exists"] = Field(
        description="`exists`: the archive had its bytes already; `about` names what has them."
    )
    file: str
    offset: int = Field(description="How many bytes are here.")
    length: int
    expires_at: str = Field(description="When it is dropped unless it goes on (RFC 9110 date).")
    job: str | None = Field(description="The address of its job, when it is whole.")
    about: JobOwner | None


def speaks_tus(
    tus_resumable: Annotated[str | None, Header(description="Version of tus: `1.0.0`.")] = None,
) -> None:
    """Refuse a client that does not say its version.  Raises: OtherProtocol."""
    if tus_resumable != TUS:
        raise OtherProtocol(TUS)


@router.options(
    "",
    status_code=204,
    summary="What uploads can do",
    responses={204: {"description": "Headers"}, **documented()},
)
@router.options("/{upload_id}", status_code=204, include_in_schema=False)
def options(service: Opened) -> Response:
    """The version of tus, its extensions, and the largest upload, in headers."""
    headers = {
        "tus-version": TUS,
        "tus-extension": EXTENSIONS,
        "tus-max-size": str(service.uploads.most_bytes),
        "tus-checksum-algorithm": ",".join(ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


@router.post(
    "",
    status_code=201,
    response_class=Response,
    summary="Begin an upload",
    dependencies=[Depends(speaks_tus)],
    responses={
        201: {
            "description": "Begun",
            "headers": {
                "Location": {"description": "The upload.", "schema": {"type": "string"}},
                "Upload-Expires": {"schema": {"type": "string"}},
            },
        },
        **documented(412, 413, 422, 507),
    },
)
def begin(
    request: Request,
    service: Opened,
    upload_length: Annotated[str | None, Header(description="Bytes of the whole file.")] = None,
    upload_metadata: Annotated[
        str,
        Header(
            max_length=20_000,
            description="`filename`, and what is known of it as in adding by address; each value "
            "in base64, lists parted by semicolons.",
        ),
    ] = "",
) -> Response:
    """Make room for a file; its bytes follow in pieces to the address in `Location`."""
    if request.headers.get("content-length", "0") != "0":
        raise BadUpload("an upload begins without a body; its bytes follow by PATCH")
    said = tus.metadata(upload_metadata)
    upload = service.uploads.begin(
        NewUpload(
            length_bytes=tus.number("Upload-Length", upload_length, least=1),
            file_name=tus.file_name(said),
            metadata=upload_metadata,
            said=tus.about(said).said,
        )
    )
    headers = {"location": _url(upload), **_standing(upload)}
    return Response(status_code=201, headers=headers)


@router.get(
    "/{upload_id}",
    response_model=UploadAnswer,
    summary="How far an upload is",
    responses=documented(404, 422, 423),
)
def upload(service: Opened, upload_id: UploadKey) -> Response:
    """Its offset and what became of it; by HEAD the headers alone, as tus asks."""
    found = _finished(service, service.uploads.find(named("upload", upload_id)))
    return Response(
        _answer(found).model_dump_json(), media_type="application/json", headers=_standing(found)
    )


@router.patch(
    "/{upload_id}",
    status_code=204,
    summary="Send a piece",
    dependencies=[Depends(speaks_tus)],
    responses={
        204: {
            "description": "Kept; `Link` leads to the job when the upload is whole",
            "headers": {"Upload-Offset": {"schema": {"type": "integer"}}},
        },
        460: {
            **documented()[400],
            "description": "The piece came other than it was sent; nothing of it was kept",
        },
        **documented(404, 409, 412, 413, 415, 422, 423, 507),
    },
    openapi_extra={
        "requestBody": {"content": {PIECE: {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def piece(
    request: Request,
    service: Opened,
    upload_id: UploadKey,
    upload_offset: Annotated[
        str | None, Header(description="Where the piece begins, in bytes.")
    ] = None,
    upload_checksum: Annotated[
        str | None, Header(description="`sha1` or `sha256`, a space, and the digest in base64.")
    ] = None,
) -> Response:
    """Add bytes at the offset that the upload has.  The last piece makes it a job."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != PIECE:
        raise NotAPiece(PIECE)
    opening = service.uploads.piece(
        named("upload", upload_id),
        offset_bytes=tus.number("Upload-Offset", upload_offset),
        checksum=tus.checksum(upload_checksum),
    )
    await _receive(request, opening)
    finished = partial(_finished, service)
    found = await to_thread.run_sync(partial(service.uploads.find, upload_id))
    found = await to_thread.run_sync(finished, found)
    return Response(status_code=204, headers=_standing(found))


@router.delete(
    "/{upload_id}",
    status_code=204,
    summary="End an upload",
    dependencies=[Depends(speaks_tus)],
    responses={204: {"description": "Ended"}, **documented(404, 412, 422, 423)},
)
def end(service: Opened, upload_id: UploadKey) -> Response:
    """Forget an upload and what came of it; the job of a whole one goes on."""
    service.uploads.drop(named("upload", upload_id))
    return Response(status_code=204)


async def _receive(request: Request, opening: AbstractContextManager[Piece]) -> None:
    """Write what comes, a block at a time; what came before a break is kept."""
    writing = await to_thread.run_sync(opening.__enter__)
    try:
        whole = await _written(request, writing)
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(partial(writing.end, whole=whole))
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(opening.__exit__, None, None, None)


async def _written(request: Request, piece: Piece) -> bool:
    """Whether the body came to its end."""
    block = bytearray()
    try:
        async for chunk in request.stream():
            block += chunk
            if len(block) >= BLOCK_BYTES:
                await to_thread.run_sync(piece.write, bytes(block))
                block.clear()
    except ClientDisconnect:
        whole = False
    else:
        whole = True
    if block:
        await to_thread.run_sync(piece.write, bytes(block))
    return whole


def _finished(service: Service, upload: Upload) -> Upload:
    """The upload, with its job if it is whole: a server that died before may have left that."""
    if not upload.is_whole or upload.outcome is not None:
        return upload
    return service.uploads.finish(service.catalog, upload.id)


def _answer(upload: Upload) -> UploadAnswer:
    outcome = upload.outcome or {}
    about = None
    if "id" in outcome:
        about = JobOwner.model_validate({**outcome, "url": f"/{outcome['kind']}s/{outcome['id']}"})
    return UploadAnswer(
        id=upload.id,
        url=_url(upload),
        state="receiving" if not outcome else "exists" if about else "accepted",
        file=upload.file_name,
        offset=upload.offset_bytes,
        length=upload.length_bytes,
        expires_at=format_datetime(upload.expires_at, usegmt=True),
        job=job_url(outcome["job"]) if "job" in outcome else None,
        about=about,
    )


def _standing(upload: Upload) -> dict[str, str]:
    """How far an upload is, in headers."""
    answer = _answer(upload)
    became = answer.job or (answer.about.url if answer.about else None)
    return {
        "cache-control": "no-store",
        "upload-offset": str(upload.offset_bytes),
        "upload-length": str(upload.length_bytes),
        "upload-expires": answer.expires_at,
        **({"upload-metadata": upload.metadata} if upload.metadata else {}),
        **({"link": f'<{became}>; rel="related"'} if became else {}),
    }


def _url(upload: Upload) -> str:
    return f"/api/v1/uploads/{upload.id}"
