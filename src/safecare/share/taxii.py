"""Sending an incident into the TAXII 2.1 collection of a partner: a national centre, an ISAC, another hospital.

Source: OASIS Standard TAXII Version 2.1, 10 June 2021: 3.7 (envelope), 4.1 (HTTP: media type, sign-in), 5.5 (adding
objects), 3.6 (status). Blocking. Redirects are not followed: a partner is who the settings name.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

import msgspec

from safecare.model.text import Text, say

MEDIA = "application/taxii+json;version=2.1"
TIMEOUT = 20.0
"""Seconds for the partner to answer (chosen: a person waits)."""
LARGEST = 1024 * 1024
"""Most bytes of an answer (chosen: a status that names every object of an incident)."""
REASONS = 5
"""Reasons of the partner that are told (chosen: a screenful)."""
LONGEST = 200
"""Most letters of one of them (chosen)."""


class TaxiiError(Exception):
    """The collection did not take it; `reason` for people."""

    def __init__(self, reason: Text) -> None:
        """Keep the reason."""
        super().__init__(reason.key)
        self.reason = reason


class Taken(msgspec.Struct, frozen=True):
    """What the collection said: how many objects it has taken, refused, and not yet looked at; its own words why."""

    state: str
    taken: int
    refused: int
    waiting: int
    reasons: tuple[str, ...] = ()


class Collection:
    """A collection at `address` (``https://HOST/API-ROOT/collections/ID/``); by user and password, or token."""

    def __init__(self, address: str, *, user: str = "", password: str = "", token: str = "") -> None:
        """Take where and how. Raises `ValueError` for an address at which what is sent could be read on the way."""
        parts = urlsplit(address)
        here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
        if not parts.hostname or not (parts.scheme == "https" or here) or "/collections/" not in parts.path:
            raise ValueError(f"collection is no https address of a TAXII collection: {address}")
        self._parts = parts
        self._headers = {"Accept": MEDIA, "Content-Type": MEDIA}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        elif user:
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"

    def add(self, bundle: bytes) -> Taken:
        """Add the objects of a STIX bundle (JSON). Raises `TaxiiError`."""
        envelope = json.dumps({"objects": json.loads(bundle)["objects"]}, ensure_ascii=False).encode()
        status, raw = self._post(envelope)
        if status in {401, 403}:
            raise TaxiiError(say("{host} does not let us write into this collection.", host=self._host))
        if status != 202:  # 5.5: accepted
            raise TaxiiError(say("{host} refused it (code {code}).", host=self._host, code=status))
        try:
            return _taken(json.loads(raw))
        except (ValueError, RecursionError, TypeError) as error:
            raise TaxiiError(say("{host} took it, and answered what can't be read.", host=self._host)) from error

    @property
    def _host(self) -> str:
        return self._parts.hostname or ""

    def _post(self, body: bytes) -> tuple[int, bytes]:
        host, port = self._host, self._parts.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
            if self._parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        )
        try:
            connection.request("POST", f"{self._parts.path.rstrip('/')}/objects/", body, self._headers)
            answer = connection.getresponse()
            return answer.status, answer.read(LARGEST)
        except (OSError, http.client.HTTPException) as error:
            raise TaxiiError(say("{host} can't be reached.", host=host)) from error
        finally:
            connection.close()


def _taken(status: Any) -> Taken:
    """Read a status resource (3.6). Raises `TypeError`, `ValueError` for what is none."""
    if not isinstance(status, dict):
        raise TypeError("a status is an object")
    failures = status.get("failures", [])
    said = [str(one.get("message", ""))[:LONGEST] for one in failures if isinstance(one, dict)]
    return Taken(
        state=str(status.get("status", ""))[:LONGEST],
        taken=int(status.get("success_count", 0)),
        refused=int(status.get("failure_count", 0)),
        waiting=int(status.get("pending_count", 0)),
        reasons=tuple(one for one in said if one)[:REASONS],
    )
