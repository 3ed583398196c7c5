"""Signing in by the hospital's identity provider, and out there too.

The provider says who somebody is and which groups they are in; what a group may do stands in our settings, and
nothing else gives a right. When the provider is away, passkeys and codes still open the door.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta

import msgspec
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from safecare.console.deps import ConsoleDeps
from safecare.console.feed import Feed
from safecare.console.gate import Gate, address_of
from safecare.console.pages import Pages, read_form
from safecare.console.provider import Person, Provider, ProviderError
from safecare.console.rights import Visitor
from safecare.console.web import ProblemError, words_of
from safecare.model.hospital import Hospital
from safecare.model.roles import GUARD, ROLES, Grant
from safecare.model.scope import places_of
from safecare.model.text import Text, say
from safecare.store.accounts import Session, session_id

COOKIE = "safecare_oidc"
"""Ties a sign-in to the browser that began it. Lax, unlike the session's: the way back comes from another site."""
LIFE = timedelta(minutes=10)
"""Time to sign in at the provider (chosen: with a second factor that lies in another room)."""
OPEN = 4096
"""Sign-ins that are under way, and sessions whose token is remembered (chosen: bounded memory; the oldest give way)."""
SECRET = 32
"""Random bytes of state, nonce and verifier: 256 bits, 43 letters (RFC 7636, 4.1 asks for 43 to 128)."""

LENGTH = 43
"""Letters of such a secret in base64url."""

Enter = Callable[[Request, Response, Session, str], Awaitable[Response]]
"""Puts a session's cookie into an answer, and the sign-in, with the way that it took, on record."""
Home = Callable[[Request], str]
"""The address that people use, without a slash at its end."""

_log = structlog.get_logger(__name__)


class Flow(msgspec.Struct, frozen=True):
    """A sign-in that is under way: by which browser (hash of its cookie), from where, and where to afterwards."""

    browser: bytes
    back: str
    nonce: str
    verifier: str
    target: str
    at: datetime


class Flows:
    """Sign-ins under way by state. Each is good once."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start empty."""
        self._now = now
        self._open: OrderedDict[str, Flow] = OrderedDict()

    def begin(self, browser: str, back: str, target: str) -> tuple[str, Flow]:
        """Return state and flow of a new sign-in."""
        state = secrets.token_urlsafe(SECRET)
        nonce, verifier = secrets.token_urlsafe(SECRET), secrets.token_urlsafe(SECRET)
        flow = self._open[state] = Flow(_hash(browser), back, nonce, verifier, target, self._now())
        while len(self._open) > OPEN:
            self._open.popitem(last=False)
        return state, flow

    def end(self, state: str, browser: str) -> Flow | None:
        """Return the flow of `state`, if this browser has begun it in time; it is used up either way."""
        flow = self._open.pop(state, None)
        if flow is None or self._now() - flow.at > LIFE or not hmac.compare_digest(flow.browser, _hash(browser)):
            return None
        return flow


class SignedOut:
    """ID tokens of sessions that came by the provider, to sign out there too. Only in memory: a hint, no right."""

    def __init__(self, provider: Provider | None) -> None:
        """Start empty."""
        self._provider = provider
        self._tokens: OrderedDict[str, str] = OrderedDict()

    def keep(self, session: str, id_token: str) -> None:
        """Remember the token of a session."""
        self._tokens[session] = id_token
        while len(self._tokens) > OPEN:
            self._tokens.popitem(last=False)

    def address(self, session: str, back: str) -> str:
        """Return where the browser of `session` is sent to sign out at the provider; empty: nowhere. Blocking."""
        token = self._tokens.pop(session, "")
        return self._provider.end_address(token, back) if self._provider is not None and token else ""


def granted(groups: Collection[str], given: Mapping[str, str | Grant]) -> Grant | None:
    """Return what the first of `given` gives that is among a person's `groups`; None: nothing."""
    found = next((grant for group, grant in given.items() if group in groups), None)
    return Grant(found) if isinstance(found, str) else found


def mistakes(given: Mapping[str, str | Grant], hospital: Hospital) -> list[str]:
    """Return what is wrong with the table of groups: a right that can't be given must not be lost in silence."""
    found = [] if given else ["[oidc.groups] is empty: nobody would have a role"]
    sites = {str(site.id) for site in hospital.sites}
    for group, value in given.items():
        grant = Grant(value) if isinstance(value, str) else value
        if grant.role not in ROLES:
            found.append(f"group {group}: no role is called {grant.role}")
        if grant.site is not None and grant.site not in sites:
            found.append(f"group {group}: no site is called {grant.site}")
        unknown = sorted(set(grant.zones) - places_of(hospital, grant.site))
        found += [f"group {group}: no zone, storey or building is called {place}" for place in unknown]
    return found


def _rights(one: Visitor | Session) -> tuple[object, ...]:
    return (one.role, one.site, one.places if isinstance(one, Visitor) else one.zones)


def local_target(given: str) -> str:
    """Return `given` if it is a page of ours, else the start page: never another site (CWE-601)."""
    plain = given.startswith("/") and not given.startswith(("//", "/\\")) and "\\" not in given
    return given if plain and given.isprintable() and len(given) <= 200 else "/"


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def routes(
    app: FastAPI, deps: ConsoleDeps, gate: Gate, pages: Pages, feed: Feed, out: SignedOut, enter: Enter, home: Home
) -> None:
    """Add the routes; without a provider they say that there is none. `home` gives the address that people use."""
    flows = Flows(deps.clock.now)
    provider = deps.provider
    secure = deps.settings.console.public_url.startswith("https:")

    def there() -> Provider:
        if provider is None:
            raise ProblemError(404, say("No sign-in of the hospital's own is set up here."))
        return provider

    def refused(request: Request, status: int, reason: Text) -> Response:
        """Say why it did not work, next to the ways that still do."""
        problem = words_of(request).say(reason)
        return pages.page(request, "no_session.jinja", status, spent=False, wrong=False, here="/", problem=problem)

    @app.get("/oidc/begin", name="begin_oidc")
    async def begin(request: Request, next: str = "/") -> Response:
        """Send the browser to the provider, with what it must bring back."""
        known = there()
        browser = request.cookies.get(COOKIE, "")
        if len(browser) != LENGTH:
            browser = secrets.token_urlsafe(SECRET)
        state, flow = flows.begin(browser, f"{home(request)}/oidc/callback", local_target(next))
        try:
            address = await asyncio.to_thread(known.address, flow.back, state, flow.nonce, flow.verifier)
        except ProviderError as error:
            _log.warning("sign-in by the identity provider did not begin", reason=str(error))
            return refused(request, 503, error.reason)
        sent = RedirectResponse(address, 303)
        age = int(LIFE.total_seconds())
        sent.set_cookie(COOKIE, browser, max_age=age, path="/oidc", httponly=True, samesite="lax", secure=secure)
        return sent

    @app.get("/oidc/callback", name="oidc_callback")
    async def callback(request: Request, state: str = "", code: str = "", iss: str = "", error: str = "") -> Response:
        """Take the browser back, ask the provider who it is, and open the session."""
        known = there()
        flow = flows.end(state, request.cookies.get(COOKIE, ""))
        if flow is None:
            gate.failures.add(address_of(request))
            return refused(request, 400, say("This sign-in took too long, or was begun in another browser. Try again."))
        if error or not code:
            _log.warning("the identity provider let nobody in", error=error[:80])
            return refused(request, 403, say("The hospital's sign-in did not let you in."))
        try:
            person = await asyncio.to_thread(known.person, code, iss, flow.back, flow.nonce, flow.verifier)
        except ProviderError as failed:
            _log.warning("sign-in by the identity provider failed", reason=str(failed))
            return refused(request, 503, failed.reason)
        grant = granted(person.groups, deps.settings.oidc.groups)
        if grant is None:
            await without_role(person)
            return refused(
                request, 403, say("Your account has no role in Safecare. Ask the administrator of your site.")
            )
        opened = await asyncio.to_thread(admit, person, grant, request.headers.get("user-agent", ""))
        if opened is None:
            return refused(
                request, 403, say("Your access to Safecare was taken away here. Ask the administrator of your site.")
            )
        feed.end(lambda visitor: visitor.user == opened.user and _rights(visitor) != _rights(opened))
        out.keep(session_id(opened.cookie), person.id_token)
        target = flow.target if flow.target != "/" or opened.role != GUARD else "/guard"
        # Not a redirect: a browser that comes from another site shows a strict cookie only to a page of ours.
        entered = await enter(
            request, pages.page(request, "signed_in.jinja", target=target), opened, "identity provider"
        )
        entered.delete_cookie(COOKIE, path="/oidc", httponly=True, samesite="lax", secure=secure)
        return entered

    async def without_role(person: Person) -> None:
        """End what is open for a person to whom the provider gives no role any more."""
        gone = await asyncio.to_thread(deps.accounts.disown, person.origin)
        if gone is not None:
            feed.end(lambda visitor: visitor.user == gone)

    def admit(person: Person, grant: Grant, agent: str) -> Session | None:
        """Open a session of `person` with `grant`; None for whom access was taken away here. Blocking."""
        user = deps.accounts.vouch(person.origin, person.name, grant)
        return deps.accounts.open(user.id, agent) if user is not None else None

    @app.post("/oidc/signed-out", name="oidc_signed_out")
    async def signed_out(request: Request) -> Response:
        """Take the provider's word that somebody has signed out there (back-channel logout): end all their sessions."""
        known, form = there(), await read_form(request)
        try:
            origin = await asyncio.to_thread(known.signed_out, form.get("logout_token", ""))
        except ProviderError as error:
            gate.failures.add(address_of(request))
            _log.warning("a word of the identity provider was not believed", reason=str(error))
            raise ProblemError(400, error.reason) from error
        user = await asyncio.to_thread(deps.accounts.end, origin)
        if user is not None:
            feed.end(lambda visitor: visitor.user == user)
        return Response(status_code=200)
