"""``safecare models``: the networks that find people in video, tell how they lie, or see what a site has named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from safecare.cli.files import stop

if TYPE_CHECKING:
    from safecare.sources.camera.models import Model, ModelError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

Data = Annotated[Path, typer.Option(help="Data folder; the site's own models are in its folder models.")]


@app.callback()
def main() -> None:
    """List, add and check models: a file and a card with its hash, labels, licence and input."""


@app.command("list")
def list_(data: Data = Path("var")) -> None:
    """Show the models; the one that cameras use is marked. Exit 1 if a card can't be read."""
    from safecare.sources.camera.models import ModelError, choose

    used = choose("", _folders(data))
    others = choose("", _folders(data), "pose"), choose("", _folders(data), "special")
    wrong = 0
    for one in _all(data):
        if isinstance(one, ModelError):
            wrong += 1
            typer.echo(f"  {one}", err=True)
            continue
        card = one.card
        mark = "*" if one.card_path in {each.card_path for each in (used, *others) if each is not None} else " "
        typer.echo(f"{mark} {card.name:<24} {card.family:<10} {card.width}x{card.height}  {one.path}")
        if card.tells:
            typer.echo(f"    tells:   {', '.join(card.tells)}")
        typer.echo(f"    licence: {card.licence}\n    origin:  {card.origin}\n    sha256:  {card.sha256}")
    if used is None:
        typer.echo("No model is there: people are found by motion alone.")
    if wrong:
        raise typer.Exit(1)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="Model file (ONNX): YOLOX, CenterNet or MoveNet.")],
    licence: Annotated[str, typer.Option(help="Licence of the weights.")],
    origin: Annotated[str, typer.Option(help="Where the file comes from.")],
    name: Annotated[str, typer.Option(help="Name; default: that of the file.")] = "",
    threshold: Annotated[float, typer.Option(help="Score with the best balance of misses and false boxes.")] = 0.0,
    labels: Annotated[str, typer.Option(help="Its labels in their order, by commas, where it is not of people.")] = "",
    tells: Annotated[str, typer.Option(help="Those of its labels that give an alert: a special model.")] = "",
    preference: Annotated[int, typer.Option(help="The model with the highest number is used.")] = 20,
    data: Data = Path("var"),
) -> None:
    """Copy a model into the data folder; its family, input and labels are read from the file. Exit 1 if it is none."""
    from safecare.sources.camera.models import ModelError
    from safecare.sources.camera.models import add as keep
    from safecare.sources.camera.vision.networks import guessed

    try:
        card: dict[str, Any] = guessed(file.read_bytes())
        card |= {"name": name or file.stem, "licence": licence, "origin": origin, "preference": preference}
        if labels:
            card["labels"] = _words(labels)
        if tells:
            card["tells"] = _words(tells)
        if threshold:
            card["threshold"] = threshold
        model = keep(file, card, data / "models")
    except OSError as error:
        stop(f"{file}: {error.strerror}")
    except (ModelError, ValueError) as error:
        stop(f"{file}: {error}")
    typer.echo(f"{model.card.name}: {model.path}")


@app.command()
def check(data: Data = Path("var")) -> None:
    """Check each model's hash and run it once; exit 1 if one can't be used."""
    from safecare.sources.camera.models import ModelError
    from safecare.sources.camera.worker import load_model, load_pose

    wrong = 0
    for one in _all(data):
        if isinstance(one, ModelError):
            problem = str(one)
        elif one.card.purpose == "pose":
            problem = load_pose(str(one.card_path))[1]
        else:
            problem = load_model(str(one.card_path))[2]
        name = "card" if isinstance(one, ModelError) else one.card.name
        wrong += bool(problem)
        typer.echo(f"{name}: {problem or 'ok'}")
    if wrong:
        raise typer.Exit(1)


def _words(told: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in told.split(",") if word.strip())


def _folders(data: Path) -> list[Path]:
    from safecare.sources.camera.models import installed_folder

    return [data / "models", installed_folder()]


def _all(data: Path) -> list[Model | ModelError]:
    from safecare.sources.camera.models import models

    return list(models(_folders(data)))
