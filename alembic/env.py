"""Runs migrations on the connection that the caller hands over, in its transaction."""

from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from alembic import context
from catalog.tables import UtcDateTime

connection = context.config.attributes.get("connection")
if connection is None:
    from catalog.engine import connect
    from catalog.settings import read_settings

    engine = connect(read_settings().catalog_url)
    connection = engine.execution_options(seminar_writes=True).connect()


def render_type(kind, value, _context):
    """Migrations name plain SQL types, so that they never change with the code."""
    if kind != "type":
        return False
    if isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return "sa.String()" if isinstance(value, AutoString) else False


context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=render_type,
    transactional_ddl=True,
    include_name=lambda name, kind, _parents: kind != "schema" or name in (None, "public"),
)
with context.begin_transaction():
    context.run_migrations()
if connection.in_transaction():
    connection.commit()
