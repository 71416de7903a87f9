"""The hostile archive and the demonstration's course, each served once, and windows on them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from app.main import create_app
from catalog.settings import Settings
from index.encoders import Encoder
from index.encoders.choose import open_encoder
from index.errors import EncoderMissing
from tests.app.browsing import archive, listening
from tests.app.shelf import Shelf, until
from tests.pages.arriving import InParts
from tests.pages.department import department
from tests.pages.hostile import hostile

Opens: TypeAlias = Callable[..., BrowserContext]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Services over one archive: whole, without its encoder, and sending pages in parts.

    `odd` are paths by name.
    """

    whole: str
    degraded: str
    slow: str
    odd: dict[str, str]


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    shelf = Shelf(tmp_path_factory.mktemp("hostile"))
    odd = hostile(shelf)

    def missing(_: Settings) -> Encoder:
        raise EncoderMissing("/models/somewhere", "install it")

    app = create_app(shelf.settings, load_encoder=missing)
    slowly = InParts(app)
    with archive(shelf) as whole, listening(app) as degraded, listening(slowly) as slow:
        until(lambda: app.state.service.live.encoder.state not in {"loading", "ready"})
        yield Places(whole=whole, degraded=degraded, slow=slow, odd=odd)
    shelf.close()


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration's course, searched with the real encoder."""
    shelf = Shelf(tmp_path_factory.mktemp("course"), open_encoder("all-MiniLM-L6-v2"))
    department(shelf)
    with archive(shelf) as origin:
        yield origin
    shelf.close()


@pytest.fixture
def opens(browser: Browser, origin: str) -> Iterator[Opens]:
    """Makes a window as wide as a desk's, or what is asked for, as nobody was here before."""
    made: list[BrowserContext] = []

    def window(width: int = 1280, height: int = 900, *, dark: bool = False) -> BrowserContext:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=width < 500,
            base_url=origin,
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        made.append(context)
        return context

    yield window
    for context in made:
        context.close()


@pytest.fixture
def page(opens: Opens) -> Page:
    """A page in a wide window."""
    return opens().new_page()
