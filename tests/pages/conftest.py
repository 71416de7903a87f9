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
from tests.pages.arriving import InParts
from tests.pages.hostile import hostile

# Behind the box, the bar, the title, and what comes first below it.
CUTS = (b"</form>", b"</header>", b"</h1>", b"</p>", b"</section>", b"</li>", b"</section>")


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
    slowly = InParts(app, CUTS)
    with archive(shelf) as whole, listening(app) as degraded, listening(slowly) as slow:
        until(lambda: app.state.service.live.encoder.state not in {"loading", "ready"})
        yield Places(whole=whole, degraded=degraded, slow=slow, odd=odd)
    shelf.close()
