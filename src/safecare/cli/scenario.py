"""``safecare scenario``: play a scripted attack through the real doors of a platform, and score it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from safecare.cli.files import InLanguage, Language

if TYPE_CHECKING:
    from collections.abc import Callable

    from safecare.formats.hospital import DoorSpec
    from safecare.model.hospital import Hospital
    from safecare.model.text import Text
    from safecare.scenarios.field import Field
    from safecare.scenarios.report import ScenarioRun

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="As `safecare scenario list` shows it.")]


@app.callback()
def main() -> None:
    """Play scripted days and attacks through the real doors, and score what comes of them."""


@app.command("list")
def list_(language: InLanguage = Language.EN) -> None:
    """List the scenarios."""
    from safecare.scenarios.script import scenarios

    render = _renderer(language, None)
    for one in scenarios().values():
        typer.echo(f"{one.name:<22}{len(one.steps):>3}  {render(_text(one.title))}")


@app.command()
def show(name: Name, language: InLanguage = Language.EN) -> None:
    """Show what a scenario puts in and expects."""
    from safecare.scenarios.scoring import Progress, run_step

    scenario = _scenario(name)
    render = _renderer(language, _hospital(None, None))
    typer.echo(f"{render(_text(scenario.title))}\n{render(_text(scenario.description))}\n")
    progress = Progress(scenario, frozenset())
    for number, step in enumerate(scenario.steps):
        told = run_step(number, step, progress, over=False, told=())
        typer.echo(f"{told.step:>3}. {render(told.title)}\n     {render(told.input)}\n     -> {render(told.expected)}")


@app.command()
def run(
    name: Name,
    data: Annotated[Path, typer.Option(help="Data folder of the running platform.")] = Path("var"),
    isolated: Annotated[  # noqa: FBT002 - typer
        bool, typer.Option("--isolated", help="Play on a private platform that is started for it and stopped.")
    ] = False,
    hospital: Annotated[
        Path | None, typer.Option(help="Folder of the hospital's files; default: the platform's.")
    ] = None,
    acknowledge: Annotated[str, typer.Option(help="Who acknowledges the notice: auto, browser or person.")] = "auto",
    report: Annotated[
        Path | None, typer.Option(help="File of the report, JSON that grows; default: where the console lists runs.")
    ] = None,
    actor: Annotated[str, typer.Option(help="Who starts it, for the audit chain.")] = "local",
    language: InLanguage = Language.EN,
    keep: Annotated[  # noqa: FBT002 - typer
        bool, typer.Option("--keep", help="Leave the incident open and, with --isolated, the data folder.")
    ] = False,
) -> None:
    """Play NAME; exit 0 only if everything that it expects came true."""
    from safecare.scenarios.inputs.api import InputError
    from safecare.scenarios.private import NotReadyError
    from safecare.scenarios.report import lines
    from safecare.scenarios.talk import PlatformError

    _scenario(name)
    given = _who(acknowledge)
    site = _hospital(None if isolated else data, hospital)
    render = _renderer(language, site)

    def tell(text: Text) -> None:
        typer.echo(render(text))

    def play(folder: Path, devices: Field | None) -> ScenarioRun:
        from safecare.model.clock import SystemClock
        from safecare.model.ids import new_id
        from safecare.scenarios.report import RUNS
        from safecare.scenarios.runner import Runner

        clock = SystemClock()
        told = report or folder / RUNS / f"{new_id(clock.now())}.json"
        return Runner(folder, site, clock, tell, told, given, actor, keep, devices).run(name)

    try:
        if isolated:
            with _private(site, hospital, keep=keep) as (folder, devices):
                done = play(folder, devices)
                _mark(folder, done)
        else:
            done = play(data, None)
    except (PlatformError, InputError, NotReadyError, OSError) as error:
        typer.echo(f"safecare: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo("")
    for line in lines(done, render):
        typer.echo(line)
    raise typer.Exit(0 if done.state == "passed" else 1)


PASSED = "passed"
"""File in an isolated run's folder that says that it may be removed."""


def _mark(folder: Path, done: ScenarioRun) -> None:
    if done.state == PASSED:
        (folder / PASSED).touch()


@contextmanager
def _private(site: Hospital, hospital: Path | None, *, keep: bool) -> Iterator[tuple[Path, Field]]:
    """Start devices and a platform on free ports over a fresh folder; stop both, and remove what is not needed."""
    from safecare.scenarios.field import Field
    from safecare.scenarios.private import PrivatePlatform, free_doors, free_ports

    folder = Path(tempfile.mkdtemp(prefix="safecare-"))
    places = sorted({one.addresses["modbus"].partition("/")[0] for one in site.assets if "modbus" in one.addresses})
    moved = {place: f"127.0.0.1:{port}" for place, port in zip(places, free_ports(len(places)), strict=True)}
    doors = _doors(hospital)
    changes = free_doors(doors) | {door.id: {"moved": moved} for door in doors if door.source == "modbus"}
    devices = Field(site, moved)
    devices.start()
    try:
        with PrivatePlatform(folder, changes, hospital):
            yield folder, devices
    finally:
        devices.stop()
        if keep or not (folder / PASSED).exists():
            typer.echo(f"data folder: {folder}", err=True)
        else:
            shutil.rmtree(folder)


def _doors(hospital: Path | None) -> tuple[DoorSpec, ...]:
    from safecare.app.files import demo_hospital, hospital_of

    return hospital_of(hospital or demo_hospital()).doors


def _hospital(data: Path | None, folder: Path | None) -> Hospital:
    """Return the hospital of `folder`, else that of the platform over `data`, else the demo."""
    from safecare.app.files import BadHospitalError, demo_hospital, hospital_of
    from safecare.settings import SettingsError, load

    try:
        named = load(data).hospital if data and not folder else ""
        return hospital_of(folder or (Path(named) if named else demo_hospital())).hospital
    except (BadHospitalError, SettingsError) as error:
        typer.echo(f"safecare: {error}", err=True)
        raise typer.Exit(1) from error


def _scenario(name: str) -> Any:
    from safecare.scenarios.script import ScenarioError, scenarios

    try:
        return scenarios()[name]
    except KeyError:
        typer.echo(f"safecare: no scenario is called {name}", err=True)
    except ScenarioError as error:
        typer.echo(f"safecare: {error}", err=True)
    raise typer.Exit(1)


def _who(word: str) -> Literal["auto", "browser", "person"]:
    match word:
        case "auto":
            return "auto"
        case "browser":
            return "browser"
        case "person":
            return "person"
    raise typer.BadParameter("auto, browser or person", param_hint="--acknowledge")


def _text(key: str) -> Text:
    from safecare.model.text import Text

    return Text(key)


def _renderer(language: str, site: Hospital | None) -> Callable[[Text], str]:
    from safecare.locale.catalogue import Catalogue
    from safecare.model.hospital import Hospital

    catalogue, known = Catalogue.load(), site or Hospital.empty()
    return lambda text: catalogue.render(text, language, known)
