"""Absolute addresses: where the archive is to the outside."""

import re

from fastapi import Request

from app.wiring import Service

_HOST = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")


def base_of(request: Request, service: Service) -> str:
    """Scheme, host and port of the archive, as set, else as it was asked; no slash at the end."""
    settings = service.settings
    if settings.public_url:
        return settings.public_url
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        return f"http://{settings.host}:{settings.port}"
    return f"{request.scope['scheme']}://{host}"


def host_of(base: str) -> str:
    """The host alone."""
    host = base.partition("://")[2]
    return host if host.startswith("[") else host.partition(":")[0]


def embed_path(public_id: str, start_s: int = 0) -> str:
    """The page of a talk that others put into a frame, from a second on."""
    return f"/embed/talks/{public_id}" + (f"?t={start_s}" if start_s else "")
