"""Alembic migrations of the central database, run by `Database.migrate`."""
