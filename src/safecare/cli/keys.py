"""``safecare keys``: passwords of channels and of the sign-in, sealed; and the key that seals them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from safecare.store.vault import Vault

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

Data = Annotated[Path, typer.Option(help="Data folder.")]
LONGEST = 8192
"""Most letters of a password or token (chosen: a certificate in text fits)."""


@app.callback()
def main() -> None:
    """Keep passwords and tokens sealed. Settings name them: `password = "key:mail"`."""


def _vault(data: Path) -> Vault:
    from safecare.cli.local import opened
    from safecare.model.clock import SystemClock
    from safecare.store.keyring import Keyring
    from safecare.store.vault import Vault

    folder, database = opened(data)
    database.migrate()
    return Vault(database, Keyring(folder.keys), SystemClock())


@app.command("list")
def list_(data: Data = Path("var")) -> None:
    """List the names of what is kept; never what it is."""
    for name in _vault(data).names():
        typer.echo(name)


@app.command("set")
def set_(
    name: Annotated[str, typer.Argument(help="Name, as settings refer to it: letters, digits, . and -.")],
    data: Data = Path("var"),
) -> None:
    """Keep the line that stands on standard input as NAME. The platform takes it when it starts again."""
    from safecare.cli.files import stop

    if not name or not set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-"):
        stop("a name has small letters, digits, . and - only")
    if sys.stdin.isatty():
        secret = typer.prompt(name, hide_input=True)
    else:
        secret = sys.stdin.readline(LONGEST + 2).rstrip("\r\n")
    if not secret or len(secret) > LONGEST:
        stop(f"nothing was given, or more than {LONGEST} letters")
    _vault(data).put(name, secret)
    typer.echo(f"{name} is kept; settings say key:{name}")


@app.command()
def remove(name: Annotated[str, typer.Argument()], data: Data = Path("var")) -> None:
    """Forget NAME."""
    from safecare.cli.files import stop

    if not _vault(data).remove(name):
        stop(f"no key is called {name}")
    typer.echo(f"{name} is forgotten")


@app.command()
def rotate(data: Data = Path("var")) -> None:
    """Seal everything with a fresh key, and forget the older one. The platform may run meanwhile."""
    from safecare.cli.files import stop
    from safecare.store.keyring import SealError

    try:
        count = _vault(data).rotate()
    except (SealError, OSError) as error:
        stop(str(error))
    typer.echo(f"{count} secrets are sealed with a fresh key; copies of the old one open nothing of today")
