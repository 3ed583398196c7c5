"""Levels, pauses, our own events, and rules that are exchanged while windows are open."""

from __future__ import annotations

from typing import Any

from safecare.detect.cyber.log_sigma import SigmaRules
from safecare.detect.logs.book import RuleBook, shipped_rules
from safecare.detect.logs.load import load
from safecare.detect.logs.plan import Compiled, Plan
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.doors import BadgeDenied
from safecare.model.events.logs import LogRecorded
from safecare.testing.made import made, restarted

RULES = """
title: Bad word
id: 11111111-1111-4111-8111-111111111111
logsource: {product: app}
detection: {s: {text|contains: bad}, condition: s}
level: LEVEL
tags: [attack.t1110]
---
title: Base
name: base
logsource: {product: app}
detection: {s: {text|contains: word}, condition: s}
level: low
---
title: Three
id: 22222222-2222-4222-8222-222222222222
correlation: {type: event_count, rules: [base], group-by: [user], timespan: 5m, condition: {gte: 3}}
level: high
---
title: Refused
id: 33333333-3333-4333-8333-333333333333
logsource: {product: safecare, category: badge.denied}
detection: {s: {reason: stolen}, condition: s}
level: critical
"""


def plan(level: str = "high", text: str = RULES) -> Plan:
    return Plan(Compiled(load([("r.yml", text.replace("LEVEL", level).encode())])))


def rule(level: str = "high") -> SigmaRules:
    return SigmaRules(RuleBook(plan(level)))


def record(second: float, text: str, asset: str | None = "ws.pharmacy.1", host: str = "", **fields: Any) -> LogRecorded:
    return made(LogRecorded, second, asset, fields={"product": "app", "text": text, **fields}, host=host)


def feed(one: SigmaRules, *events: Event) -> list[Alert]:
    return list(one.feed(events))


def test_an_alert_carries_rule_level_technique_and_no_values() -> None:
    (alert,) = feed(rule(), record(0, "a bad thing of Ann"))
    assert alert.rule == "log.sigma.11111111-1111-4111-8111-111111111111"
    assert (alert.severity, alert.techniques, alert.assets) == (65, ("T1110",), ("ws.pharmacy.1",))
    assert "Ann" not in repr((alert.title, alert.why))
    assert "text" in repr(alert.why)


def test_low_levels_alert_nobody() -> None:
    assert not feed(rule("low"), record(0, "bad"))
    assert feed(rule("medium"), record(0, "bad"))


def test_once_in_its_pause_for_a_rule_and_a_machine() -> None:
    one = rule()
    assert len(feed(one, record(0, "bad"), record(300, "bad"), record(301, "bad", None, "other"))) == 2
    assert len(feed(one, record(601, "bad"))) == 1


def test_own_events_are_judged_where_rules_ask_for_them() -> None:
    event = made(BadgeDenied, 0, "door.pharmacy", reason="stolen")
    (alert,) = feed(rule(), event)
    assert alert.severity == 85
    none = SigmaRules(RuleBook(plan(text=RULES.partition("---")[0])))
    assert not feed(none, event)


def test_windows_outlive_a_restart_and_an_exchange_of_rules() -> None:
    one = rule()
    assert not feed(one, record(0, "word", user="u"), record(1, "word", user="u"))
    one = restarted(one, rule())
    one.rules.plan = plan("critical")
    found = feed(one, record(2, "word", user="u"), record(3, "a bad thing", user="u"))
    assert [(alert.severity, alert.rule[10:18]) for alert in found] == [(65, "22222222"), (85, "11111111")]


def test_the_rules_of_the_platform_are_whole() -> None:
    rules = load(shipped_rules())
    assert not rules.problems
    assert len(rules.rules) + len(rules.correlations) > 30
    levels = {one.level for one in rules.rules} | {one.level for one in rules.correlations}
    assert levels == {"low", "medium", "high", "critical"}
