"""Talking to the hospital's identity provider: its discovery document, its keys, codes for tokens, and their checks.

The protocol's own steps (addresses, PKCE, claims of an ID token) are Authlib's, signatures joserfc's. Blocking.

Source: OpenID Connect Core 1.0 and Discovery 1.0 (incorporating errata set 2), Back-Channel Logout 1.0; RFC 6749,
RFC 7636 (PKCE), RFC 9207 (who has answered), RFC 9700 (best current practice).
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from safecare.model.clock import Clock
from safecare.model.text import Text, say

TIMEOUT = 5.0
"""Seconds for the provider to answer (chosen: it stands in the house; people wait)."""
LARGEST = 512 * 1024
"""Most bytes of one answer (chosen: ten times the largest sets of keys)."""
FRESH = timedelta(minutes=5)
"""Time for which the discovery document and the keys are believed (chosen: soon known that the provider is away, or has
moved). A key that is not among them is asked for at once."""
AWAY = timedelta(seconds=5)
"""Time for which a provider that did not answer is not asked again (chosen: no queue of people who wait in vain)."""
LEEWAY = 60
"""Seconds by which its clock may differ from ours (chosen: as Authlib's clients)."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that are taken: by a key that only the provider has (RFC 8725, 3.1: never `none`, no shared keys)."""
USUAL = ("openid", "profile")
"""Scopes that every provider knows (Core, 3.1.2.1 and 5.4)."""
NAME = 80
"""Most letters of a name (as in an invitation)."""
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


class ProviderError(Exception):
    """The provider is away, or says what can't be right; `reason` for people, the message for the program's log."""

    def __init__(self, reason: Text, detail: str) -> None:
        """Keep both."""
        super().__init__(detail)
        self.reason = reason


class Person(msgspec.Struct, frozen=True):
    """Whom the provider knows: `origin` names the person to us, and tells nothing else."""

    origin: str
    name: str
    groups: tuple[str, ...]
    id_token: str = ""


class _Known(msgspec.Struct):
    """The discovery document and the keys, and when we read them."""

    metadata: dict[str, Any]
    keys: dict[str, Any]
    at: datetime


class Provider:
    """The provider at `issuer`, to whom we are `client`. Raises `ValueError` for an address that is not safe."""

    def __init__(
        self, issuer: str, client: str, claim: str, secret: Callable[[], str], clock: Clock, scope: str = ""
    ) -> None:
        """`claim` lists a person's groups; `secret` gives our password there (empty: none)."""
        if not _safe(issuer):
            raise ValueError(f"issuer is no https address: {issuer}")
        self.issuer = issuer
        self._client = client
        self._claim = claim
        self._secret = secret
        self._clock = clock
        self._scope = scope
        self._lock = threading.Lock()
        self._known: _Known | None = None
        self._failed: tuple[datetime, ProviderError] | None = None

    def address(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Return where a browser is sent to sign in, and comes `back` from. Raises `ProviderError`."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        found: str = prepare_grant_uri(
            self._endpoint("authorization_endpoint"),
            self._client,
            "code",
            redirect_uri=back,
            scope=self._scope or self._usual(),
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return found

    def _usual(self) -> str:
        """Return what is asked for: who it is, and the groups where the provider gives them for the asking only."""
        offered = self._metadata().get("scopes_supported")
        asked = [*USUAL, self._claim] if isinstance(offered, list) and self._claim in offered else USUAL
        return " ".join(asked)

    def end_address(self, id_token: str, back: str) -> str:
        """Return where a browser is sent to sign out there too; empty if the provider has no such page."""
        try:
            end = self._endpoint("end_session_endpoint")
        except ProviderError:
            return ""
        query = urlencode({"id_token_hint": id_token, "client_id": self._client, "post_logout_redirect_uri": back})
        return f"{end}{'&' if '?' in end else '?'}{query}"

    def person(self, code: str, author: str, back: str, nonce: str, verifier: str) -> Person:
        """Return who stands behind `code`, which an answer of `author` (empty: unnamed) brought.

        Raises `ProviderError`.
        """
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        named = author or self._metadata().get("authorization_response_iss_parameter_supported") is True
        if named and author != self.issuer:  # RFC 9207, 2.4
            raise _wrong(f"the answer names {author[:80]!r} as its author")
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=back, client_id=self._client, code_verifier=verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if secret := self._secret():
            if "client_secret_basic" in self._metadata().get("token_endpoint_auth_methods_supported", _BASIC):
                pair = f"{quote(self._client, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
                headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
            else:
                body += "&" + urlencode({"client_secret": secret})
        token = self._ask("POST", self._endpoint("token_endpoint"), headers, body)
        id_token, access = token.get("id_token"), token.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access, str):
            raise _wrong("the token endpoint gave no ID token")
        claims = self._checked(id_token, {"nonce": nonce, "access_token": access})
        groups = _groups(claims, self._claim)
        if groups is None and "userinfo_endpoint" in self._metadata():
            told = self._ask("GET", self._endpoint("userinfo_endpoint"), {"Authorization": f"Bearer {access}"})
            if told.get("sub") != claims["sub"]:
                raise _wrong("the userinfo endpoint speaks of another person")  # Core, 5.3.2
            groups = _groups(told, self._claim)
            claims = {**told, **claims}
        name = next((one for key in ("name", "preferred_username", "sub") if (one := _word(claims.get(key)))), "?")
        return Person(self._origin(claims["sub"]), name, groups or (), id_token)

    def signed_out(self, token: str) -> str:
        """Return whom the provider has signed out (`Person.origin`), by its logout token. Raises `ProviderError`."""
        claims = self._checked(token, {})
        events = claims.get("events")
        if "nonce" in claims or not isinstance(events, Mapping) or LOGOUT not in events:
            raise _wrong("no logout token")  # Back-Channel Logout, 2.6
        return self._origin(claims["sub"])

    def _origin(self, subject: str) -> str:
        return hashlib.sha256(f"{self.issuer}\x1f{subject}".encode()).hexdigest()

    def _checked(self, token: str, expected: dict[str, str]) -> dict[str, Any]:
        """Return the claims of a token that the provider has signed for us. Raises `ProviderError`."""
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        try:
            found = self._decoded(token)
            options = {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self._client},
            }
            claims = CodeIDToken(found.claims, found.header, options, {"client_id": self._client, **expected})
            claims.validate(int(self._clock.now().timestamp()), LEEWAY)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _wrong(f"its token is not valid: {error!r}") from error
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise _wrong("its token names nobody")
        return dict(claims)

    def _decoded(self, token: str) -> Any:
        """Return a token whose signature is right; keys that we do not know yet are asked for once."""
        from joserfc import jwt
        from joserfc.errors import BadSignatureError, InvalidKeyIdError
        from joserfc.jwk import KeySet

        for again in (False, True):
            keys = KeySet.import_key_set(self._read(anew=again).keys)  # type: ignore[arg-type]
            try:
                return jwt.decode(token, keys, algorithms=ALGORITHMS)
            except (BadSignatureError, InvalidKeyIdError):
                if again:
                    raise
        raise AssertionError  # pragma: no cover - the second turn returns or raises

    def _metadata(self) -> dict[str, Any]:
        return self._read().metadata

    def _endpoint(self, name: str) -> str:
        found = self._metadata().get(name)
        if not isinstance(found, str) or not _safe(found):
            raise _wrong(f"its discovery document names no {name}")
        return found

    def _read(self, *, anew: bool = False) -> _Known:
        """Return discovery document and keys, from the provider if ours are old. Raises `ProviderError`."""
        with self._lock:
            now = self._clock.now()
            if self._known is not None and not anew and timedelta(0) <= now - self._known.at < FRESH:
                return self._known
            if self._failed is not None and timedelta(0) <= now - self._failed[0] < AWAY:
                raise self._failed[1]
            try:
                metadata = self._ask("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                if metadata.get("issuer") != self.issuer:  # Discovery, 4.3
                    raise _wrong(f"its discovery document is that of {metadata.get('issuer')!r}")
                where = metadata.get("jwks_uri")
                if not isinstance(where, str) or not _safe(where):
                    raise _wrong("its discovery document names no jwks_uri")
                self._known = _Known(metadata, self._ask("GET", where), now)
            except ProviderError as error:
                self._failed = (now, error)
                raise
            self._failed = None
            return self._known

    def _ask(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: str = "") -> dict[str, Any]:
        """Return the JSON object that `url` answers with; redirects are not followed. Raises `ProviderError`."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        )
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        try:
            connection.request(method, target, body or None, {"Accept": "application/json", **(headers or {})})
            answer = connection.getresponse()
            raw = answer.read(LARGEST + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ProviderError(_AWAY, f"{parts.netloc}: {error!r}") from error
        finally:
            connection.close()
        if answer.status >= 500:
            raise ProviderError(_AWAY, f"{parts.netloc}{parts.path}: code {answer.status}")
        if answer.status != 200 or len(raw) > LARGEST:
            raise _wrong(f"{parts.netloc}{parts.path}: code {answer.status}, {len(raw)} bytes: {raw[:200]!r}")
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise _wrong(f"{parts.netloc}{parts.path}: no JSON") from error
        if not isinstance(found, dict):
            raise _wrong(f"{parts.netloc}{parts.path}: no object")
        return found


_BASIC = ("client_secret_basic",)
_AWAY = say("The hospital's sign-in does not answer. Use a passkey or a code.")
_WRONG = say("The hospital's sign-in gave an answer that can't be trusted. Use a passkey or a code.")


def _wrong(detail: str) -> ProviderError:
    return ProviderError(_WRONG, detail)


def _safe(url: str) -> bool:
    """Tell whether what is sent to `url` can't be read on the way: by TLS, or because it stays on this machine."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for what is no port
    except ValueError:
        return False
    here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    return bool(parts.hostname) and parts.username is None and (parts.scheme == "https" or here)


def _groups(claims: Mapping[str, Any], claim: str) -> tuple[str, ...] | None:
    """Return the groups that stand in `claim`; None if there is no such claim."""
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return (found,)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else None


def _word(value: object) -> str:
    return " ".join(value.split())[:NAME] if isinstance(value, str) and value.isprintable() else ""
