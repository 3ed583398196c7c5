"""``safecare rules``: check rule files, and try them on stored history."""

from __future__ import annotations

import gzip
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from safecare.cli.files import InLanguage, Language

if TYPE_CHECKING:
    from safecare.correlate.rules.read import Rulebook
    from safecare.correlate.rules.replay import Raised, Replay
    from safecare.correlate.rules.rule import Rule
    from safecare.locale.catalogue import Catalogue
    from safecare.model.hospital import Hospital

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

Form = Literal["text", "ndjson"]


@app.callback()
def main() -> None:
    """Check rules (correlation, and Sigma over logs), and try them on stored history."""


@app.command()
def check(
    path: Annotated[
        Path | None, typer.Argument(help="Rule file or folder; the rules of the package if left out.")
    ] = None,
    language: InLanguage = Language.EN,
) -> None:
    """Tell everything that is wrong in rule files, as file:line:column; exit 1 if anything is."""
    from safecare.cli import log_rules

    if path is not None and log_rules.about_logs(path):
        log_rules.check(path)
    book = _book(path)
    _tell_problems(book, language)
    typer.echo(f"{len(book.rules)} rules, {len(book.problems)} errors")
    if book.problems:
        raise typer.Exit(1)


@app.command("test")
def try_out(
    path: Annotated[Path, typer.Argument(help="Rule file, or folder of rule files.", metavar="FILE")],
    on: Annotated[
        Path,
        typer.Option(
            help="Data folder, or file of one alert or event (JSON) a line, also .gz; for Sigma rules log files."
        ),
    ],
    hospital: Annotated[Path | None, typer.Option(help="Folder of the hospital's files; default: the demo.")] = None,
    form: Annotated[Form, typer.Option("--format", help="How to tell it.")] = "text",
    language: InLanguage = Language.EN,
) -> None:
    """Run rules over stored history and show what they would have raised.

    Exit 0: done. 1: done, but some rules or lines could not be read. 2: nothing could be done. Sigma rules over logs
    are run over log files, or over what a data folder keeps.
    """
    from safecare.app.files import BadHospitalError, demo_hospital, hospital_of
    from safecare.cli import log_rules
    from safecare.cli.files import stop
    from safecare.correlate.rules.replay import Replay
    from safecare.locale.catalogue import Catalogue

    if log_rules.about_logs(path):
        log_rules.test(path, on, ndjson=form == "ndjson")
    book = _book(path)
    _tell_problems(book, language)
    if not book.rules:
        stop(f"{path}: no rule that can be used", 2)
    try:
        site = hospital_of(hospital or demo_hospital()).hospital
    except BadHospitalError as error:
        stop(error, 2)
    began = time.process_time()
    replay = Replay(book.rules, site)
    seen = _read(replay, on, book.rules)
    raised = replay.raised()
    spent = time.process_time() - began
    say = Catalogue.load()
    for one in raised:
        typer.echo(_row(one, say, site) if form == "ndjson" else _line(one, language, say, site))
    for fault in replay.faults:
        typer.echo(f"{on}:{fault.line}: {fault.reason}", err=True)
    _sum_up(replay, raised, seen, spent)
    if book.problems or replay.faults:
        raise typer.Exit(1)


def _sum_up(replay: Replay, raised: list[Raised], seen: int, spent: float) -> None:
    bounds = {name: count for name, count in replay.counts.items() if count and name not in {"signs", "waiting"}}
    if replay.left_out:
        bounds["left out"] = replay.left_out
    alerts = {id for one in raised for id in one.ids}
    hit = ", ".join(f"{name} {count}" for name, count in bounds.items()) or "none"
    typer.echo(
        f"{seen} alerts and events, {replay.taken} of them spoken of, in {spent:.2f} s of processor time"
        f" ({seen / max(spent, 1e-9):,.0f}/s): {len(raised)} incidents from {len(alerts)} alerts and events;"
        f" bounds hit: {hit}",
        err=True,
    )


def _book(path: Path | None) -> Rulebook:
    from safecare.cli.files import stop
    from safecare.correlate.rules import read

    if path is None:
        return read.shipped()
    try:
        return read.read_folder(path) if path.is_dir() else read.read({path.name: path.read_bytes()})
    except OSError as error:
        stop(f"{path}: {error.strerror}", 2)


def _read(replay: Replay, on: Path, rules: tuple[Rule, ...]) -> int:
    """Give the history at `on` to `replay`; return how many alerts and events it holds."""
    from safecare.cli.files import stop
    from safecare.cli.local import opened
    from safecare.correlate.rules.replay import Fault
    from safecare.store import history

    try:
        if not on.is_dir():
            replay.read(_chunks(on))
            return replay.lines
        database = opened(on)[1]
        picks = [pick for rule in rules for pick in rule.alerts.values()]
        names = {name for pick in picks for name in pick.rules}
        for body in history.bodies(database, names, {kind for pick in picks for kind in pick.events}):
            replay.take(body)
        return history.total(database)
    except (OSError, EOFError, zlib.error) as error:
        if not replay.lines:
            stop(f"{on}: {error}", 2)
        replay.faults.append(Fault(replay.lines + 1, str(error)))  # what was read so far is worth telling
        return replay.lines


def _chunks(path: Path) -> Iterator[bytes]:
    from safecare.correlate.rules.replay import CHUNK

    with path.open("rb") as raw:
        read = gzip.GzipFile(fileobj=raw).read if path.suffix == ".gz" else raw.read
        while chunk := read(CHUNK):
            yield chunk


def _row(raised: Raised, say: Catalogue, hospital: Hospital) -> str:
    import msgspec

    rule = raised.rule
    row = {
        "rule": {"id": rule.id, "name": rule.name, "title": rule.title, "level": rule.level, "tags": rule.tags},
        "severity": rule.severity,
        "first": raised.first,
        "last": raised.last,
        "alerts": raised.ids,
        "story": {language: say.render(raised.story, language, hospital) for language in ("en", "fr")},
    }
    return msgspec.json.encode(row).decode()


def _line(raised: Raised, language: str, say: Catalogue, hospital: Hospital) -> str:
    story = say.render(raised.story, language, hospital)
    head = f"{raised.first:%Y-%m-%d %H:%M:%S}  {raised.rule.level:<8}  {raised.rule.name}"
    return f"{head}: {story} ({len(raised.ids)} alerts and events)"


def _tell_problems(book: Rulebook, language: str) -> None:
    from safecare.locale.catalogue import Catalogue
    from safecare.model.hospital import Hospital

    if not book.problems:
        return
    say, nobody = Catalogue.load(), Hospital.empty()
    for one in book.problems:
        reason = say.render(one.reason, language, nobody)
        print(f"{one.file}:{one.line}:{one.column}: {one.level}: {reason}", file=sys.stderr)
