"""The whole API against its own document: random requests, and walks along its links."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from starlette.testclient import TestClient

from app.api.described import readings
from docs.reference import FOLDER
from tests.app.contract import api_of, try_operation, walk
from tests.app.shelf import Shelf, served

BOUNDED = settings(
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
DOCUMENT = json.loads((FOLDER / "openapi.json").read_text(encoding="utf-8"))
NAMES = [one["operationId"] for _, one in readings(DOCUMENT)]


@pytest.fixture(scope="module")
def opened(library: Shelf) -> Iterator[TestClient]:
    with served(library) as client:
        yield client


@pytest.fixture(scope="module")
def document(opened: TestClient) -> schemathesis.BaseSchema:
    return api_of(opened.app)


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_keeps_its_word(document: schemathesis.BaseSchema, name: str) -> None:
    answered: Counter[int] = Counter()
    try_operation(document, name, BOUNDED, lambda _, status: answered.update([status]))
    assert answered.total() >= 1
    assert not any(status >= 500 for status in answered)


def test_walks_along_the_links_reach_what_is_listed(document: schemathesis.BaseSchema) -> None:
    reached: set[str] = set()

    def seen(name: str, status: int) -> None:
        if status < 300:
            reached.add(name)

    walk(document, seen).run(settings=settings(BOUNDED, max_examples=25, stateful_step_count=8))
    assert {"talks", "papers", "talk", "paper"} <= reached
