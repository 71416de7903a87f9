"""The provider of OAI-PMH, asked by hand and harvested by an independent harvester."""

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
import uvicorn
from sickle import Sickle, oaiexceptions
from starlette.testclient import TestClient

from app.feeds.oai import records
from app.feeds.oai.protocol import Refused, parsed, selection
from app.main import create_app
from catalog import editing, removal, talks
from catalog.papers import NewPaper, find
from catalog.settings import read_settings
from catalog.tables import Paper, Talk
from catalog.talks import NewTalk
from tests.app.feeds.conftest import HARD
from tests.app.shelf import Shelf, Spoken, served, until

NS = {
    "o": "http://www.openarchives.org/OAI/2.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
}
LIST = "verb=ListRecords&metadataPrefix=oai_dc"


def asked(client: TestClient, query: str) -> ET.Element:
    answer = client.get(f"/oai?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/xml")
    root = ET.fromstring(answer.content)
    assert root.tag == f"{{{NS['o']}}}OAI-PMH"
    return root


def code(root: ET.Element) -> str | None:
    error = root.find("o:error", NS)
    return None if error is None else error.get("code")


def all_of(root: ET.Element, path: str) -> list[str]:
    return [one.text or "" for one in root.findall(path, NS)]


def titles(root: ET.Element) -> set[str]:
    return set(all_of(root, ".//dc:title"))


@pytest.fixture
def harvested(shelf: Shelf) -> Iterator[tuple[Shelf, str]]:
    """A served archive with an address that an ordinary harvester can reach."""
    shelf.talk(
        NewTalk(title=HARD, speakers=("Ada & Co",), series="Open Kernels"),
        Spoken(sentences=("A kernel.",)),
    )
    for number in range(6):
        shelf.bare_talk(NewTalk(title=f"Talk {number}"))
    shelf.paper(NewPaper(title="A paper", authors=("B <C>",), year=2020, doi="10.1/x"), ("Page.",))
    shelf.publish()
    app = create_app(shelf.settings, load_encoder=lambda _: shelf.encoder)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until(lambda: server.started)
            yield shelf, f"http://127.0.0.1:{listening.getsockname()[1]}/oai"
        finally:
            server.should_exit = True
            thread.join(timeout=30)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_harvester_gets_every_record_once_over_many_pages(
    harvested: tuple[Shelf, str], method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PER_PAGE", 3)
    _, address = harvested
    harvester = Sickle(address, http_method=method, timeout=20)
    told = harvester.Identify()
    assert (told.protocolVersion, told.deletedRecord) == ("2.0", "transient")
    assert told.baseURL == address
    assert [one.metadataPrefix for one in harvester.ListMetadataFormats()] == ["oai_dc"]
    assert {one.setSpec for one in harvester.ListSets()} == {
        "talks",
        "papers",
        "talks:open-kernels",
    }
    found = list(harvester.ListRecords(metadataPrefix="oai_dc"))
    assert len(found) == len({one.header.identifier for one in found}) == 8
    stamps = [one.header.datestamp for one in found]
    assert stamps == sorted(stamps)
    said = {one.metadata["title"][0]: one for one in found}
    hard = said[HARD.replace("\x0b", "")]
    assert hard.metadata["creator"] == ["Ada & Co"]
    assert hard.header.setSpecs == ["talks:open-kernels"]
    assert said["A paper"].metadata["creator"] == ["B <C>"]
    assert "https://doi.org/10.1/x" in said["A paper"].metadata["identifier"]
    named = list(harvester.ListIdentifiers(metadataPrefix="oai_dc", set="talks"))
    assert len(named) == 7
    one = harvester.GetRecord(identifier=hard.header.identifier, metadataPrefix="oai_dc")
    assert one.metadata["title"] == hard.metadata["title"]


def test_a_harvester_is_told_of_what_was_withdrawn_and_removed(
    harvested: tuple[Shelf, str],
) -> None:
    shelf, address = harvested
    harvester = Sickle(address, timeout=20)
    before = {
        one.metadata["title"][0]: one.header.identifier
        for one in harvester.ListRecords(metadataPrefix="oai_dc")
    }
    time.sleep(1.1)
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with shelf.catalog.write() as session:
        removal.withdraw(session, talks.find(session, "talk-1"))
        removal.remove(session, talks.find(session, "talk-2"))
    changed = list(harvester.ListRecords(**{"metadataPrefix": "oai_dc", "from": since}))
    assert {one.header.identifier for one in changed} == {before["Talk 1"], before["Talk 2"]}
    assert all(one.deleted and not hasattr(one, "metadata") for one in changed)
    kept = list(harvester.ListRecords(metadataPrefix="oai_dc", ignore_deleted=True))
    assert len(kept) == 6
    with pytest.raises(oaiexceptions.NoRecordsMatch):
        harvester.ListRecords(metadataPrefix="oai_dc", until="1999-01-01")


@pytest.mark.parametrize("deed", ["withdraw", "edit", "remove", "withdraw and remove"])
def test_what_only_some_could_see_is_not_told_as_deleted(shelf: Shelf, deed: str) -> None:
    shown = shelf.bare_talk(NewTalk(title="Shown to all"))
    alone = shelf.bare_talk(NewTalk(title="Shown to some", visibility="unlisted"))
    paper = shelf.paper(NewPaper(title="Quiet paper", visibility="unlisted"), ("Page.",))
    with shelf.catalog.write() as session:
        owners: list[Talk | Paper] = [talks.find(session, one) for one in (shown, alone)]
        for owner in (*owners, find(session, paper)):
            if "withdraw" in deed:
                removal.withdraw(session, owner)
            if "edit" in deed:
                editing.edit(session, owner, {"visibility": "withdrawn"})
            if "remove" in deed:
                removal.remove(session, owner)
    with served(shelf, wait=False) as client:
        told = client.get(f"/oai?{LIST}").text
        assert shown in told
        assert 'status="deleted"' in told
        assert alone not in told
        assert paper not in told


def test_what_is_unlisted_again_is_not_told_as_deleted(shelf: Shelf) -> None:
    quiet = shelf.bare_talk(NewTalk(title="Quiet again"))
    shelf.bare_talk(NewTalk(title="Loud"))
    with shelf.catalog.write() as session:
        talk = talks.find(session, quiet)
        removal.withdraw(session, talk)
        editing.edit(session, talk, {"visibility": "unlisted"})
    with served(shelf, wait=False) as client:
        assert quiet not in client.get(f"/oai?{LIST}").text


def test_nothing_of_a_hidden_talk_is_told(shelf: Shelf) -> None:
    spoken = Spoken(sentences=("A kernel of xylograph.",))
    gone = shelf.talk(NewTalk(title="xylograph gone", series="xylograph set"), spoken)
    alone = shelf.talk(NewTalk(title="xylograph alone", series="quixotry set"), spoken, media=b"1")
    muted = shelf.talk(NewTalk(title="Muted"), Spoken(sentences=("Hush.",)), media=b"2")
    with served(shelf, wait=False) as client:
        with shelf.catalog.write() as session:
            removal.withdraw(session, talks.find(session, gone))
        shelf.change_talk(alone, visibility="unlisted")
        shelf.change_talk(muted, recording_status="withdrawn")
        texts = [
            client.get(f"/oai?{query}").text
            for query in (LIST, LIST.replace("Records", "Identifiers"), "verb=ListSets")
        ]
        assert not any(word in text for text in texts for word in ("xylograph", "quixotry"))
        assert alone not in texts[0] + texts[1]
        assert gone in texts[0]
        root = ET.fromstring(texts[0])
        assert titles(root) == {"Muted"}
        assert all_of(root, ".//dc:type") == ["Event"]
        assert all_of(root, ".//dc:format") == []
        urn = f"urn:seminar-archive:talk:{alone}"
        query = f"verb=GetRecord&metadataPrefix=oai_dc&identifier={urn}"
        assert code(asked(client, query)) == "idDoesNotExist"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", "badVerb"),
        ("verb=Nothing", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=Identify&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListRecords", "badArgument"),
        (f"{LIST}&metadataPrefix=oai_dc", "badArgument"),
        (f"{LIST}&nothing=1", "badArgument"),
        (f"{LIST}&resumptionToken=abc", "badArgument"),
        (f"{LIST}&from=yesterday", "badArgument"),
        (f"{LIST}&from=2024-02-30", "badArgument"),
        (f"{LIST}&from=0000-01-01", "badArgument"),
        (f"{LIST}&from=2024-02-01&until=2024-02-01T00:00:00Z", "badArgument"),
        (f"{LIST}&from=2024-02-02&until=2024-02-01", "badArgument"),
        (f"{LIST}&set=%00", "badArgument"),
        (f"{LIST}&set=talks:nothing", "noRecordsMatch"),
        (f"{LIST}&until=1999-12-31", "noRecordsMatch"),
        (f"{LIST}&from=9999-12-31&until=9999-12-31", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=marc21", "cannotDisseminateFormat"),
        ("verb=ListRecords&resumptionToken=abc", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=%ff", "badResumptionToken"),
        ("verb=ListSets&resumptionToken=abc", "badResumptionToken"),
        ("verb=ListMetadataFormats&identifier=urn:nothing", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=urn:nothing", "idDoesNotExist"),
        (f"{LIST}&set={'x' * 60_000}", "badArgument"),
    ],
)
def test_what_breaks_the_protocol_is_answered_with_its_code(
    reader: TestClient, query: str, wanted: str
) -> None:
    root = asked(reader, query)
    assert code(root) == wanted
    request = root.find("o:request", NS)
    assert request is not None
    assert request.text == "http://testserver/oai"
    assert (request.attrib == {}) == (wanted in {"badVerb", "badArgument"})


def test_a_forged_token_is_refused() -> None:
    good = ["ListRecords", {"metadataPrefix": "oai_dc"}, "2024-01-01T00:00:00Z", "urn:x", 3]

    def token(known: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(known).encode()).decode().rstrip("=")

    assert selection("ListRecords", {"resumptionToken": token(good)}).after is not None
    forged: list[Any] = [None, 1, [], "x", {}, [[]] * 5, good[:4], [*good, 1]]
    bad: dict[int, list[Any]] = {
        0: ["ListIdentifiers", 7, None],
        1: [{}, [], "x", {"metadataPrefix": 1}, {"metadataPrefix": "oai_dc", "set": "\u0000"}],
        2: ["today", 5, None, "2024-01-01T99:00:00Z"],
        3: [5, None, ["urn"]],
        4: [-1, "3", True, 1e9, 10**400, None],
    }
    for place, values in bad.items():
        forged += [[*good[:place], value, *good[place + 1 :]] for value in values]
    for known in forged:
        with pytest.raises(Refused) as refused:
            selection("ListRecords", {"resumptionToken": token(known)})
        assert refused.value.code == "badResumptionToken", known
    deep = base64.urlsafe_b64encode(b"[" * 1400).decode().rstrip("=")
    with pytest.raises(Refused):
        selection("ListRecords", {"resumptionToken": deep})


def test_a_day_holds_all_its_seconds_and_both_ends_count(shelf: Shelf) -> None:
    public_id = shelf.bare_talk(NewTalk(title="At noon"))
    noon = datetime(2024, 2, 12, 12, 0, 0, 999_000, tzinfo=UTC)
    shelf.change_talk(public_id, created_at=noon, updated_at=noon)
    with served(shelf, wait=False) as client:
        for inside in (
            "from=2024-02-12&until=2024-02-12",
            "from=2024-02-12T12:00:00Z&until=2024-02-12T12:00:00Z",
        ):
            assert titles(asked(client, f"{LIST}&{inside}")) == {"At noon"}
        for outside in ("from=2024-02-13", "until=2024-02-11", "from=2024-02-12T12:00:01Z"):
            assert code(asked(client, f"{LIST}&{outside}")) == "noRecordsMatch"
        assert "2024-02-12T12:00:00Z" in client.get("/oai?verb=Identify").text


def test_what_changes_during_a_harvest_comes_again_and_nothing_is_passed_over(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PER_PAGE", 2)
    ids = [shelf.bare_talk(NewTalk(title=f"Talk {n}")) for n in range(5)]
    began = datetime(2024, 1, 1, tzinfo=UTC)
    for number, one in enumerate(ids):
        at = began + timedelta(days=number)
        shelf.change_talk(one, created_at=at, updated_at=at)
    with served(shelf, wait=False) as client:
        root = asked(client, LIST)
        assert titles(root) == {"Talk 0", "Talk 1"}
        shelf.change_talk(ids[0], title="Talk 0, anew", updated_at=began + timedelta(days=9))
        shelf.change_talk(ids[3], title="Talk 3, anew", updated_at=began + timedelta(days=8))
        seen = set()
        while token := (all_of(root, ".//o:resumptionToken") or [""])[0]:
            query = f"verb=ListRecords&resumptionToken={quote(token)}"
            root = asked(client, query)
            seen |= titles(root)
        assert seen == {"Talk 2", "Talk 4", "Talk 3, anew", "Talk 0, anew"}


def test_a_form_is_read_up_to_its_bound(reader: TestClient) -> None:
    assert code_of_form(reader, {"verb": "Identify"}) == 200
    assert code_of_form(reader, {"verb": "x" * 20_000}) == 413
    assert code_of_form(reader, {f"n{n}": "1" for n in range(200)}) == 413
    answer = reader.post("/oai", json={"verb": "Identify"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_type")
    assert reader.put("/oai").status_code == 405


def code_of_form(client: TestClient, fields: dict[str, str]) -> int:
    return client.post("/oai", data=fields).status_code


def test_an_answer_is_not_sent_twice_though_it_says_when_it_was_made(reader: TestClient) -> None:
    first = reader.get(f"/oai?{LIST}")
    again = reader.get(f"/oai?{LIST}", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_an_archive_without_anything_answers_too(shelf: Shelf) -> None:
    with served(shelf, wait=False) as client:
        root = asked(client, "verb=Identify")
        assert all_of(root, ".//o:earliestDatestamp") == ["1970-01-01T00:00:00Z"]
        assert code(asked(client, LIST)) == "noRecordsMatch"


def test_staff_can_be_written_to_where_the_setting_says(shelf: Shelf) -> None:
    shelf.settings = read_settings(
        data_dir=shelf.settings.data_dir,
        contact_email="library@example.edu",
        public_url="https://talks.example.edu",
    )
    with served(shelf, wait=False) as client:
        root = asked(client, "verb=Identify")
        assert all_of(root, ".//o:adminEmail") == ["library@example.edu"]
        assert all_of(root, ".//o:baseURL") == ["https://talks.example.edu/oai"]


def test_a_verb_stands_among_its_arguments() -> None:
    assert parsed([("identifier", "x"), ("verb", "ListMetadataFormats")]) == (
        "ListMetadataFormats",
        {"identifier": "x"},
    )
