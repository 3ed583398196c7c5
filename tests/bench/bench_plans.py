"""Drawings read in a confined process, a plan checked with the whole hospital, and the impact graph with a what-if."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable

from safecare.cascade.engine import Cascade
from safecare.demo import HOSPITAL
from safecare.formats.hospital import Redrawn, load
from safecare.impact.whatif import kept_from_harm, look_at
from safecare.model.hospital import Hospital
from safecare.sources.files.drawings import read_confined
from safecare.testing.bench import Row
from safecare.testing.cascade import DEMO, incident_of, theft_alerts

COLUMNS, ROWS = 60, 30
"""Rooms of the drawing: 1,800, as a large university hospital's storey."""
REPEATS = 3
LEVEL = "aurore.0"


def rows() -> Iterable[Row]:
    """Measure, wall time, best of three."""
    rooms = COLUMNS * ROWS
    dxf, svg = _dxf(), _svg()
    found = read_confined(dxf, "dxf")
    yield Row(
        what=f"DXF of {rooms} rooms, {len(dxf) // 1000} kB, read in a confined process ({len(found.rooms)} found)",
        figure=_best(lambda: read_confined(dxf, "dxf")),
        unit="s",
        better="less",
        target=5.0,
    )
    yield Row(
        what=f"SVG of {rooms} rooms read in a confined process",
        figure=_best(lambda: read_confined(svg, "svg", unit=0.001)),
        unit="s",
        better="less",
        target=5.0,
    )
    plan = (HOSPITAL / "plans" / f"{LEVEL}.geojson").read_bytes()
    yield Row(
        what="a plan checked with the whole demo hospital",
        figure=_best(lambda: load(HOSPITAL, Redrawn({LEVEL: plan}))),
        unit="s",
        better="less",
        target=5.0,
    )
    hospital = load(HOSPITAL).hospital
    assert hospital is not None
    yield from _graph(hospital)


def _graph(hospital: Hospital) -> Iterable[Row]:
    cascade = Cascade.of(hospital)
    alerts = theft_alerts(DEMO)
    incident = incident_of(alerts)
    things = len(look_at(cascade, incident, alerts).graph.nodes)
    yield Row(
        what=f"impact graph of {things} things, played and drawn up",
        figure=_best(lambda: look_at(cascade, incident, alerts)),
        unit="s",
        better="less",
        target=1.0,
    )
    change = kept_from_harm(cascade.system, [DEMO.board], [], 0.0)
    yield Row(
        what="the same with a what-if",
        figure=_best(lambda: look_at(cascade, incident, alerts, change)),
        unit="s",
        better="less",
        target=1.0,
    )


def _best(act: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        act()
        times.append(time.perf_counter() - begin)
    return min(times)


def _dxf() -> bytes:
    from ezdxf.filemanagement import new

    document = new()
    document.header["$INSUNITS"] = 4
    space = document.modelspace()
    for x, y in _corners():
        space.add_lwpolyline([(x, y), (x + 5000, y), (x + 5000, y + 4000), (x, y + 4000)], close=True)
        space.add_text(f"B{x // 5000}-{y // 4000}").set_placement((x + 1000, y + 2000))
    out = io.StringIO()
    document.write(out)
    return out.getvalue().encode()


def _svg() -> bytes:
    shapes = "".join(
        f'<rect x="{x}" y="{y}" width="5000" height="4000"/><text x="{x + 1000}" y="{y + 2000}">B{x}-{y}</text>'
        for x, y in _corners()
    )
    return f"<svg>{shapes}</svg>".encode()


def _corners() -> Iterable[tuple[int, int]]:
    return ((column * 5000, row * 4000) for column in range(COLUMNS) for row in range(ROWS))
