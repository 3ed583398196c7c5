"""Web push by hand: a message for one browser, encrypted so that the push service in between can't read it.

Source: RFC 8291 (encryption, with RFC 8188 for the coding), RFC 8292 (VAPID: who is sending), RFC 8030 (the
request). Hand-written, because the common library brings two HTTP clients for some fifty lines.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from safecare.model.text import Text, say

SERVICES = (
    "https://fcm.googleapis.com",
    "https://*.push.services.mozilla.com",
    "https://*.push.apple.com",
    "https://*.notify.windows.com",
)
"""Origins of the push services of Chromium, Firefox, Safari and Edge. No other address is ever sent to: a
subscription comes from a browser, and must not make us call whatever it names."""
RECORD = 4096
"""Bytes of the only record (RFC 8291, 4): the least that every push service must take."""
MOST = RECORD - 16 - 1 - 86
"""Largest message: without tag, padding mark and header (RFC 8188, 2.1 with a key of 65 bytes)."""
AUTH = 16
"""Bytes of a browser's secret (RFC 8291, 3.2)."""
TOKEN_LIFE = timedelta(hours=12)
"""Life of a VAPID token (RFC 8292, 2: at most a day)."""
TIMEOUT = 10.0
"""Seconds for one push service to answer (chosen: as for mail)."""
GONE = frozenset({404, 410})
"""Answers by which a subscription is no more (RFC 8030, 7.3)."""


class PushError(Exception):
    """A message could not be sent: why; `gone` when the subscription is no more."""

    def __init__(self, reason: Text, *, gone: bool = False) -> None:
        """Keep the reason."""
        super().__init__(reason.key)
        self.reason = reason
        self.gone = gone


def encode64(raw: bytes) -> str:
    """Return base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode64(text: str) -> bytes:
    """Read base64url, padded or not. Raises `ValueError`."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def origin_of(endpoint: str) -> str:
    """Return scheme, host and port of `endpoint`; empty when it is no address that we could send to."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username is not None:
        return ""
    return f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port else "")


def trusted(endpoint: str, services: Sequence[str] = SERVICES) -> bool:
    """Tell whether `endpoint` belongs to one of `services` (origins; a ``*`` stands for one or more names)."""
    origin = origin_of(endpoint)
    return bool(origin) and any(fnmatchcase(origin, one) for one in services)


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public point of `key`, uncompressed (65 bytes)."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def key_from(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the VAPID key that belongs to `secret` (any random bytes): always the same for the same."""
    digest = hashlib.sha512(b"safecare vapid\x1f" + secret).digest()
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SEC 2, 2.4.2)
    return ec.derive_private_key(int.from_bytes(digest, "big") % (order - 1) + 1, ec.SECP256R1())


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def encrypt(
    message: bytes,
    key: bytes,
    auth: bytes,
    *,
    salt: bytes | None = None,
    sender: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Return `message` for the browser with public `key` and secret `auth` (``aes128gcm``).

    `salt` and `sender` are fresh for each message, and given by tests only. Raises `ValueError` for a key that is
    no point of the curve, for a secret that is none, and for a message that is too long.
    """
    if len(message) > MOST:
        raise ValueError(f"{len(message)} bytes are more than a push message holds")
    if len(auth) != AUTH:
        raise ValueError(f"a secret of {len(auth)} bytes")
    salt = salt or os.urandom(16)
    sender = sender or ec.generate_private_key(ec.SECP256R1())
    try:
        reader = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except UnsupportedAlgorithm as error:
        raise ValueError("no key of P-256") from error
    own = public_bytes(sender)
    shared = _hkdf(auth, sender.exchange(ec.ECDH(), reader), b"WebPush: info\x00" + key + own, 32)
    content = _hkdf(salt, shared, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _hkdf(salt, shared, b"Content-Encoding: nonce\x00", 12)
    header = salt + RECORD.to_bytes(4, "big") + bytes([len(own)]) + own
    return header + AESGCM(content).encrypt(nonce, message + b"\x02", None)


def token(endpoint: str, contact: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> str:
    """Return the VAPID token for the push service of `endpoint` (JWT, ES256)."""
    claims = {"aud": origin_of(endpoint), "exp": int((now + TOKEN_LIFE).timestamp()), "sub": contact}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in ({"typ": "JWT", "alg": "ES256"}, claims)]
    signed = ".".join(encode64(part) for part in parts)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{encode64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@dataclass(frozen=True)
class Pusher:
    """Sends messages to browsers. `contact` (``mailto:`` or ``https:``) is whom a push service can ask."""

    key: ec.EllipticCurvePrivateKey
    contact: str
    services: Sequence[str] = SERVICES
    timeout: float = TIMEOUT

    def send(
        self,
        endpoint: str,
        key: str,
        auth: str,
        message: bytes,
        now: datetime,
        *,
        life: int,
        urgent: bool = True,
        topic: str = "",
    ) -> None:
        """Hand `message` to the push service of `endpoint`. Raises `PushError`.

        `life`: seconds for which the service keeps it for a phone that is off; a later message of the same `topic`
        (at most 32 characters of base64url) replaces one that still waits there.
        """
        if not trusted(endpoint, self.services):
            raise PushError(say("Its address is of no push service that we know"), gone=True)
        try:
            body = encrypt(message, decode64(key), decode64(auth))
        except ValueError as error:
            raise PushError(say("The keys of its browser can't be used"), gone=True) from error
        signed = token(endpoint, self.contact, self.key, now)
        headers = {
            "Authorization": f"vapid t={signed}, k={encode64(public_bytes(self.key))}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(life),
            "Urgency": "high" if urgent else "normal",
            **({"Topic": topic} if topic else {}),
        }
        status = self._post(endpoint, headers, body)
        if status in GONE:
            raise PushError(say("The push service does not know it any more"), gone=True)
        if not 200 <= status < 300:
            raise PushError(say("The push service refused the message (code {code})", code=status))

    def _post(self, endpoint: str, headers: dict[str, str], body: bytes) -> int:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, port, timeout=self.timeout, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self.timeout)
        try:
            connection.request("POST", parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PushError(say("The push service can't be reached")) from error
        finally:
            connection.close()
