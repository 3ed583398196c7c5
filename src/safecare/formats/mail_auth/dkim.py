"""DKIM: which domains signed a mail as it is? Source: RFC 6376, RFC 8301 (no SHA-1, 1,024 bits), RFC 8463 (Ed25519).

A key that is gone (mails are judged late, keys are changed) proves nothing: ``neutral``. A signature that leaves the
end of the text open (``l=``) vouches for nobody, since anyone may have written that: ``policy``.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from safecare.formats.mail_auth import Query, Reply, tags

MOST_SIGNATURES = 5
"""Signatures of one mail that are checked. Chosen: senders, their service and a list together make three."""
MOST_FIELDS = 1000
"""Header fields that are read. Chosen: measured mails stay below 100."""
LEAST_BITS = 1024
"""RFC 8301 section 3.2."""
_NAMED = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_BLANKS = re.compile(rb"[ \t]+")
_ENDS = re.compile(rb"[ \t]+\r\n")
_SIGNED = re.compile(rb"(?i)(;|^)(\s*b\s*=)[^;]*")
_NUMBER = re.compile(r"[0-9]{1,12}")
_NEEDED = frozenset({"v", "a", "b", "bh", "d", "h", "s"})
HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,250}[a-z0-9_])?", re.IGNORECASE)


@dataclass(frozen=True)
class Signature:
    """One ``DKIM-Signature`` field: its tags, and the field itself as it came."""

    tags: dict[str, str]
    field: bytes

    @property
    def domain(self) -> str:
        """Who signed."""
        return self.tags["d"].lower()

    @property
    def query(self) -> Query:
        """Where the key is."""
        return Query(f"{self.tags['s'].lower()}._domainkey.{self.domain}", "TXT")


@dataclass(frozen=True)
class Message:
    """A mail as signatures see it: fields with their names, and the text, lines ended by CR LF."""

    fields: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @classmethod
    def read(cls, raw: bytes) -> Message:
        """Cut a mail in two; line ends of a stored file become those of the wire."""
        first = raw.find(b"\n")
        if first >= 0 and raw[max(0, first - 1) : first] != b"\r":
            raw = raw.replace(b"\n", b"\r\n")
        head, _, body = raw.partition(b"\r\n\r\n")
        fields: list[tuple[bytes, bytes]] = []
        for piece in re.split(rb"\r\n(?![ \t])", head)[:MOST_FIELDS]:
            named = _NAMED.match(piece)
            if named:
                fields.append((named[1].lower(), piece + b"\r\n"))
        return cls(tuple(fields), body)

    def signatures(self) -> list[Signature]:
        """Return the signatures that can be checked, at most `MOST_SIGNATURES`."""
        found: list[Signature] = []
        for name, field in self.fields:
            if name == b"dkim-signature" and len(found) < MOST_SIGNATURES:
                told = tags(field.partition(b":")[2].decode("utf-8", "replace"))
                if told and told.keys() >= _NEEDED and HOST.fullmatch(told["d"]) and HOST.fullmatch(told["s"]):
                    found.append(Signature(told, field))
        return found


def verify(message: Message, signature: Signature, reply: Reply, at: int = 0) -> str:
    """Return ``pass``, ``fail``, ``neutral``, ``policy`` or ``temperror`` for one signature and its key.

    `at`: when the mail came (s since 1970; 0: not known). A signature that had expired by then proves nothing.
    """
    if reply.failed:
        return "temperror"
    told = signature.tags
    user = told.get("i", f"@{signature.domain}").rpartition("@")[2].lower()
    if "from" not in _names(signature) or not (user == signature.domain or user.endswith(f".{signature.domain}")):
        return "fail"
    key = _key(reply)
    if key and "s" in key.get("t", "").split(":") and user != signature.domain:
        return "fail"
    result = covered(message, signature, reply)
    return "neutral" if result in ("pass", "policy") and _expired(told, at) else result


def covered(message: Message, signature: Signature, reply: Reply) -> str:
    """Return the result of checking what `signature` covers of `message`; ``policy``: the text's end is left open."""
    told, names = signature.tags, _names(signature)
    head_way, _, body_way = told.get("c", "simple/simple").lower().partition("/")
    body = _relaxed_body(message.body) if body_way == "relaxed" else _simple_body(message.body)
    size = int(told["l"]) if _NUMBER.fullmatch(told.get("l", "")) else len(body)
    result = signed_by(signature, reply, _head(message, signature, names, relaxed=head_way == "relaxed"))
    if result in ("temperror", "neutral"):
        return result
    try:
        if hashlib.sha256(body[:size]).digest() != base64.b64decode(told["bh"], validate=True):
            return "fail"
    except (binascii.Error, ValueError):
        return "neutral"
    return "policy" if result == "pass" and size < len(body) else result


def signed_by(signature: Signature, reply: Reply, data: bytes) -> str:
    """Return ``pass``, ``fail``, ``neutral`` (no such key) or ``temperror``: whether `data` was signed."""
    if reply.failed:
        return "temperror"
    kind, _, digest = signature.tags["a"].lower().partition("-")
    key = _key(reply)
    if key is None or digest != "sha256" or key.get("k", "rsa").lower() != kind:
        return "neutral"
    try:
        return "pass" if _signed(kind, key["p"], signature.tags["b"], data) else "fail"
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return "neutral"


def _names(signature: Signature) -> list[str]:
    return [one.strip().lower() for one in signature.tags["h"].split(":")]


def _key(reply: Reply) -> dict[str, str] | None:
    return next((one for one in map(tags, reply.records) if one and one.get("p")), None)


def _expired(told: dict[str, str], at: int) -> bool:
    """Tell whether a signature had expired (``x=``), or says that it was made after that (section 3.5)."""
    made, ends = (int(told[one]) if _NUMBER.fullmatch(told.get(one, "")) else 0 for one in ("t", "x"))
    return bool(ends) and (made > ends or 0 < ends < at)


def warm() -> None:
    """Check a signature of each kind that is none."""
    for kind, key in (("ed25519", _NO_KEY), ("rsa", _NO_RSA_KEY)):
        with contextlib.suppress(ValueError):
            _signed(kind, key, _NO_KEY, b"")


_NO_KEY = base64.b64encode(bytes(32)).decode()
_NO_RSA_KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3Fu"
    "tACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)
"""The key of the example in RFC 8463, appendix A."""


def _signed(kind: str, key: str, signature: str, data: bytes) -> bool:
    """Tell whether `signature` is that of `data`. Raises `ValueError` for a key or signature that is none."""
    public, written = base64.b64decode(key, validate=True), base64.b64decode(signature, validate=True)
    try:
        if kind == "ed25519":
            Ed25519PublicKey.from_public_bytes(public).verify(written, hashlib.sha256(data).digest())
            return True
        loaded = load_der_public_key(public)
        if not isinstance(loaded, RSAPublicKey) or loaded.key_size < LEAST_BITS:
            raise ValueError("no key of at least 1,024 bits")
        loaded.verify(written, data, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _head(message: Message, signature: Signature, names: list[str], *, relaxed: bool) -> bytes:
    """Return what the signature of the header covers: of fields of one name the lowest first (section 5.4.2)."""
    left: dict[bytes, list[bytes]] = {}
    for name, field in message.fields:
        left.setdefault(name, []).append(field)
    out = bytearray()
    for one in names[:MOST_FIELDS]:
        stack = left.get(one.encode("utf-8", "replace"))
        if stack:
            field = stack.pop()
            out += relaxed_field(field) if relaxed else field
    own = emptied(signature.field)
    out += relaxed_field(own) if relaxed else own
    return bytes(out).removesuffix(b"\r\n")


def emptied(field: bytes) -> bytes:
    """Return a field of a signature without the signature itself (``b=``)."""
    name, colon, value = field.partition(b":")
    return name + colon + _SIGNED.sub(rb"\1\2", value)


def relaxed_field(field: bytes) -> bytes:
    """Section 3.4.2."""
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip() + b"\r\n"


def _relaxed_body(body: bytes) -> bytes:
    """Section 3.4.4."""
    kept = _cut(_BLANKS.sub(b" ", _ENDS.sub(b"\r\n", body + b"\r\n")))
    return kept + b"\r\n" if kept else b""


def _simple_body(body: bytes) -> bytes:
    """Section 3.4.3."""
    return _cut(body) + b"\r\n"


def _cut(body: bytes) -> bytes:
    """Return `body` without line ends at its end."""
    end = len(body)
    while body[max(0, end - 2) : end] == b"\r\n":
        end -= 2
    return body[:end]


__all__ = ["HOST", "Message", "Signature", "covered", "emptied", "relaxed_field", "signed_by", "verify", "warm"]
