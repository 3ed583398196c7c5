"""Priorities, the pause between two alerts, and a bounded state."""

from __future__ import annotations

from typing import Any

import pytest

from safecare.detect.cyber.network_signature import TOLD, SignatureAlert
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.network import SignatureMatched
from safecare.testing.made import HOSPITAL, made, restarted


def rule() -> SignatureAlert:
    return SignatureAlert(HOSPITAL)


def feed(one: SignatureAlert, *events: Event) -> list[Alert]:
    return list(one.feed(events))


def match(second: float, asset: str | None = "ws.pharmacy.1", **more: Any) -> Event:
    fields: dict[str, Any] = {
        "signature": "BEACON",
        "category": "A Network Trojan was detected",
        "priority": 1,
        "src_ip": "10.1.10.21",
        "dst_ip": "192.0.2.66",
    }
    return made(SignatureMatched, second, asset, **(fields | more))


@pytest.mark.parametrize(("priority", "severities"), [(1, [65]), (2, [45]), (3, []), (4, []), (0, [])])
def test_priorities(priority: int, severities: list[int]) -> None:
    assert [alert.severity for alert in feed(rule(), match(0, priority=priority))] == severities


def test_critical_machines_weigh_more() -> None:
    (alert,) = feed(rule(), match(0, "server.directory", src_ip="10.1.20.11"))
    assert alert.severity == 75


def test_both_ends_are_named() -> None:
    (alert,) = feed(rule(), match(0))
    assert (alert.assets, alert.peers) == (("ws.pharmacy.1",), ("192.0.2.66",))
    (inside,) = feed(rule(), match(0, dst_ip="10.1.20.10"))
    assert (inside.assets, inside.peers) == (("ws.pharmacy.1", "server.appointments"), ())


def test_once_in_its_pause_for_an_asset_and_a_signature() -> None:
    one = rule()
    assert len(feed(one, match(0), match(300), match(599))) == 1
    assert len(feed(one, match(600), match(601, signature="OTHER"), match(602, "ws.ward.1"))) == 3


def test_out_of_order_and_a_clock_put_back() -> None:
    one = rule()
    assert len(feed(one, match(100), match(0))) == 1
    assert len(feed(one, match(10_000_000), match(1000))) == 2


@pytest.mark.slow
def test_made_up_addresses_are_not_remembered_without_bound() -> None:
    one = rule()
    feed(one, *(match(0, None, src_ip=f"s{number}") for number in range(TOLD + 500)))
    assert len(one._told) <= TOLD


def test_state_survives_a_crash() -> None:
    one = rule()
    feed(one, match(0))
    one = restarted(one, rule())
    assert not feed(one, match(300))
    assert len(feed(one, match(600))) == 1
