import inspect
from types import ModuleType

import pytest
from starlette.testclient import TestClient

from app import errors as ours
from app.api.codes import CODES, problem_url
from app.api.problems import TABLE, answer_for, answers
from app.errors import Overloaded
from catalog import errors as catalog
from index import errors as index
from tests.app.shelf import Shelf, served

PAGE = {"accept": "text/html,application/xhtml+xml"}


def classes(module: ModuleType) -> list[type[Exception]]:
    found = [one for _, one in inspect.getmembers(module, inspect.isclass)]
    return [c for c in found if issubclass(c, Exception) and c.__module__ == module.__name__]


def test_every_error_of_ours_has_its_answer() -> None:
    known = {one for module in (ours, catalog, index) for one in classes(module)}
    assert known == set(TABLE)


def test_codes_mean_one_thing_each() -> None:
    by_code: dict[str, set[int]] = {}
    for answer in TABLE.values():
        by_code.setdefault(answer.code, set()).add(answer.status)
    assert all(len(statuses) == 1 for statuses in by_code.values())


def test_every_code_has_its_page_and_every_page_a_code(reader: TestClient) -> None:
    assert {one.code for one in answers()} == set(CODES)
    every = reader.get("/problems").text
    for one in answers():
        page = reader.get(problem_url(one.code))
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert one.title in page.text
        assert f"Status {one.status}" in page.text
        assert problem_url(one.code) in every
    assert reader.get("/problems/nothing").json()["code"] == "not_found"


def test_a_problem_leads_to_the_page_that_explains_it(reader: TestClient) -> None:
    problem = reader.get("/api/v1/talks/nothing").json()
    page = reader.get(problem["type"])
    assert page.status_code == 200
    assert problem["code"] in page.text
    tag = {"if-none-match": page.headers["etag"]}
    assert reader.get(problem["type"], headers=tag).status_code == 304


def test_what_nobody_expected_is_an_internal_error_without_its_words() -> None:
    answer = answer_for(RuntimeError("secret"))
    assert (answer.status, answer.code) == (500, "internal")
    assert answer.says


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v1/talks/nothing", 404, "not_found"),
        ("GET", "/api/v1/talks/nothing/transcript", 404, "not_found"),
        ("GET", "/api/v1/papers/nothing", 404, "not_found"),
        ("GET", "/media/talks/nothing", 404, "not_found"),
        ("GET", "/media/papers/nothing.pdf", 404, "not_found"),
        ("GET", "/media/papers/nothing", 404, "not_found"),
        ("GET", "/static/nothing.css", 404, "not_found"),
        ("GET", "/static/../main.py", 404, "not_found"),
        ("GET", "/static/%2e%2e/pages.py", 404, "not_found"),
        ("GET", "/talks/nothing", 404, "not_found"),
        ("GET", "/talks/%00", 404, "not_found"),
        ("GET", "/talks/..%2f..%2fetc", 404, "not_found"),
        ("GET", "/media/talks/%2e%2e%2f%2e%2e%2fcatalog.db", 404, "not_found"),
        ("GET", "/catalog.db", 404, "not_found"),
        ("GET", "/API/v1/talks", 404, "not_found"),
        ("POST", "/api/v1/search", 405, "method_not_allowed"),
        ("PUT", "/api/v1/talks/the-second-descent", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/talks/the-second-descent", 401, "key_missing"),
        ("PATCH", "/api/v1/papers/nothing", 401, "key_missing"),
        ("GET", "/api/v1/jobs", 401, "key_missing"),
        ("PUT", "/", 405, "method_not_allowed"),
        ("POST", "/static/look.css", 405, "method_not_allowed"),
        ("GET", "/api/v1/search", 422, "invalid_parameter"),
    ],
)
def test_every_refusal_is_a_problem(
    reader: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = reader.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"/problems/{code}"
    assert problem["detail"]
    assert "?" not in problem["instance"]
    if status == 405:
        assert {"GET", "HEAD"} <= set(answer.headers["allow"].replace(" ", "").split(","))


def test_a_browser_gets_a_page_with_the_search_box(reader: TestClient) -> None:
    for path in ("/talks/nothing", "/papers/nothing", "/nowhere"):
        answer = reader.get(path, headers=PAGE)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert 'role="search"' in answer.text


def test_an_interface_answers_problems_even_to_a_browser(reader: TestClient) -> None:
    answer = reader.get("/api/v1/talks/nothing", headers=PAGE)
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unexpected_failure_is_a_problem_that_shows_nothing(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    with served(shelf) as client:
        client.app.state.service = None  # type: ignore[attr-defined]
        answer = client.get("/api/v1/talks?cursor=secret")
        assert answer.status_code == 500
        assert answer.json()["code"] == "internal"
        assert "outside its lifespan" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_too_many_searches_are_refused_at_once_with_when_to_come_back(shelf: Shelf) -> None:
    with served(shelf) as client:
        turns = client.app.state.service.turns  # type: ignore[attr-defined]
        turns.taken = turns.bound
        answer = client.get("/api/v1/search", params={"q": "kernel"})
        page = client.get("/search", params={"q": "kernel"}, headers=PAGE)
        turns.taken = 0
        assert client.get("/api/v1/search", params={"q": "kernel"}).status_code == 200
        counted = client.get("/metrics").text
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert answer.headers["retry-after"] == page.headers["retry-after"] == "1"
    assert "seminar_searches_refused_total 2.0" in counted


def test_an_overload_says_when_to_come_back() -> None:
    assert "try again in 3 s" in str(Overloaded(retry_after_s=3))
