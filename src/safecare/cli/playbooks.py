"""``safecare playbooks``: procedures that people follow step by step; check, import and export them as CACAO 2.0."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safecare.cli.files import InLanguage, Language

if TYPE_CHECKING:
    from safecare.decide.procedures.compile import Procedure
    from safecare.formats.cacao import Cacao

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

Data = Annotated[Path, typer.Option(help="Data folder.")]
Files = Annotated[list[Path], typer.Argument(help="CACAO 2.0 files (JSON).", readable=False)]


@app.callback()
def main() -> None:
    """Procedures that people follow step by step, as CACAO 2.0."""


@app.command("list")
def list_(data: Data = Path("var"), language: InLanguage = Language.EN) -> None:
    """List the procedures of the platform and of the site."""
    for one in _known(data):
        typer.echo(f"{one.name:<28}{_said(one.book.name, language)}")


@app.command()
def show(name: str, data: Data = Path("var"), language: InLanguage = Language.EN) -> None:
    """Show what a procedure is for and all its steps, before branches are known; exit 1 if there is none."""
    one = _named(name, data)
    typer.echo(f"{_said(one.book.name, language)}\n{_said(one.book.description, language)}\n")
    agents = {id: agent.name for id, agent in one.book.agent_definitions.items()}
    for step in one.book.workflow.values():
        if step.type == "action":
            typer.echo(f"- {agents.get(step.agent, '')}: {_said(step.name or step.description, language)}")


@app.command()
def check(files: Files, language: InLanguage = Language.EN) -> None:
    """Tell everything that is wrong in the files; exit 1 if one can't be run, 2 if one can't be read."""
    code = 0
    for path in files:
        book, worst = _read(path, language)
        code = max(code, worst if book is None else 0)
        if book is not None:
            typer.echo(f"{path}: {len(book.workflow)} steps")
    raise typer.Exit(code)


@app.command("import")
def import_(path: Path, data: Data = Path("var"), language: InLanguage = Language.EN) -> None:
    """Take a CACAO 2.0 file over into the data folder; it is known after the next start. Exit 1 if it can't be run."""
    from safecare.app.procedures import FOLDER
    from safecare.formats.cacao import write_cacao

    book, code = _read(path, language)
    if book is None:
        raise typer.Exit(code)
    target = data / FOLDER / f"{book.id}.json"
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = target.with_suffix(".part")
    fresh.write_bytes(write_cacao(book))
    fresh.replace(target)
    typer.echo(str(target))


@app.command()
def export(name: str, data: Data = Path("var")) -> None:
    """Write a procedure as CACAO 2.0 (JSON) to standard output; exit 1 if there is none of the name."""
    from safecare.formats.cacao import write_cacao

    sys.stdout.buffer.write(write_cacao(_named(name, data).book))


def _known(data: Path) -> tuple[Procedure, ...]:
    from safecare.app.procedures import procedures_of

    return procedures_of(data)


def _named(name: str, data: Path) -> Procedure:
    from safecare.cli.files import stop

    found = next((one for one in _known(data) if name in {one.name, one.id}), None)
    if found is None:
        stop(f"no procedure is called {name}")
    return found


def _read(path: Path, language: str) -> tuple[Cacao | None, int]:
    """Read one file and tell its faults; returns the playbook, and the exit code if there is none."""
    from safecare.formats.cacao import CacaoError, read_cacao
    from safecare.locale.catalogue import Catalogue
    from safecare.model.hospital import Hospital

    try:
        book, faults = read_cacao(path.read_bytes())
    except (CacaoError, OSError) as error:
        typer.echo(f"{path}: {error}", err=True)
        return None, 2
    catalogue, nobody = Catalogue.load(), Hospital.empty()
    for one in faults:
        typer.echo(f"{path}: {one.place}: {one.level}: {catalogue.render(one.reason, language, nobody)}", err=True)
    return book, 1


def _said(sentence: str, language: str) -> str:
    from safecare.locale.catalogue import Catalogue
    from safecare.model.hospital import Hospital
    from safecare.model.text import Text

    return Catalogue.load().render(Text(sentence), language, Hospital.empty())
