"""The engine process: the stages of the road, the store's writer, the dispatcher of notices, retention.

Started by the platform as ``python -m safecare.app.engine PARENT FOLDER HOSPITAL``. Each part is one thread over
the same log. A part that fails ends the whole process: the platform starts it again, and every part
goes on from its own durable cursor. That is simpler, and safer, than half an engine.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue

import structlog

from safecare.app.channels import build_channels
from safecare.app.files import hospital_of
from safecare.app.logs import configure
from safecare.app.procedures import procedures_of
from safecare.app.rules import LiveRules
from safecare.app.siterules import SiteRules
from safecare.app.status import EngineStatus, tell
from safecare.cascade.engine import Cascade
from safecare.correlate.rules.rule import Rule, Shelf
from safecare.correlate.stage import CorrelateStage
from safecare.decide.procedures.compile import Procedure
from safecare.decide.stage import DecideStage
from safecare.detect.api import detectors
from safecare.detect.logs.book import RuleBook
from safecare.detect.stage import DetectStage, build
from safecare.exchange.sqlite import SqliteLog
from safecare.exchange.stage import Stage
from safecare.exchange.worker import Worker
from safecare.impact.stage import ImpactStage
from safecare.model.clock import Clock, SystemClock
from safecare.model.hospital import Hospital
from safecare.model.plugins import Missing
from safecare.notify.channels.webpush import WebPush
from safecare.notify.check import PhoneCheck
from safecare.notify.dispatch import Dispatcher, Late
from safecare.notify.stage import NotifyStage
from safecare.settings import load
from safecare.sources.files.confine import die_with_parent
from safecare.store.artifacts import Artifacts
from safecare.store.database import Database
from safecare.store.devices import Devices
from safecare.store.drawings import Drawings
from safecare.store.folder import DataFolder
from safecare.store.keyring import Keyring
from safecare.store.retention import Retention
from safecare.store.steady import Steady, last_look
from safecare.store.vault import Vault
from safecare.store.write import StoreWriter

RETENTION_EVERY = 3600.0
"""Seconds between two runs of retention (chosen: its unit is the day)."""
STATUS_EVERY = 2.0
"""Seconds between two status files (chosen: the health page is read by people)."""

RULES_EVERY = 5.0
"""Seconds between looks whether rule files have changed (chosen: people who change rules wait so long)."""

Part = Callable[[threading.Event], None]


def stages(
    hospital: Hospital,
    procedures: Sequence[Procedure] | None = None,
    rules: Sequence[Rule] | Shelf | None = None,
    log_rules: RuleBook | None = None,
) -> list[Stage]:
    """Return the stages of the road in its order; what is left out of procedures and rules is that of the package."""
    cascade = Cascade.of(hospital)
    return [
        DetectStage(build(hospital, **({"rules": log_rules} if log_rules else {}))),
        CorrelateStage(hospital, rules),
        ImpactStage(hospital, cascade),
        DecideStage(hospital, cascade, procedures=procedures),
        NotifyStage(hospital),
    ]


def run(folder: DataFolder, source: Path, clock: Clock, stop: threading.Event) -> int:
    """Run all parts over the hospital's files in `source` until `stop` is set (returns 0) or one fails (returns 1)."""
    settings = load(folder.path)
    configure(settings.log_level)  # first: what reads files below says so
    hospital, rules = hospital_of(source, Drawings(folder.plans, folder.cameras).redrawn()).hospital, SiteRules(source)
    log = SqliteLog(folder.log, reserve_mb=settings.limits.disk_reserve_mb)
    database = Database(folder.database)
    database.migrate()
    artifacts = Artifacts(folder.artifacts, reserve_mb=0)  # for rejects of the road: worked on until truly full
    log_rules = LiveRules(folder.path / (settings.log_rules or "log-rules"), folder.path / "compiled-rules")
    road = stages(hospital, procedures_of(folder.path), rules.shelf, log_rules.book)
    parts: dict[str, Part] = {
        f"stage {stage.group}": Worker(log, stage, clock, keep=artifacts.keep).run for stage in road
    }
    parts["store"] = StoreWriter(log, database, keep=artifacts.keep, clock=clock).run
    keyring = Keyring.chosen(settings.seal_keys, folder.keys)
    devices = Devices(database, clock, keyring)
    vault = Vault(database, keyring, clock)
    late: Late = SimpleQueue()
    channels, without = build_channels(settings, hospital, clock, devices, folder.secret(), vault, late)
    push = channels.get("webpush")
    if isinstance(push, WebPush):
        timezone = hospital.sites[0].timezone if hospital.sites else "UTC"
        parts["phone check"] = PhoneCheck(devices, push.pusher, push.speak, clock, timezone).run
    parts["dispatch"] = Dispatcher(log, clock, channels, late).run
    retention = Retention(database, artifacts, log, settings.retention)
    steady = Steady(clock, time.monotonic, folder.path / "clock-doubted", last_look(database))
    parts["retention"] = _every(RETENTION_EVERY, lambda: retention.apply(steady.now()))
    parts["log rules"] = _every(RULES_EVERY, log_rules.look)
    parts["correlation rules"] = _every(RULES_EVERY, rules.look)
    told = (
        log_rules,
        rules,
        steady,
        *(stage for stage in road if isinstance(stage, DetectStage | CorrelateStage | NotifyStage)),
    )
    groups = tuple(one.group for one in road)
    parts["status"] = _every(STATUS_EVERY, lambda: _tell(folder, groups, without, told))
    failed = _run_threads(parts, stop)
    log.close()
    return 1 if failed else 0


def _run_threads(parts: dict[str, Part], stop: threading.Event) -> bool:
    failures: list[str] = []

    def guarded(name: str, part: Part) -> None:
        try:
            part(stop)
        except Exception:  # noqa: BLE001 - whatever fails, the process ends and is started again
            failures.append(name)
            structlog.get_logger().exception("part failed, the engine ends", part=name)
            stop.set()

    threads = [threading.Thread(target=guarded, args=item, name=item[0]) for item in parts.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return bool(failures)


def _every(seconds: float, act: Callable[[], object]) -> Part:
    def part(stop: threading.Event) -> None:
        while not stop.is_set():
            act()
            stop.wait(seconds)

    return part


def _tell(
    folder: DataFolder,
    groups: tuple[str, ...],
    aside: Sequence[Missing],
    told: Sequence[LiveRules | SiteRules | Steady | DetectStage | CorrelateStage | NotifyStage],
) -> None:
    found = detectors()
    names, missing = (*groups, "store", "dispatch"), (*found.missing, *aside)
    faults = {name: reason for part in told for name, reason in part.reasons().items()}
    status = EngineStatus(os.getpid(), names, tuple(found.parts), missing, faults)
    with contextlib.suppress(OSError):  # a full disk: the health page shows the old state, and the full disk
        tell(folder.path, status)


def main(arguments: Sequence[str]) -> int:
    """Run the engine over the data folder and hospital that the platform (process id PARENT) names."""
    die_with_parent(int(arguments[0]))
    folder, source = DataFolder(Path(arguments[1])), Path(arguments[2])
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return run(folder, source, SystemClock(), stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
