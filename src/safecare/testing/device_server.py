"""A device for tests: HTTP on a free port with digest sign-in (RFC 7616), and messages as the makers document them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import ssl
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from safecare.sources.listen import served
from safecare.testing.intake import MemoryIntake

USER, PASSWORD, NONCE = "guard", "a secret", "abcdef0123456789"


def signed(request: Request) -> bool:
    """Tell whether the request carries the right digest."""
    told = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("authorization", "")))
    if told.get("username") != USER or told.get("nonce") != NONCE:
        return False

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    one, two = md5(f"{USER}:device:{PASSWORD}"), md5(f"{request.method}:{told['uri']}")
    return bool(told["response"] == md5(f"{one}:{NONCE}:{told['nc']}:{told['cnonce']}:auth:{two}"))


def challenge() -> Response:
    """Return the refusal that asks for a digest."""
    ask = f'Digest realm="device", qop="auth", nonce="{NONCE}", algorithm=MD5'
    return Response("no", 401, headers={"www-authenticate": ask})


def alert(type: str, state: str = "active", channel: str = "1") -> bytes:
    """Return an alert as Hikvision devices send it."""
    return (
        '<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">'
        "<ipAddress>192.168.0.101</ipAddress><portNo>80</portNo><protocol>HTTP</protocol>"
        f"<channelID>{channel}</channelID>"
        "<dateTime>2026-03-17T13:00:05+01:00</dateTime><activePostCount>1</activePostCount>"
        f"<eventType>{type}</eventType><eventState>{state}</eventState>"
        f"<eventDescription>an alarm</eventDescription></EventNotificationAlert>"
    ).encode()


def notification(topic: str, data: dict[str, str], operation: str = "Changed", source: str = "vs1") -> bytes:
    """Return an answer of an ONVIF device with one notification."""
    items = "".join(f'<tt:SimpleItem Name="{name}" Value="{value}"/>' for name, value in data.items())
    return (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:n="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema" '
        'xmlns:tns1="http://www.onvif.org/ver10/topics"><s:Body>'
        '<tev:PullMessagesResponse xmlns:tev="http://www.onvif.org/ver10/events/wsdl"><n:NotificationMessage>'
        '<n:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
        f'{topic}</n:Topic><n:Message><tt:Message UtcTime="2026-03-17T12:00:05Z" PropertyOperation="{operation}">'
        f'<tt:Source><tt:SimpleItem Name="VideoSourceConfigurationToken" Value="{source}"/></tt:Source>'
        f"<tt:Data>{items}</tt:Data></tt:Message></n:Message></n:NotificationMessage></tev:PullMessagesResponse>"
        "</s:Body></s:Envelope>"
    ).encode()


@contextlib.asynccontextmanager
async def device(app: Starlette, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve `app`, over HTTPS with `tls`; gives its address."""
    async with served(app, "127.0.0.1", 0, 20, tls) as ((host, port), _):
        yield f"{'https' if tls else 'http'}://{host}:{port}"


@contextlib.asynccontextmanager
async def running(door: Any, intake: MemoryIntake) -> AsyncIterator[None]:
    """Run `door` meanwhile."""
    task = asyncio.create_task(door.run(intake))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
