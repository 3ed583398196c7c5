"""Windows by the records' own time, in any order; state that survives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from safecare.detect.logs import correlations
from safecare.detect.logs.correlations import Correlator, Seen
from safecare.detect.logs.rule import Correlation
from safecare.formats.logs.record import LogRecord
from safecare.testing.clock import START


def made(type: Any, rules: tuple[str, ...] = ("a",), count: int = 3, **more: Any) -> Correlation:
    return Correlation("c", "C", "high", (), type, rules, ("U",), 60, "gte", count, "f", 1, **more)


def run(
    one: Correlation, *steps: tuple[str, float, str], user: str = "u", by: Correlator | None = None
) -> list[tuple[str, ...]]:
    by = by or Correlator()
    by.use([one])
    found: list[tuple[str, ...]] = []
    for number, (rule, second, value) in enumerate(steps):
        record = LogRecord({"U": user, "V": value}, number)
        found += [because for _, _, because in by.feed(rule, record, START + timedelta(seconds=second))]
    return found


def test_event_count_within_its_span() -> None:
    assert run(made("event_count"), ("a", 0, ""), ("a", 30, ""), ("a", 60, "")) == [("0", "1", "2")]
    assert not run(made("event_count"), ("a", 0, ""), ("a", 30, ""), ("a", 61, ""))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_of_arrival_does_not_matter(order: tuple[int, ...]) -> None:
    steps = [("a", 10.0 * number, str(number)) for number in order]
    (found,) = run(made("event_count"), *steps)
    assert set(found) == {"0", "1", "2"}
    assert len(run(made("value_count", field="V"), *steps)) == 1


def test_a_late_record_completes_a_span_in_the_past() -> None:
    assert len(run(made("event_count"), ("a", 0, ""), ("a", 50, ""), ("a", 100, ""), ("a", 20, ""))) == 1


def test_one_burst_is_one_finding() -> None:
    assert len(run(made("event_count"), *(("a", float(second), "") for second in range(8)))) == 2


def test_value_count_counts_distinct_values() -> None:
    assert not run(made("value_count", field="V"), ("a", 0, "x"), ("a", 1, "x"), ("a", 2, "y"))
    assert run(made("value_count", field="V"), ("a", 0, "x"), ("a", 1, "z"), ("a", 2, "y"))


def test_temporal_wants_all_and_ordered_wants_the_order() -> None:
    both = ("a", "b")
    assert run(made("temporal", both), ("b", 0, ""), ("a", 5, ""))
    assert not run(made("temporal", both), ("a", 0, ""), ("a", 5, ""))
    assert not run(made("temporal_ordered", both), ("b", 0, ""), ("a", 5, ""))
    assert run(made("temporal_ordered", both), ("b", 5, ""), ("a", 0, ""))


def test_groups_are_apart_and_a_record_without_the_group_counts_nowhere() -> None:
    by = Correlator()
    assert not run(made("event_count"), ("a", 0, ""), ("a", 1, ""), by=by)
    assert not run(made("event_count"), ("a", 2, ""), user="other", by=by)
    by.use([made("event_count")])
    assert not list(by.feed("a", LogRecord({"V": ""}, 9), START))


def test_aliases_name_the_group_in_each_rule() -> None:
    one = made("temporal", ("a", "b"), aliases={"U": {"a": "SourceUser", "b": "TargetUser"}})
    by = Correlator()
    by.use([one])
    assert not list(by.feed("a", LogRecord({"SourceUser": "x"}, 1), START))
    ((found, group, _),) = by.feed("b", LogRecord({"TargetUser": "x"}, 2), START)
    assert (found, group) == (one, {"U": "x"})


def test_state_is_written_and_taken_on_and_outlives_other_rules() -> None:
    by = Correlator()
    run(made("event_count"), ("a", 0, ""), ("a", 1, ""), by=by)
    raw = msgspec.msgpack.encode(by.windows)
    again = Correlator(msgspec.msgpack.decode(raw, type=dict[str, list[Seen]]))
    assert len(run(made("event_count"), ("a", 2, ""), by=again)) == 1
    by.use([])
    assert not by.windows


def test_state_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correlations, "WINDOWS", 10)
    monkeypatch.setattr(correlations, "MATCHES", 5)
    by = Correlator()
    for number in range(50):
        run(made("event_count", count=99), ("a", 0, ""), user=str(number), by=by)
    run(made("event_count", count=99), *(("a", float(n), "") for n in range(20)), user="one", by=by)
    assert len(by.windows) == 10
    assert max(map(len, by.windows.values())) == 5
