"""``safecare keys``: passwords of channels and of the sign-in, sealed; and the key that seals them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from safecare.store.keyring import Keyring
    from safecare.store.vault import Vault

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

Data = Annotated[Path, typer.Option(help="Data folder.")]
LONGEST = 8192
"""Most letters of a password or token (chosen: a certificate in text fits)."""


@app.callback()
def main() -> None:
    """Keep passwords and tokens sealed. Settings name them: `password = "key:mail"`."""


def _open(data: Path) -> tuple[Vault, Keyring]:
    from safecare.cli.files import stop
    from safecare.cli.local import opened
    from safecare.model.clock import SystemClock
    from safecare.settings import SettingsError, load
    from safecare.store.keyring import Keyring
    from safecare.store.vault import Vault

    folder, database = opened(data)
    database.migrate()
    try:
        keyring = Keyring.chosen(load(folder.path).seal_keys, folder.keys)
    except SettingsError as error:
        stop(str(error))
    if fault := keyring.fault():
        stop(fault)
    return Vault(database, keyring, SystemClock()), keyring


@app.command("list")
def list_(data: Data = Path("var")) -> None:
    """List the names of what is kept; never what it is."""
    for name in _open(data)[0].names():
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
    _open(data)[0].put(name, secret)
    typer.echo(f"{name} is kept; settings say key:{name}")


@app.command()
def remove(name: Annotated[str, typer.Argument()], data: Data = Path("var")) -> None:
    """Forget NAME."""
    from safecare.cli.files import stop

    if not _open(data)[0].remove(name):
        stop(f"no key is called {name}")
    typer.echo(f"{name} is forgotten")


@app.command()
def rotate(data: Data = Path("var")) -> None:
    """Seal everything with a fresh key, and forget the older one. The platform may run meanwhile."""
    from safecare.cli.files import stop
    from safecare.store.keyring import SealError

    try:
        count = _open(data)[0].rotate()
    except (SealError, OSError) as error:
        stop(str(error))
    typer.echo(f"{count} secrets are sealed with a fresh key; copies of the old one open nothing of today")


@app.command()
def copy(
    to: Annotated[Path, typer.Argument(help="New file, outside of the data folder.")], data: Data = Path("var")
) -> None:
    """Copy the key file to TO, so that it need not lie beside the database."""
    from safecare.cli.files import stop

    _, keyring = _open(data)
    try:
        keyring.copy(to.absolute())
    except OSError as error:
        stop(f"{to}: {error.strerror or error}")
    typer.echo(
        f'{to} has the keys. Write seal_keys = "{to.absolute()}" into {data / "safecare.toml"}, before all tables,'
    )
    typer.echo(f"start the platform again, see on its health page that they are apart, then remove {keyring.path}")
