"""``safecare held``: mails, images and records that a door holds, released or discarded by a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safecare.cli.files import InLanguage, Language

if TYPE_CHECKING:
    from safecare.store.held import Decided

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

Data = Annotated[Path, typer.Option(help="Data folder.")]
File = Annotated[str, typer.Argument(help="Id, as `safecare held list` shows it.")]
Why = Annotated[str, typer.Option(help="Why; it goes to the log.")]


@app.callback()
def main() -> None:
    """Look after mails, images and records that doors hold."""


@app.command("list")
def list_(
    data: Data = Path("var"),
    limit: Annotated[int, typer.Option(help="Most rows, those that wait first.")] = 50,
    after: Annotated[str, typer.Option(help="Id of a row: list what follows it.")] = "",
    language: InLanguage = Language.EN,
) -> None:
    """List held files: those that wait for somebody first, newest first, with what was found in each."""
    from safecare.cli.files import plain, tell
    from safecare.cli.local import opened
    from safecare.cli.verdicts import WORDS
    from safecare.locale.catalogue import Catalogue, span
    from safecare.model.clock import SystemClock
    from safecare.model.hospital import Hospital
    from safecare.model.text import say
    from safecare.store.held import STATES, age, held

    catalogue, nobody, now = Catalogue.load(), Hospital.empty(), SystemClock().now()
    for one in held(opened(data)[1], limit, after):
        file = one.file
        old = span(age(one, now), language)
        state = catalogue.render(STATES[one.state], language, nobody)
        word = catalogue.render(WORDS[file.verdict], language, nobody)
        tell(plain(f"{file.id}  {old}  {file.source}  {file.size} B  {word}  {file.peer}  {state}"))
        for reason in file.reasons:
            tell(plain(f"    {catalogue.render(reason, language, nobody)}"))
        if one.act:
            tell(plain(f"    {one.act.at:%Y-%m-%d %H:%M:%S} {one.act.actor}: {one.act.reason}"))
        if one.result:
            answer = catalogue.reason(one.result.detail, language)
            told = say("answer at try {number}: {answer}", number=one.result.tries, answer=answer)
            tell(plain(f"    {catalogue.render(told, language, nobody)}"))


@app.command()
def release(file: File, reason: Why, data: Data = Path("var")) -> None:
    """Have the door that holds a file send it on, exactly as it came."""
    _decide(data, file, "release", reason)


@app.command()
def discard(file: File, reason: Why, data: Data = Path("var")) -> None:
    """Have a held file stay where it is: it is never sent on."""
    _decide(data, file, "discard", reason)


def _decide(data: Path, file: str, decision: Decided, reason: str) -> None:
    from safecare.app.acts import record_held
    from safecare.cli.files import stop
    from safecare.cli.local import opened
    from safecare.exchange.log import LogFullError
    from safecare.settings import SettingsError
    from safecare.store.held import held_file

    folder, database = opened(data)
    found = held_file(database, file)
    if found is None:
        stop(f"no held file is called {file}")
    if not reason.strip():
        stop("say why (--reason)")
    if not found.may(decision):
        stop(f"{file} is {found.state} already")
    try:
        record_held(folder, found, decision, reason.strip())
    except (LogFullError, SettingsError) as error:
        stop(error)
    typer.echo(f"{file}  {decision}: recorded; the door tells what became of it ('safecare held list')")
