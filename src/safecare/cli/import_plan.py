"""``safecare hospital import-plan``: a drawing of a storey (DXF, SVG, GeoJSON, OpenStreetMap) becomes its plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from safecare.cli.files import InLanguage, Language, chosen, stop

WRONG_CALL = 2


def import_plan(
    file: Annotated[Path, typer.Argument(help="The drawing: .dxf, .svg, .geojson or .osm.")],
    level: Annotated[str, typer.Option(help="Id of the storey in the hospital's files, as `aurore.0`.")],
    hospital: Annotated[str, typer.Option(help="Folder of the hospital's files, or `demo`.")] = "demo",
    form: Annotated[
        str, typer.Option("--format", help="`dxf`, `svg`, `geojson` or `osm`; else by the file's name.")
    ] = "",
    storey: Annotated[str, typer.Option(help="Which storey of the drawing, where it has several.")] = "",
    unit: Annotated[float, typer.Option(min=0.0, max=1000.0, help="Metres of one unit; 0: as the drawing says.")] = 0.0,
    output: Annotated[Path | None, typer.Option(help="File that the plan is written to; else standard output.")] = None,
    language: InLanguage = Language.EN,
    *,
    write: Annotated[bool, typer.Option("--write", help="Put the plan into the hospital's folder.")] = False,
) -> None:
    """Read a drawing and write the storey's plan (GeoJSON); tell on standard error what is left out and what changes.

    Rooms that the plan has already keep their ids, by name or place. Exit 0: done. 1: the drawing or the hospital's
    files can't be used, or the hospital would not fit together with this plan. 2: wrong call.
    """
    from safecare.cli.hospital import hospital_named, lines
    from safecare.demo import HOSPITAL
    from safecare.formats.drawing import FORMATS, DrawingError, format_of
    from safecare.formats.drawing.compose import drawn_anew
    from safecare.formats.drawing.differences import differences
    from safecare.formats.hospital import Redrawn, load
    from safecare.formats.problem import MOST_TOLD
    from safecare.locale.catalogue import Catalogue
    from safecare.sources.files.drawings import read_confined

    if form:
        chosen(form, FORMATS, "--format")
    if write and hospital == "demo":
        stop("--write: the demo hospital belongs to the program; name the folder of your own", WRONG_CALL)
    site = hospital_named(hospital, language)
    catalogue = Catalogue.load()
    known = next((one for one in site.levels if one.id == level), None)
    if known is None:
        stop(
            f"--level: the hospital has no level {level}; it has {', '.join(one.id for one in site.levels)}", WRONG_CALL
        )
    try:
        raw = file.read_bytes()
        drawing = read_confined(raw, form or format_of(file.name, raw), storey, unit)
    except OSError as error:
        stop(f"{file}: {error.strerror}")
    except DrawingError as error:
        place = f"{error.place}: " if error.place else ""
        stop(f"{file}: {place}{catalogue.render(error.reason, language, site)}")
    for remark in drawing.remarks:
        said = catalogue.render(remark.reason, language, site)
        typer.echo(f"{file}: {remark.place}: {said}" if remark.place else f"{file}: {said}", err=True)
    folder = HOSPITAL if hospital == "demo" else Path(hospital)
    old = _plan_file(folder, level)
    plan = drawn_anew(drawing, known, site, old.read_bytes() if old else b"")
    loaded = load(folder, Redrawn({level: plan}))
    if loaded.hospital is None:
        errors = [one for one in loaded.problems if one.level == "error"]
        for line in lines(errors[:MOST_TOLD], language):
            typer.echo(line, err=True)
        if len(errors) > MOST_TOLD:
            typer.echo(f"... and {len(errors) - MOST_TOLD} more problems", err=True)
    else:
        for change in differences(site, loaded.hospital, level):
            typer.echo(catalogue.render(change, language, site), err=True)
    typer.echo(f"{len(drawing.rooms)} rooms, {len(drawing.doors)} doors", err=True)
    target = (old or folder / "plans" / f"{level}.geojson") if write else output
    if write and loaded.hospital is None:
        stop(f"{target}: not written, the hospital would not fit together")
    try:
        target.write_bytes(plan) if target else typer.echo(plan.decode(), nl=False)
    except OSError as error:
        stop(f"{target}: {error.strerror}")
    if loaded.hospital is None:
        raise typer.Exit(1)


def _plan_file(folder: Path, level: str) -> Path | None:
    """Return the file that holds the plan of `level` so far."""
    from safecare.formats.hospital import level_of

    return next((path for path in sorted(folder.glob("plans/*.geojson")) if level_of(path.read_bytes()) == level), None)
