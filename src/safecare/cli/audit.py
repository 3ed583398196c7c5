"""``safecare audit``: verify the chain of recorded acts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback()
def main() -> None:
    """Look after the chain of recorded acts."""


@app.command()
def verify(data: Annotated[Path, typer.Option(help="Data folder.")] = Path("var")) -> None:
    """Recompute every hash of the audit chain; exit 1 where it is broken."""
    from safecare.cli.local import opened
    from safecare.store.audit import verify as verify_chain

    check = verify_chain(opened(data)[1])
    if check.ok:
        typer.echo(f"{check.count} acts, chain unbroken; the last one's hash is {check.head}")
        return
    typer.echo(f"chain broken at act {check.broken_at} of {check.count}", err=True)
    raise typer.Exit(1)
