"""The question which ONVIF devices there are, and their answers.

Source: WS-Discovery (April 2005, the edition that ONVIF Core 24.12, 7 asks for): Probe and ProbeMatches over SOAP on
UDP; scopes of ONVIF Core 7.3.2. Pure and bounded: anybody on the network may answer.
"""

from __future__ import annotations

from html import escape
from urllib.parse import unquote, urlsplit

import msgspec

from safecare.formats.camera_words import elements_of, text_of

GROUP, PORT = "239.255.255.250", 3702
"""Where devices listen (WS-Discovery, 2.4)."""
MOST = 16
"""Most devices in one answer, and most addresses of one (chosen: devices answer for themselves)."""
LONGEST = 200
"""Most characters of a name or an address (chosen)."""
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_SCOPES = "onvif://www.onvif.org/"


class Answer(msgspec.Struct, frozen=True):
    """A device that answered: the services' addresses, its name and hardware as it tells them."""

    urls: tuple[str, ...]
    name: str = ""
    hardware: str = ""


def probe(message: str) -> bytes:
    """Return the question for video transmitters; `message` is its id."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="{_ADDRESSING}" xmlns:d="{_DISCOVERY}">'
        f'<s:Header><a:MessageID>{escape(message)}</a:MessageID><a:To s:mustUnderstand="1">'
        "urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
        f'<a:Action s:mustUnderstand="1">{_DISCOVERY}/Probe</a:Action></s:Header><s:Body><d:Probe>'
        '<d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">dn:NetworkVideoTransmitter</d:Types>'
        "</d:Probe></s:Body></s:Envelope>"
    ).encode()


def read_answers(raw: bytes, message: str) -> tuple[Answer, ...]:
    """Read the answer to the question `message`; nothing from one to another. Raises `CameraWordError`."""
    if text_of(raw, "RelatesTo").strip() != message:
        return ()
    found = []
    for _, texts in elements_of(raw, "ProbeMatch", MOST):
        urls = [one[:LONGEST] for one in texts.get("XAddrs", "").split()[:MOST] if _usable(one)]
        scopes = texts.get("Scopes", "").split()
        if urls:
            found.append(Answer(tuple(urls), _scope(scopes, "name/"), _scope(scopes, "hardware/")))
    return tuple(found)


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
        )  # a port that is none raises
    except ValueError:
        return False


def _scope(scopes: list[str], kind: str) -> str:
    """Return what the first scope of `kind` says, without what could steer a terminal."""
    told = next((one for one in scopes if one.lower().startswith(_SCOPES + kind)), "")
    said = unquote(told[len(_SCOPES + kind) :])[:LONGEST]
    return "".join(one for one in said if one.isprintable()).strip()
