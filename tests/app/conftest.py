"""Archives that the tests of the service read, and empty ones that they change."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served, silent_wav

LONG = tuple(
    f"Sentence number {n} speaks of gradient descent, of step sizes and of nothing else at all, "
    f"so that the talk is long enough for more passages than are shown at once, and {n} is odd."
    for n in range(40)
)


def filled(shelf: Shelf) -> None:
    """Three talks and two papers about different things."""
    paper = shelf.paper(
        NewPaper(
            title="Notes on Tangent Kernels",
            authors=("Priya Raman",),
            year=2023,
            venue="Course notes",
            abstract="Wide networks and their kernels.",
        ),
        (
            "The tangent kernel of a wide network stays close to its value at the start.",
            "A lower bound separates fixed kernels from learned features, by parity functions.",
        ),
    )
    shelf.paper(
        NewPaper(title="Uniform Convergence", authors=("Mira Halvorsen",), year=2022),
        ("Rademacher complexity bounds the generalization gap of a class of functions.",),
    )
    shelf.talk(
        NewTalk(
            title="The Second Descent",
            speakers=("Jonas Feldmann",),
            series="Foundations",
            held_on=date(2024, 2, 12),
            abstract="Test error falls, rises and falls.",
            papers=(paper,),
        ),
        Spoken(
            sentences=(
                "Good afternoon and welcome to the second descent.",
                "At the interpolation threshold the test error explodes.",
                "Beyond the threshold minimum norm solutions are simpler.",
                "Belkin and others have drawn this curve.",
            ),
            doubtful=("Belkin",),
        ),
        media=silent_wav(40),
    )
    shelf.talk(
        NewTalk(
            title="What Gradient Descent Prefers",
            speakers=("Oskar Lind", "Priya Raman"),
            series="Theory Lunch",
            held_on=date(2023, 4, 10),
        ),
        Spoken(sentences=LONG),
        media=silent_wav(400),
    )
    shelf.talk(
        NewTalk(title="Labels Come Last", speakers=("Mira Halvorsen",), series="Foundations"),
        Spoken(sentences=("Contrastive learning needs no label at all.",), gaps=((2_000, 4_000),)),
    )


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A published archive that no test changes."""
    shelf = Shelf(tmp_path_factory.mktemp("library"))
    filled(shelf)
    shelf.publish()
    yield shelf
    shelf.close()


@pytest.fixture(scope="session")
def reader(library: Shelf) -> Iterator[TestClient]:
    """A client of the archive that no test changes."""
    with served(library) as client:
        yield client


@pytest.fixture
def each_shelf(tmp_path: Path, database_url: str) -> Iterator[Shelf]:
    """An empty archive, once with each kind of database."""
    empty = Shelf(tmp_path / "data", database_url=database_url)
    yield empty
    empty.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """An empty archive that a test may fill and change."""
    empty = Shelf(tmp_path / "data")
    yield empty
    empty.close()
