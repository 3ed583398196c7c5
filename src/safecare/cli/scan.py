"""``safecare scan``: judges files by what they hold; each one in a confined process.

Ends with 0 if nothing was found, 1 if something was, 2 if nothing was found but not all could be judged.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from safecare.examine.api import Finding, Verdict
    from safecare.locale.catalogue import Catalogue

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Format(StrEnum):
    """How verdicts are written."""

    TABLE = "table"
    NDJSON = "ndjson"


@app.command()
def main(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders (with all that is below them).")],
    format: Annotated[Format, typer.Option(help="table for people, ndjson for programs.")] = Format.TABLE,
    own: Annotated[list[str] | None, typer.Option(help="A mail domain of the hospital; may be repeated.")] = None,
    language: Annotated[str, typer.Option(help="Language of the table: en or fr.")] = "en",
    workers: Annotated[int, typer.Option(min=1, help="Confined processes at a time.")] = 2,
) -> None:
    """Judge files: mails, documents, archives, programs, medical files and images."""
    from safecare.examine.api import Verdicts
    from safecare.locale.catalogue import Catalogue
    from safecare.sources.files.pool import Pool

    pool, catalogue = Pool(tuple(own or ()), workers=workers), Catalogue.load()
    found, failed = False, False
    try:
        for path, verdict in pool.each(_files(paths)):
            if isinstance(verdict, OSError):
                typer.echo(f"safecare: {path}: {verdict.strerror or verdict}", err=True)
                failed = True
                continue
            found |= verdict.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
            failed |= verdict.verdict is Verdicts.UNREADABLE
            if format is Format.NDJSON:
                _out(_json(path, verdict, catalogue) + b"\n")
            else:
                _out(_table(path, verdict, catalogue, language).encode("utf-8", "replace") + b"\n")
    except BrokenPipeError:
        os._exit(2)  # who reads has gone: nobody is left to tell
    finally:
        pool.close()
    raise typer.Exit(1 if found else 2 if failed else 0)


def _files(paths: list[Path]) -> Iterator[Path]:
    """Yield the files of `paths`; folders in the order of names. Links inside folders are not followed."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                file = Path(folder, name)
                if file.is_file() and not file.is_symlink():
                    yield file


def _out(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _json(path: Path, verdict: Verdict, catalogue: Catalogue) -> bytes:
    import msgspec

    return msgspec.json.encode(
        {
            "path": _shown(path),
            "sha256": verdict.sha256,
            "type": verdict.type,
            "verdict": verdict.verdict,
            "score": verdict.score,
            "findings": [_finding(one, catalogue) for one in verdict.findings],
        }
    )


def _finding(finding: Finding, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "why": {language: _say(finding, catalogue, language) for language in ("en", "fr")},
        "where": finding.where,
        "weight": finding.weight,
    }


def _table(path: Path, verdict: Verdict, catalogue: Catalogue, language: str) -> str:
    lines = [f"{verdict.verdict:<10} {verdict.score:4.2f}  {verdict.type:<12} {_shown(path)}"]
    for one in sorted(verdict.findings, key=lambda one: -one.weight):
        place = " ".join(filter(None, (one.where.part, one.where.tag)))
        lines.append(f"    {one.rule:<32} {_say(one, catalogue, language)}{f'  [{place}]' if place else ''}")
    return "\n".join(lines)


def _say(finding: Finding, catalogue: Catalogue, language: str) -> str:
    from safecare.model.hospital import Hospital

    return catalogue.render(finding.why, language, Hospital.empty())


def _shown(path: Path) -> str:
    """Return `path` as text; bytes that are no UTF-8 are shown escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
