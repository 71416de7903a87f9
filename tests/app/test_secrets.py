"""No secret is written anywhere: database, logs, metrics, problems."""

import json

import pytest
import structlog
from typer.testing import CliRunner, Result

from app.cli.main import app as command
from tests.app.keys import COURSE, believed, sent
from tests.app.shelf import Shelf, served


def run(shelf: Shelf, *words: str) -> Result:
    """`seminar keys` with these words; the logs it set up end with it."""
    try:
        return CliRunner().invoke(
            command, ["--data-dir", str(shelf.settings.data_dir), "keys", *words]
        )
    finally:
        structlog.reset_defaults()


def made(shelf: Shelf, *options: str) -> dict[str, str]:
    """A key made by the command that staff use."""
    ran = run(shelf, "create", *options, "--json")
    assert ran.exit_code == 0, ran.output
    known: dict[str, str] = json.loads(ran.stdout)
    return known


def test_after_making_and_using_keys_no_secret_is_left(
    shelf: Shelf, capfd: pytest.CaptureFixture[str]
) -> None:
    search = made(shelf, "--scope", "search", "--origin", COURSE, "--label", "course")
    admin = made(shelf, "--scope", "admin", "--expires", "30d")
    secrets = [search["secret"], admin["secret"]]
    capfd.readouterr()
    answers = []
    with served(shelf) as client:
        believed(client)
        for secret in secrets:
            for url in (
                *("/api/v1/search?q=x", "/api/v1/talks/none", "/talks", "/nowhere"),
                *(f"/api/v1/search?q=x&key={secret}", f"/{secret}", f"/talks/{secret}"),
            ):
                answers += [
                    client.get(url, headers=sent(secret, COURSE)),
                    client.get(url, headers=sent(secret)),
                    client.get(url, headers=sent(secret + "x")),
                    client.get(url, headers={"accept": "text/html"}),
                    client.head(url, headers={"x-api-key": secret}),
                ]
        answers.append(client.get("/metrics"))
    written = "".join(capfd.readouterr())
    assert "request" in written
    said = "".join(f"{one.headers}{one.text}" for one in answers)
    stored = b"".join(
        file.read_bytes() for file in shelf.settings.data_dir.rglob("*") if file.is_file()
    )
    assert search["id"].encode() in stored  # the control: the row itself is found
    for secret in secrets:
        random = secret.rpartition("_")[2]
        assert random not in written
        assert random not in said
        assert random.encode() not in stored


def test_the_list_shows_keys_and_no_secrets(shelf: Shelf) -> None:
    key = made(shelf, "--scope", "search", "--label", "course page")
    for form in ([], ["--json"]):
        listed = run(shelf, "list", *form)
        assert key["id"] in listed.stdout
        assert "course page" in listed.stdout
        assert key["secret"].rpartition("_")[2] not in listed.output
    assert run(shelf, "revoke", key["id"]).stdout == f"revoked: key {key['id']}\n"
    rows = json.loads(run(shelf, "list", "--json").stdout)
    assert [row["state"] for row in rows] == ["revoked"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--scope", "root"), "one of search, ingest, admin"),
        (("--scope", "search", "--origin", "https://course.example.edu/"), "nothing after it"),
        (("--scope", "search", "--origin", "http://course.example.edu"), "not encrypted"),
        (("--scope", "search", "--series", "nowhere"), 'no series "nowhere"'),
        (("--scope", "ingest", "--series", "nowhere"), "only a search key"),
        (("--scope", "search", "--expires", "soon"), "give a day (2027-06-30) or days (90d)"),
        (("--scope", "search", "--expires", "2020-01-01"), "is past"),
    ],
)
def test_a_key_that_cannot_be_made_says_why(
    shelf: Shelf, options: tuple[str, ...], says: str
) -> None:
    ran = run(shelf, "create", *options)
    assert ran.exit_code != 0
    assert says in str(ran.exception)
    assert json.loads(run(shelf, "list", "--json").stdout) == []
