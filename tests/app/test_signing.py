"""Signed addresses: what a player is given where reading needs a key."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.errors import AddressRefused
from app.signing import LASTS_S, STEP_S, Signer, secret_in
from tests.app.conftest import filled
from tests.app.keys import COURSE, believed, new_key, revoked, sent
from tests.app.shelf import Shelf, served

PATH = "/media/talks/k3v9q2m7xa"
NOW_S = 1_760_000_000.0
TALK = "/api/v1/talks/the-second-descent"


@dataclass(frozen=True, kw_only=True)
class Closed:
    """An archive whose reading needs a key, and a course's search key."""

    shelf: Shelf
    client: TestClient
    key_id: str
    headers: dict[str, str]

    def address(self) -> str:
        """The address that the course's page is given for its player."""
        return str(self.client.get(TALK, headers=self.headers).json()["media_url"])

    def code(self, address: str) -> str:
        """The problem that an address is answered with."""
        return str(self.client.get(address).json()["code"])


@pytest.fixture
def closed(shelf: Shelf) -> Iterator[Closed]:
    filled(shelf)
    key_id, secret = new_key(shelf, "search", origins=(COURSE,), series=("foundations",))
    shelf.settings = shelf.settings.model_copy(update={"reading": "key"})
    with served(shelf, wait=False) as client:
        believed(client)
        yield Closed(shelf=shelf, client=client, key_id=key_id, headers=sent(secret, COURSE))


def signed(secret: bytes = b"s" * 32) -> tuple[str, str]:
    """The path and the query of an address."""
    path, _, query = Signer(secret).address(PATH, key_id="abc", at_s=NOW_S).partition("?")
    return path, query


def test_an_address_opens_its_path_until_its_end() -> None:
    signer, (path, query) = Signer(b"s" * 32), signed()
    assert signer.key_of(path, query, at_s=NOW_S + LASTS_S - 1) == "abc"
    with pytest.raises(AddressRefused):
        signer.key_of(path, query, at_s=NOW_S + LASTS_S + STEP_S)
    with pytest.raises(AddressRefused):
        signer.key_of(f"{path}x", query, at_s=NOW_S)
    with pytest.raises(AddressRefused):
        Signer(b"t" * 32).key_of(path, query, at_s=NOW_S)
    assert signer.key_of(path, "t=3", at_s=NOW_S) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda q: q.replace("by=abc", "by=abd"),
        lambda q: q.replace("until=17", "until=27"),
        lambda q: q.replace("until=", "until=nan&x="),
        lambda q: q[:-1],
        lambda q: q.rpartition("=")[0] + "=",
        lambda q: q.rpartition("=")[0] + "=%ff%00ü",
        lambda q: q.replace("by=abc&until", "x"),
    ],
)
def test_a_changed_address_is_refused(change: object) -> None:
    path, query = signed()
    assert callable(change)
    with pytest.raises(AddressRefused):
        Signer(b"s" * 32).key_of(path, change(query), at_s=NOW_S)


def test_an_address_stays_the_same_within_its_hour() -> None:
    signer, hour_s = Signer(b"s" * 32), NOW_S // STEP_S * STEP_S
    told = {signer.address(PATH, key_id="abc", at_s=hour_s + s) for s in range(0, STEP_S, 60)}
    assert len(told) == 1


def test_every_server_of_an_archive_has_the_same_secret(tmp_path: Path) -> None:
    first = secret_in(tmp_path)
    assert len(first) == 32
    assert secret_in(tmp_path) == first
    (file,) = (tmp_path / "run").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_player_needs_no_key_in_its_request(closed: Closed) -> None:
    address = closed.address()
    assert "seminar_" not in address
    whole = closed.client.get(address)
    assert whole.status_code == 200
    assert whole.headers["cache-control"] == "private, no-cache"
    part = closed.client.get(address, headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, whole.content[4:8])
    assert closed.client.head(address).status_code == 200
    tag = {"if-none-match": whole.headers["etag"]}
    assert closed.client.get(address, headers=tag).status_code == 304
    assert closed.code(address.partition("?")[0]) == "key_missing"
    assert closed.code(address[:-4] + "0000") == "address_refused"


def test_an_address_opens_nothing_else(closed: Closed) -> None:
    path, _, query = closed.address().partition("?")
    with closed.shelf.catalog.read() as session:
        from catalog import talks

        other = talks.find(session, "what-gradient-descent-prefers").public_id
    assert closed.code(f"/media/talks/{other}?{query}") == "address_refused"
    assert closed.code(f"{path}/?{query}") == "address_refused"
    for elsewhere in ("/api/v1/talks", TALK, "/media/papers/notes-on-tangent-kernels.pdf", "/"):
        assert closed.client.get(f"{elsewhere}?{query}").status_code == 401


def test_an_address_ends_with_its_key_and_with_its_talk(closed: Closed) -> None:
    address = closed.address()
    talk_id = address.partition("?")[0].rpartition("/")[2]
    closed.shelf.change_talk(talk_id, visibility="withdrawn")
    assert closed.code(address) == "withdrawn"
    closed.shelf.change_talk(talk_id, visibility="public")
    assert closed.client.get(address).status_code == 200
    revoked(closed.shelf, closed.key_id)
    end_s = time.monotonic() + 5
    while (answer := closed.client.get(address)).status_code == 200:
        assert time.monotonic() < end_s
        time.sleep(0.1)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_revoked")


def test_where_it_is_not_needed_nothing_is_signed(shelf: Shelf) -> None:
    filled(shelf)
    _, search = new_key(shelf, "search")
    _, admin = new_key(shelf, "admin")
    with served(shelf, wait=False) as client:
        believed(client)
        assert "?" not in client.get(TALK, headers=sent(search)).json()["media_url"]
    assert not (shelf.settings.data_dir / "run").exists()
    shelf.settings = shelf.settings.model_copy(update={"reading": "key"})
    with served(shelf, wait=False) as client:
        believed(client)
        assert "?" not in client.get(TALK, headers=sent(admin)).json()["media_url"]
