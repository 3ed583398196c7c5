"""``safecare rejects``: what doors could not read, kept whole with the reason."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

Data = Annotated[Path, typer.Option(help="Data folder.")]


@app.callback()
def main() -> None:
    """Look after what doors could not read."""


@app.command("list")
def list_(
    data: Data = Path("var"),
    door: Annotated[str | None, typer.Option(help="Only this door.")] = None,
    limit: Annotated[int, typer.Option(help="Most rows, newest first.")] = 50,
) -> None:
    """List rejects, newest first."""
    from safecare.cli.local import opened
    from safecare.store.read import Reader

    for one in Reader(opened(data)[1]).rejects(limit=limit, door=door):
        place = f" ({one.place})" if one.place else ""
        typer.echo(f"{one.id}  {one.at:%Y-%m-%d %H:%M:%S}  {one.door:<18} {one.size:>9} B  {one.reason}{place}")


@app.command()
def show(
    reject: Annotated[str, typer.Argument(help="Id, as `safecare rejects list` shows it.")], data: Data = Path("var")
) -> None:
    """Write the bytes of a reject to standard output, and its reason to standard error."""
    from safecare.cli.files import stop
    from safecare.cli.local import opened
    from safecare.store.artifacts import Artifacts
    from safecare.store.read import Reader

    folder, database = opened(data)
    found = Reader(database).reject(reject)
    if found is None:
        stop(f"no reject is called {reject}")
    typer.echo(f"{found.door}: {found.reason} {found.place}", err=True)
    sys.stdout.buffer.write(Artifacts(folder.artifacts).read(found.artifact))


@app.command()
def replay(
    rejects: Annotated[list[str], typer.Argument(help="Ids, or `all`.")],
    data: Data = Path("var"),
    door: Annotated[str | None, typer.Option(help="With `all`: only this door.")] = None,
    hospital: Annotated[Path | None, typer.Option(help="Folder of the hospital's files; default: the demo.")] = None,
) -> None:
    """Read rejects again, for example after an asset was added; what can be read now goes on the road."""
    from safecare.app.files import BadHospitalError
    from safecare.app.replay import Replay
    from safecare.cli.files import stop
    from safecare.cli.local import opened
    from safecare.settings import SettingsError

    opened(data)
    try:
        again = Replay(data, hospital)
    except (BadHospitalError, SettingsError) as error:
        stop(error, 2)
    failed = 0
    for outcome in again.run(rejects, door):
        what = f"still unreadable: {outcome.reason}" if outcome.reason else f"{outcome.items} items put on the road"
        typer.echo(f"{outcome.reject}  {what}")
        failed += bool(outcome.reason)
    again.close()
    raise typer.Exit(1 if failed else 0)
