"""``safecare detect logs``: judges log files by Sigma rules.

Ends with 0 if no rule matches, 1 if one does, 2 if none does but not everything could be read.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from safecare.cli.files import Format, files_of, put, shown, stop

if TYPE_CHECKING:
    from safecare.detect.logs.judge import Finding
    from safecare.detect.logs.plan import Plan
    from safecare.formats.logs.record import LogRecord, Read

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

BATCH = 10_000
"""Records judged at once (measured: larger batches are no faster)."""
SHOWN = 300
"""Characters of a value that the table shows (chosen)."""


@app.command()
def main(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Log files, and folders of them: EVTX, JSON, syslog, CEF, Zeek, web servers'; gzip too.",
            readable=False,
        ),
    ],
    rules: Annotated[Path, typer.Option(help="Folder of Sigma rules, or one rule.")],
    format: Annotated[Format, typer.Option(help="table for people, ndjson for programs.")] = Format.TABLE,
    source: Annotated[
        str, typer.Option(help="What the files are, where they don't say so: product=linux,service=sshd.")
    ] = "",
    expand: Annotated[
        Path | None, typer.Option(help="YAML file with the values of placeholders: name to list of values.")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder for compiled rules; default: in the user's cache.")] = None,
) -> None:
    """Judge log files by Sigma rules: one alert for each record that a rule matches."""
    from safecare.app.rules import NoRulesError, cache_folder, read_plan

    try:
        declared, values = _declared(source), _expand(expand)
        plan = read_plan(rules, cache=cache or cache_folder(), expand=values)
    except (NoRulesError, ValueError) as error:
        stop(error, 2)
    _tell_problems(plan)
    if not plan.rules:
        stop(f"{rules}: no rule in it can be used", 2)
    try:
        found, failed = _run(files, plan, declared, format)
    except BrokenPipeError:
        os._exit(2)  # who reads has gone: nobody is left to tell
    raise typer.Exit(1 if found else 2 if failed else 0)


def _run(files: list[Path], plan: Plan, declared: dict[str, str], format: Format) -> tuple[int, int]:
    """Judge all `files`; return how many alerts there were, and how many parts that could not be read."""
    from safecare.detect.logs.judge import Judgement

    judgement = Judgement(plan)
    found = failed = 0
    for path in files_of(files):
        unread: list[str] = []
        reads = reads_of(path, unread)
        while batch := list(islice(reads, BATCH)):
            if declared:
                for record in batch:
                    record.fields.update(declared)
            for finding in judgement.feed(batch):
                found += 1
                put(written(path, finding) if format is Format.NDJSON else _table(path, finding))
        for text in unread:
            typer.echo(f"safecare: {text}", err=True)
        failed += len(unread)
    return found, failed


def reads_of(path: Path, unread: list[str]) -> Iterator[LogRecord]:
    """Yield the records of a file; what can't be read is added to `unread`."""
    from safecare.formats.logs.files import read_log
    from safecare.formats.logs.record import Unread

    try:
        with path.open("rb") as file:
            reads: Iterator[Read] = read_log(file, datetime.now(UTC))
            for one in reads:
                if isinstance(one, Unread):
                    unread.append(f"{shown(path)}: {one.place}: {one.reason}")
                else:
                    yield one
    except OSError as error:
        unread.append(f"{shown(path)}: {error.strerror or error}")


def _declared(source: str) -> dict[str, str]:
    declared: dict[str, str] = {}
    for part in filter(None, source.split(",")):
        name, _, value = part.strip().partition("=")
        if name not in ("product", "category", "service") or not value:
            raise ValueError(f"--source {source}: {part!r} is none of product=, category=, service=")
        declared[name] = value
    return declared


def _expand(path: Path | None) -> dict[str, list[str]]:
    import yaml

    if path is None:
        return {}
    try:
        value = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: {error}") from error
    if isinstance(value, dict):
        lists = {str(name): some if isinstance(some, list) else [some] for name, some in value.items()}
        return {name: [str(one) for one in some] for name, some in lists.items()}
    raise ValueError(f"{path}: must be a mapping of names to lists of values")


def _tell_problems(plan: Plan) -> None:
    """Tell, on standard error, every rule that is left out, and log sources that no record can be known by."""
    from safecare.detect.logs.sources import unmapped

    for problem in plan.set.problems:
        typer.echo(f"safecare: {problem}", err=True)
    unknown = Counter(rule.source for rule in plan.rules)
    counts = [count for source, count in unknown.items() if unmapped(source)]
    if counts:
        typer.echo(
            f"safecare: {sum(counts)} rules, of {len(counts)} log sources, judge only records that name their source"
            " themselves, or with --source (`safecare rules check` tells which)",
            err=True,
        )


def written(path: Path, finding: Finding) -> bytes:
    """Return a finding in the file (or history) `path` as JSON."""
    import msgspec

    alert: dict[str, Any] = {
        "rule": {
            "id": finding.rule.id,
            "title": finding.rule.title,
            "level": finding.rule.level,
            "tags": finding.rule.tags,
            "techniques": finding.rule.techniques,
            "file": finding.rule.file,
        },
        "event": {
            "file": shown(path),
            "record": finding.record.number,
            "line": finding.record.line or None,
            "time": finding.at,
        },
        "fields": finding.fields,
    }
    if finding.because:
        alert["because"] = finding.because
    return msgspec.json.encode(alert)


def _table(path: Path, finding: Finding) -> bytes:
    lines = [f"{finding.rule.level:<13} {finding.rule.title}  [{shown(path)}, record {finding.record.number}]"]
    lines += [f"    {name}: {str(value)[:SHOWN]}" for name, value in finding.fields.items()]
    return "\n".join(lines).encode("utf-8", "replace")
