"""Sessions on the catalog's database: SQLite by default, PostgreSQL by URL.

Invariant: a writing session is one transaction that either commits whole or leaves nothing;
on SQLite it takes the write lock when it begins (`BEGIN IMMEDIATE`), never in the middle.
"""

import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlmodel import Session

from catalog.errors import CatalogUnavailable, NewerArchive, NoArchive, StoreFull

HEAD = "0003"
"""Newest migration; a test compares it with the folder `alembic/versions`."""

MIGRATIONS = Path(__file__).resolve().parent.parent / "alembic"
_BUSY_TIMEOUT_S = 30.0
_PATIENCE_S = 60.0


def compact_sqlite(path: Path) -> None:
    """Write an SQLite file anew and empty its write-ahead log.  Raises: StoreFull."""
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("VACUUM")
        until = time.monotonic() + _BUSY_TIMEOUT_S
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > until:
                raise CatalogUnavailable(f"{path} is read without pause; try again in a moment")
            time.sleep(0.1)
    except sqlite3.OperationalError as error:
        if "full" in str(error):
            raise StoreFull(f"the archive disk is full; {path.name} was not shrunk") from error
        raise CatalogUnavailable(f"{path} cannot be written anew: {error}") from error
    finally:
        connection.close()


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether SQLite of that version keeps a WAL file whole under two writers.

    Source: sqlite.org/wal.html, "The WAL-reset bug": fixed in 3.51.3, backported to 3.50.7, 3.44.6.
    """
    return version >= (3, 51, 3) or (
        version[:2] in {(3, 50), (3, 44)} and version[2] >= (7 if version[1] == 50 else 6)
    )


class Catalog:
    """The catalog's database; hands out sessions.  Close it after use."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(seminar_writes=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing is written."""
        with _named_problems(), Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """A connection for reading values, quicker than a session; nothing is written."""
        with _named_problems(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits when the block ends well and leaves nothing otherwise."""
        with (
            _named_problems(),
            Session(self._writing, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @property
    def is_shared(self) -> bool:
        """Whether several workers may work on it: on a database server."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def only_one(self, name: str) -> Iterator[bool]:
        """Whether nobody else is in this block under that name, on any machine.

        The database frees the name when its holder's connection ends.  A catalog that is a file
        leaves it to locks on files.
        """
        if not self.is_shared:
            yield True
            return
        key = zlib.crc32(f"seminar {name}".encode())
        with _named_problems(), self._engine.connect() as held:
            connection = held.execution_options(isolation_level="AUTOCOMMIT")
            taken = connection.execute(sa.select(sa.func.pg_try_advisory_lock(key))).scalar_one()
            try:
                yield bool(taken)
            finally:
                if taken:
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))

    def pulse(self) -> "Pulse":
        """What tells cheaply whether anything was committed.  Close it after use."""
        if self._engine.dialect.name == "sqlite":
            return FilePulse(str(self._engine.url.database))
        return ServerPulse(self._engine)

    def faults(self) -> list[str]:
        """What the database itself finds wrong: integrity and foreign keys (SQLite only)."""
        if self._engine.dialect.name != "sqlite":
            return []
        with self.read() as session:
            found = [row[0] for row in session.execute(sa.text("PRAGMA integrity_check"))]
            orphans = session.execute(sa.text("PRAGMA foreign_key_check")).all()
        return [f"database: {text}" for text in found if text != "ok"] + [
            f"database: row {row[1]} of {row[0]} names a missing {row[2]}" for row in orphans
        ]

    def compact(self) -> None:
        """Write the database anew, so that nothing of what was deleted stays in its files."""
        with _named_problems():
            if self._engine.dialect.name == "sqlite":
                compact_sqlite(Path(str(self._engine.url.database)))
                return
            autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
            with autocommit.connect() as connection:
                connection.exec_driver_sql("VACUUM FULL")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


class Pulse(Protocol):
    """Tells whether anything was committed to the catalog; safe from several threads."""

    is_instant: bool
    """Whether a look costs microseconds and waits for nothing."""

    def beat(self) -> object:
        """Something that differs from the last one when anybody has committed since.

        Raises: CatalogUnavailable.
        """

    def close(self) -> None:
        """Let the connection go."""


class FilePulse:
    """SQLite counts what others commit.  Source: sqlite.org/pragma.html#pragma_data_version."""

    is_instant = True

    def __init__(self, path: str) -> None:
        """Open a connection that never writes and never waits."""
        self._lock = threading.Lock()
        self._last: object = None
        self._connection = sqlite3.connect(path, timeout=0, check_same_thread=False)

    def beat(self) -> object:
        """The count; the one before while another commits at this moment."""
        with self._lock:
            try:
                self._last = self._connection.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise CatalogUnavailable(f"the catalog does not answer: {error}") from error
            except sqlite3.DatabaseError as error:
                raise CatalogUnavailable(f"the catalog is damaged: {error}") from error
            return self._last

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


class ServerPulse:
    """PostgreSQL names the transactions that are over; any that wrote changes the name."""

    is_instant = False

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def beat(self) -> object:
        """The name of the present snapshot of transactions."""
        with _named_problems(), self._engine.connect() as connection:
            return connection.execute(sa.text("SELECT pg_current_snapshot()::text")).scalar_one()

    def close(self) -> None:
        """Nothing is held between looks."""


@contextmanager
def _named_problems() -> Iterator[None]:
    try:
        yield
    except exc.OperationalError as error:
        text = str(error.orig)
        if "full" in text:
            raise StoreFull(f"the archive disk is full; nothing was stored ({text})") from error
        raise CatalogUnavailable(f"the catalog database does not answer: {text}") from error
    except exc.DatabaseError as error:
        if isinstance(error, exc.IntegrityError):
            raise
        raise CatalogUnavailable(f"the catalog database is damaged: {error.orig}") from error


def open_catalog(url: str, *, begins: bool = True, patience_s: float = _PATIENCE_S) -> Catalog:
    """Open the catalog and bring its tables up to date.

    begins: whether a new one is begun where none is; on a server, where the address is one's own
    writing, always.

    A process that stalls inside a transaction loses its locks on a server after `patience_s`.
    Raises: NoArchive, NewerArchive (a newer version wrote it), CatalogUnavailable.
    """
    if not begins and is_file(url) and not file_of(url).exists():
        raise NoArchive(file_of(url).parent)
    engine = connect(url, patience_s=patience_s)
    try:
        with _named_problems():
            revision = _revision(engine)
            if revision != HEAD:
                _migrate(engine, url, revision)
    except BaseException:
        engine.dispose()
        raise
    return Catalog(engine)


def connect(url: str, *, patience_s: float = _PATIENCE_S) -> sa.Engine:
    """An engine with the pragmas and transactions this archive relies on."""
    if not is_file(url):
        engine = sa.create_engine(_with_driver(url), pool_pre_ping=True)
        event.listen(engine, "connect", partial(_configure_postgres, patience_s=patience_s))
        return engine
    file_of(url).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def is_file(url: str) -> bool:
    """Whether the catalog at that address is a file of SQLite."""
    return url.startswith("sqlite")


def file_of(url: str) -> Path:
    """The file of a catalog that is one."""
    return Path(url.removeprefix("sqlite:///"))


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _configure_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says so
    journal = "WAL" if wal_is_safe(sqlite3.sqlite_version_info) else "TRUNCATE"
    connection.execute("PRAGMA foreign_keys=ON")
    if connection.execute("PRAGMA journal_mode").fetchone()[0].upper() != journal:
        connection.execute(f"PRAGMA journal_mode={journal}")
    connection.execute("PRAGMA synchronous=FULL")


def _configure_postgres(connection: Any, _record: Any, *, patience_s: float) -> None:
    connection.execute(f"SET idle_in_transaction_session_timeout = {int(patience_s * 1000)}")
    connection.commit()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("seminar_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        row = connection.execute(sa.text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None


def _migrate(engine: sa.Engine, url: str, revision: str | None) -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from alembic import command

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise NewerArchive(
            f"the archive at {sa.engine.make_url(url).render_as_string()} is at revision "
            f"{revision}, which a newer version wrote; this program knows up to {HEAD}. "
            "Install the newer version, or choose another folder with --data-dir"
        )
    with engine.execution_options(seminar_writes=True).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
