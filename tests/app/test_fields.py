"""`fields` leaves out what nobody asked for, and nothing around it."""

from typing import Any

import pytest
from starlette.testclient import TestClient

API = "/api/v1"


def answer(reader: TestClient, path: str, **given: Any) -> Any:
    got = reader.get(API + path, params=given)
    assert got.status_code == 200
    return got.json()


@pytest.mark.parametrize(
    ("path", "entries"),
    [
        ("/search?q=kernel", "hits"),
        ("/talks", "items"),
        ("/papers", "items"),
        ("/papers/notes-on-tangent-kernels/similar", "items"),
    ],
)
def test_entries_have_the_fields_that_were_asked_for(
    reader: TestClient, path: str, entries: str
) -> None:
    path, _, query = path.partition("?")
    given = dict(one.split("=") for one in query.split("&") if one)
    whole = answer(reader, path, **given)
    few = answer(reader, path, **given, fields="title,id")
    assert few.keys() == whole.keys()
    assert few[entries] == [{name: one[name] for name in ("id", "title")} for one in whole[entries]]


@pytest.mark.parametrize("path", ["/talks/the-second-descent", "/papers/notes-on-tangent-kernels"])
def test_one_thing_has_the_fields_that_were_asked_for(reader: TestClient, path: str) -> None:
    whole = answer(reader, path)
    assert answer(reader, path, fields="abstract") == {"abstract": whole["abstract"]}


def test_fewer_fields_are_another_answer_with_a_tag_of_its_own(reader: TestClient) -> None:
    whole, few = reader.get(f"{API}/talks"), reader.get(f"{API}/talks?fields=id")
    assert whole.headers["etag"] != few.headers["etag"]


@pytest.mark.parametrize("fields", ["", "title,", "Title", "title,nothing", "title title", "*"])
def test_an_unknown_field_is_refused_with_those_that_are_known(
    reader: TestClient, fields: str
) -> None:
    refused = reader.get(f"{API}/talks", params={"fields": fields})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_field")
    assert "recording_status" in refused.json()["detail"]
