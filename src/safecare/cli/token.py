"""``safecare token``: a long-lived token for a machine that sends over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="Name of the sending machine, as the audit shows it.")],
    data: Annotated[Path, typer.Option(help="Data folder.")] = Path("var"),
    site: Annotated[str | None, typer.Option(help="The only site that it may speak for.")] = None,
    days: Annotated[float, typer.Option(help="Life of the token, days.", min=0.01, max=3650)] = 365,
) -> None:
    """Print a token for NAME. It may send to /api/ingest, and nothing else."""
    from safecare.app.acts import record
    from safecare.cli.files import stop
    from safecare.cli.local import opened
    from safecare.model.clock import SystemClock
    from safecare.store.accounts import Accounts

    folder, database = opened(data)
    accounts = Accounts(database, SystemClock(), session_hours=days * 24)
    session = accounts.redeem(accounts.invite(role="source", name=name, site=site))
    if session is None:
        stop("the token could not be made")
    record(folder, "token", name)
    typer.echo(session.cookie)
