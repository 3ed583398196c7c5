"""``safecare impact fault-tree``: the exact probability of a fault tree's top event."""

from __future__ import annotations

import json
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
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
    seconds: Annotated[float, typer.Option(min=1.0, help="Processor time for the exact figure.")] = 600.0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Tell the work too, as JSON.")] = False,
) -> None:
    """Print the exact probability of the top event.

    Exit 0: solved. 1: the file can't be used, each reason on standard error as file:line. 3: too large for the
    memory and time allowed; then two figures are printed between which the probability lies for certain.
    """
    from safecare.cascade.exact import Enclosure, solve_or_enclose
    from safecare.formats.open_psa import read_open_psa

    tree = read_model(file, lambda raw, name: read_open_psa(raw, name, top))
    found = solve_or_enclose(tree, seconds=seconds)
    told = {"file": str(file), "events": tree.events, "gates": len(tree.gates), "modules": found.modules}
    if isinstance(found, Enclosure):
        told |= {"probability": None, "low": found.low, "high": found.high}
        line = f"{_shown(found.low)} .. {_shown(found.high)}"
        typer.echo(f"{file}: the tree has no diagram small enough to be solved exactly: {found.reason}", err=True)
    else:
        told |= {"probability": found.probability, "largest_diagram": found.largest}
        line = _shown(found.probability)
    use = getrusage(RUSAGE_SELF)
    told |= {"seconds": round(use.ru_utime + use.ru_stime, 2), "memory_mb": use.ru_maxrss // 1024}
    typer.echo(json.dumps(told) if as_json else line)
    if isinstance(found, Enclosure):
        raise typer.Exit(NOT_SOLVED)


def _shown(probability: float) -> str:
    return f"{probability:.9g}" if probability in {0.0, 1.0} else f"{probability:.8e}"
