"""Passkeys (W3C Web Authentication, level 3): a phone's own lock signs in, with no name and no password.

Needs an address that browsers hold for safe: ``https``, or ``localhost``.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request

from safecare.console.web import ProblemError
from safecare.model.clock import Clock
from safecare.model.layout import laid_out
from safecare.model.text import say
from safecare.notify.webpush import decode64, encode64
from safecare.store.credentials import Credential

CHALLENGE = 32
"""Random bytes to be signed (Web Authentication, 13.4.3: at least 16)."""
LIFE = timedelta(minutes=5)
"""Time to touch the sensor (chosen: as browsers do)."""
OPEN = 4096
"""Ceremonies that are open at the same time (chosen: bounded memory; the oldest give way)."""


class Ceremony(msgspec.Struct, frozen=True):
    """A challenge that was given out: to whom (empty: whoever signs in), and when."""

    challenge: bytes
    user: str
    at: datetime


class Ceremonies:
    """Challenges that wait for their signature. Each is good once."""

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self._clock = clock
        self._open: OrderedDict[str, Ceremony] = OrderedDict()

    def begin(self, user: str = "") -> tuple[str, bytes]:
        """Return name and challenge of a new ceremony."""
        name, challenge = secrets.token_urlsafe(16), secrets.token_bytes(CHALLENGE)
        self._open[name] = Ceremony(challenge, user, self._clock.now())
        while len(self._open) > OPEN:
            self._open.popitem(last=False)
        return name, challenge

    def end(self, name: str, user: str = "") -> bytes:
        """Return the challenge of ceremony `name` of `user`, and forget it. Raises `ProblemError` 409."""
        found = self._open.pop(name, None)
        if found is None or found.user != user or self._clock.now() - found.at > LIFE:
            raise ProblemError(409, say("This took too long. Try again."))
        return found.challenge


def home_of(request: Request, public_url: str) -> tuple[str, str]:
    """Return (relying party, origin): the name that a passkey is bound to, and the page that may use it.

    Raises `ProblemError` 409 for an address with which browsers use no passkeys.
    """
    origin = request.headers.get("origin", "")
    if public_url:
        parts = urlsplit(public_url)
        origin = f"{parts.scheme}://{parts.netloc}"
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if not host or (parts.scheme != "https" and host != "localhost") or host.replace(".", "").isdigit() or ":" in host:
        raise ProblemError(409, say("Passkeys need an address that begins with https, or localhost."))
    return host, origin


def creation(name: str, user: str, party: str, challenge: bytes, known: list[Credential]) -> dict[str, object]:
    """Return what the browser's `navigator.credentials.create` is given (as JSON, with bytes in base64url)."""
    return {
        "rp": {"id": party, "name": "Safecare"},
        "user": {"id": encode64(user.encode()), "name": name, "displayName": name},
        "challenge": encode64(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in (-8, -7, -257)],
        "timeout": int(LIFE.total_seconds() * 1000),
        "excludeCredentials": [{"type": "public-key", "id": one.id} for one in known],
        # A key that the device itself keeps: without it, nobody could sign in without telling a name.
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def request_options(party: str, challenge: bytes) -> dict[str, object]:
    """Return what the browser's `navigator.credentials.get` is given."""
    return {
        "rpId": party,
        "challenge": encode64(challenge),
        "timeout": int(LIFE.total_seconds() * 1000),
        "userVerification": "required",
        "allowCredentials": [],
    }


def registered(raw: bytes, challenge: bytes, party: str, origin: str) -> tuple[str, bytes, int]:
    """Check a new passkey; return its id, public key and counter. Raises `ProblemError` 422."""
    from webauthn import verify_registration_response  # only here: it takes a fifth of a second
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = verify_registration_response(
            credential=raw.decode(),
            expected_challenge=challenge,
            expected_rp_id=party,
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise ProblemError(422, say("This passkey can't be taken.")) from error
    return encode64(found.credential_id), found.credential_public_key, found.sign_count


def credential_id(raw: bytes) -> str:
    """Return which passkey an answer is about; empty when the answer can't be read."""
    try:
        given = msgspec.json.decode(raw, type=laid_out(_Named)).id
        return encode64(decode64(given))
    except (msgspec.MsgspecError, ValueError):
        return ""


class _Named(msgspec.Struct, frozen=True):
    id: str


def signed(raw: bytes, challenge: bytes, party: str, origin: str, known: Credential) -> int:
    """Check a sign-in by passkey `known`; return its new counter. Raises `ProblemError` 401."""
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = verify_authentication_response(
            credential=raw.decode(),
            expected_challenge=challenge,
            expected_rp_id=party,
            expected_origin=origin,
            credential_public_key=known.secret,
            credential_current_sign_count=known.counter,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise ProblemError(401, say("This passkey is not valid here.")) from error
    return found.new_sign_count
