"""``safecare risk``: the risk study of a hospital as tables of EBIOS RM and ISO/IEC 27005."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from safecare.cli.files import InLanguage, Language

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

FORMATS = ("csv", "xlsx", "html", "pdf")


@app.command()
def risk(
    hospital: Annotated[str, typer.Argument(help="Folder of the hospital's files; `demo` for the demo hospital.")],
    form: Annotated[str, typer.Option("--format", help="csv, xlsx, pdf or html (both A4).")] = "csv",
    to: Annotated[Path | None, typer.Option(help="File to write; standard output if left out.")] = None,
    origins: Annotated[Path | None, typer.Option(help="Your own risk origins (YAML).")] = None,
    samples: Annotated[int, typer.Option(min=50, max=100_000, help="Courses drawn for each scenario.")] = 400,
    language: InLanguage = Language.EN,
) -> None:
    """Compute feared events, scenarios and the register of risks from the hospital's own model.

    Exit 1: files can't be used, with the reasons. 2: the call can't be understood.
    """
    from safecare.cascade.engine import Cascade
    from safecare.cli.files import chosen, stop
    from safecare.cli.hospital import hospital_named
    from safecare.locale.catalogue import Catalogue
    from safecare.model.text import say
    from safecare.risk import origins as given
    from safecare.risk.study import study
    from safecare.risk.tables import as_csv, as_page, as_pdf, as_workbook, tables

    chosen(form, FORMATS, "--format")
    site = hospital_named(hospital, language)
    try:
        known = given.origins(origins)
    except (given.OriginError, OSError) as error:
        stop(error)
    catalogue = Catalogue.load()
    found = tables(
        study(Cascade.of(site), known, samples), site, lambda text: catalogue.render(text, language, site), language
    )
    name = site.name.fr if language == "fr" else site.name.en
    title = f"{catalogue.render(say('Risk study'), language, site)} · {name}"
    forms: dict[str, Callable[[], bytes]] = {
        "csv": lambda: as_csv(found).encode(),
        "xlsx": lambda: as_workbook(found),
        "html": lambda: as_page(found, title, language).encode(),
        "pdf": lambda: as_pdf(found, title, language),
    }
    raw = forms[form]()
    if to is None:
        sys.stdout.buffer.write(raw)
        return
    try:
        to.write_bytes(raw)
    except OSError as error:
        stop(error)
