"""Signing in by one-time link, signing out, who am I, and making links for others."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from safecare.console import access, oidc
from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.feed import Feed
from safecare.console.gate import Gate, address_of, check_form
from safecare.console.pages import Pages, read_form
from safecare.console.qr import picture_of
from safecare.console.rights import Visitor, manages
from safecare.console.web import ProblemError, answer, read_struct, visitor_of, words_of
from safecare.console.wire.asks import ChooseLanguage, Invite
from safecare.console.wire.incidents import Named
from safecare.console.wire.people import ExerciseNow, Invitation, Me, SignedOutAt
from safecare.console.words import LANGUAGE_COOKIE
from safecare.model.events.acts import SignedIn
from safecare.model.roles import GUARD
from safecare.model.scope import places_of
from safecare.model.text import say
from safecare.store.accounts import Session

LANGUAGE_AGE = 31_536_000
"""Seconds for which a browser remembers the chosen language (one year)."""
EVERY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound
"""Hosts that stand for all addresses of the machine."""


def public_url(deps: ConsoleDeps) -> str:
    """Return the address that people use, without a slash at its end."""
    console = deps.settings.console
    return (console.public_url or f"http://{console.host}:{console.port}").rstrip("/")


def link_url(deps: ConsoleDeps, request: Request) -> str:
    """Return the address for a link that is handed over: as set, else the one that this request came in by.

    Taken from our own socket, not from the header ``Host``, which the sender makes up: ``--port 0`` and a host that
    stands for all addresses name no place that a phone could open.
    """
    console = deps.settings.console
    server = request.scope.get("server")
    if console.public_url or not server or not server[1]:
        return public_url(deps)
    host, port = (server[0] if console.host in EVERY_ADDRESS else console.host), server[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def routes(app: FastAPI, deps: ConsoleDeps, gate: Gate, pages: Pages, feed: Feed) -> None:
    """Add the routes of sign-in and session."""
    desk = Desk(deps)
    secure = public_url(deps).startswith("https:")
    out = oidc.SignedOut(deps.provider)

    async def record(visitor: Visitor, change: str, detail: str = "") -> None:
        stamp = desk.stamp(visitor, "", desk.home(visitor))
        await desk.record(SignedIn(**stamp, change=change, detail=detail))  # type: ignore[arg-type]

    async def enter(request: Request, target: Response, opened: Session, way: str) -> Response:
        before = request.cookies.get(gate.cookie, "")
        if before:  # whoever had signed in here before: their session must not stay open unseen
            await asyncio.to_thread(deps.accounts.sign_out, before)
        visitor = Visitor(opened.user, opened.name, opened.role, opened.site, opened.cookie)
        await record(visitor, "signed_in", way)
        target.set_cookie(
            gate.cookie,
            opened.cookie,
            max_age=int(deps.settings.console.session_hours * 3600),
            httponly=True,
            samesite="strict",
            secure=secure,
        )
        return target

    access.routes(app, deps, gate, pages, enter, record)
    oidc.routes(app, deps, gate, pages, feed, out, enter, lambda request: link_url(deps, request))

    @app.get("/sign-in/{token}", name="sign_in_page")
    async def sign_in_page(request: Request, token: str) -> Response:
        """Show whom the link is for; only the button's POST uses it up, so a preview of the link does not."""
        invited = await asyncio.to_thread(deps.accounts.invited, token)
        if invited is None:
            gate.failures.add(address_of(request))
            return pages.page(request, "no_session.jinja", 404, spent=True, wrong=False, here="/")
        return pages.page(request, "sign_in.jinja", invited=invited, role=words_of(request).role(invited.role))

    @app.post("/sign-in/{token}", name="sign_in")
    async def sign_in(request: Request, token: str) -> Response:
        agent = request.headers.get("user-agent", "")
        opened = await asyncio.to_thread(deps.accounts.redeem, token, agent)
        if opened is None:
            gate.failures.add(address_of(request))
            return pages.page(request, "no_session.jinja", 404, spent=True, wrong=False, here="/")
        return await enter(request, RedirectResponse("/guard" if opened.role == GUARD else "/", 303), opened, "link")

    @app.post("/sign-out", name="sign_out")
    async def sign_out(request: Request) -> Response:
        visitor = visitor_of(request)
        by_script = request.headers.get("x-safecare") == "1"
        if not by_script:
            check_form(visitor, (await read_form(request)).get("form_key", ""))
        await asyncio.to_thread(deps.accounts.sign_out, visitor.secret)
        feed.end(lambda other: other.session == visitor.session)
        await record(visitor, "signed_out")
        next = await asyncio.to_thread(out.address, visitor.session, link_url(deps, request) + "/")
        # A form of ours may lead to no other site (content security policy): there, the page has a link.
        gone = answer(SignedOutAt(next or "/")) if by_script else _left(pages, request, next)
        gone.delete_cookie(gate.cookie, httponly=True, samesite="strict", secure=secure)
        return gone

    @app.get("/api/me", name="me")
    async def me(request: Request) -> Response:
        visitor, words = visitor_of(request), words_of(request)
        now = deps.scenarios.exercise()
        return answer(
            Me(
                user=visitor.user,
                name=visitor.name,
                role=visitor.role,
                language=words.language,
                hospital=Named(deps.hospital.id, _hospital_name(deps, words.language)),
                exercise=ExerciseNow(now.scenario, words.say(deps.scenarios.title(now.scenario)), now.since)
                if now
                else None,
                timezone=_timezone(deps, visitor),
            )
        )

    @app.post("/api/me", name="set_language")
    async def set_language(request: Request) -> Response:
        """Remember the language on this device: a cookie, because a shared post has people of both languages."""
        ask = await read_struct(request, ChooseLanguage)
        done = answer({"language": ask.language})
        done.set_cookie(LANGUAGE_COOKIE, ask.language, max_age=LANGUAGE_AGE, samesite="strict", secure=secure)
        return done

    @app.post("/api/invitations", name="invite")
    async def invite(request: Request) -> Response:
        ask = await read_struct(request, Invite)
        visitor = visitor_of(request)
        if not ask.name.strip():
            raise ProblemError(422, say("Say who it is for."))
        _check_grant(deps, visitor, ask)
        token, user = await asyncio.to_thread(_invite, deps, ask)
        await record(visitor, "invited", f"{user} {ask.role}")
        expires = deps.clock.now() + timedelta(minutes=deps.settings.console.link_minutes)
        url = f"{link_url(deps, request)}/sign-in/{token}"
        return answer(Invitation(url, expires, user, picture_of(url)), 201)


def _left(pages: Pages, request: Request, next: str) -> Response:
    if not next:
        return RedirectResponse("/", 303)
    return pages.page(request, "signed_out.jinja", next=next)


def _invite(deps: ConsoleDeps, ask: Invite) -> tuple[str, str]:
    user = deps.accounts.add(ask.name.strip(), ask.role, ask.site, ask.zones)
    return deps.accounts.invite(user), user


def _check_grant(deps: ConsoleDeps, visitor: Visitor, ask: Invite) -> None:
    """Raise `ProblemError` for places that are not there, and for rights beyond those of who gives them."""
    if ask.site is not None and all(site.id != ask.site for site in deps.hospital.sites):
        raise ProblemError(422, say("There is no such place: {zone}", zone=ask.site))
    known = places_of(deps.hospital, ask.site)
    for place in ask.zones:
        if place not in known:
            raise ProblemError(422, say("There is no such place: {zone}", zone=place))
    if not manages(deps.hospital, visitor, ask.site, ask.zones):
        raise ProblemError(403, say("You can give access to your own place only."))


def _timezone(deps: ConsoleDeps, visitor: Visitor) -> str:
    mine = [one.timezone for one in deps.hospital.sites if visitor.site in {None, one.id}]
    return mine[0] if mine else "UTC"


def _hospital_name(deps: ConsoleDeps, language: str) -> str:
    return deps.hospital.name.fr if language == "fr" else deps.hospital.name.en
