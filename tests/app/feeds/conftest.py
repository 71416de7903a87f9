"""An archive with what is hard for other programs: markup, control characters, right to left."""

from collections.abc import Iterator
from datetime import date

import pytest
from starlette.testclient import TestClient

from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served, silent_wav

HARD = "</script><b>Kernels</b> & \x0b“מבוא” ]]> $\\ell_2$"
HEBREW = "מבוא ללמידה"


@pytest.fixture(scope="session")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of an archive whose titles are hard to write down."""
    shelf = Shelf(tmp_path_factory.mktemp("hard"))
    paper = shelf.paper(
        NewPaper(title=HARD, authors=("Ada & Co", "Zoë Ç."), year=2020, abstract=HARD),
        ("A kernel page, said once.",),
    )
    shelf.talk(
        NewTalk(
            title=HARD,
            speakers=(HEBREW,),
            series=HARD,
            held_on=date(2024, 2, 29),
            abstract=HARD,
            papers=(paper,),
        ),
        Spoken(sentences=(f"A kernel {HARD} is said.", "And a second kernel.")),
        media=silent_wav(20),
    )
    shelf.talk(NewTalk(title="Bare"), None)
    shelf.publish()
    with served(shelf) as client:
        yield client
    shelf.close()
