"""Runs the migrations on the connection that `Database.migrate` gives, in its transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from safecare.store.schema import metadata

_LOCK = 0x5AFECA2E
"""Key of the PostgreSQL advisory lock that lets one process migrate at a time. Chosen: any fixed number."""


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()


_run(context.config.attributes["connection"])
