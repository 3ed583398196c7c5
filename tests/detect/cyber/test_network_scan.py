"""First contacts in their window, at the limits, in any order, and a bounded state."""

from __future__ import annotations

import pytest

from safecare.detect.cyber.network_scan import STATIONS, WINDOW_FULL, NetworkScan
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.testing.made import HOSPITAL, made, restarted

WORKSTATION = "10.1.10.21"


def rule() -> NetworkScan:
    return NetworkScan(HOSPITAL)


def feed(one: NetworkScan, *events: Event) -> list[Alert]:
    return list(one.feed(events))


def contact(second: float, target: int, outcome: str = "silent", source: str = WORKSTATION) -> Event:
    return made(
        ConnectionSeen,
        second,
        src_ip=source,
        dst_ip=f"10.9.{target // 250}.{target % 250}",
        dst_port=445,
        outcome=outcome,
    )


@pytest.mark.parametrize(("good", "bad", "alerts"), [(0, 19, 0), (0, 20, 1), (10, 10, 1), (11, 10, 0), (19, 1, 0)])
def test_limits(good: int, bad: int, alerts: int) -> None:
    fine = [contact(n, n, "open") for n in range(good)]
    assert len(feed(rule(), *fine, *(contact(50 + n, 100 + n) for n in range(bad)))) == alerts


def test_only_different_contacts_count_and_only_known_outcomes() -> None:
    assert not feed(rule(), *(contact(n, n % 5) for n in range(200)))
    assert not feed(rule(), *(contact(n, n, "unknown") for n in range(100)))


def test_slow_contacts_never_fill_a_window() -> None:
    assert not feed(rule(), *(contact(n * 20, n) for n in range(200)))


def test_told_again_after_the_pause() -> None:
    one = rule()
    assert len(feed(one, *(contact(n, n) for n in range(1500)))) == 1
    assert len(feed(one, *(contact(2000 + n, n) for n in range(100)))) == 1


def test_what_went_well_before_does_not_hide_a_scan_for_long() -> None:
    fine = [contact(n * 0.1, n, "open") for n in range(400)]
    assert len(feed(rule(), *fine, *(contact(50 + n * 0.1, 1000 + n) for n in range(400)))) == 1


def test_contacts_that_arrive_in_another_order() -> None:
    assert len(feed(rule(), *(contact(n, n) for n in reversed(range(25))))) == 1
    (alert,) = feed(rule(), *(contact(n, n) for n in reversed(range(20))))
    assert alert.first < alert.last


def test_a_clock_put_back_silences_nothing() -> None:
    one = rule()
    assert len(feed(one, *(contact(10_000_000 + n, n) for n in range(20)))) == 1
    assert len(feed(one, *(contact(n, n) for n in range(20)))) == 1


def test_known_and_unknown_sources() -> None:
    (known,) = feed(rule(), *(contact(n, n) for n in range(20)))
    (stranger,) = feed(rule(), *(contact(n, n, source="192.0.2.9") for n in range(20)))
    assert (known.assets, known.peers) == (("ws.pharmacy.1",), ())
    assert (stranger.assets, stranger.peers) == ((), ("192.0.2.9",))


@pytest.mark.slow
def test_made_up_addresses_are_not_remembered_without_bound() -> None:
    one = rule()
    feed(one, *(contact(0, 0, source=f"10.{n // 65536}.{n // 256 % 256}.{n % 256}") for n in range(STATIONS + 1000)))
    assert len(one._stations) <= STATIONS
    feed(one, *(contact(0, n, "open") for n in range(5000)))
    assert len(one._stations[WORKSTATION].contacts) <= one.many * WINDOW_FULL


def test_state_survives_a_crash_in_mid_window() -> None:
    one = rule()
    feed(one, *(contact(n, n) for n in range(12)))
    one = restarted(one, rule())
    assert len(feed(one, *(contact(n, n) for n in range(12, 20)))) == 1
    assert not feed(restarted(one, rule()), *(contact(n, n) for n in range(20, 100)))
