"""The gate before every route: who is asking, may they, and did the request come from our own page.

- People carry a session cookie; machines ``Authorization: Bearer``. The local token acts as admin.
- A request that changes something and carries a cookie must come from our own origin, and must carry the header
  ``X-Safecare: 1`` or (plain forms) a field that only our page knows. Foreign pages can do neither.
- Tokens that fail are counted by address, so that nobody tries many.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.requests import Request

from safecare.console.deps import ConsoleDeps
from safecare.console.rights import NOBODY, PUBLIC, RIGHTS, Visitor, may
from safecare.console.web import ProblemError
from safecare.console.words import People, Words, language_of
from safecare.model.clock import Clock
from safecare.model.roles import ADMIN
from safecare.model.scope import Scope, scope_of
from safecare.model.text import say

SESSION_COOKIE = "safecare_session"
SAFE_METHODS = frozenset({"GET", "HEAD"})
FORM_ROUTES = frozenset({"sign_in", "sign_in_by_code", "sign_out", "answer_page", "report_form", "oidc_signed_out"})
"""Routes that plain forms may use: signing in, and the word of a provider, need a secret of their own; others check the
form's own field, since a form can't set a header."""

FAILURES = 20
"""Failed tokens that one address may send within `FAILURE_WINDOW` (chosen: tokens have at least 128 random bits,
so this only keeps the noise and the load down)."""
FAILURE_WINDOW = timedelta(minutes=1)
SCOPES = 256
"""Scopes that are remembered (chosen: far more than a house has kinds of posts)."""
ADDRESSES = 4096
"""Addresses that are remembered (chosen: bounded memory; the oldest are forgotten)."""


class Failures:
    """Counts failed tokens by address."""

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self._clock = clock
        self._seen: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def add(self, address: str) -> None:
        """Count a failure of `address`. Raises `ProblemError` 429 when it fails too often.

        Only what is wrong is counted and refused: people who share an address with whoever is guessing still
        get in with a true link.
        """
        now = self._clock.now()
        since, count = self._seen.pop(address, (now, 0))
        self._seen[address] = (now, 1) if now - since >= FAILURE_WINDOW else (since, count + 1)
        while len(self._seen) > ADDRESSES:
            self._seen.popitem(last=False)
        if self._seen[address][1] > FAILURES:
            raise ProblemError(429, say("Too many attempts. Wait a minute, then try again."), {"Retry-After": "60"})


class Gate:
    """Finds the visitor and refuses what the table of rights does not allow."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps
        self.failures = Failures(deps.clock)
        # The prefix keeps pages of neighbouring names from giving a browser a cookie of their own choice (RFC 6265bis).
        secure = deps.settings.console.public_url.startswith("https:")
        self.cookie = f"__Host-{SESSION_COOKIE}" if secure else SESSION_COOKIE
        self._people = People(deps.accounts)
        self._scopes: dict[tuple[str, ...], Scope | None] = {}

    async def __call__(self, request: Request) -> None:
        """Judge one request before its route runs. Raises `ProblemError`."""
        request.state.words = self.words(request)
        request.state.visitor = NOBODY
        name = request.scope["route"].name
        visitor, machine = await self._visitor(request)
        request.state.visitor = visitor
        if request.method not in SAFE_METHODS and not machine:
            self._own_page(request, name)
        if RIGHTS[name] is PUBLIC:
            return
        if not visitor.known:
            raise ProblemError(401, say("Sign in first."), {"WWW-Authenticate": "Bearer"})
        if not may(visitor, name):
            raise ProblemError(403, say("Your role does not allow this."))

    def words(self, request: Request) -> Words:
        """Return the words of the reader who is asking."""
        language = language_of(request, self._deps.settings.language)
        return Words(self._deps.catalogue, self._deps.hospital, self._people, language, self._deps.clock.now())

    async def _visitor(self, request: Request) -> tuple[Visitor, bool]:
        """Return who is asking, and whether a token (not a cookie) says so."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and token:
            return await self._machine(request, token.strip()), True
        return await self.session(request.cookies.get(self.cookie, "")), False

    async def _machine(self, request: Request, token: str) -> Visitor:
        if self._deps.local_token and hmac.compare_digest(token.encode(), self._deps.local_token.encode()):
            return Visitor("local", "local", ADMIN)
        found = await self.session(token)
        if not found.known:
            self.failures.add(address_of(request))
            raise ProblemError(401, say("This token is not valid."), {"WWW-Authenticate": "Bearer"})
        return found

    async def session(self, secret: str) -> Visitor:
        """Return the visitor that a session's secret belongs to, or `NOBODY`."""
        if not 16 <= len(secret) <= 256:
            return NOBODY
        found = await asyncio.to_thread(self._deps.accounts.session, secret)
        if found is None:
            return NOBODY
        scope = self._scope(found.zones)
        return Visitor(found.user, found.name, found.role, found.site, secret, found.zones, scope)

    def _scope(self, places: tuple[str, ...]) -> Scope | None:
        if places not in self._scopes:
            if len(self._scopes) >= SCOPES:
                self._scopes.clear()
            self._scopes[places] = scope_of(self._deps.hospital, places)
        return self._scopes[places]

    def _own_page(self, request: Request, name: str) -> None:
        foreign = ProblemError(403, say("This request did not come from our own page."))
        origin = request.headers.get("origin")
        if origin is not None and not self._is_ours(origin, request.headers.get("host", "")):
            raise foreign
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise foreign
        if name not in FORM_ROUTES and request.headers.get("x-safecare") != "1":
            raise foreign

    def _is_ours(self, origin: str, host: str) -> bool:
        """Compare by host and port: a proxy that ends TLS changes the scheme."""
        ours = {host.lower(), urlsplit(self._deps.settings.console.public_url).netloc.lower()} - {""}
        return urlsplit(origin).netloc.lower() in ours


def form_key(visitor: Visitor) -> str:
    """Return the field that proves that a form came from our page to this session: a hash of its secret."""
    return hashlib.sha256(b"form\x1f" + visitor.secret.encode()).hexdigest()


def check_form(visitor: Visitor, given: str) -> None:
    """Raise `ProblemError` 403 unless `given` is the visitor's form key."""
    if not hmac.compare_digest(given.encode(), form_key(visitor).encode()):
        raise ProblemError(403, say("This request did not come from our own page."))


def address_of(request: Request) -> str:
    """Return the address of the client."""
    return request.client.host if request.client else ""
