"""What a request handler asks for by type.

Invariant: a handler gets the service as its caller may use it, so no route can forget to narrow.
"""

import re
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request

from app.api.access import caller_of
from app.wiring import Service
from catalog.errors import NotThere

_KEY = re.compile(r"[a-z0-9-]{1,100}")


def service_of(request: Request) -> Service:
    """The service that this application was opened with, narrowed to what the caller may see."""
    service = request.app.state.service
    if not isinstance(service, Service):
        raise TypeError("the application was used outside its lifespan")
    within = caller_of(request.scope).within
    return service if within is None else replace(service, within=within)


def named(kind: str, key: str) -> str:
    """A public id or slug as it may stand in an address.  Raises: NotThere for anything else."""
    if not _KEY.fullmatch(key):
        raise NotThere(kind, key[:100])
    return key


Opened = Annotated[Service, Depends(service_of)]
