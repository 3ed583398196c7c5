"""``safecare run``: start the platform."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    data: Annotated[Path, typer.Option(help="Data folder; made if it is not there.")] = Path("var"),
    hospital: Annotated[Path | None, typer.Option(help="Folder of the hospital's files; default: the demo.")] = None,
    host: Annotated[str | None, typer.Option(help="Address that the console listens on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port that the console listens on.")] = None,
    door: Annotated[list[str] | None, typer.Option(help="Change a door: ID.SETTING=VALUE. May be repeated.")] = None,
    link: Annotated[bool, typer.Option(help="Print a one-time sign-in link.")] = True,  # noqa: FBT002 - typer
) -> None:
    """Start the platform and run until it is stopped."""
    import uvloop

    from safecare.app.files import BadHospitalError
    from safecare.app.logs import configure
    from safecare.app.platform import Platform, raise_file_limit, run_until_stopped
    from safecare.app.service import ServiceManager
    from safecare.settings import SettingsError, load
    from safecare.store.folder import DataFolder, FolderInUseError

    os.umask(0o077)  # what we and our processes write is for our own eyes: databases, captures, stills
    folder = DataFolder(data)
    try:
        folder.lock()
        settings = load(folder.path, _changes(hospital, host, port, door or []))
        configure(settings.log_level)
        platform = Platform(folder, settings)
    except (FolderInUseError, SettingsError, BadHospitalError) as error:
        typer.echo(f"safecare: {error}", err=True)
        raise typer.Exit(1) from error
    raise_file_limit()

    def ready() -> None:
        typer.echo(f"ready {platform.url}")
        if link:
            minutes = settings.console.link_minutes
            typer.echo(f"sign in (once, within {minutes:.0f} min): {platform.sign_in_link('admin', 'Administrator')}")

    refused: list[OSError] = []
    try:
        uvloop.run(run_until_stopped(platform, ready, ServiceManager.of(os.environ)))
    except* OSError as group:
        refused = [one for one in group.exceptions if isinstance(one, OSError)]
    for one in refused:
        typer.echo(f"safecare: the console can't listen on {platform.url}: {one.strerror or one}", err=True)
    if refused:
        raise typer.Exit(1)


def _changes(hospital: Path | None, host: str | None, port: int | None, doors: list[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {"console": {}, "doors": {}}
    if hospital:
        changes["hospital"] = str(hospital.resolve())
    if host:
        changes["console"]["host"] = host
    if port is not None:
        changes["console"]["port"] = port
    for change in doors:
        place, equals, value = change.partition("=")
        door, dot, setting = place.partition(".")
        if not (equals and dot and door and setting):
            raise typer.BadParameter(f"{change!r} is not ID.SETTING=VALUE", param_hint="--door")
        changes["doors"].setdefault(door, {})[setting] = _value(value)
    return changes


def _value(text: str) -> Any:
    """Return `text` as the TOML value that it is, or as plain text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
