"""Administration: who has access, from which browsers and phones; taking it away; channels, routes and their test."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.devices import device_view
from safecare.console.feed import Feed
from safecare.console.rights import Visitor, manages
from safecare.console.web import ProblemError, answer, not_found, read_struct, visitor_of, words_of
from safecare.console.wire.asks import TestChannel
from safecare.console.wire.people import SessionView, UserView
from safecare.console.wire.platform import ChannelsView, ChannelTest, ChannelView, Done, RouteView
from safecare.console.words import Words
from safecare.model.events.acts import SignedIn
from safecare.model.hospital import Route
from safecare.model.ids import IncidentId, NoticeId, SiteId, new_id
from safecare.model.notice import Notice, Receipt
from safecare.model.shift import on_duty
from safecare.model.text import say
from safecare.notify.routes import local_time
from safecare.store.accounts import User

TEST = say("Test of a channel")
TEST_BODY = say("This is a test. Nothing has happened, and nothing is to be done.")
NO_INCIDENT = IncidentId("")
"""A test is about no incident: no board and no guard's page shows it."""
TESTS = 10
"""Latest tests that are shown (chosen)."""
TEST_LIFE = timedelta(days=30)


class People:
    """What an administrator sees. Blocking."""

    def __init__(self, deps: ConsoleDeps, feed: Feed) -> None:
        """Take the platform's parts; `feed` knows whose screens are open."""
        self._deps = deps
        self._feed = feed

    def known(self, id: str, visitor: Visitor) -> User:
        """Return a user whom `visitor` looks after. Raises `ProblemError` 404."""
        found = self._deps.accounts.user(id)
        if found is None or not self._mine(visitor, found):
            raise not_found()
        return found

    def _mine(self, visitor: Visitor, user: User) -> bool:
        return manages(self._deps.hospital, visitor, user.site, user.zones)

    def users(self, visitor: Visitor, words: Words) -> list[UserView]:
        """Return the users whom `visitor` looks after, those with access first, the latest first."""
        deps, now = self._deps, self._deps.clock.now()
        live = self._feed.sessions()
        sessions: dict[str, list[SessionView]] = defaultdict(list)
        for one in deps.accounts.sessions():
            sessions[one.user].append(
                SessionView(id=one.id, opened=one.opened, expires=one.expires, agent=one.agent, live=one.id in live)
            )
        devices = defaultdict(list)
        for device in deps.devices.of():
            devices[device.user].append(device_view(device, now))
        ways = deps.credentials.ways()
        found = [
            UserView(
                id=one.id,
                name=one.name,
                role=one.role,
                role_name=words.role(one.role),
                site=one.site,
                site_name=words.named(one.site).name if one.site else "",
                zones=words.each(one.zones),
                vouched=one.vouched,
                created=one.created,
                revoked=one.revoked,
                sessions=sessions[one.id],
                devices=devices[one.id],
                ways=ways.get(one.id, []),
            )
            for one in deps.accounts.users()
            if self._mine(visitor, one)
        ]
        return sorted(found, key=lambda one: (one.revoked is not None, -one.created.timestamp()))

    def channels(self, words: Words, missing: dict[str, str]) -> ChannelsView:
        """Return channels and routes; `missing` says why a channel can't be used."""
        routes = self._deps.hospital.routes
        roles: dict[str, dict[str, None]] = defaultdict(dict)
        for route in routes:
            for channel in route.channels:
                roles[channel].update(dict.fromkeys(role for level in route.levels for role in level))
        tests = self._tests(words)
        names = sorted({"page", "webpush", *roles, *missing})
        return ChannelsView(
            [
                ChannelView(
                    name=name,
                    missing=missing.get(name, ""),
                    roles=[words.named_role(role) for role in roles[name]],
                    tests=tests[name],
                )
                for name in names
            ],
            [self._route(route, words) for route in routes],
        )

    def _route(self, route: Route, words: Words) -> RouteView:
        hospital, now = self._deps.hospital, self._deps.clock.now()
        site = route.sites[0] if route.sites else ""
        return RouteView(
            id=route.id,
            severity=route.severity,
            sites=words.each(route.sites),
            zones=words.each(route.zones),
            domains=list(route.domains),
            shifts=list(route.shifts),
            in_force=on_duty(route.shifts, local_time(hospital, site, now)),
            levels=[[words.named_role(role) for role in level] for level in route.levels],
            answer_within=route.answer_within,
            channels=list(route.channels),
        )

    def _tests(self, words: Words) -> dict[str, list[ChannelTest]]:
        reader = self._deps.reader
        since = self._deps.clock.now() - TEST_LIFE
        found: dict[str, list[ChannelTest]] = defaultdict(list)
        for notice in reader.notices(incident=NO_INCIDENT)[:TESTS]:
            if notice.at < since:
                continue
            last: Receipt | None = next(reversed(reader.receipts(notice=notice.id)), None)
            reason = words.say(last.reason) if last and last.reason else None
            outcome = last.outcome if last else "waiting"
            found[notice.channel].append(ChannelTest(words.role(notice.role), notice.at, outcome, reason))
        return found


def test_notice(channel: str, role: str, site: str, at: datetime) -> Notice:
    """Return a notice that tests `channel` by the way that real ones take."""
    return Notice(
        id=NoticeId(new_id(at)),
        revision=1,
        incident=NO_INCIDENT,
        site=SiteId(site),
        at=at,
        role=role,
        channel=channel,
        severity=0,
        title=TEST,
        body=TEST_BODY,
    )


def routes(app: FastAPI, deps: ConsoleDeps, feed: Feed) -> None:
    """Add the routes of administration."""
    people = People(deps, feed)
    desk = Desk(deps)

    async def record(visitor: Visitor, change: str, detail: str) -> None:
        stamp = desk.stamp(visitor, "", desk.home(visitor))
        await desk.record(SignedIn(**stamp, change=change, detail=detail))  # type: ignore[arg-type]

    @app.get("/api/users", name="users")
    async def users(request: Request) -> Response:
        return answer(await asyncio.to_thread(people.users, visitor_of(request), words_of(request)))

    @app.post("/api/users/{id}/revoke", name="revoke_user")
    async def revoke_user(request: Request, id: str) -> Response:
        """Take all access away, at once: open screens end with their session."""
        await asyncio.to_thread(people.known, id, visitor_of(request))
        if id == visitor_of(request).user:
            raise ProblemError(409, say("You can't take your own access away."))
        if await asyncio.to_thread(deps.accounts.revoke, id):
            await record(visitor_of(request), "revoked", id)
            feed.end(lambda visitor: visitor.user == id)
        return answer(Done(id))

    @app.post("/api/sessions/{id}/revoke", name="revoke_session")
    async def revoke_session(request: Request, id: str) -> Response:
        open_now = await asyncio.to_thread(deps.accounts.sessions)
        owner = next((one.user for one in open_now if one.id == id), "")
        await asyncio.to_thread(people.known, owner, visitor_of(request))
        whose = await asyncio.to_thread(deps.accounts.revoke_session, id)
        if whose is None:
            raise not_found()
        await record(visitor_of(request), "signed_out", whose)
        feed.end(lambda visitor: visitor.session == id)
        return answer(Done(id))

    @app.get("/api/channels", name="channels")
    async def channels(request: Request) -> Response:
        health, words = await asyncio.to_thread(deps.health.health), words_of(request)
        missing = {
            one.name.removeprefix("channel "): words.reason(one.reason)
            for one in health.parts_missing
            if _is_channel(one.name)
        }
        return answer(await asyncio.to_thread(people.channels, words, missing))

    @app.post("/api/channels/{name}/test", name="test_channel")
    async def test_channel(request: Request, name: str) -> Response:
        wanted = await read_struct(request, TestChannel)
        visitor = visitor_of(request)
        notice = test_notice(name, wanted.role, desk.home(visitor), deps.clock.now())
        await deps.publish([notice])
        return answer(Done(notice.id), 202)


def _is_channel(name: str) -> bool:
    return name.startswith("channel ") or name in OPTIONAL


OPTIONAL = frozenset({"sms", "chat"})
"""Channels that step aside by their own name where a program or library is missing."""
