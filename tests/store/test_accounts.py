from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from safecare.store import schema
from safecare.store.accounts import Accounts, Session, UnknownUserError
from safecare.store.database import Database
from safecare.testing.clock import START, FakeClock

pytest_plugins = ["store_fixtures"]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def accounts(database: Database, clock: FakeClock) -> Accounts:
    return Accounts(database, clock)


def test_users(accounts: Accounts, clock: FakeClock) -> None:
    first = accounts.add("Alix", "guard", "aurore")
    clock.advance(60)
    second = accounts.add("Noor", "admin")
    assert [(one.id, one.name, one.role, one.site) for one in accounts.users()] == [
        (first, "Alix", "guard", "aurore"),
        (second, "Noor", "admin", None),
    ]
    known = accounts.user(first)
    assert known is not None
    assert known.created == START
    assert accounts.user("nobody") is None


def test_a_link_opens_one_session(accounts: Accounts) -> None:
    user = accounts.add("Alix", "guard", "aurore")
    token = accounts.invite(user)
    invited = accounts.invited(token)
    assert invited is not None
    assert invited.name == "Alix"
    opened = accounts.redeem(token)
    assert opened is not None
    assert (opened.user, opened.name, opened.role, opened.site) == (user, "Alix", "guard", "aurore")
    assert accounts.redeem(token) is None
    assert accounts.invited(token) is None
    found = accounts.session(opened.cookie)
    assert found is not None
    assert (found.user, found.cookie, found.expires) == (user, "", opened.expires)


def test_a_link_for_a_role_makes_the_user(accounts: Accounts) -> None:
    opened = accounts.redeem(accounts.invite(role="operator", name="Post 1"))
    assert opened is not None
    assert (opened.name, opened.role) == ("Post 1", "operator")
    with pytest.raises(ValueError, match="user or a role"):
        accounts.invite()
    with pytest.raises(UnknownUserError):
        accounts.invite("nobody")


def test_only_hashes_are_stored(accounts: Accounts, database: Database) -> None:
    token = accounts.invite(role="admin")
    opened = accounts.redeem(token)
    assert opened is not None
    with database.reading() as connection:
        rows = [str(row) for table in (schema.invitation, schema.session) for row in connection.execute(select(table))]
    assert len(rows) == 2
    assert not any(token in row or opened.cookie in row for row in rows)
    assert len(token) >= 43


def test_links_and_sessions_end_in_time(accounts: Accounts, clock: FakeClock) -> None:
    late, used = accounts.invite(role="guard"), accounts.invite(role="guard")
    clock.advance(29 * 60)
    opened = accounts.redeem(used)
    assert opened is not None
    clock.advance(2 * 60)
    assert accounts.invited(late) is None
    assert accounts.redeem(late) is None
    clock.advance(11 * 3600)
    assert accounts.session(opened.cookie) is not None
    clock.advance(3600)
    assert accounts.session(opened.cookie) is None


@pytest.mark.parametrize("secret", ["", "x", "0" * 43, "é\0", "' OR 1=1 --"])
def test_a_wrong_secret_opens_nothing(accounts: Accounts, secret: str) -> None:
    accounts.invite(role="admin")
    assert accounts.invited(secret) is None
    assert accounts.redeem(secret) is None
    assert accounts.session(secret) is None
    assert accounts.sign_out(secret) is False


def test_signing_out_ends_one_session(accounts: Accounts) -> None:
    user = accounts.add("Alix", "guard")
    one, two = accounts.redeem(accounts.invite(user)), accounts.redeem(accounts.invite(user))
    assert one is not None
    assert two is not None
    assert accounts.sign_out(one.cookie) is True
    assert accounts.sign_out(one.cookie) is False
    assert accounts.session(one.cookie) is None
    assert accounts.session(two.cookie) is not None


def test_revoking_ends_everything_of_a_user(accounts: Accounts) -> None:
    user, other = accounts.add("Alix", "guard"), accounts.add("Noor", "guard")
    mine, theirs = accounts.redeem(accounts.invite(user)), accounts.redeem(accounts.invite(other))
    assert mine is not None
    assert theirs is not None
    link = accounts.invite(user)
    assert accounts.revoke(user) is True
    assert accounts.revoke(user) is False
    assert accounts.revoke("nobody") is False
    assert accounts.session(mine.cookie) is None
    assert accounts.invited(link) is None
    assert accounts.redeem(link) is None
    assert accounts.session(theirs.cookie) is not None
    with pytest.raises(UnknownUserError):
        accounts.invite(user)


@pytest.mark.slow
def test_of_many_who_redeem_at_once_one_gets_in(accounts: Accounts) -> None:
    for _ in range(3):
        token = accounts.invite(role="admin")
        opened: list[Session | None] = []
        start = threading.Barrier(8)

        def redeem(token: str = token, opened: list[Session | None] = opened, start: threading.Barrier = start) -> None:
            start.wait()
            opened.append(accounts.redeem(token))

        threads = [threading.Thread(target=redeem) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(opened) == 8
        assert len([one for one in opened if one is not None]) == 1
