"""DXF: closed polylines and hatches are rooms, lines are walls, words name rooms, door blocks are doors.

Read with ezdxf, which recovers damaged files and knows bulges, splines, blocks and units.
Source: Autodesk DXF Reference (``$INSUNITS``: 1 inches, 2 feet, 4 millimetres, 5 centimetres, 6 metres, 14 decimetres).
"""

from __future__ import annotations

import io
import re
from itertools import islice
from typing import Any

from safecare.formats.drawing.shape import DrawingError, Sketch
from safecare.model.text import say

UNITS = {1: 0.0254, 2: 0.3048, 4: 0.001, 5: 0.01, 6: 1.0, 14: 0.1}
"""Metres of one unit by the number of ``$INSUNITS``."""
DOOR = re.compile(r"(?i)(?:^|[^a-z])(?:door|porte|tuer|tür)")
"""Names of blocks and layers that are doors: English, French, German."""
SKIPPED = re.compile(r"(?i)furn|mobilier|cote|dim|hatch|axe|grid|defpoints|cartouche|title")
"""Layers that hold no walls and rooms: furniture, measures, axes, title block. Chosen from usual names of layers."""
FLAT = 0.05
"""Metres that a chord may be away from its arc."""
MOST_ENTITIES = 300_000
"""Entities looked at, those within blocks too; the rest is left out. Chosen: ten times a furnished storey."""


def read_dxf(raw: bytes) -> Sketch:
    """Read a drawing's model space. Raises `DrawingError`, also where ezdxf is not installed."""
    try:
        from ezdxf import recover
        from ezdxf.disassemble import recursive_decompose
        from ezdxf.lldxf.const import DXFError
    except ImportError as error:
        raise DrawingError(say("The library ezdxf is not installed: pip install 'safecare[plans]'.")) from error
    try:
        document, _ = recover.read(io.BytesIO(raw))
        sketch = Sketch(UNITS.get(int(document.header.get("$INSUNITS", 0)), 0.0))
        flat = FLAT / (sketch.unit or 0.001)
        space = document.modelspace()
        for entity in space.query("INSERT"):
            if DOOR.search(entity.dxf.name) or DOOR.search(entity.dxf.layer):
                sketch.door((float(entity.dxf.insert.x), float(entity.dxf.insert.y)), _place(entity))
        for entity in islice(recursive_decompose(space), MOST_ENTITIES):
            if not SKIPPED.search(entity.dxf.get("layer", "")):
                _take(sketch, entity, flat)
    except DrawingError:
        raise
    except (DXFError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError) as error:
        # What its structures hold is the file's author's choice: the library says so with errors of many kinds.
        raise DrawingError(say("This is no DXF: {reason}", reason=f"{type(error).__name__}: {error}"[:200])) from error
    return sketch


def _take(sketch: Sketch, entity: Any, flat: float) -> None:
    from ezdxf.path import make_path

    kind, place = entity.dxftype(), _place(entity)
    match kind:
        case "TEXT" | "ATTRIB" | "MTEXT":
            sketch.label(entity.plain_text(), (float(entity.dxf.insert.x), float(entity.dxf.insert.y)), place)
        case "LINE":
            start, end = entity.dxf.start, entity.dxf.end
            sketch.line([(float(start.x), float(start.y)), (float(end.x), float(end.y))], place)
        case "LWPOLYLINE" | "POLYLINE" | "CIRCLE":
            if kind == "POLYLINE" and not entity.is_2d_polyline:
                return
            points = [(float(point.x), float(point.y)) for point in make_path(entity).flattening(flat)]
            if kind == "CIRCLE" or entity.is_closed or (len(points) > 3 and points[0] == points[-1]):
                sketch.outline(points, place)
            else:
                sketch.line(points, place)
        case _:
            return


def _place(entity: Any) -> str:
    return f"{entity.dxftype()} {entity.dxf.get('handle', '?')}"
