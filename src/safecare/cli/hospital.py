"""``safecare hospital``: check the hospital's files, and show what they hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safecare.cli.files import UNUSABLE, InLanguage, Language
from safecare.cli.import_plan import import_plan

if TYPE_CHECKING:
    from safecare.formats.hospital import Loaded, Problem
    from safecare.model.hospital import Hospital

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
app.command("import-plan")(import_plan)

Folder = Annotated[Path | None, typer.Argument(help="Folder of the hospital's files; the demo hospital if left out.")]


@app.callback()
def main() -> None:
    """Check and show the hospital's files."""


@app.command()
def check(path: Folder = None, language: InLanguage = Language.EN) -> None:
    """Tell everything that is wrong in the files, as file:line:column; exit 1 if the hospital can't be used."""
    loaded = _load(path)
    for line in lines(loaded.problems, language):
        typer.echo(line)
    levels = Counter(problem.level for problem in loaded.problems)
    typer.echo(f"{levels['error']} errors, {levels['warning']} warnings")
    if levels["error"]:
        raise typer.Exit(1)


@app.command()
def show(path: Folder = None, language: InLanguage = Language.EN) -> None:
    """Show what the hospital has, by site and kind; exit 1 if it can't be used."""
    loaded = _load(path)
    hospital = loaded.hospital
    if hospital is None:
        for line in lines(loaded.problems, language):
            typer.echo(line, err=True)
        raise typer.Exit(1)
    typer.echo(hospital.name.fr if language == "fr" else hospital.name.en)
    for site in hospital.sites:
        typer.echo(f"\n{site.id}: {hospital.label(site.id, language)}")
        groups = Counter(asset.group for asset in hospital.assets if asset.site == site.id)
        counts = {
            "levels": sum(level.site == site.id for level in hospital.levels),
            "zones": sum(zone.site == site.id for zone in hospital.zones),
            "services": sum(service.site == site.id for service in hospital.services),
            "people": sum(person.site == site.id for person in hospital.people),
            "assets": sum(groups.values()),
        }
        for name, count in (*counts.items(), *((f"  {group}", groups[group]) for group in sorted(groups))):
            typer.echo(f"  {name:<14}{count:>6}")
    typer.echo(f"\n{len(hospital.dependencies)} dependencies, {len(hospital.routes)} routes, doors of the platform:")
    for door in loaded.doors:
        typer.echo(f"  {door.id:<18}{door.source}")


def _load(path: Path | None) -> Loaded:
    from safecare.demo import HOSPITAL
    from safecare.formats.hospital import load

    return load(HOSPITAL if path is None else path)


def lines(problems: list[Problem], language: str) -> list[str]:
    """Return one line for each problem, in the reader's language."""
    from safecare.locale.catalogue import Catalogue
    from safecare.model.hospital import Hospital

    catalogue, nobody = Catalogue.load(), Hospital.empty()
    return [
        f"{one.file}:{one.line}:{one.column}: {one.level}: {catalogue.render(one.reason, language, nobody)}"
        for one in problems
    ]


def hospital_named(folder: str, language: str) -> Hospital:
    """Return the hospital in `folder` (``demo``: the one that comes along); tells why not, and ends with `UNUSABLE`."""
    from safecare.demo import HOSPITAL
    from safecare.formats.hospital import load

    path = HOSPITAL if folder == "demo" else Path(folder)
    if not path.is_dir():
        typer.echo(f"{folder}: there is no such folder", err=True)
        raise typer.Exit(UNUSABLE)
    loaded = load(path)
    if loaded.hospital is None:
        for line in lines(loaded.problems, language):
            typer.echo(line, err=True)
        raise typer.Exit(UNUSABLE)
    return loaded.hospital
