"""Drawings of two rooms and a corridor in each format, made here."""

from __future__ import annotations

import io

SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200">
<g transform="translate(10,10)">
<rect x="0" y="0" width="50" height="40"/><text x="10" y="20">Pharmacie</text>
<path d="M50 0 h60 v40 h-60 z"/><text x="60" y="20">Salle <tspan>2</tspan></text>
<polygon points="0,40 110,40 110,60 0,60"/><text x="30" y="50">Couloir</text>
<rect id="porte_1" x="20" y="39" width="9" height="2"/></g></svg>"""

OSM = b"""<osm version="0.6">
<node id="1" lat="49.4" lon="8.67"/><node id="2" lat="49.4" lon="8.6701"/><node id="3" lat="49.40005" lon="8.6701"/>
<node id="4" lat="49.40005" lon="8.67"/><node id="5" lat="49.4" lon="8.6702"/><node id="6" lat="49.40005" lon="8.6702"/>
<node id="7" lat="49.400025" lon="8.6701"><tag k="door" v="yes"/></node>
<way id="9"><nd ref="1"/><nd ref="2"/><nd ref="7"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
<tag k="indoor" v="room"/><tag k="name" v="Bureau"/><tag k="level" v="0-1"/></way>
<way id="10"><nd ref="2"/><nd ref="5"/><nd ref="6"/><nd ref="3"/><nd ref="7"/><nd ref="2"/>
<tag k="indoor" v="corridor"/><tag k="level" v="1"/></way></osm>"""

GEOJSON = b"""{"type": "FeatureCollection", "features": [
{"type": "Feature", "id": "l", "feature_type": "level", "geometry": null, "properties": {"ordinal": 2}},
{"type": "Feature", "id": "u1", "feature_type": "unit", "geometry": {"type": "Polygon", "coordinates":
[[[0, 0], [5, 0], [5, 4], [0, 4], [0, 0]]]}, "properties": {"level_id": "l", "name": {"fr": "Bloc"}}},
{"type": "Feature", "id": "u2", "feature_type": "unit", "geometry": {"type": "Polygon", "coordinates":
[[[5, 0], [9, 0], [9, 4], [5, 4], [5, 0]]]}, "properties": {"level_id": "l", "category": "corridor"}},
{"type": "Feature", "id": "o", "feature_type": "opening", "geometry": {"type": "LineString", "coordinates":
[[5, 1], [5, 2]]}, "properties": {"level_id": "l"}}]}"""


def dxf(unit: int = 4, lines: bool = False) -> bytes:
    """Return two offices with a door block between them; `lines`: drawn as single walls."""
    from ezdxf.filemanagement import new

    scale = {4: 1000.0, 6: 1.0, 0: 1000.0}[unit]
    document = new()
    document.header["$INSUNITS"] = unit
    space = document.modelspace()
    rooms = [[(0, 0), (5, 0), (5, 4), (0, 4)], [(5, 0), (9, 0), (9, 4), (5, 4)]]
    for number, room in enumerate(rooms):
        corners = [(x * scale, y * scale) for x, y in room]
        if lines:
            for one, other in zip(corners, (*corners[1:], corners[0]), strict=True):
                space.add_line(one, other)
        else:
            space.add_lwpolyline(corners, close=True)
        space.add_text(f"Bureau {number + 1}").set_placement((corners[0][0] + scale, 2 * scale))
    leaf = document.blocks.new("PORTE_90")
    leaf.add_line((0, 0), (0.9 * scale, 0))
    space.add_blockref("PORTE_90", (5 * scale, 1.5 * scale))
    out = io.StringIO()
    document.write(out)
    return out.getvalue().encode()
