"""What every verb needs: the settings, the open archive, and ways to print."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from catalog.engine import Catalog
    from catalog.settings import Settings
    from catalog.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The options before the verb."""

    data_dir: Path | None

    def settings(self, **overrides: object) -> "Settings":
        """The settings of this call, with logs configured.  Raises: InvalidSetting."""
        from app.logs import configure_logs
        from catalog.settings import read_settings

        settings = read_settings(data_dir=self.data_dir, **overrides)
        configure_logs(settings)
        return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An open archive."""

    settings: "Settings"
    catalog: "Catalog"
    store: "Store"


@contextmanager
def open_archive(settings: "Settings", *, begins: bool = False) -> Iterator[Archive]:
    """Open the catalog and the store; closes what it opened.

    begins: whether a new archive is begun where none is.  Raises: CatalogProblem.
    """
    from catalog.engine import open_catalog
    from catalog.store import Store

    catalog = open_catalog(settings.catalog_url, begins=begins)
    try:
        yield Archive(settings=settings, catalog=catalog, store=Store(settings.data_dir))
    finally:
        catalog.close()


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def stderr() -> "Console":
    """A Rich console on stderr: for progress and remarks, never for data."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def stdout() -> "Console":
    """A Rich console on stdout: for tables."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 160
    return Console(highlight=False, width=width)


def remark(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr)


def clock(ms: int | None) -> str:
    """Milliseconds as m:ss or h:mm:ss."""
    if ms is None:
        return "?"
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
