"""Keys: made once, known by a hash, ended for good."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from catalog import keys, talks
from catalog.engine import Catalog
from catalog.errors import BadKey
from catalog.keys import SECRET, NewKey, end_of
from catalog.origins import checked_origin
from catalog.tables import KeyRow, Series, now
from catalog.talks import NewTalk


def test_a_secret_is_nowhere_in_its_row(catalog: Catalog) -> None:
    with catalog.write() as session:
        made, secret = keys.add(session, NewKey(scope="search", label="course page"))
    assert SECRET.fullmatch(secret)
    with catalog.read() as session:
        row = session.exec(select(KeyRow)).one()
        written = json.dumps(row.model_dump(), default=str)
    assert secret not in written
    assert secret.rpartition("_")[2] not in written
    assert row.sha256 == keys.digest(secret)
    assert secret.endswith(row.ending)
    assert made.state == "active"


def test_no_two_secrets_are_the_same(catalog: Catalog) -> None:
    with catalog.write() as session:
        secrets = {keys.add(session, NewKey(scope="admin"))[1] for _ in range(50)}
    assert len(secrets) == 50


def test_a_key_names_its_series_by_slug_id_or_name(catalog: Catalog) -> None:
    with catalog.write() as session:
        talks.add(session, NewTalk(title="One", series="CS 229br"))
        series = session.exec(select(Series)).one()
        for words in (series.slug, series.public_id, series.name):
            made, _ = keys.add(session, NewKey(scope="search", series=(words,)))
            assert made.series == {series.public_id: "CS 229br"}
        with pytest.raises(BadKey, match='no series "nowhere"; there are cs-229br'):
            keys.add(session, NewKey(scope="search", series=("nowhere",)))


def test_a_revoked_key_stays_in_the_list(catalog: Catalog) -> None:
    with catalog.write() as session:
        made, _ = keys.add(session, NewKey(scope="ingest"))
        assert keys.revoke(session, made.row.public_id)
        assert not keys.revoke(session, made.row.public_id)
        assert [one.state for one in keys.listed(session)] == ["revoked"]
        with pytest.raises(BadKey, match="no key has"):
            keys.revoke(session, "nothing")


def test_a_secret_given_as_an_id_is_not_repeated(catalog: Catalog) -> None:
    with catalog.write() as session:
        _, secret = keys.add(session, NewKey(scope="ingest"))
        with pytest.raises(BadKey) as refused:
            keys.revoke(session, secret)
    assert secret not in str(refused.value)


def test_a_key_expires(catalog: Catalog) -> None:
    with catalog.write() as session:
        made, _ = keys.add(session, NewKey(scope="search", expires_at=now() + timedelta(days=1)))
        assert made.state == "active"
        made.row.expires_at = now() - timedelta(seconds=1)
        assert made.state == "expired"
        with pytest.raises(BadKey, match="is past"):
            keys.add(session, NewKey(scope="search", expires_at=now() - timedelta(days=1)))


def test_an_end_is_a_day_or_some_days() -> None:
    assert end_of("2027-06-30") == datetime(2027, 6, 30, 23, 59, 59, 999_999, UTC)
    assert abs(end_of("90d") - now() - timedelta(days=90)) < timedelta(seconds=5)
    for wrong in ("", "soon", "0d", "-3d", "2027-13-01", "99999d99", "30.6.2027", "99999999d"):
        with pytest.raises(BadKey, match="is no end"):
            end_of(wrong)


@pytest.mark.parametrize("wrong", [{"scope": "root"}, {"scope": "ingest", "series": ("a",)}])
def test_a_key_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadKey):
        NewKey(**wrong)  # type: ignore[arg-type]


def test_the_database_knows_the_scopes(catalog: Catalog) -> None:
    with catalog.write() as session:
        keys.add(session, NewKey(scope="search"))
    with pytest.raises(IntegrityError), catalog.write() as session:
        session.execute(sa.text("UPDATE keys SET scope = 'root'"))


@pytest.mark.parametrize(
    "origin",
    [
        "https://course.example.edu",
        "https://course.example.edu:8443",
        "http://localhost:8000",
        "http://127.0.0.1:5500",
        "http://[::1]:8000",
        "https://xn--bcher-kva.example",
    ],
)
def test_an_origin_as_browsers_send_it_is_taken(origin: str) -> None:
    assert checked_origin(origin) == origin


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "*",
        "https://*.example.edu",
        "course.example.edu",
        "https://course.example.edu/",
        "https://course.example.edu/cs229",
        "https://course.example.edu?x",
        "https://Course.example.edu",
        "https://course.example.edu.",
        "https://course..example.edu",
        "https://course.example.edu:443",
        "https://course.example.edu:0",
        "https://course.example.edu:080",
        "https://course.example.edu:99999",
        "https://user@course.example.edu",
        "http://course.example.edu",
        "http://localhost:80",
        "http://localhost.example.edu",
        "ftp://course.example.edu",
        "https://bücher.example",
        "https://[::zz]",
        "https://course.example.edu\n",
        " https://course.example.edu",
    ],
)
def test_what_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(BadKey):
        checked_origin(origin)
