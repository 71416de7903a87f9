"""The hostile archive, served once, and a browser."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.main import create_app
from catalog.settings import Settings
from index.encoders import Encoder
from index.errors import EncoderMissing
from tests.app.browsing import archive, listening
from tests.app.shelf import Shelf, until
from tests.pages.hostile import hostile


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Two services over one archive, the second without its encoder; `odd` are paths by name."""

    whole: str
    degraded: str
    odd: dict[str, str]


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    shelf = Shelf(tmp_path_factory.mktemp("hostile"))
    odd = hostile(shelf)

    def missing(_: Settings) -> Encoder:
        raise EncoderMissing("/models/somewhere", "install it")

    app = create_app(shelf.settings, load_encoder=missing)
    with archive(shelf) as whole, listening(app) as degraded:
        until(lambda: app.state.service.live.encoder.state not in {"loading", "ready"})
        yield Places(whole=whole, degraded=degraded, odd=odd)
    shelf.close()
