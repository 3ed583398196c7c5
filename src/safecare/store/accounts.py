"""Users, their roles, one-time sign-in links and sessions. There are no passwords.

Of links and sessions only the SHA-256 of the secret is stored: they carry 256 random bits, so a slow hash
would add nothing. Reading the database therefore lets nobody sign in.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from safecare.model.clock import Clock
from safecare.model.ids import new_id
from safecare.model.roles import Grant
from safecare.store.database import Database
from safecare.store.database import insert as insert_or
from safecare.store.schema import invitation, micros, moment, session, user

SECRET_BYTES = 32
"""Random bytes of a link or session: 256 bits (OWASP ASVS 5.0, 7.2.3 asks for at least 128)."""
PUBLIC = 16
"""First characters of a session's hash that name it to an administrator (chosen: 64 bits, never two the same)."""
AGENT = 200
"""Most characters of a browser's own name that are kept (chosen: what tells phones apart stands in front)."""
LINK_MINUTES = 30.0
"""Life of a link if nothing else is said. Chosen: as in `settings.Console`."""
VOUCHED = timedelta(days=30)
"""Time since the identity provider last knew a person, after which their passkeys and codes open nothing (chosen: far
longer than any outage of a provider, short enough that who has left the house does not keep a way in)."""
SESSION_HOURS = 12.0
"""Life of a session if nothing else is said. Chosen: as in `settings.Console`."""


class User(msgspec.Struct, frozen=True):
    """A person (or a sending machine) and their role; `site` narrows it to one site, None means all.

    `zones` narrow it further, to rooms, storeys or buildings; none: all of the site.
    """

    id: str
    name: str
    role: str
    site: str | None
    created: datetime
    revoked: datetime | None = None
    zones: tuple[str, ...] = ()
    vouched: datetime | None = None
    """When the site's identity provider last said who this is; None for people it does not know."""


class Session(msgspec.Struct, frozen=True):
    """An open session. `cookie` is its secret, known only when it is opened; otherwise empty."""

    user: str
    name: str
    role: str
    site: str | None
    expires: datetime
    cookie: str = ""
    zones: tuple[str, ...] = ()


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

    def add(self, name: str, role: str, site: str | None = None, zones: Sequence[str] = ()) -> str:
        """Add a user and return the id."""
        now = self._clock.now()
        id = new_id(now)
        granted = _granted(Grant(role, site, tuple(zones)))
        with self._database.writing() as connection:
            connection.execute(insert(user).values(id=id, name=name, created=micros(now), **granted))
        return id

    def vouch(self, origin: str, name: str, grant: Grant) -> User | None:
        """Return the user whom the identity provider calls `origin`, with `grant` and no other right from now on.

        Made at the first time. None for someone whose access was taken away here: the provider does not give it back.
        """
        now = self._clock.now()
        known = {"name": name, "vouched": micros(now), **_granted(grant)}
        with self._database.writing() as connection:
            fresh = insert_or(connection, user).values(id=new_id(now), origin=origin, created=micros(now), **known)
            connection.execute(
                fresh.on_conflict_do_update(index_elements=["origin"], set_=known, where=user.c.revoked.is_(None))
            )
            row = connection.execute(select(user).where(user.c.origin == origin)).mappings().one()
        return None if row["revoked"] is not None else _user(row)

    def end(self, origin: str) -> str | None:
        """End all sessions and unused links of the user `origin`, who may sign in again; return who that is."""
        now = micros(self._clock.now())
        with self._database.writing() as connection:
            id = connection.scalar(select(user.c.id).where(user.c.origin == origin))
            if id is not None:
                _end(connection, id, now)
        return id

    def disown(self, origin: str) -> str | None:
        """End what is open for the user `origin`, and close their other ways: the provider gives no role any more.

        Return who that is. A later sign-in with a role opens all of it again.
        """
        now = self._clock.now()
        with self._database.writing() as connection:
            id = connection.scalar(select(user.c.id).where(user.c.origin == origin, user.c.revoked.is_(None)))
            if id is not None:
                long_ago = micros(now - VOUCHED - timedelta(seconds=1))
                connection.execute(update(user).where(user.c.id == id).values(vouched=long_ago))
                _end(connection, id, micros(now))
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
        if known is None or known.revoked or self._stale(known):
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
        if row is None:
            return None
        who = _user(row)
        return Session(who.id, who.name, who.role, who.site, moment(row["expires"]), zones=who.zones)

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
            _end(connection, id, now)
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
        return Session(who.id, who.name, who.role, who.site, expires, cookie, who.zones)

    def _stale(self, who: User) -> bool:
        return who.vouched is not None and self._clock.now() - who.vouched > VOUCHED


def session_id(secret: str) -> str:
    """Return the name of the session with this secret; the name opens nothing."""
    return _hash(secret)[:PUBLIC]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _user(row: Mapping[Any, Any]) -> User:
    def at(name: str) -> datetime | None:
        return None if row[name] is None else moment(row[name])

    return User(
        id=row["id"],
        name=row["name"],
        role=row["role"],
        site=row["site"],
        created=moment(row["created"]),
        revoked=at("revoked"),
        zones=tuple(msgspec.json.decode(row["zones"])) if row["zones"] else (),
        vouched=at("vouched"),
    )


def _granted(grant: Grant) -> dict[str, str | None]:
    zones = msgspec.json.encode(grant.zones).decode() if grant.zones else None
    return {"role": grant.role, "site": grant.site, "zones": zones}


def _end(connection: Connection, id: str, now: int) -> None:
    """End sessions and links of a user."""
    connection.execute(update(session).where(session.c.user == id, session.c.revoked.is_(None)).values(revoked=now))
    connection.execute(update(invitation).where(invitation.c.user == id, invitation.c.used.is_(None)).values(used=now))
