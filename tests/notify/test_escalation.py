"""Whatever happens, in whatever order: nobody is left untold while nobody has acknowledged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from made_incidents import PHARMACY, WARD, Answer, answer, hospital, incident, notices, route

from safecare.locale.catalogue import Catalogue
from safecare.model.ids import NoticeId
from safecare.model.notice import TAKEN, Notice
from safecare.model.severity import level_of, rank_of
from safecare.model.text import Ref, say
from safecare.model.topics import encode
from safecare.notify.receipts import failed, nobody
from safecare.notify.stage import NotifyStage
from safecare.notify.thread import LONGEST
from safecare.testing.clock import START

STEP = 5
"""Seconds between two ticks."""
WITHIN = 60.0
CHANNELS = ("page", "webpush")
ROOMS = (WARD, PHARMACY, "aurore.entrance", "aurore.stairs.north")
PERSONAL = ("holder.1", "holder.2", "jeanne.martin@hopital.example")
TITLES = (
    say("Door forced"),
    say("Badge of {holder}", holder="holder.1"),
    say("{what}, told by {who}", what=say("Mail"), who="jeanne.martin@hopital.example"),
    say("Seen: {thing}", thing=Ref("holder.2")),
)

Step = tuple[str, int]
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 1200)),
    st.tuples(st.sampled_from(["place", "graver", "same", "title"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["answer", "late answer"]), st.integers(0, 50)),
    st.tuples(st.sampled_from(["failed", "nobody", "crash", "close", "open"]), st.integers(0, 50)),
)
ANSWERS: tuple[Answer, ...] = ("delivered", "read", "acknowledged", "on_my_way", "on_site", "clear", "help")


@dataclass
class World:
    """The stage, and what an onlooker knows of it without looking inside."""

    stage: NotifyStage = field(default_factory=lambda: NotifyStage(hospital(route(channels=CHANNELS))))
    now: datetime = START
    revision: int = 0
    severity: int = 60
    zones: list[str] = field(default_factory=lambda: [WARD])
    title: int = 0
    closed: bool = False
    latest: dict[NoticeId, Notice] = field(default_factory=dict)
    seen: list[Notice] = field(default_factory=list)
    answers: int = 0
    rung: datetime = START
    open: bool = True
    """Nobody has acknowledged what is told now."""

    def take(self, found: list[Any]) -> list[Notice]:
        """Look at what came out; return what rings."""
        rings = [one for one in notices(found) if one.ring]
        for one in notices(found):
            assert one.id not in self.latest or one.revision == self.latest[one.id].revision + 1
            self.latest[one.id] = one
            self.seen.append(one)
            written = encode(one).decode()
            assert not any(name in written for name in PERSONAL)
        if rings:
            self.rung = self.now
        return rings

    def feed(self, item: Any) -> list[Notice]:
        return self.take(list(self.stage.feed([item])))

    def tell(self) -> list[Notice]:
        self.revision += 1
        title, holders = TITLES[self.title], PERSONAL[:2]
        state = "closed" if self.closed else "new"
        return self.feed(
            incident(
                self.revision,
                severity=self.severity,
                zones=self.zones,
                title=title,
                holders=holders,
                state=state,  # type: ignore[arg-type]
            )
        )

    def wait(self, seconds: int) -> None:
        for _ in range(0, seconds, STEP):
            self.now += timedelta(seconds=STEP)
            before = self.open and not self.closed
            rings = self.take(list(self.stage.tick(self.now)))
            if before:
                silence = (self.now - self.rung).total_seconds()
                assert silence <= max(WITHIN, LONGEST) + STEP, "silent while nobody has acknowledged"
            else:
                assert not rings, "called although somebody has acknowledged, or it is over"

    def play(self, what: str, number: int) -> None:
        match what:
            case "wait":
                self.wait(number)
            case "place" | "graver" | "same" | "title":
                self.news(what, number)
            case "answer" | "late answer":
                self.answer(number, late=what == "late answer")
            case "failed" | "nobody":
                one = self.seen[number % len(self.seen)]
                make = failed if what == "failed" else nobody
                self.feed(make(self.latest[one.id], self.now, say("down")))
            case "crash":
                state = self.stage.snapshot()
                self.stage = NotifyStage(hospital(route(channels=CHANNELS)))
                self.stage.restore(state)
                self.take(list(self.stage.tick(self.now)))
            case "close":
                self.closed = True
                assert not self.tell()
            case "open":
                rings, self.closed = self.closed, False
                assert bool(self.tell()) >= rings
                self.open = self.open or rings

    def news(self, what: str, number: int) -> None:
        before = rank_of(level_of(self.severity))
        fresh = what == "place" and ROOMS[number] not in self.zones
        if fresh:
            self.zones.append(ROOMS[number])
        if what == "graver":
            self.severity = min(100, self.severity + 10 * number)
        if what == "title":
            self.title = number
        news = (fresh or rank_of(level_of(self.severity)) > before) and not self.closed
        told = len(self.latest)
        rings = self.tell()
        if news:
            assert len(rings) == told, "graver or elsewhere, and not everyone who was told is called"
            self.open = True
        elif not self.closed:
            assert not rings, "called again for nothing"

    def answer(self, number: int, *, late: bool) -> None:
        """Somebody answers what stands on their phone, or stood there some time ago."""
        one = self.seen[number % len(self.seen)] if late else self.latest[self.seen[number % len(self.seen)].id]
        kind = ANSWERS[number % len(ANSWERS)]
        if self.closed:
            return
        self.answers += 1
        act = answer(one, kind, (self.now - START).total_seconds(), f"user.{self.answers}")
        rings = self.feed(msgspec.structs.replace(act, revision=one.revision))
        if kind == "help":
            assert rings, "a call for help that nobody hears"
            self.open = True
        elif kind in TAKEN and one.revision >= self.latest[one.id].since:
            self.open = False


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_never_silent_while_unacknowledged_never_held_back_never_personal(script: list[Step]) -> None:
    world = World()
    world.stage.tick(world.now)
    assert world.tell()
    for what, number in script:
        world.play(what, number)
    if world.open and not world.closed:
        world.wait(2 * int(LONGEST))


def test_what_is_pushed_names_no_person_in_either_language() -> None:
    catalogue, house = Catalogue.load(), hospital(route())
    for number, title in enumerate(TITLES):
        stage = NotifyStage(house)
        [notice] = notices(stage.feed([incident(number=number, title=title, holders=PERSONAL[:2])]))
        for language in ("en", "fr"):
            for text in (notice.title, notice.body):
                said = catalogue.render(text, language, house, notice.site)
                assert not any(name in said for name in PERSONAL)
