"""Users, their roles, one-time sign-in links and sessions. There are no passwords.

Of links and sessions only the SHA-256 of the secret is stored: they carry 256 random bits, so a slow hash
would add nothing. Reading the database therefore lets nobody sign in.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from safecare.model.clock import Clock
from safecare.model.ids import new_id
from safecare.store.database import Database
from safecare.store.schema import invitation, micros, moment, session, user

SECRET_BYTES = 32
"""Random bytes of a link or session: 256 bits (OWASP ASVS 5.0, 7.2.3 asks for at least 128)."""
PUBLIC = 16
"""First characters of a session's hash that name it to an administrator (chosen: 64 bits, never two the same)."""
AGENT = 200
"""Most characters of a browser's own name that are kept (chosen: what tells phones apart stands in front)."""
LINK_MINUTES = 30.0
"""Life of a link if nothing else is said. Chosen: as in `settings.Console`."""
SESSION_HOURS = 12.0
"""Life of a session if nothing else is said. Chosen: as in `settings.Console`."""


class User(msgspec.Struct, frozen=True):
    """A person (or a sending machine) and their role; `site` narrows it to one site, None means all."""

    id: str
    name: str
    role: str
    site: str | None
    created: datetime
    revoked: datetime | None = None


class Session(msgspec.Struct, frozen=True):
    """An open session. `cookie` is its secret, known only when it is opened; otherwise empty."""

    user: str
    name: str
    role: str
    site: str | None
    expires: datetime
    cookie: str = ""


class OpenSession(msgspec.Struct, frozen=True):
    """A session as an administrator sees it; `id` names it and opens nothing."""

    id: str
    user: str
    opened: datetime
    expires: datetime
    agent: str


class UnknownUserError(LookupError):
    """No such user, or one whose access was revoked."""


class Accounts:
    """Accounts in `database`; every time comes from `clock`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        link_minutes: float = LINK_MINUTES,
        session_hours: float = SESSION_HOURS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._link = timedelta(minutes=link_minutes)
        self._session = timedelta(hours=session_hours)

    def add(self, name: str, role: str, site: str | None = None) -> str:
        """Add a user and return the id."""
        now = self._clock.now()
        id = new_id(now)
        with self._database.writing() as connection:
            connection.execute(insert(user).values(id=id, name=name, role=role, site=site, created=micros(now)))
        return id

    def users(self) -> list[User]:
        """Return all users in order of their making, revoked ones included."""
        with self._database.reading() as connection:
            rows = connection.execute(select(user).order_by(user.c.created, user.c.id)).mappings()
            return [_user(row) for row in rows]

    def user(self, id: str) -> User | None:
        """Return one user, or None."""
        with self._database.reading() as connection:
            row = connection.execute(select(user).where(user.c.id == id)).mappings().first()
        return _user(row) if row else None

    def invite(self, user: str | None = None, *, role: str = "", name: str = "", site: str | None = None) -> str:
        """Return the secret of a fresh one-time link for `user` (an id), or for a new user of `role`.

        Raises `UnknownUserError`; `ValueError` when neither is given.
        """
        if user is None:
            if not role:
                raise ValueError("whom is the link for? give a user or a role")
            user = self.add(name or role, role, site)
        known = self.user(user)
        if known is None or known.revoked:
            raise UnknownUserError(user)
        token = secrets.token_urlsafe(SECRET_BYTES)
        expires = micros(self._clock.now() + self._link)
        with self._database.writing() as connection:
            connection.execute(insert(invitation).values(hash=_hash(token), user=user, expires=expires))
        return token

    def invited(self, token: str) -> User | None:
        """Return whom a link would sign in, without using it up; None when it is spent, too old or unknown."""
        query = select(user).join(invitation, invitation.c.user == user.c.id).where(self._usable(token))
        with self._database.reading() as connection:
            row = connection.execute(query.where(user.c.revoked.is_(None))).mappings().first()
        return _user(row) if row else None

    def redeem(self, token: str, agent: str = "") -> Session | None:
        """Use a link up and open its session in browser `agent`, or return None. Of several at once, one gets it."""
        now = self._clock.now()
        with self._database.writing() as connection:
            taken = connection.execute(update(invitation).where(self._usable(token)).values(used=micros(now)))
            if taken.rowcount != 1:
                return None
            query = select(user).join(invitation, invitation.c.user == user.c.id)
            found = query.where(invitation.c.hash == _hash(token), user.c.revoked.is_(None))
            row = connection.execute(found).mappings().first()
            return self._open(connection, _user(row), now, agent) if row else None

    def open(self, id: str, agent: str = "") -> Session | None:
        """Open a session of a user who has proved to be there in another way; None for one without access."""
        known = self.user(id)
        if known is None or known.revoked:
            return None
        with self._database.writing() as connection:
            return self._open(connection, known, self._clock.now(), agent)

    def session(self, cookie: str) -> Session | None:
        """Return the open session that `cookie` belongs to, or None."""
        now = micros(self._clock.now())
        query = select(user, session.c.expires).join(session, session.c.user == user.c.id)
        open_now = and_(session.c.revoked.is_(None), session.c.expires > now, user.c.revoked.is_(None))
        with self._database.reading() as connection:
            row = connection.execute(query.where(session.c.hash == _hash(cookie), open_now)).mappings().first()
        return Session(row["id"], row["name"], row["role"], row["site"], moment(row["expires"])) if row else None

    def sessions(self) -> list[OpenSession]:
        """Return all sessions that are open, the latest first."""
        now = micros(self._clock.now())
        query = select(session).where(session.c.revoked.is_(None), session.c.expires > now)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(session.c.opened.desc(), session.c.hash)).mappings()
            return [
                OpenSession(
                    row["hash"][:PUBLIC], row["user"], moment(row["opened"]), moment(row["expires"]), row["agent"] or ""
                )
                for row in rows
            ]

    def revoke_session(self, id: str) -> str | None:
        """Close the open session called `id` (`OpenSession.id`); return whose it was, None if there is none."""
        if len(id) != PUBLIC:
            return None
        mine = and_(func.substr(session.c.hash, 1, PUBLIC) == id, session.c.revoked.is_(None))
        with self._database.writing() as connection:
            whose = connection.scalar(select(session.c.user).where(mine))
            connection.execute(update(session).where(mine).values(revoked=micros(self._clock.now())))
        return whose

    def sign_out(self, cookie: str) -> bool:
        """Close one session; return whether it was open."""
        now = micros(self._clock.now())
        mine = and_(session.c.hash == _hash(cookie), session.c.revoked.is_(None))
        with self._database.writing() as connection:
            return connection.execute(update(session).where(mine).values(revoked=now)).rowcount == 1

    def revoke(self, id: str) -> bool:
        """Take all access from a user, at once: sessions and links too. Return whether there was any to take."""
        now = micros(self._clock.now())
        with self._database.writing() as connection:
            taken = connection.execute(
                update(user).where(user.c.id == id, user.c.revoked.is_(None)).values(revoked=now)
            )
            connection.execute(
                update(session).where(session.c.user == id, session.c.revoked.is_(None)).values(revoked=now)
            )
            connection.execute(
                update(invitation).where(invitation.c.user == id, invitation.c.used.is_(None)).values(used=now)
            )
            return taken.rowcount == 1

    def _usable(self, token: str) -> ColumnElement[bool]:
        now = micros(self._clock.now())
        return and_(invitation.c.hash == _hash(token), invitation.c.used.is_(None), invitation.c.expires > now)

    def _open(self, connection: Connection, who: User, now: datetime, agent: str) -> Session:
        cookie = secrets.token_urlsafe(SECRET_BYTES)
        expires = now + self._session
        connection.execute(
            insert(session).values(
                hash=_hash(cookie), user=who.id, opened=micros(now), expires=micros(expires), agent=agent[:AGENT]
            )
        )
        return Session(who.id, who.name, who.role, who.site, expires, cookie)


def session_id(secret: str) -> str:
    """Return the name of the session with this secret; the name opens nothing."""
    return _hash(secret)[:PUBLIC]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _user(row: Mapping[Any, Any]) -> User:
    revoked = row["revoked"]
    created = moment(row["created"])
    return User(row["id"], row["name"], row["role"], row["site"], created, None if revoked is None else moment(revoked))
