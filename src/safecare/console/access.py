"""Ways to sign in again without a fresh link: passkeys, one-time codes, backup codes for the crisis."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from safecare.console import passkeys, totp
from safecare.console.deps import ConsoleDeps
from safecare.console.gate import Gate, address_of
from safecare.console.pages import Pages, read_form
from safecare.console.qr import picture_of
from safecare.console.rights import Visitor
from safecare.console.web import ProblemError, answer, not_found, read_struct, visitor_of
from safecare.console.wire.asks import ConfirmTotp, PasskeyAnswer
from safecare.console.wire.people import AccessView, BackupCodes, CeremonyView, SignedInView, TotpView, WayView
from safecare.console.wire.platform import Done
from safecare.model.text import say
from safecare.store.accounts import Session
from safecare.store.credentials import Credential

TRIES = 5
"""Wrong one-time codes in a row after which they are closed until the owner signs in in another way. Chosen: fifteen
guesses of a million (three codes are good at a time), and nobody can go on guessing."""

Open = Callable[[Request, Response, Session, str], Awaitable[Response]]
"""Puts a session's cookie into an answer, and the sign-in, with the way that it took, on record."""

Record = Callable[[Visitor, str, str], Awaitable[None]]
"""Puts a change of somebody's access on record: whose, what, and by which way."""


class Access:
    """Checks codes. Blocking."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps

    def view(self, user: str) -> AccessView:
        """Return the ways of `user`."""
        mine = self._deps.credentials.of(user)
        keys = [WayView(one.id, one.name, one.created, one.used) for one in mine if one.kind == "passkey"]
        code = next((one for one in mine if one.kind == "totp"), None)
        left = sum(one.kind == "backup" and one.used is None for one in mine)
        return AccessView(
            passkeys=keys,
            totp=code.created if code else None,
            totp_closed=code is not None and code.counter >= TRIES,
            backup_left=left,
        )

    def user_of(self, name: str, code: str) -> str | None:
        """Return who signs in with `name` and a one-time code, or with a backup code (any name); None for nobody."""
        plain = "".join(sign for sign in code if sign.isalnum())
        if len(plain) != totp.DIGITS:
            return self._deps.credentials.spend_backup_code(plain)
        now = self._deps.clock.now()
        credentials = self._deps.credentials
        tried = [one for one in credentials.named(name, "totp") if credentials.attempt(one.id, TRIES)]
        for one in tried:
            step = totp.matching(one.secret, plain, now, one.used)
            if step is not None and credentials.spend(one.id, step):
                for other in tried:
                    if other.id != one.id:
                        credentials.forgive(other.id)
                return one.user
        return None

    def reopen(self, user: str) -> None:
        """Take one-time codes again: their owner has signed in in another way."""
        for one in self._deps.credentials.of(user):
            if one.kind == "totp" and one.counter:
                self._deps.credentials.reset(one.id)


def routes(app: FastAPI, deps: ConsoleDeps, gate: Gate, pages: Pages, enter: Open, record: Record) -> None:
    """Add the routes of signing in again."""
    access = Access(deps)
    ceremonies = passkeys.Ceremonies(deps.clock)
    pending: dict[str, bytes] = {}

    def owner(request: Request) -> Visitor:
        visitor = visitor_of(request)
        if not visitor.secret:
            raise ProblemError(409, say("Only a person who has signed in can do this."))
        return visitor

    def home(request: Request) -> tuple[str, str]:
        return passkeys.home_of(request, deps.settings.console.public_url)

    @app.get("/api/access", name="access")
    async def my_access(request: Request) -> Response:
        return answer(await asyncio.to_thread(access.view, visitor_of(request).user))

    @app.post("/api/access/{id}/remove", name="remove_access")
    async def remove_access(request: Request, id: str) -> Response:
        if not await asyncio.to_thread(deps.credentials.remove, id, visitor_of(request).user):
            raise not_found()
        await record(visitor_of(request), "way_removed", "")
        return answer(Done(id))

    @app.post("/api/access/backup", name="make_backup_codes")
    async def make_backup_codes(request: Request) -> Response:
        """Give a fresh set of backup codes: shown once, for paper. Older ones are good no more."""
        visitor = owner(request)
        codes = await asyncio.to_thread(deps.credentials.make_backup_codes, visitor.user)
        await record(visitor, "way_added", "backup")
        return answer(BackupCodes(codes))

    @app.post("/api/access/totp", name="begin_totp")
    async def begin_totp(request: Request) -> Response:
        visitor = owner(request)
        key = pending[visitor.session] = os.urandom(totp.KEY_BYTES)
        while len(pending) > passkeys.OPEN:
            del pending[next(iter(pending))]
        address = totp.address(key, f"Safecare {deps.hospital.id}", visitor.name)
        return answer(TotpView(totp.written(key), address, picture_of(address)))

    @app.post("/api/access/totp/confirm", name="confirm_totp")
    async def confirm_totp(request: Request) -> Response:
        """Keep the key once its app has shown that it has it."""
        visitor, ask = owner(request), await read_struct(request, ConfirmTotp)
        key = pending.get(visitor.session)
        if key is None or totp.matching(key, ask.code, deps.clock.now(), None) is None:
            raise ProblemError(422, say("This code is not right. Is the phone's clock right?"))
        del pending[visitor.session]
        id = await asyncio.to_thread(deps.credentials.add, visitor.user, "totp", "", key)
        await record(visitor, "way_added", "totp")
        return answer(Done(id), 201)

    @app.post("/api/passkeys/begin", name="begin_passkey")
    async def begin_passkey(request: Request) -> Response:
        visitor = owner(request)
        party, _ = home(request)
        known = [one for one in await asyncio.to_thread(deps.credentials.of, visitor.user) if one.kind == "passkey"]
        name, challenge = ceremonies.begin(visitor.user)
        return answer(CeremonyView(name, passkeys.creation(visitor.name, visitor.user, party, challenge, known)))

    @app.post("/api/passkeys", name="add_passkey")
    async def add_passkey(request: Request) -> Response:
        visitor, given = owner(request), await read_struct(request, PasskeyAnswer)
        party, origin = home(request)
        challenge = ceremonies.end(given.ceremony, visitor.user)
        raw = bytes(given.credential)
        id, key, counter = await asyncio.to_thread(passkeys.registered, raw, challenge, party, origin)
        if await asyncio.to_thread(deps.credentials.find, id) is not None:
            raise ProblemError(409, say("This passkey is registered already."))
        name = given.name or request.headers.get("user-agent", "")[:80]
        await asyncio.to_thread(deps.credentials.add, visitor.user, "passkey", name, key, id=id, counter=counter)
        await record(visitor, "way_added", "passkey")
        return answer(Done(id), 201)

    @app.post("/api/sign-in/begin", name="begin_sign_in")
    async def begin_sign_in(request: Request) -> Response:
        party, _ = home(request)
        name, challenge = ceremonies.begin()
        return answer(CeremonyView(name, passkeys.request_options(party, challenge)))

    @app.post("/api/sign-in", name="sign_in_by_passkey")
    async def sign_in_by_passkey(request: Request) -> Response:
        given = await read_struct(request, PasskeyAnswer)
        party, origin = home(request)
        challenge = ceremonies.end(given.ceremony)
        raw = bytes(given.credential)
        known = await asyncio.to_thread(deps.credentials.find, passkeys.credential_id(raw))
        if known is None or known.kind != "passkey":
            gate.failures.add(address_of(request))
            raise ProblemError(401, say("This passkey is not valid here."))
        try:
            counter = await asyncio.to_thread(passkeys.signed, raw, challenge, party, origin, known)
        except ProblemError:
            gate.failures.add(address_of(request))
            raise
        await asyncio.to_thread(deps.credentials.use, known.id, counter)
        opened = await _opened(request, known)
        return await enter(request, answer(SignedInView(opened.role)), opened, "passkey")

    async def _opened(request: Request, known: Credential) -> Session:
        await asyncio.to_thread(access.reopen, known.user)
        agent = request.headers.get("user-agent", "")
        opened = await asyncio.to_thread(deps.accounts.open, known.user, agent)
        if opened is None:
            raise ProblemError(401, say("This passkey is not valid here."))
        return opened

    @app.get("/sign-in", name="code_page")
    async def code_page(request: Request) -> Response:
        return pages.page(request, "no_session.jinja", spent=False, wrong=False, here="/")

    @app.post("/sign-in", name="sign_in_by_code")
    async def sign_in_by_code(request: Request) -> Response:
        """Sign in with name and one-time code, or with a backup code: a plain form, for when all else fails."""
        form = await read_form(request)
        user = await asyncio.to_thread(access.user_of, form.get("name", "").strip(), form.get("code", ""))
        agent = request.headers.get("user-agent", "")
        opened = await asyncio.to_thread(deps.accounts.open, user, agent) if user else None
        if opened is None:
            gate.failures.add(address_of(request))
            return pages.page(request, "no_session.jinja", 401, spent=False, wrong=True, here="/")
        if "-" in form.get("code", ""):
            await asyncio.to_thread(access.reopen, opened.user)
        return await enter(request, RedirectResponse("/guard" if opened.role == "guard" else "/", 303), opened, "code")
