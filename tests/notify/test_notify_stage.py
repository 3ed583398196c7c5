"""Who is told, when, and what stops it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_incidents import PHARMACY, WARD, Answer, answer, hospital, incident, notices, receipts, route

from safecare.model.alert import Domain
from safecare.model.hospital import Route
from safecare.model.ids import PlanId, SiteId
from safecare.model.notice import Notice
from safecare.model.plan import Action, ActionState, Plan, Step
from safecare.model.text import Ref, Text, say
from safecare.model.topics import decode, encode
from safecare.notify.receipts import failed, nobody
from safecare.notify.stage import NotifyStage
from safecare.testing.clock import START, FakeClock


def started(*routes: Route) -> tuple[NotifyStage, FakeClock]:
    stage, clock = NotifyStage(hospital(*(routes or (route(),)))), FakeClock()
    stage.tick(clock.now())
    return stage, clock


def pass_time(stage: NotifyStage, clock: FakeClock, seconds: float) -> list[object]:
    return list(stage.tick(clock.advance(seconds)))


def test_level_zero_is_told_at_once_what_where_and_what_to_do() -> None:
    stage, clock = started()
    [notice] = notices(stage.feed([incident()]))
    assert (notice.role, notice.level, notice.revision, notice.ring, notice.channel) == ("guard", 0, 1, True, "page")
    assert notice.title == say("{what} ({place})", what=say("Door forced"), place=Ref(WARD))
    assert notice.body.args == {"place": Ref(WARD)}
    assert notice.answer_by == clock.now() + timedelta(seconds=60)
    assert decode("notice", encode(notice)) == notice


def test_nobody_is_told_below_the_severity_or_at_another_site() -> None:
    elsewhere = route(id="x", sites=(SiteId("tilleuls"),))
    stage, _ = started(route(), elsewhere)
    assert stage.feed([incident(severity=59)]) == []
    assert len(notices(stage.feed([incident(2, severity=60)]))) == 1


def test_the_next_level_is_told_when_nobody_acknowledges_and_at_the_end_that_is_said() -> None:
    stage, clock = started()
    stage.feed([incident()])
    assert pass_time(stage, clock, 59) == []
    assert [one.role for one in notices(pass_time(stage, clock, 1))] == ["shift_leader"]
    assert pass_time(stage, clock, 59) == []
    assert [(one.role, one.level) for one in notices(pass_time(stage, clock, 2))] == [("operator", 2), ("ciso", 2)]
    [receipt] = receipts(pass_time(stage, clock, 60))
    assert (receipt.outcome, receipt.who) == ("unanswered", "operator, ciso")
    assert receipt.reason is not None


def test_after_the_last_level_everyone_is_called_again_with_longer_pauses_until_somebody_acknowledges() -> None:
    stage, clock = started(route(levels=(("guard",), ("operator",))))
    [guard] = notices(stage.feed([incident()]))
    pass_time(stage, clock, 60)
    calls = []
    for _ in range(4 * 3600 // 60):
        rings = notices(pass_time(stage, clock, 60))
        if rings:
            calls.append((clock.now() - START).total_seconds())
            assert [(one.role, one.ring) for one in rings] == [("guard", True), ("operator", True)]
            assert rings[0].answer_by is not None
    pauses = [later - earlier for earlier, later in pairwise(calls)]
    assert calls[0] == 120
    assert pauses[:4] == [120, 240, 480, 900]
    assert set(pauses[4:]) == {900}
    stage.feed([answer(guard, "acknowledged", (clock.now() - START).total_seconds())])
    assert pass_time(stage, clock, 4 * 3600) == []


def test_an_answer_to_what_was_told_before_the_news_does_not_stop_the_escalation() -> None:
    stage, clock = started()
    [first] = notices(stage.feed([incident()]))
    clock.advance(30)
    stage.tick(clock.now())
    [again] = notices(stage.feed([incident(2, zones=[WARD, PHARMACY])]))
    assert (first.since, again.since) == (1, 2)
    late = msgspec.structs.replace(answer(first, "acknowledged", 40), revision=1)  # from a phone in a dead spot
    [receipt] = receipts(stage.feed([late]))
    assert (receipt.outcome, receipt.revision, receipt.holds(again)) == ("acknowledged", 1, False)
    unsaid = answer(first, "on_my_way", 20)  # given before the news, by its own time
    assert not receipts(stage.feed([unsaid]))[0].holds(again)
    assert [one.level for one in notices(pass_time(stage, clock, 30))] == [1]
    now = (clock.now() - START).total_seconds()
    counts = msgspec.structs.replace(answer(again, "acknowledged", now), revision=2)
    assert receipts(stage.feed([counts]))[0].holds(again)
    assert pass_time(stage, clock, 3600) == []


def test_a_last_level_that_no_channel_reaches_is_said_and_called_again_in_its_time() -> None:
    stage, clock = started(route(levels=(("guard",),)))
    [notice] = notices(stage.feed([incident()]))
    for attempt in range(3):
        assert stage.feed([failed(notice, clock.now(), say("down"))]) == []  # no loop of calls that fail at once
        found = pass_time(stage, clock, 60 * 2**attempt)
        assert [one.outcome for one in receipts(found)] == ["unanswered"]
        [notice] = notices(found)
        assert notice.ring


def test_a_channel_that_reaches_nobody_is_passed_and_stays_so() -> None:
    stage, clock = started(route(channels=("page", "webpush")))
    page, push = notices(stage.feed([incident()]))
    assert stage.feed([nobody(push, clock.now(), say("no phone"))]) == []
    again = notices(stage.feed([incident(2, zones=[WARD, PHARMACY])]))
    assert [one.ring for one in again] == [True, True]
    assert nobody(push, clock.now(), say("no phone")).id == nobody(again[1], clock.now(), say("no phone")).id
    assert [one.level for one in notices(stage.feed([failed(page, clock.now(), say("down"))]))] == [1, 1]


@pytest.mark.parametrize("what", ["acknowledged", "on_my_way", "on_site", "clear"])
def test_an_acknowledgement_stops_the_escalation(what: Answer) -> None:
    stage, clock = started()
    [notice] = notices(stage.feed([incident()]))
    [receipt] = receipts(stage.feed([answer(notice, what)]))
    assert (receipt.outcome, receipt.who, receipt.notice, receipt.channel) == (what, "user.7", notice.id, "page")
    assert pass_time(stage, clock, 3600) == []


@pytest.mark.parametrize("what", ["delivered", "read"])
def test_delivered_and_read_stop_nothing(what: Answer) -> None:
    stage, clock = started()
    [notice] = notices(stage.feed([incident()]))
    assert [one.outcome for one in receipts(stage.feed([answer(notice, what)]))] == [what]
    assert [one.level for one in notices(pass_time(stage, clock, 60))] == [1]


def test_help_tells_the_next_level_at_once_and_at_the_last_calls_all_again() -> None:
    stage, clock = started(route(levels=(("guard",), ("shift_leader",))))
    [notice] = notices(stage.feed([incident()]))
    assert [one.role for one in notices(stage.feed([answer(notice, "help")]))] == ["shift_leader"]
    again = notices(stage.feed([answer(notice, "help", 20)]))
    assert [(one.role, one.revision, one.ring) for one in again] == [("guard", 2, True), ("shift_leader", 2, True)]
    assert receipts(pass_time(stage, clock, 60))[0].outcome == "unanswered"


def test_a_repeat_says_nothing_or_updates_silently() -> None:
    stage, clock = started()
    [first] = notices(stage.feed([incident()]))
    assert stage.feed([incident(2)]) == []
    [update] = notices(stage.feed([incident(3, title=say("Door forced and held open"))]))
    assert (update.id, update.revision, update.ring, update.at) == (first.id, 2, False, first.at)
    assert update.answer_by == first.answer_by
    assert stage.feed([incident(3), incident(1)]) == []
    assert [one.level for one in notices(pass_time(stage, clock, 60))] == [1]


def test_a_new_place_rings_again_even_when_acknowledged() -> None:
    stage, clock = started()
    [first] = notices(stage.feed([incident()]))
    stage.feed([answer(first, "acknowledged")])
    clock.advance(300)
    stage.tick(clock.now())
    [again] = notices(stage.feed([incident(2, zones=[WARD, PHARMACY])]))
    assert (again.id, again.revision, again.ring, again.zone) == (first.id, 2, True, PHARMACY)
    assert again.answer_by == clock.now() + timedelta(seconds=60)
    assert [one.level for one in notices(pass_time(stage, clock, 60))] == [1]


def test_news_while_nobody_has_answered_does_not_put_the_next_level_off() -> None:
    stage, clock = started()
    [first] = notices(stage.feed([incident()]))
    assert pass_time(stage, clock, 50) == []
    [again] = notices(stage.feed([incident(2, zones=[WARD, PHARMACY])]))
    assert (again.ring, again.answer_by) == (True, first.answer_by)
    assert [one.level for one in notices(pass_time(stage, clock, 10))] == [1]


def test_a_higher_level_of_severity_rings_again_a_point_more_does_not() -> None:
    stage, _ = started()
    stage.feed([incident(1, severity=75)])
    assert [one.ring for one in notices(stage.feed([incident(2, severity=80)]))] == [False]
    assert [one.ring for one in notices(stage.feed([incident(3, severity=95)]))] == [True]


def test_a_closed_incident_ends_it_and_a_reopened_one_calls_again() -> None:
    stage, clock = started()
    [first] = notices(stage.feed([incident()]))
    [closed] = notices(stage.feed([incident(2, state="closed")]))
    assert (closed.revision, closed.ring, closed.answer_by) == (2, False, None)
    assert pass_time(stage, clock, 3600) == []
    assert stage.feed([incident(3, state="closed")]) == []
    [again] = notices(stage.feed([incident(4)]))
    assert (again.id, again.revision, again.ring) == (first.id, 3, True)
    assert [one.level for one in notices(pass_time(stage, clock, 60))] == [1]


def test_a_merged_incident_hands_its_acknowledged_places_over() -> None:
    stage, _ = started()
    [one] = notices(stage.feed([incident()]))
    [other] = notices(stage.feed([incident(number=2, zones=[PHARMACY])]))
    stage.feed([answer(one, "acknowledged"), answer(other, "on_site")])
    second = incident(number=2).id
    merged = incident(2, zones=[WARD, PHARMACY], merged=[second])
    assert [notice.ring for notice in notices(stage.feed([merged]))] in ([], [False])
    [ended] = notices(stage.feed([incident(2, number=2, state="closed", into=incident().id)]))
    assert "another incident" in ended.body.key


def test_names_never_reach_a_title() -> None:
    stage, _ = started()
    for number, title in enumerate(
        (
            say("Badge of {holder}", holder="holder.1"),
            say("Mail to {who}", who="a@b.example"),
            say("x {y}", y=say("{z}", z="holder.1")),
        )
    ):
        [notice] = notices(stage.feed([incident(number=number + 10, title=title, holders=["holder.1"])]))
        assert b"holder.1" not in encode(notice)
        assert b"b.example" not in encode(notice)


def test_each_role_reads_its_own_task() -> None:
    stage, _ = started(route(levels=(("guard", "operator", "analyst", "crisis", "liaison", "ciso", "director"),)))
    physical = {one.role: one.body.key for one in notices(stage.feed([incident()]))}
    assert len(set(physical.values())) == 7
    [cyber, *_] = notices(stage.feed([incident(number=2, domains=[Domain.CYBER])]))
    assert cyber.body.key != physical["guard"]
    [nowhere, *_] = notices(stage.feed([incident(number=3, zones=[])]))
    assert nowhere.title == say("Door forced")


def test_before_the_first_tick_nobody_is_overdue() -> None:
    stage = NotifyStage(hospital(route()))
    [notice] = notices(stage.feed([incident()]))
    assert notice.at == incident().updated
    late = START + timedelta(days=3)
    assert stage.tick(late) == []
    assert [one.level for one in notices(stage.tick(late + timedelta(seconds=60)))] == [1]


def test_a_level_that_no_channel_reaches_is_passed_at_once() -> None:
    stage, clock = started(route(channels=("page", "mail")))
    page, mail = notices(stage.feed([incident()]))
    assert stage.feed([failed(mail, clock.now(), say("down"))]) == []
    assert [one.level for one in notices(stage.feed([failed(page, clock.now(), say("down"))]))] == [1, 1]


def test_answers_twice_or_to_nothing_change_nothing() -> None:
    stage, _ = started()
    [notice] = notices(stage.feed([incident()]))
    act = answer(notice, "help")
    assert len(list(stage.feed([act, act]))) == 2
    stranger: Notice = msgspec.structs.replace(notice, id="nobody")
    assert stage.feed([answer(stranger, "read")]) == []
    assert stage.counts["unheard"] == 1


def plan(state: ActionState, steps: tuple[Step, ...]) -> Plan:
    action = Action(
        id="a",
        playbook="p",
        title=say("Cut the network"),
        rank=1,
        gain=1.0,
        gain_interval=(0.0, 2.0),
        best=0.5,
        cost=0.1,
        cost_text=(),
        why=(),
        steps=steps,
        needs=("security",),
        state=state,
    )
    return Plan(
        id=PlanId("plan"),
        incident=incident().id,
        revision=1,
        forecast_revision=1,
        site=SiteId("aurore"),
        at=START,
        expires=START + timedelta(hours=1),
        actions=(action,),
    )


def test_an_approved_action_reaches_those_who_carry_it_out_once() -> None:
    steps = (Step("operator", say("Pull the plug")), Step("guard", say("Stand by")), Step("operator", say("Call back")))
    stage, clock = started()
    stage.feed([incident()])
    assert stage.feed([plan("proposed", steps)]) == []
    told = notices(stage.feed([plan("approved", steps), plan("approved", steps)]))
    assert [(one.role, one.title.key, one.severity, one.zone) for one in told] == [
        ("operator", "Cut the network", 75, WARD),
        ("guard", "Cut the network", 75, WARD),
    ]
    assert set(told[0].body.args) == {"first", "second"}
    assert [one.ring for one in notices(stage.feed([plan("done", steps)]))] == [False, False]
    assert all(one.title.key != "Cut the network" for one in notices(pass_time(stage, clock, 600)))


def test_threads_are_bounded() -> None:
    stage = NotifyStage(hospital(route()), threads=5)
    for number in range(20):
        stage.feed([incident(number=number)])
    assert stage.counts["threads"] == 5
    assert stage.counts["dropped"] == 15
    assert stage.reasons() == {"notify": "15 notices that nobody had answered were let go: no one further is told"}
    assert NotifyStage(hospital(route())).reasons() == {}


def test_routes_without_anyone_to_tell_are_left_out() -> None:
    stage, clock = started(route(id="a", levels=()), route(id="b", levels=((), ("guard",))), route(id="c", channels=()))
    assert [one.role for one in notices(stage.feed([incident()]))] == ["guard"]
    assert receipts(pass_time(stage, clock, 60))[0].outcome == "unanswered"


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(["more", "place", "ack", "close", "open", "tick", "help"]), max_size=12),
    st.integers(0, 12),
)
def test_a_crash_changes_nothing(script: list[str], cut: int) -> None:
    def play(crash: bool) -> list[object]:
        stage, now = NotifyStage(hospital(route())), START
        stage.tick(now)
        found: list[object] = list(stage.feed([incident()]))
        [first] = notices(found)
        zones, severity = [WARD], 70
        for number, what in enumerate(script):
            if crash and number == cut:
                state = stage.snapshot()
                stage = NotifyStage(hospital(route()))
                stage.restore(state)
                stage.tick(now)
            now += timedelta(seconds=45)
            found += stage.tick(now)
            found += stage.feed(_step(what, number + 2, zones, severity, first, now))
        return found

    assert play(crash=True) == play(crash=False)


def _step(what: str, revision: int, zones: list[str], severity: int, first: Notice, now: datetime) -> list[object]:
    match what:
        case "more":
            return [incident(revision, severity=95, zones=zones)]
        case "place":
            zones.append(PHARMACY)
            return [incident(revision, severity=severity, zones=zones)]
        case "ack":
            return [answer(first, "acknowledged", (now - START).total_seconds())]
        case "help":
            return [answer(first, "help", (now - START).total_seconds())]
        case "close":
            return [incident(revision, state="closed")]
        case "open":
            return [incident(revision, zones=zones)]
    return []


def test_sentences_stay_shallow_enough_to_be_shown() -> None:
    stage, _ = started()
    title = say("Combined attack, cyber and physical. Gravest sign: {gravest}", gravest=say("Door forced"))
    [notice] = notices(stage.feed([incident(title=title)]))
    what = notice.title.args["what"]
    assert isinstance(what, Text)
    assert what == title
