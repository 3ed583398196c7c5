"""Golden cases: a folder with events and what must, and must not, be alerted.

A case is ``<detector name with underscores>/<speaking case name>/`` with ``input.jsonl`` (one event per
line), ``expect.yaml`` and ``README.md``. In ``expect.yaml``:

``hospital``  ``small`` (`small_hospital`), or ``drawn``: the same with areas in the picture of `camera.entrance`, or
              ``guarded``: the same with readers on both sides of the pharmacy's doors, and a newborn's tag
``alerts``    list of matches: ``rule``, ``count`` (exact, default 1) and, optional, ``assets``, ``zones`` (the
              alert names at least these), ``severity_min``, ``severity_max``, ``first``, ``last`` (event times)
``quiet``     ``true`` when nothing may be raised
``tick_to``   time up to which the clock runs on after the last event, a minute at a time
``detectors`` names of those to run; by default the one that the parent folder names, all if it names none

Whatever is raised and not listed fails the case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import yaml

from safecare.detect.api import Detector
from safecare.detect.stage import DetectStage, build
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events import decode_event
from safecare.model.hospital import Hospital
from safecare.testing.hospital import small_hospital
from safecare.testing.hospital_guarded import guarded_hospital
from safecare.testing.hospital_scenes import drawn_hospital

TICK = timedelta(minutes=1)
"""Step of the clock after the last event. Chosen: finer than any rule's waiting time."""

HOSPITALS: dict[str, Callable[[], Hospital]] = {
    "small": small_hospital,
    "drawn": drawn_hospital,
    "guarded": guarded_hospital,
}


class CaseError(AssertionError):
    """A case that can't be read, or whose alerts are not the expected ones; the text tells what differs."""


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Alerts that must be raised, exactly `count` of them."""

    rule: str
    count: int = 1
    assets: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    severity_min: int = 0
    severity_max: int = 100
    first: datetime | None = None
    last: datetime | None = None

    def fits(self, alert: Alert) -> bool:
        """Tell whether `alert` is one of these."""
        return (
            alert.rule == self.rule
            and set(self.assets) <= set(alert.assets)
            and set(self.zones) <= set(alert.zones)
            and self.severity_min <= alert.severity <= self.severity_max
            and self.first in (None, alert.first)
            and self.last in (None, alert.last)
        )


class Expect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in ``expect.yaml``."""

    hospital: str = "small"
    alerts: tuple[Match, ...] = ()
    quiet: bool = False
    tick_to: datetime | None = None
    detectors: tuple[str, ...] | None = None


class Case(msgspec.Struct, frozen=True):
    """A case as read from its folder."""

    folder: Path
    events: tuple[Event, ...]
    expect: Expect

    def build(self) -> list[Detector]:
        """Return fresh instances of the detectors that the case is about."""
        built = build(HOSPITALS[self.expect.hospital]())
        if self.expect.detectors is not None:
            known = {detector.name for detector in built}
            if unknown := set(self.expect.detectors) - known:
                raise CaseError(f"{self.folder}: no detector is called {', '.join(sorted(unknown))}")
            return [detector for detector in built if detector.name in self.expect.detectors]
        named = [detector for detector in built if folder_name(detector.name) == self.folder.parent.name]
        return named or built

    def raised(self, *, batch: int = 1, cut: int | None = None) -> list[Alert]:
        """Run the case with `batch` events at a time and return what is raised, in order of time and id.

        With `cut`, the state is saved after that many events and taken on by fresh detectors.
        """
        stage = DetectStage(self.build())
        found: list[Alert] = []
        for part in _batches(self.events, batch, cut):
            found += stage.feed(part)
            if part and cut is not None and part[-1] is self.events[cut - 1]:
                state = stage.snapshot()
                stage = DetectStage(self.build())
                stage.restore(state)
        found += _ticks(stage, self.events, self.expect.tick_to)
        if reasons := stage.reasons():
            raise CaseError(f"{self.folder}: a detector failed: {reasons}")
        return sorted(found, key=lambda alert: (alert.first, alert.id))

    def check(self) -> None:
        """Run the case and compare; a batch size must not matter. Raises `CaseError`."""
        alerts = self.raised()
        if text := self.difference(alerts):
            raise CaseError(f"{self.folder}\n{text}\nraised:\n{_listing(alerts)}")
        for batch in (2, 7, max(1, len(self.events))):
            if self.raised(batch=batch) != alerts:
                again = _listing(self.raised(batch=batch))
                raise CaseError(
                    f"{self.folder}: with {batch} events at a time\n{again}\n"
                    f"was raised, one at a time\n{_listing(alerts)}"
                )

    def difference(self, alerts: Sequence[Alert]) -> str:
        """Tell in words how `alerts` differ from what is expected; empty if they don't."""
        lines: list[str] = []
        listed: set[str] = set()
        for match in self.expect.alerts:
            fitting = [alert.id for alert in alerts if match.fits(alert)]
            listed.update(fitting)
            if len(fitting) != match.count:
                lines.append(f"expected {match.count} of {_match_text(match)}, got {len(fitting)}")
        lines += [f"not expected: {_line(alert)}" for alert in alerts if alert.id not in listed]
        ids = [alert.id for alert in alerts]
        lines += [f"raised twice with the same id: {id}" for id in sorted({id for id in ids if ids.count(id) > 1})]
        return "\n".join(lines)


def folder_name(detector: str) -> str:
    """Return the name of the folder that holds the cases of `detector`."""
    return re.sub(r"\W", "_", detector)


def load(folder: Path) -> Case:
    """Read the case in `folder`. Raises `CaseError`."""
    try:
        expect = msgspec.convert(yaml.safe_load((folder / "expect.yaml").read_text("utf-8")), Expect)
        lines = (folder / "input.jsonl").read_bytes().splitlines()
    except OSError as error:
        raise CaseError(f"{folder}: {error}") from error
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise CaseError(f"{folder}/expect.yaml: {error}") from error
    if expect.hospital not in HOSPITALS:
        raise CaseError(f"{folder}: no hospital is called {expect.hospital}, only {', '.join(HOSPITALS)}")
    if expect.quiet is bool(expect.alerts):
        raise CaseError(f"{folder}: expect.yaml must either list alerts or say quiet: true")
    return Case(folder, tuple(_events(folder, lines)), expect)


def cases(root: Path) -> list[Path]:
    """Return the folders of all cases below `root`, in order of name."""
    return sorted(path.parent for path in root.glob("*/*/expect.yaml"))


def _events(folder: Path, lines: Iterable[bytes]) -> Iterator[Event]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield decode_event(line)
            except msgspec.DecodeError as error:
                raise CaseError(f"{folder}/input.jsonl:{number}: {error}") from error


def _batches(events: Sequence[Event], size: int, cut: int | None) -> Iterator[Sequence[Event]]:
    """Yield `events` in parts of `size`; one part ends at `cut`."""
    for start, end in ((0, cut or 0), (cut or 0, len(events))):
        for at in range(start, end, size):
            yield events[at : min(at + size, end)]


def _ticks(stage: DetectStage, events: Sequence[Event], until: datetime | None) -> Iterator[Alert]:
    if until is None or not events:
        return
    now = max(event.at for event in events)
    while now < until:
        now = min(now + TICK, until)
        yield from stage.tick(now)


def _match_text(match: Match) -> str:
    bare = Match(rule=match.rule)
    shown = {name: getattr(match, name) for name in match.__struct_fields__ if name != "count"}
    return ", ".join(
        f"{name} {value}" for name, value in shown.items() if name == "rule" or value != getattr(bare, name)
    )


def _line(alert: Alert) -> str:
    places = ", ".join((*alert.assets, *alert.zones)) or "nowhere"
    return f"{alert.rule} {alert.first.isoformat()} severity {alert.severity} at {places}: {alert.title.key}"


def _listing(alerts: Sequence[Alert]) -> str:
    return "\n".join(f"  {_line(alert)}" for alert in alerts) or "  nothing"
