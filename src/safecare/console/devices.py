"""Phones and browsers that take push messages: registering, testing, and hearing that a check has arrived."""

from __future__ import annotations

import asyncio
from datetime import datetime

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps
from safecare.console.gate import Gate, address_of
from safecare.console.rights import Visitor, manages
from safecare.console.web import ProblemError, answer, not_found, read_struct, visitor_of, words_of
from safecare.console.wire.asks import AddDevice, Heard
from safecare.console.wire.people import DevicesView, DeviceView, Tested
from safecare.console.wire.platform import Done
from safecare.model.roles import ADMIN
from safecare.model.text import say
from safecare.notify.check import ask, silent
from safecare.notify.webpush import decode64, encode64, public_bytes, trusted
from safecare.store.devices import Device

POINT = 65
"""Bytes of a browser's public key: an uncompressed point of P-256 (RFC 8291, 3.1)."""
SECRET = 16
"""Bytes of a browser's secret (RFC 8291, 3.2)."""


def device_view(one: Device, now: datetime) -> DeviceView:
    """Return a device as people see it: without its address and keys."""
    return DeviceView(
        id=one.id, name=one.name, created=one.created, asked=one.asked, heard=one.heard, silent=silent(one, now)
    )


def _remove(deps: ConsoleDeps, id: str, visitor: Visitor) -> bool:
    """Forget a device of the visitor, or of somebody whom they look after. Blocking."""
    if deps.devices.remove(id, visitor.user):
        return True
    if visitor.role != ADMIN:
        return False
    if visitor.site is None and visitor.scope is None:
        return deps.devices.remove(id)
    owner = next((deps.accounts.user(one.user) for one in deps.devices.of() if one.id == id), None)
    if owner is None or not manages(deps.hospital, visitor, owner.site, owner.zones):
        return False
    return deps.devices.remove(id, owner.id)


def routes(app: FastAPI, deps: ConsoleDeps, gate: Gate) -> None:
    """Add the routes of devices."""

    def owner(request: Request) -> Visitor:
        """Return the visitor, who must be a person with an account: the local token is none."""
        visitor = visitor_of(request)
        if not visitor.secret:
            raise ProblemError(409, say("Only a person who has signed in can register a phone."))
        return visitor

    @app.get("/api/devices", name="devices")
    async def devices(request: Request) -> Response:
        mine = await asyncio.to_thread(deps.devices.of, visitor_of(request).user)
        key = encode64(public_bytes(deps.pusher.key)) if deps.pusher else ""
        now = deps.clock.now()
        return answer(DevicesView(key, [device_view(one, now) for one in mine]))

    @app.post("/api/devices", name="add_device")
    async def add_device(request: Request) -> Response:
        visitor = owner(request)
        wanted = await read_struct(request, AddDevice)
        if deps.pusher is None or not trusted(wanted.endpoint, deps.pusher.services):
            raise ProblemError(422, say("Push messages by this browser's service are not allowed here."))
        try:
            fits = len(decode64(wanted.key)) == POINT and len(decode64(wanted.auth)) == SECRET
        except ValueError:
            fits = False
        if not fits:
            raise ProblemError(422, say("The keys of this browser can't be used."))
        language = words_of(request).language
        name = wanted.name or request.headers.get("user-agent", "")[:80]
        id = await asyncio.to_thread(
            deps.devices.add, visitor.user, name, language, wanted.endpoint, wanted.key, wanted.auth
        )
        return answer(Done(id), 201)

    @app.post("/api/devices/{id}/remove", name="remove_device")
    async def remove_device(request: Request, id: str) -> Response:
        if not await asyncio.to_thread(_remove, deps, id, visitor_of(request)):
            raise not_found()
        return answer(Done(id))

    @app.post("/api/devices/test", name="test_device")
    async def test_device(request: Request) -> Response:
        """Send a check to all devices of the visitor, at once."""
        pusher = deps.pusher
        if pusher is None:
            raise ProblemError(409, say("Push messages are not set up here."))
        mine = await asyncio.to_thread(deps.devices.of, visitor_of(request).user)

        async def sent(one: Device) -> bool:
            return await asyncio.to_thread(ask, deps.devices, pusher, deps.speak, deps.clock, one)

        taken = await asyncio.gather(*(sent(one) for one in mine))
        return answer(Tested(len(mine), sum(taken)))

    @app.post("/api/devices/heard", name="device_heard")
    async def device_heard(request: Request) -> Response:
        """Take the proof that a check has arrived. Without sign-in: a phone must answer after its session has ended."""
        heard = await read_struct(request, Heard)
        if not await asyncio.to_thread(deps.devices.hear, heard.proof):
            gate.failures.add(address_of(request))
            raise not_found()
        return answer(Done(""))
