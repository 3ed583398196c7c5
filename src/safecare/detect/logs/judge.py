"""Records in, findings out: rules, and Sigma's correlations over their matches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from safecare.detect.logs.correlations import Correlator
from safecare.detect.logs.engine import Engine
from safecare.detect.logs.plan import Plan
from safecare.detect.logs.rule import Correlation, Rule
from safecare.detect.logs.values import Value
from safecare.formats.logs.record import LogRecord, time_of


class Finding(msgspec.Struct, frozen=True):
    """What a rule, or with the records `because` of which a correlation, holds for, and the deciding fields."""

    rule: Rule | Correlation
    record: LogRecord
    fields: dict[str, Value]
    at: datetime | None
    because: tuple[str, ...] = ()


class Judgement:
    """Judges records in the order in which they come."""

    def __init__(self, plan: Plan, correlator: Correlator | None = None) -> None:
        """Judge by `plan`; `correlator` goes on with what it has seen."""
        self._engine = Engine(plan)
        self._plan = plan
        self.correlator = correlator or Correlator()
        self.correlator.use(plan.set.correlations)

    def feed(self, records: Sequence[LogRecord]) -> Iterator[Finding]:
        """Yield what is found, in the order of the records."""
        plan = self._plan
        for row, number, names in self._engine.match([record.fields for record in records]):
            record, rule = records[row], plan.rules[number]
            at = record.at or time_of(record.fields)
            if not rule.silent:
                yield Finding(rule, record, plan.evidence(number, record.fields, names), at)
            if at is not None and rule.id in self.correlator.wanted:
                for correlation, fields, because in self.correlator.feed(rule.id, record, at):
                    yield Finding(correlation, record, fields, at, because)
