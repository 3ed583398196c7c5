"""The first tables, and the triggers that make the audit chain append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables and the guards of the audit chain."""
    _road()
    _people()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    """Refuse any change of `audit`. The insert guard stops ``INSERT OR REPLACE``, which fires no delete trigger."""
    refuse = "SELECT RAISE(ABORT, 'audit is append-only')"
    op.execute(f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN {refuse}; END")
    op.execute(f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN {refuse}; END")
    known = "EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq OR event = NEW.event)"
    op.execute(f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN {known} BEGIN {refuse}; END")


def _guard_postgresql() -> None:
    """Refuse any change of `audit`, emptying the table included."""
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
    )
    op.execute(
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
    )


def _road() -> None:
    """Create what the log is projected to."""
    op.create_table(
        "alert",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("alert_last", "alert", ["last"])
    op.create_table(
        "alert_incident",
        sa.Column("alert", sa.String(), primary_key=True),
        sa.Column("incident", sa.String(), nullable=False),
    )
    op.create_index("alert_incident_incident", "alert_incident", ["incident"])
    op.create_table(
        "artifact",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("owner", sa.String(), primary_key=True),
        sa.Column("topic", sa.String(), nullable=False),
    )
    op.create_index("artifact_owner", "artifact", ["owner"])
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("event", sa.String(), nullable=False, unique=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "cursor",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asset", sa.String()),
        sa.Column("zone", sa.String()),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("event_asset", "event", ["asset", "at"], sqlite_where=sa.text("asset IS NOT NULL"))
    op.create_index("event_at", "event", ["at", "kind"])
    op.create_index("event_zone", "event", ["zone", "at"], sqlite_where=sa.text("zone IS NOT NULL"))
    op.create_table(
        "forecast",
        sa.Column("incident", sa.String(), primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("into", sa.String()),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("incident_state", "incident", ["state", "updated"])
    op.create_table(
        "incident_revision",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
    )
    op.create_table(
        "log_mark",
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("notice_incident", "notice", ["incident"])
    op.create_index("notice_role", "notice", ["role", "at"])
    op.create_table(
        "plan",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("plan_incident", "plan", ["incident", "seq"])
    op.create_table(
        "receipt",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("receipt_incident", "receipt", ["incident"])
    op.create_index("receipt_notice", "receipt", ["notice"])
    op.create_table(
        "reject",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("artifact", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("reject_at", "reject", ["at"])
    op.create_index("reject_door", "reject", ["door", "at"])
    op.create_table(
        "tally",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
    )


def _people() -> None:
    """Create accounts."""
    op.create_table(
        "user",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("site", sa.String()),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger()),
    )
    op.create_table(
        "invitation",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("user", sa.String(), sa.ForeignKey("user.id"), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger()),
    )
    op.create_index("invitation_user", "invitation", ["user"])
    op.create_table(
        "session",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("user", sa.String(), sa.ForeignKey("user.id"), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger()),
    )
    op.create_index("session_user", "session", ["user"])
