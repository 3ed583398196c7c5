"""The tables of the central database, for SQLite and PostgreSQL alike.

A thing's JSON stands whole in `body`; the other columns are those that are searched. Times are whole
microseconds since 1970 (UTC): exact, and their order is the order of time in every engine. `seq` is the
log's sequence number of the batch that brought the row: order of arrival, whatever the clocks said.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

metadata = MetaData()


def micros(at: datetime) -> int:
    """Return `at` (aware) as whole microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """Return the time (UTC) of `at` microseconds since 1970."""
    return _EPOCH + at * _MICROSECOND


event = Table(
    "event",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("asset", String),
    Column("zone", String),
    Column("body", Text, nullable=False),
)
Index("event_at", event.c.at, event.c.kind)
Index("event_asset", event.c.asset, event.c.at, sqlite_where=event.c.asset.is_not(None))
Index("event_zone", event.c.zone, event.c.at, sqlite_where=event.c.zone.is_not(None))

care = Table(
    "care",
    metadata,
    Column("service", String, primary_key=True),
    Column("figure", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
"""The latest report on each figure of each care service; older ones are among the events."""

identity = Table(
    "identity",
    metadata,
    Column("ip", String, primary_key=True),
    Column("system", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
)
"""What stations said of themselves: the inventory's memory, longer than that of events."""
Index("identity_last", identity.c.last)

alert = Table(
    "alert",
    metadata,
    Column("id", String, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("rule", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
Index("alert_last", alert.c.last)

alert_incident = Table(
    "alert_incident",
    metadata,
    Column("alert", String, primary_key=True),
    Column("incident", String, nullable=False),
)
Index("alert_incident_incident", alert_incident.c.incident)

incident = Table(
    "incident",
    metadata,
    Column("id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("into", String),
    Column("body", Text, nullable=False),
)
Index("incident_state", incident.c.state, incident.c.updated)

incident_revision = Table(
    "incident_revision",
    metadata,
    Column("id", String, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("updated", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("alerts", Integer, nullable=False),
)
"""What a history shows: the bodies of old revisions would grow with the square of an incident."""

forecast = Table(
    "forecast",
    metadata,
    Column("incident", String, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

plan = Table(
    "plan",
    metadata,
    Column("id", String, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("incident", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
Index("plan_incident", plan.c.incident, plan.c.seq)

notice = Table(
    "notice",
    metadata,
    Column("id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("incident", String, nullable=False),
    Column("role", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
Index("notice_incident", notice.c.incident)
Index("notice_role", notice.c.role, notice.c.at)

receipt = Table(
    "receipt",
    metadata,
    Column("id", String, primary_key=True),
    Column("notice", String, nullable=False),
    Column("incident", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("outcome", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
Index("receipt_notice", receipt.c.notice)
Index("receipt_incident", receipt.c.incident)

artifact = Table(
    "artifact",
    metadata,
    Column("hash", String, primary_key=True),
    Column("owner", String, primary_key=True),
    Column("topic", String, nullable=False),
)
Index("artifact_owner", artifact.c.owner)

reject = Table(
    "reject",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("door", String, nullable=False),
    Column("artifact", String, nullable=False),
    Column("body", Text, nullable=False),
)
Index("reject_at", reject.c.at)
Index("reject_door", reject.c.door, reject.c.at)

held = Table(
    "held",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("result", Text, nullable=False),
)
"""Files that doors hold (`id` is that of the judgement), the last act of a person and the last answer; empty: none."""
Index("held_state", held.c.state, held.c.at)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("event", String, nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("act", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
Index("audit_act", audit.c.act, audit.c.seq)

user = Table(
    "user",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("site", String),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger),
    Column("zones", Text),
    Column("origin", String),
    Column("vouched", BigInteger),
)
"""`zones`: places that the person is kept to (JSON list; none: the whole site). `origin`: who the person is at the
site's identity provider (hash; none: known here only), and `vouched`: when it last said so."""
Index("user_origin", user.c.origin, unique=True)

invitation = Table(
    "invitation",
    metadata,
    Column("hash", String, primary_key=True),
    Column("user", String, ForeignKey("user.id"), nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
)
Index("invitation_user", invitation.c.user)

session = Table(
    "session",
    metadata,
    Column("hash", String, primary_key=True),
    Column("user", String, ForeignKey("user.id"), nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("revoked", BigInteger),
    Column("agent", String),
)
Index("session_user", session.c.user)

device = Table(
    "device",
    metadata,
    Column("id", String, primary_key=True),
    Column("user", String, ForeignKey("user.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("language", String, nullable=False),
    Column("endpoint", String, nullable=False, unique=True),
    Column("key", String, nullable=False),
    Column("auth", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("proof", String),
    Column("asked", BigInteger),
    Column("heard", BigInteger),
    Column("gone", BigInteger),
)
"""Phones and browsers that take push messages. `proof` is the hash of what the last silent check asks back."""
Index("device_user", device.c.user)

credential = Table(
    "credential",
    metadata,
    Column("id", String, primary_key=True),
    Column("user", String, ForeignKey("user.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger),
)
"""Ways to sign in again: passkeys (public key), one-time codes (shared secret), backup codes (hash)."""
Index("credential_user", credential.c.user, credential.c.kind)

sealed = Table(
    "sealed",
    metadata,
    Column("name", String, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Passwords and tokens of channels and doors, sealed (`safecare.store.keyring`)."""

cursor = Table(
    "cursor",
    metadata,
    Column("name", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

tally = Table(
    "tally",
    metadata,
    Column("name", String, primary_key=True),
    Column("n", BigInteger, nullable=False),
)
"""Rows of the large tables, kept up to date with them: counting millions would take seconds."""

log_mark = Table(
    "log_mark",
    metadata,
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
