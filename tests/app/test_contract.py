"""The whole API against its own document: random requests, and walks along its links."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from starlette.testclient import TestClient

from app.api.described import operations, readings
from docs.reference import FOLDER
from tests.app.contract import api_of, try_operation, walk
from tests.app.keys import believed
from tests.app.shelf import Shelf, served
from tests.app.throwaway import Throwaway

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
STAFF = sorted({one["operationId"] for _, one in operations(DOCUMENT)} - set(NAMES))


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


@pytest.fixture(scope="module")
def throwaway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Throwaway]:
    shelf = Shelf(tmp_path_factory.mktemp("throwaway"))
    shelf.settings = shelf.settings.model_copy(
        update={"limit_per_key": "off", "upload_max_gb": 0.01}
    )
    yield Throwaway(shelf, seed=1)
    shelf.close()


@pytest.fixture(scope="module")
def open_to_staff(throwaway: Throwaway) -> Iterator[schemathesis.BaseSchema]:
    throwaway.stock()
    throwaway.shelf.publish()
    with served(throwaway.shelf) as client:
        believed(client)
        yield api_of(client.app)


@pytest.mark.parametrize("name", STAFF)
def test_an_operation_of_staff_keeps_its_word(
    open_to_staff: schemathesis.BaseSchema, throwaway: Throwaway, name: str
) -> None:
    answered: Counter[int] = Counter()
    throwaway.stock()
    if name in {"piece", "upload", "end"}:
        throwaway.begin(3)
    try_operation(
        open_to_staff, name, BOUNDED, lambda _, status: answered.update([status]), throwaway.ready
    )
    assert not any(status >= 500 for status in answered)
    if name not in {"cancel", "retry"}:  # these need a job in the right state
        assert any(200 <= status < 300 for status in answered), answered


def test_walks_along_the_links_reach_what_is_listed(document: schemathesis.BaseSchema) -> None:
    reached: set[str] = set()

    def seen(name: str, status: int) -> None:
        if status < 300:
            reached.add(name)

    walk(document, seen).run(settings=settings(BOUNDED, max_examples=25, stateful_step_count=8))
    assert {"talks", "papers", "talk", "paper"} <= reached
