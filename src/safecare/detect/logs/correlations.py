"""Sigma correlations over matches of rules: event_count, value_count, temporal, temporal_ordered.

Source: Sigma correlation rules specification 2.1. Windows go by the records' own time, so that late and disordered
records count; a window that has led to a finding is emptied, so that one burst is one finding.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from safecare.detect.logs.rule import Correlation
from safecare.detect.logs.values import Value
from safecare.formats.logs.record import LogRecord

WINDOWS = 100_000
"""Most windows (one for each correlation and group) that are open at once; the longest untouched give way (chosen)."""
MATCHES = 10_000
"""Most matches in one window; the oldest give way (chosen: counts asked for are far below)."""
BREAK = "\x1f"


class Seen(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One match in a window: its time (seconds since 1970), the rule's place in the correlation, the counted value."""

    at: float
    rule: int
    value: str
    ref: str


class Correlator:
    """Feeds matches to the correlations that want them. `windows`, its whole state, outlive a change of rules."""

    def __init__(self, windows: dict[str, list[Seen]] | None = None) -> None:
        """Go on with `windows`."""
        self.windows: dict[str, list[Seen]] = windows if windows is not None else {}
        self.wanted: dict[str, list[Correlation]] = {}

    def use(self, correlations: Iterable[Correlation]) -> None:
        """Take on the correlations of a rule set; windows of those that are no longer there are dropped."""
        self.wanted = {}
        known: set[str] = set()
        for one in correlations:
            known.add(one.id)
            for rule in dict.fromkeys(one.rules):
                self.wanted.setdefault(rule, []).append(one)
        for key in [key for key in self.windows if key.partition(BREAK)[0] not in known]:
            del self.windows[key]

    def feed(
        self, rule: str, record: LogRecord, at: datetime
    ) -> Iterator[tuple[Correlation, dict[str, Value], tuple[str, ...]]]:
        """Take in that `rule` matched; yield each correlation that this makes true, its group and its records."""
        for one in self.wanted.get(rule, ()):
            group = _group(one, rule, record)
            if group is None or (one.field and record.fields.get(one.field) is None):
                continue
            key = BREAK.join((one.id, *(str(value) for value in group.values())))
            seen = self.windows.pop(key, [])
            new = Seen(
                at.timestamp(),
                one.rules.index(rule),
                str(record.fields.get(one.field, "")),
                record.ref or str(record.number),
            )
            insort(seen, new)
            del seen[: max(0, len(seen) - MATCHES)]
            newest = seen[-1].at
            seen = [item for item in seen if item.at >= newest - 2 * one.seconds]
            fitting = _fitting(one, seen, new)
            if fitting:
                yield one, group, tuple(dict.fromkeys(item.ref for item in fitting))
                seen = []
            if seen:
                self.windows[key] = seen
                if len(self.windows) > WINDOWS:
                    del self.windows[next(iter(self.windows))]


def _group(one: Correlation, rule: str, record: LogRecord) -> dict[str, Value] | None:
    """Return the values of the group's fields; None for a record that lacks one: it belongs to no group."""
    group: dict[str, Value] = {}
    for name in one.group_by:
        value = record.fields.get(one.aliases.get(name, {}).get(rule, name))
        if value is None:
            return None
        group[name] = value
    return group


def _fitting(one: Correlation, seen: Sequence[Seen], new: Seen) -> Sequence[Seen]:
    """Return the matches of a span that holds `new` and makes the correlation true; empty if there is none."""
    for start in seen:
        if start.at < new.at - one.seconds:
            continue
        if start.at > new.at:
            break
        span = [item for item in seen if start.at <= item.at <= start.at + one.seconds]
        if _true(one, span):
            return span
        if seen[-1].at <= new.at:
            break  # nothing later than `new`: every other span is a part of this one
    return ()


def _true(one: Correlation, span: Sequence[Seen]) -> bool:
    if one.type == "temporal":
        return len({item.rule for item in span}) == len(set(one.rules))
    if one.type == "temporal_ordered":
        wanted = 0
        for item in span:
            if wanted < len(one.rules) and one.rules[item.rule] == one.rules[wanted]:
                wanted += 1
        return wanted == len(one.rules)
    count = len({item.value for item in span}) if one.type == "value_count" else len(span)
    return count >= one.count if one.op == "gte" else count > one.count if one.op == "gt" else count == one.count
