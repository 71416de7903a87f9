"""What a request handler asks for by type."""

import re
from typing import Annotated

from fastapi import Depends, Request

from app.wiring import Service
from catalog.errors import NotThere

_KEY = re.compile(r"[a-z0-9-]{1,100}")


def service_of(request: Request) -> Service:
    """The service that this application was opened with."""
    service = request.app.state.service
    if not isinstance(service, Service):
        raise TypeError("the application was used outside its lifespan")
    return service


def named(kind: str, key: str) -> str:
    """A public id or slug as it may stand in an address.  Raises: NotThere for anything else."""
    if not _KEY.fullmatch(key):
        raise NotThere(kind, key[:100])
    return key


Opened = Annotated[Service, Depends(service_of)]
