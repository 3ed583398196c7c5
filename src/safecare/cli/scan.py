"""``safecare scan``: judges files by what they hold; each one in a confined process.

The mails of an mbox file are judged one by one and named ``FILE#NUMBER``; ``-`` is standard input. Each file gets one
verdict, also what can't be read. Ends with 0 if nothing was found, 1 if something was, 2 if nothing was found but not
all could be judged, or if the verdicts could not be written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safecare.cli.files import InLanguage, Language

if TYPE_CHECKING:
    from safecare.sources.files.reading import Slice, Stream

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


STDIN = "-"
"""Path that stands for standard input."""


class Format(StrEnum):
    """How verdicts are written."""

    TABLE = "table"
    NDJSON = "ndjson"
    IDMEF = "idmef"


@app.command()
def main(
    paths: Annotated[
        list[str], typer.Argument(help="Files, mbox files, Maildir and other folders, whole; - is standard input.")
    ],
    format: Annotated[Format, typer.Option(help="table for people, ndjson or idmef for programs.")] = Format.TABLE,
    own: Annotated[list[str] | None, typer.Option(help="A mail domain of the hospital; may be repeated.")] = None,
    rules: Annotated[list[Path] | None, typer.Option(help="YARA rules, a file or a folder; may be repeated.")] = None,
    mail_model: Annotated[Path | None, typer.Option(help="Model made by `safecare train mail`.")] = None,
    clamd: Annotated[str, typer.Option(help="ClamAV's daemon as second engine: its socket, or host:port.")] = "none",
    resolver: Annotated[
        str, typer.Option(help="DNS resolver by which DKIM and DMARC of mails are checked (10.0.0.53); none: offline.")
    ] = "none",
    sealer: Annotated[
        list[str] | None, typer.Option(help="A domain whose ARC seals are believed (with --resolver); may be repeated.")
    ] = None,
    language: InLanguage = Language.EN,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Confined processes at a time.")] = 2,
) -> None:
    """Judge files: mails, documents, archives, programs, medical files and images.

    Exit code: 0 nothing found; 1 something found; 2 nothing found, but not all could be judged, or a wrong call
    (standard error tells which and why).
    """
    from datetime import UTC, datetime

    from safecare.cli.files import plain, shown, stop, tell
    from safecare.cli.verdicts import Writer, unread
    from safecare.examine.api import Verdicts
    from safecare.sources.files.clamd import second_engine
    from safecare.sources.files.judging import Judging
    from safecare.sources.files.pool import Pool
    from safecare.sources.files.resolver import Resolver
    from safecare.sources.files.rules import load
    from safecare.sources.files.wire import Setup

    if "" in paths:
        stop("a path is empty", 2)  # a folder's name left out, as in "$FOLDER": not the folder that we stand in
    try:
        model = _model(mail_model) if mail_model else b""
        second = second_engine(clamd)
        asked = Resolver(resolver) if resolver != "none" else None
        setup = Setup(tuple(own or ()), load(rules or []), model, sealers=tuple(one.lower() for one in sealer or ()))
    except (OSError, ValueError) as error:
        stop(error, 2)
    writer, found, failed = Writer(), False, False
    left: list[Path] = []
    pool = Pool(Judging(setup, clamd=second, resolver=asked), workers=workers)
    try:
        for file, verdict in pool.each(_one_by_one(paths, left.append)):
            path = Path(str(file))
            if isinstance(verdict, OSError):
                reason = verdict.strerror or str(verdict)
                typer.echo(plain(f"safecare: {shown(path)}: {writer.reason(reason, language)}"), err=True)
                verdict = unread(reason)  # noqa: PLW2901 - what can't be read has a verdict, too
            found |= verdict.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
            failed |= verdict.verdict is Verdicts.UNREADABLE
            match format:
                case Format.NDJSON:
                    line = writer.ndjson(path, verdict)
                case Format.IDMEF:
                    line = writer.idmef(path, verdict, language, datetime.now(UTC))
                case Format.TABLE:
                    line = writer.table(path, verdict, language)
            if line:
                tell(line)
    finally:
        pool.close()
    if left:
        typer.echo(f"safecare: {writer.left_out(left, language)}", err=True)
    if second and second.told[0] == "failed":
        typer.echo(f"safecare: {writer.reason(second.told[1], language)}", err=True)
        failed = True
    raise typer.Exit(1 if found else 2 if failed else 0)


def _model(path: Path) -> bytes:
    """Return the model in the file `path`. Raises `ValueError` with its name for what is none, or can't be read."""
    from safecare.examine.mail.model import ModelError, Reader

    try:
        raw = path.read_bytes()
        Reader(raw)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except ModelError as error:
        raise ValueError(f"{path}: {error}") from error
    return raw


def _one_by_one(paths: Iterable[str], leave: Callable[[Path], None]) -> Iterator[Path | Slice | Stream]:
    """Yield files, and the mails of mbox files each for itself; `leave` is told what in folders is no file."""
    from safecare.cli.files import files_of
    from safecare.formats.mbox import mails_in
    from safecare.sources.files.reading import Slice, Stream

    for given in paths:
        if given == STDIN:
            yield Stream(0 if sys.stdin else -1, STDIN)
            continue
        for path in files_of([Path(given)], leave):
            try:
                mails = mails_in(path) if os.path.isfile(path) else []  # noqa: PTH113 - never fails
            except (OSError, ValueError):  # told by who judges it
                mails = []
            yield from (Slice(path, start, size, number) for number, (start, size) in enumerate(mails, 1))
            if not mails:
                yield path
