"""Correlation: alerts in, incidents out.

Alerts come together by what they share (`gathering`), by rules (`rules`), and by what people say (`desk`).

What is guaranteed: which alerts are in one incident depends only on the set of alerts, not on their order
or batches, as long as no alert comes more than `gathering.LATENESS` late (`rules.engine.LATENESS` where a rule wants
something absent), no act of a person falls in between, and no bound was hit (`counts` tells). The score and reason of
a link, and which of two merged incidents keeps its id, depend on the order of arrival. Revision numbers count
changes, so that they are the same for any cutting into batches; of the changes of one batch only the last is
published, and of a very long incident that only grows the last of each tick.

Acts: a person validates, contains, closes or reopens an incident. A closed one takes in what was late (of a
severity that it knows), never what happened after. ``new`` on an incident that was merged takes it out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from safecare.correlate.describe import incident
from safecare.correlate.desk import arrange, judge
from safecare.correlate.gathering import Gathering, Memo
from safecare.correlate.group import Group
from safecare.correlate.memory import ALERTS
from safecare.correlate.places import Places
from safecare.correlate.rules.engine import SIGNS, Bounds, Engine, Match
from safecare.correlate.rules.read import shipped
from safecare.correlate.rules.rule import Rule, Shelf
from safecare.correlate.rules.sign import of_alert, of_event
from safecare.correlate.story import Teller, templates
from safecare.correlate.suppress import Suppressions
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.acts import Act, IncidentArranged, IncidentJudged, Suppressed
from safecare.model.hospital import Hospital
from safecare.model.incident import Incident
from safecare.model.layout import laid_out
from safecare.model.topics import Item

INCIDENTS = 2_000
"""Most incidents in memory; beyond, closed ones are let go first, then the oldest. Chosen: years of a quiet site."""

LOST = ("forgotten", "dropped", "evicted", "unsettled")
"""Counts of bounds by which something may be missed; the others are of mere repeats."""

LONG = 100
"""Alerts from which an incident that only grows is published at the next tick, not with each batch. Chosen: nobody
reads the hundredth alert at once, and each revision carries them all."""


class State(msgspec.Struct, kw_only=True):
    """State of the stage between two snapshots."""

    gathering: Memo = msgspec.field(default_factory=Memo)
    rules: bytes = b""
    windows: list[Suppressed] = []
    hidden: int = 0
    held: list[str] = []
    """Incidents that changed and wait for the next tick."""


class CorrelateStage:
    """The stage of the road that ties alerts into incidents."""

    group = "correlate"
    topics = frozenset({"alert", "event"})

    def __init__(
        self,
        hospital: Hospital,
        rules: Sequence[Rule] | Shelf | None = None,
        *,
        alerts: int = ALERTS,
        incidents: int = INCIDENTS,
        signs: int = SIGNS,
    ) -> None:
        """Correlate by the places and dependencies of `hospital` and by `rules` (default: those of the package).

        Rules on a shelf may be exchanged: what was seen that the new ones speak of counts for them, too.
        `alerts`, `incidents` and `signs` (of rules) bound the memory.
        """
        self._places = Places(hospital)
        self._teller = Teller(self._places, templates())
        self._limits = (alerts, incidents)
        known = shipped().rules if rules is None else rules
        self._shelf = known if isinstance(known, Shelf) else Shelf(tuple(known))
        self._used = self._shelf.rules
        self._hospital, self._bounds = hospital, Bounds(signs=signs)
        self._rules = Engine(self._used, hospital, self._places, bounds=self._bounds)
        self._now: float | None = None
        self._saved = b""
        self.restore(b"")

    @property
    def counts(self) -> dict[str, int]:
        """What is in memory, and how often a bound was hit or an act found no incident."""
        return {**self._gathering.counts, **self._rules.counts, "hidden": self._hidden}

    def reasons(self) -> dict[str, str]:
        """Return, for the health page, what more came than memory holds, so that ties or matches may be missing."""
        counts = self.counts
        hit = [f"{name} {counts[name]}" for name in LOST if counts[name]]
        return {"correlate": f"more came than memory holds: {', '.join(hit)}"} if hit else {}

    def feed(self, items: Sequence[Any]) -> Iterable[Item]:
        """Take alerts, acts and the events that rules speak of; return the latest revision of what changed."""
        self._exchange()
        for item in items:
            if isinstance(item, Alert):
                self._hear(item)
            elif isinstance(item, Act):
                self._act(item)
            elif isinstance(item, Event) and item.kind in self._rules.plan.kinds:
                self._saved = b""
                self._tie(self._rules.feed(of_event(item, self._places)))
        return self._publish()

    def tick(self, now: datetime) -> Iterable[Item]:
        """Forget what is too old to matter, settle what rules waited for, publish what was held back."""
        self._exchange()
        self._now = present = now.timestamp()
        self._tie(self._rules.tick(present))
        if self._gathering.let_pass(present):
            self._saved = b""
        return self._publish(held=True)

    def snapshot(self) -> bytes:
        """Return the state; written anew only when something has changed, for it is asked for often."""
        if not self._saved:
            state = State(
                gathering=self._gathering.memo(),
                rules=self._rules.snapshot(),
                windows=self._windows.all(),
                hidden=self._hidden,
                held=sorted(self._held),
            )
            self._saved = msgspec.msgpack.encode(state)
        return self._saved

    def restore(self, state: bytes) -> None:
        """Go back to `state`; empty: a fresh start."""
        memo = msgspec.msgpack.decode(state, type=laid_out(State)) if state else State()
        self._gathering = Gathering(self._places, self._limits, memo.gathering)
        self._rules.restore(memo.rules)
        self._windows = Suppressions(memo.windows)
        self._hidden = memo.hidden
        self._held = set(memo.held)
        self._told: dict[str, tuple[object, ...]] = {}
        self._saved = state

    def _exchange(self) -> None:
        """Take on the rules that lie on the shelf, with all that was seen and waits."""
        if self._shelf.rules is not self._used:
            state, self._used = self._rules.snapshot(), self._shelf.rules
            self._rules = Engine(self._used, self._hospital, self._places, bounds=self._bounds)
            self._rules.restore(state)
            self._saved = b""

    def _hear(self, alert: Alert) -> None:
        self._saved = b""
        if self._windows.hides(alert):
            self._hidden += 1
            return
        self._gathering.hear(alert, self._now)
        self._tie(self._rules.feed(of_alert(alert, self._places)))

    def _tie(self, matches: Iterable[Match]) -> None:
        for match in matches:
            self._saved = b""
            self._gathering.match(match)

    def _act(self, act: Act) -> None:
        self._saved = b""
        if isinstance(act, IncidentJudged):
            judge(self._gathering, act)
        elif isinstance(act, IncidentArranged):
            arrange(self._gathering, act)
        elif isinstance(act, Suppressed):
            self._windows.set(act)

    def _publish(self, *, held: bool = False) -> list[Incident]:
        """Return what changed; a long incident that only grew waits for the next tick."""
        touched, self._gathering.touched = self._gathering.touched, {}
        if held:
            for id in self._held:
                group = self._gathering.latest(id)
                if group is not None:
                    touched.setdefault(id, group)
            self._held.clear()
        found: list[Incident] = []
        for id, group in touched.items():
            if held or len(group.members) < LONG or self._news(id, group):
                self._held.discard(id)
                found.append(incident(group, self._teller))
            else:
                self._held.add(id)
        return found

    def _news(self, id: str, group: Group) -> bool:
        """Return whether more has changed than the number of alerts."""
        zones = len({zone for member in group.members.values() for zone in member.zones})
        shape = (group.state, group.severity, group.into, group.verdict, group.merged, len(group.told), zones)
        if self._told.get(id) == shape:
            return False
        if len(self._told) > self._limits[1]:
            self._told.clear()
        self._told[id] = shape
        return True
