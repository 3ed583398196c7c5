"""Files that commands are given: read, or the reason told and the command ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import typer

UNUSABLE = 1
"""Exit code of a command whose input can't be used."""
Model = TypeVar("Model")


def read_model(file: Path, reader: Callable[[bytes, str], Model]) -> Model:
    """Return what `reader` makes of the bytes of `file`; ends the command with `UNUSABLE` when it can't be used."""
    from safecare.formats.problem import ModelFileError

    try:
        return reader(file.read_bytes(), str(file))
    except OSError as error:
        typer.echo(f"{file}: {error.strerror or error}", err=True)
    except ModelFileError as error:
        for line in error.told():
            typer.echo(line, err=True)
    raise typer.Exit(UNUSABLE)
