"""``safecare impact fault-tree``: the exact probability of a fault tree's top event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from safecare.cli.files import read_model

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

NOT_SOLVED = 3
"""Exit code: the model is right, but too large to be solved exactly with the memory and time allowed."""


@app.command()
def fault_tree(
    file: Annotated[Path, typer.Argument(help="Fault tree in the Open-PSA format (XML).")],
    top: Annotated[str, typer.Option(help="Name of the top gate, if several gates are used by no other.")] = "",
    seconds: Annotated[float, typer.Option(min=1.0, help="Time after which to give up.")] = 900.0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Tell the work too, as JSON.")] = False,
) -> None:
    """Print the exact probability of the top event.

    Exit 0: solved. 1: the file can't be used, each reason on standard error as file:line. 3: too large for the
    memory and time allowed; then nothing is printed, because an estimate is no exact probability.
    """
    from safecare.cascade.bdd import TooLargeError
    from safecare.cascade.exact import solve
    from safecare.formats.open_psa import read_open_psa

    tree = read_model(file, lambda raw, name: read_open_psa(raw, name, top))
    try:
        found = solve(tree, seconds=seconds)
    except TooLargeError as error:
        typer.echo(f"{file}: the tree has no diagram small enough to be solved exactly: {error}", err=True)
        raise typer.Exit(NOT_SOLVED) from error
    if as_json:
        told = {
            "file": str(file),
            "probability": found.probability,
            "events": tree.events,
            "gates": len(tree.gates),
            "modules": found.modules,
            "largest_diagram": found.largest,
        }
        typer.echo(json.dumps(told))
    else:
        typer.echo(f"{found.probability:.9g}" if found.probability in {0.0, 1.0} else f"{found.probability:.8e}")
