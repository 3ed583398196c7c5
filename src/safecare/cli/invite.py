"""``safecare invite``: make a one-time sign-in link on the machine itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def invite(
    role: Annotated[str, typer.Argument(help="guard, operator, analyst, ciso, crisis, liaison, admin or auditor.")],
    name: Annotated[str, typer.Argument(help="Name that others see.")],
    data: Annotated[Path, typer.Option(help="Data folder of the running platform.")] = Path("var"),
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    place: Annotated[
        list[str] | None, typer.Option(help="Only this zone, storey or building (repeat for several).")
    ] = None,
) -> None:
    """Print a link that signs NAME in as ROLE, once."""
    from safecare.cli.files import stop
    from safecare.cli.local import LocalError, call

    try:
        made = call(data, "POST", "/api/invitations", {"role": role, "name": name, "site": site, "zones": place or []})
    except LocalError as error:
        stop(error)
    typer.echo(made["url"])
