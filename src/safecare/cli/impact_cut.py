"""``safecare impact cut``: the cheapest set of nodes whose loss disrupts an AND/OR graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from safecare.cli.files import read_model

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

NOT_SOLVED = 3
"""Exit code: the graph is right, but has no cut, or none was proved cheapest in the time allowed."""


@app.command()
def cut(
    file: Annotated[Path, typer.Argument(help="AND/OR graph in the JSON of META4ICS.")],
    seconds: Annotated[float, typer.Option(min=0.1, help="Time after which to give up.")] = 600.0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the cheapest nodes to cut and what they cost together.

    Exit 0: the cost is proved least. 1: the file can't be used, each reason on standard error as file:line.
    3: nothing that can be cut takes the target down, or no cut was proved cheapest in time (the best is told).
    """
    from safecare.cascade.cut import NoCutError, UnfinishedError, cheapest_cut
    from safecare.formats.and_or_graph import read_and_or_graph

    read = read_model(file, read_and_or_graph)
    for warning in read.warnings:
        typer.echo(f"{warning} (warning)", err=True)
    target = read.ids[read.graph.target]
    try:
        found = cheapest_cut(read.graph, seconds)
    except NoCutError as error:
        typer.echo(f"{file}: nothing that can be cut takes {target} down", err=True)
        raise typer.Exit(NOT_SOLVED) from error
    except UnfinishedError as error:
        best = f"the best found costs {error.best.cost:g}"
        typer.echo(f"{file}: no cut was proved cheapest in {seconds:g} s; {best}, {error}", err=True)
        raise typer.Exit(NOT_SOLVED) from error
    nodes = [read.ids[node] for node in found.nodes]
    if as_json:
        costs = {read.ids[node]: read.graph.costs[node] for node in found.nodes}
        typer.echo(
            json.dumps({"file": str(file), "target": target, "cost": found.cost, "nodes": nodes, "costs": costs})
        )
        return
    typer.echo(f"cost {found.cost:.12g}")
    typer.echo(f"nodes {' '.join(nodes)}")
