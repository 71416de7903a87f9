"""The OpenAPI document says everything, and what it shows is of the shape that it names."""

import json
from typing import Any

import jsonschema_rs
import pytest

from app.api.described import operations
from app.api.problems import PROBLEM_TYPE, answers
from docs.reference import FOLDER

DOCUMENT = json.loads((FOLDER / "openapi.json").read_text(encoding="utf-8"))
ALL = list(operations(DOCUMENT))
every = pytest.mark.parametrize(
    ("path", "operation"), ALL, ids=[one["operationId"] for _, one in ALL]
)


def fits(value: Any, schema: Any) -> bool:
    whole = {**schema, "components": DOCUMENT["components"]}
    return bool(jsonschema_rs.Draft202012Validator(whole).is_valid(value))


def test_it_is_openapi_3_1_with_each_name_once() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    named = [one["operationId"] for _, one in ALL]
    assert len(named) == len(set(named)) == 34
    assert {tag for _, one in ALL for tag in one["tags"]} == {
        tag["name"] for tag in DOCUMENT["tags"]
    }


@every
def test_an_operation_is_described_whole(path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    for parameter in operation.get("parameters", ()):
        assert parameter["description"], parameter["name"]
    for status, answer in operation["responses"].items():
        assert answer["description"], status
        if status.startswith(("4", "5")) and path != "/readyz":
            assert set(answer["content"]) == {PROBLEM_TYPE}


@every
def test_a_good_answer_has_an_example_of_its_shape(path: str, operation: dict[str, Any]) -> None:
    if path.startswith("/media/"):
        return  # bytes
    good = [one for status, one in operation["responses"].items() if status.startswith("2")]
    for kind, said in good[0].get("content", {}).items():
        assert "example" in said, kind
        assert fits(said["example"], said.get("schema", {}))


@every
def test_each_error_names_its_codes_and_shows_them(path: str, operation: dict[str, Any]) -> None:
    known = {one.code: one.status for one in answers()}
    for status, answer in operation["responses"].items():
        examples = answer.get("content", {}).get(PROBLEM_TYPE, {}).get("examples")
        if examples is None:
            continue
        assert examples, f"{status} has no code"
        for code, example in examples.items():
            assert known[code] == int(status)
            assert f"`{code}`" in answer["description"]
            assert fits(example["value"], {"$ref": "#/components/schemas/Problem"})


def test_a_wrong_example_is_noticed() -> None:
    assert not fits({"items": 3}, {"$ref": "#/components/schemas/TalkList"})


def test_links_lead_to_operations_and_their_parameters() -> None:
    taken = {one["operationId"]: {p["name"] for p in one.get("parameters", ())} for _, one in ALL}
    links = [
        link for _, one in ALL for link in one["responses"].get("200", {}).get("links", {}).values()
    ]
    assert len(links) > 10
    for link in links:
        assert link["parameters"].keys() <= taken[link["operationId"]]
