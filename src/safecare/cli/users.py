"""``safecare users``: who has access, and how it is taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

Data = Annotated[Path, typer.Option(help="Data folder.")]


@app.callback()
def main() -> None:
    """Look after who has access."""


@app.command("list")
def list_(data: Data = Path("var")) -> None:
    """List people and machines, with their roles."""
    from safecare.cli.local import opened
    from safecare.model.clock import SystemClock
    from safecare.store.accounts import Accounts

    for one in Accounts(opened(data)[1], SystemClock()).users():
        state = f"revoked {one.revoked:%Y-%m-%d %H:%M}" if one.revoked else "active"
        typer.echo(f"{one.id}  {one.role:<9} {one.site or 'all sites':<12} {state:<24} {one.name}")


@app.command()
def revoke(
    user: Annotated[str, typer.Argument(help="Id, as `safecare users list` shows it.")], data: Data = Path("var")
) -> None:
    """Take all access from USER at once: sessions, links and tokens."""
    from safecare.app.acts import record
    from safecare.cli.files import stop
    from safecare.cli.local import opened
    from safecare.model.clock import SystemClock
    from safecare.store.accounts import Accounts

    folder, database = opened(data)
    accounts = Accounts(database, SystemClock())
    known = accounts.user(user)
    if known is None or not accounts.revoke(user):
        stop(f"nobody with access is called {user}")
    record(folder, "revoked", known.name)
    typer.echo(f"{known.name} has no access any more")
