"""The part of ``safecare rules`` for Sigma rules over logs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from safecare.detect.logs.judge import Finding
    from safecare.detect.logs.plan import Plan
    from safecare.formats.logs.record import LogRecord

BATCH = 10_000
"""Records judged at once (measured: larger batches are no faster)."""
SHOWN = 20
"""Most findings that are shown one by one for a rule (chosen: a screen)."""
LOG_RULE = re.compile(rb"^(?:logsource|detection) *:", re.MULTILINE)
"""What only rules over logs have: a key at the start of a line."""


def about_logs(path: Path) -> bool:
    """Tell whether a rule file, or any file of a folder, is a rule over logs."""
    from safecare.app.rules import NoRulesError, rule_files

    try:
        return any(LOG_RULE.search(raw) for _, raw in rule_files(path))
    except NoRulesError:
        return False


def check(path: Path) -> NoReturn:
    """Tell everything that is wrong, as file:line; exit 1 if any rule is left out."""
    from safecare.app.rules import rule_files
    from safecare.detect.logs.load import load
    from safecare.detect.logs.sources import unmapped

    rules = load(rule_files(path))
    for problem in rules.problems:
        typer.echo(problem)
    unknown = [rule for rule in rules.rules if unmapped(rule.source)]
    for rule in unknown:
        typer.echo(f"{rule.file}:{rule.line}: note: judges only records that name their log source ({rule.source})")
    levels = Counter(problem.level for problem in rules.problems)
    typer.echo(
        f"{len(rules.rules)} rules and {len(rules.correlations)} correlations can be used; {levels['error']} errors, "
        f"{levels['warning']} warnings, {len(unknown)} rules for log sources that records must name"
    )
    raise typer.Exit(1 if levels["error"] else 0)


def test(path: Path, on: Path, *, ndjson: bool) -> NoReturn:
    """Run rules over what was recorded and show what they would have raised; exit codes as of ``rules test``."""
    from safecare.app.rules import cache_folder, read_plan
    from safecare.cli.detect_logs import written
    from safecare.cli.files import stop
    from safecare.detect.logs.judge import Judgement

    plan, judgement, count = read_plan(path, cache=cache_folder()), None, 0
    for problem in plan.set.problems:
        typer.echo(problem, err=True)
    if not plan.rules:
        stop(f"{path}: no rule that can be used", 2)
    judgement = Judgement(plan)
    found: Counter[str] = Counter()
    unread: list[str] = []
    reads = _history(on, plan, unread)
    while batch := list(islice(reads, BATCH)):
        count += len(batch)
        for finding in judgement.feed(batch):
            found[finding.rule.id] += 1
            if ndjson:
                typer.echo(written(on, finding))
            elif found[finding.rule.id] <= SHOWN:
                typer.echo(_line(finding))
    for text in unread:
        typer.echo(text, err=True)
    _sum_up(plan, found, count)
    if not count and unread:
        raise typer.Exit(2)
    raise typer.Exit(1 if unread or any(one.level == "error" for one in plan.set.problems) else 0)


def _sum_up(plan: Plan, found: Counter[str], count: int) -> None:
    names = {one.id: one.title for one in plan.rules} | {one.id: one.title for one in plan.set.correlations}
    for rule, number in found.most_common():
        typer.echo(f"{number:>8}  {names[rule]}", err=True)
    typer.echo(f"{found.total()} findings of {len(found)} rules in {count} records", err=True)


def _history(on: Path, plan: Plan, unread: list[str]) -> Iterator[LogRecord]:
    """Yield what was recorded: the events of a data folder that rules ask for, or the records of log files."""
    from safecare.cli.detect_logs import reads_of
    from safecare.cli.files import files_of

    if (on / "safecare.db").exists():
        from sqlalchemy.exc import SQLAlchemyError

        from safecare.cli.files import stop
        from safecare.cli.local import opened
        from safecare.detect.cyber.log_sigma import OWN, record_of
        from safecare.model.events import decode_event
        from safecare.store import history

        kinds = {rule.source.category for rule in plan.rules if rule.source.product == OWN}
        try:
            for body in history.bodies(opened(on)[1], (), kinds | {"log.record"}):
                yield record_of(decode_event(body))
        except SQLAlchemyError as error:
            stop(f"{on}: {error}", 2)
        return
    for path in files_of([on]):
        yield from reads_of(path, unread)


def _line(finding: Finding) -> str:
    at = f"{finding.at:%Y-%m-%d %H:%M:%S}" if finding.at else "-"
    return f"{at}  {finding.rule.level:<8} {finding.rule.title}  [{', '.join(finding.fields)}]"
