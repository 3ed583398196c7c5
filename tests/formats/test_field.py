"""JSON of field devices: what is understood, and that nothing breaks the reader."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.field import LIMIT, UNDERSTOOD, FieldError, Signal, read_field, signals_of


def read(**said: Any) -> tuple[Signal, ...]:
    return read_field(json.dumps(said).encode()).signals


@pytest.mark.parametrize(
    ("said", "signal"),
    [
        ({"contact": True}, Signal(what="contact", on=False)),
        ({"contact": False, "egress": True}, Signal(what="contact", on=True, egress=True)),
        ({"smoke": True}, Signal(what="fire", state="alarm")),
        ({"smoke": False}, Signal(what="fire", state="normal")),
        ({"fire": "prealarm"}, Signal(what="fire", state="prealarm")),
        ({"supply": "battery"}, Signal(what="power", state="battery")),
        ({"temperature": -19.5}, Signal(what="reading", name="temperature", value=-19.5, unit="Cel")),
        ({"lid": True}, Signal(what="point", name="lid", on=True)),
        (
            {"access": "granted", "badge": "4711", "means": "code"},
            Signal(what="access", state="granted", badge="4711", means="code"),
        ),
        ({"access": "denied", "reason": "expired"}, Signal(what="access", state="denied", reason="expired")),
        ({"access": "opened", "egress": True}, Signal(what="access", state="opened", egress=True)),
        ({"placed": "z.a", "badge": "1", "by": "tag"}, Signal(what="placed", place="z.a", badge="1", state="tag")),
        ({"placed": None, "badge": "1"}, Signal(what="placed", badge="1", state="roster")),
    ],
)
def test_understood(said: dict[str, Any], signal: Signal) -> None:
    assert read(**said) == (signal,)


def test_one_message_gives_its_signals_in_a_fixed_order() -> None:
    said = {"water_leak": False, "temperature": 4, "battery": 97, "humidity": 40.5, "linkquality": 80}
    assert [signal.name for signal in read(**said)] == ["humidity", "temperature", "water_leak"]
    assert read(**dict(reversed(said.items()))) == read(**said)


def test_a_value_that_the_device_does_not_know_yet_is_passed_over() -> None:
    assert [signal.name for signal in read(temperature=None, humidity=40)] == ["humidity"]


@pytest.mark.parametrize("means", ["palm", 7, [], {}, None])
def test_an_odd_means_is_unknown(means: object) -> None:
    assert read(access="granted", means=means)[0].means == "unknown"


@pytest.mark.parametrize(
    ("said", "place", "reason"),
    [
        ({"contact": "on"}, "contact", "true or false"),  # some makers say so of an open one
        ({"contact": True, "egress": 1}, "egress", "true or false"),
        ({"temperature": "warm"}, "temperature", "a number"),
        ({"temperature": True}, "temperature", "a number"),
        ({"temperature": 1e12}, "temperature", "a number"),
        ({"fire": "burning"}, "fire", "must be one of"),
        ({"access": ["granted"]}, "access", "must be one of"),
        ({"access": "granted", "badge": True}, "badge", "a text"),
        ({"access": "granted", "badge": "x" * 201}, "badge", "200 characters"),
        ({"placed": "z", "badge": "1", "by": "guess"}, "by", "must be one of"),
        ({"colour": 3}, "", "no key"),
        ({}, "", "no key"),
    ],
)
def test_bad_values_say_where_and_why(said: dict[str, Any], place: str, reason: str) -> None:
    with pytest.raises(FieldError, match=reason) as found:
        read(**said)
    assert found.value.place == place
    assert reason in found.value.reason


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"1", b'{"lid": true', b"[" * 20_000, b'{"lid":' * 9_000])
def test_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(FieldError, match="JSON object"):
        read_field(raw)


def test_deep_values_are_told_by_their_type() -> None:
    with pytest.raises(FieldError, match="not list"):
        read_field(b'{"lid":' + b"[" * 900 + b"]" * 900 + b"}")


def test_too_large_is_refused() -> None:
    with pytest.raises(FieldError, match="limit"):
        read_field(b" " * (LIMIT + 1))


@pytest.mark.parametrize(
    "time",
    [{"at": "2026-03-02T09:00:00+01:00"}, {"last_seen": "2026-03-02T08:00:00Z"}, {"last_seen": 1772438400000}],
)
def test_times_become_utc(time: dict[str, Any]) -> None:
    message = read_field(json.dumps({"lid": True, **time}).encode())
    assert message.at == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_the_time_of_the_event_goes_before_the_last_contact() -> None:
    raw = b'{"lid": true, "at": "2026-03-02T08:00:00Z", "last_seen": 0}'
    assert read_field(raw).at == datetime(2026, 3, 2, 8, tzinfo=UTC)


@given(st.binary(max_size=300))
def test_garbage_raises_only_its_own_error(raw: bytes) -> None:
    with contextlib.suppress(FieldError):
        read_field(raw)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_keys = st.sampled_from((*UNDERSTOOD, "at", "last_seen", "badge", "means", "reason", "egress", "by", "id"))
_words = st.sampled_from(("alarm", "granted", "lost", "roster", "2026-03-02T08:00:00Z", "9999-12-31T23:00:00-10:00"))


@given(st.dictionaries(_keys, _json | _words | st.booleans()))
def test_known_keys_with_any_value(said: dict[str, Any]) -> None:
    try:
        message = read_field(json.dumps(said).encode())
    except FieldError:
        return
    assert 0 < len(message.signals) <= len(UNDERSTOOD)
    assert message.at is None or message.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("yesterday", "not a time"),
        ("2026-03-02T08:00:00", "offset"),
        (True, "not a time"),
        ("0001-01-01T00:00:00+14:00", "not a time"),
        (10**30, "not a time"),
    ],
)
def test_an_alarm_with_a_time_that_is_none_is_an_alarm(at: object, reason: str) -> None:
    message = read_field(json.dumps({"smoke": True, "last_seen": at}).encode())
    alarm, note = message.signals
    assert (message.at, alarm.state, note.what, note.name) == (None, "alarm", "panel", "note")
    assert reason in note.code


def test_a_key_that_can_not_be_read_does_not_hide_the_others() -> None:
    said = {"smoke": True, "temperature": "hot", "alarm": True, "tamper": None}
    alarm, *notes = read_field(json.dumps(said).encode()).signals
    assert alarm.state == "alarm"
    assert [one.code.partition(":")[0] for one in notes] == ["can't be read"] * 2
    with pytest.raises(FieldError, match="must be one of"):
        signals_of(said)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"contact": "OPEN"}, ("contact", "", True)),
        ({"contact": "closed"}, ("contact", "", False)),
        ({"smoke": "true"}, ("fire", "alarm", False)),
        ({"smoke": "OFF"}, ("fire", "normal", False)),
        ({"fire": "ALARM"}, ("fire", "alarm", False)),
        ({"tamper": "Yes"}, ("point", "", True)),
        ({"battery_low": True}, ("point", "", True)),
    ],
)
def test_truth_as_makers_write_it(said: dict[str, Any], told: tuple[str, str, bool]) -> None:
    (signal,) = read_field(json.dumps(said).encode()).signals
    assert (signal.what, signal.state, signal.on) == told


def test_numbers_as_makers_write_them() -> None:
    def value(**said: object) -> float:
        return read_field(json.dumps(said).encode()).signals[-1].value

    assert [value(temperature=one) for one in ("-19.5", "-19,5", " 4 ")] == [-19.5, -19.5, 4.0]
    assert value(battery=97, voltage=3005) == 3.005
    assert value(battery=97, voltage=3.1) == 3.1
    assert value(voltage=231.5) == 231.5
    assert read_field(b'{"access": "granted", "badge": 4711}').signals[0].badge == "4711"


def test_an_action_is_told_and_the_empty_one_after_it_is_not() -> None:
    (press,) = read_field(b'{"action": "single", "battery": 90}').signals
    assert (press.what, press.code) == ("action", "single")
    for said in (b'{"action": "", "battery": 90}', b'{"action": null}', b'{"battery": 90, "linkquality": 120}'):
        (alive,) = read_field(said).signals
        assert (alive.what, alive.value) == ("heard", 0.0)
