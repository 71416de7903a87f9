"""Keys of a test's archive, made by the catalog's own verbs and believed at once."""

from datetime import datetime
from typing import Any

from starlette.testclient import TestClient

from app.wiring import Service
from catalog import keys
from catalog.keys import NewKey
from tests.app.shelf import Shelf

COURSE = "https://course.example.edu"


def new_key(shelf: Shelf, scope: str, **about: Any) -> tuple[str, str]:
    """Id and secret of a fresh key."""
    with shelf.catalog.write() as session:
        made, secret = keys.add(session, NewKey(scope=scope, **about))
    return made.row.public_id, secret


def revoked(shelf: Shelf, public_id: str) -> None:
    """End a key, as staff would."""
    with shelf.catalog.write() as session:
        keys.revoke(session, public_id)


def expired(shelf: Shelf, public_id: str, at: datetime) -> None:
    """Let a key's time be over."""
    with shelf.catalog.write() as session:
        row = keys.find(session, public_id).row
        row.expires_at = at
        session.add(row)


def service_of(client: TestClient) -> Service:
    """The service behind a client."""
    service = client.app.state.service  # type: ignore[attr-defined]
    assert isinstance(service, Service)
    return service


def believed(client: TestClient) -> None:
    """See now what the service would see within a second."""
    service_of(client).keys.look()


def sent(secret: str, origin: str | None = None) -> dict[str, str]:
    """The headers of a request with a key."""
    return {"authorization": f"Bearer {secret}", **({"origin": origin} if origin else {})}


def answered_from_memory(client: TestClient) -> float:
    """How many answers came out of memory, as the metrics count them."""
    told = client.get("/metrics").text
    line = next(one for one in told.splitlines() if one.startswith("seminar_answers_kept_total "))
    return float(line.split()[1])
