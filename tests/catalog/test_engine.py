"""Sessions, migrations, and what a data folder from elsewhere does."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, select

from catalog import keys
from catalog.engine import HEAD, MIGRATIONS, Catalog, connect, open_catalog, wal_is_safe
from catalog.errors import CatalogUnavailable, NewerArchive
from catalog.tables import Series


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = connect(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def test_models_and_migrations_agree(database_url: str) -> None:
    open_catalog(database_url).close()
    with connected(database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_program_knows_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_opening_an_archive_twice_changes_nothing(database_url: str) -> None:
    first = open_catalog(database_url)
    with first.write() as session:
        session.add(Series(public_id="s1", slug="theory", name="Theory"))
    first.close()
    second = open_catalog(database_url)
    with second.read() as session:
        assert [one.name for one in session.exec(select(Series))] == ["Theory"]
    second.close()


def test_migrations_go_down_and_up_again(database_url: str) -> None:
    from alembic.config import Config

    from alembic import command

    open_catalog(database_url).close()
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with connected(database_url) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
    with connected(database_url) as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
    open_catalog(database_url).close()


def test_an_archive_of_the_first_release_keeps_its_rows(database_url: str) -> None:
    """Up from it, down to it and up again."""
    from alembic.config import Config

    from alembic import command

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    def migrate(move: Callable[[Config, str], None], revision: str) -> None:
        with connected(database_url) as connection:
            config.attributes["connection"] = connection
            move(config, revision)
            connection.commit()

    migrate(command.upgrade, "0001")
    with connected(database_url) as connection:
        assert not sa.inspect(connection).has_table("keys")
        connection.execute(
            sa.text(
                "INSERT INTO series (public_id, slug, name, description) "
                "VALUES ('s1', 'theory', 'Theory', '')"
            )
        )
        connection.commit()
    for again in (False, True):
        opened = open_catalog(database_url)
        with opened.write() as session:
            assert [one.name for one in session.exec(select(Series))] == ["Theory"]
            keys.add(session, keys.NewKey(scope="search", series=("theory",)))
            assert len(keys.listed(session)) == 1  # those of before went with the way down
        opened.close()
        if not again:
            migrate(command.downgrade, "0001")


def test_a_failed_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/catalog.db"
    broken = tmp_path / "alembic"
    (broken / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (broken / name).write_text((MIGRATIONS / name).read_text())
    text = (MIGRATIONS / "versions" / "0001.py").read_text()
    halfway = text.replace(
        'op.create_table(\n        "talks"', 'op.no_such_thing(\n        "talks"'
    )
    assert halfway != text
    (broken / "versions" / "0001.py").write_text(halfway)
    monkeypatch.setattr("catalog.engine.MIGRATIONS", broken)
    with pytest.raises(AttributeError):
        open_catalog(url)
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_an_archive_from_a_newer_version_is_refused_by_name(database_url: str) -> None:
    open_catalog(database_url).close()
    with connected(database_url) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with pytest.raises(NewerArchive, match="9999, which a newer version wrote"):
        open_catalog(database_url)


def test_a_writing_session_leaves_all_or_nothing(catalog: Catalog) -> None:
    with pytest.raises(RuntimeError), catalog.write() as session:
        session.add(Series(public_id="s1", slug="theory", name="Theory"))
        session.flush()
        raise RuntimeError("in the middle")
    with catalog.read() as session:
        assert session.exec(select(Series)).all() == []


def test_the_database_refuses_what_a_check_forbids(catalog: Catalog) -> None:
    with pytest.raises(IntegrityError), catalog.write() as session:
        session.execute(
            sa.text(
                "INSERT INTO talks (public_id, slug, title, title_is_known, abstract, "
                "recording_status, visibility, links, tags, listing, created_at, updated_at) "
                "VALUES ('a', 'a', '', true, '', 'recorded', 'secret', '[]', '[]', '{}', "
                "'2024-01-01', '2024-01-01')"
            )
        )


def test_a_file_that_is_no_database_is_named_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"this is not a database, it is a sentence." * 50)
    with pytest.raises(CatalogUnavailable):
        open_catalog(f"sqlite:///{tmp_path}/catalog.db")


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
    ],
)
def test_wal_is_used_only_where_sqlite_keeps_it_whole(
    version: tuple[int, int, int], *, safe: bool
) -> None:
    assert wal_is_safe(version) is safe
