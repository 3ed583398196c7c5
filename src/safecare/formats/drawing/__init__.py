"""Drawings of storeys that a hospital already has, read into rooms and doors: GeoJSON, SVG, DXF, OpenStreetMap.

Written by anybody: read live in confined workers. Each reader is pure, bounded, and raises `DrawingError` only.
"""

from __future__ import annotations

from safecare.formats.drawing.assemble import Drawing, assemble
from safecare.formats.drawing.geojson import read_geojson
from safecare.formats.drawing.osm import read_osm
from safecare.formats.drawing.shape import MOST_BYTES, DrawingError
from safecare.formats.drawing.svg import read_svg
from safecare.model.text import say

__all__ = ["FORMATS", "Drawing", "DrawingError", "format_of", "read_drawing"]

FORMATS = ("geojson", "svg", "dxf", "osm")
ENDINGS = {".geojson": "geojson", ".json": "geojson", ".svg": "svg", ".dxf": "dxf", ".osm": "osm"}


def format_of(name: str, raw: bytes) -> str:
    """Return the format of a file by its name's ending, else by its first bytes; empty if neither tells."""
    for ending, known in ENDINGS.items():
        if name.lower().endswith(ending):
            return known
    head = raw[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"{"):
        return "geojson"
    if b"<svg" in head:
        return "svg"
    if b"<osm" in head:
        return "osm"
    return "dxf" if b"SECTION" in head or head.startswith(b"AutoCAD Binary DXF") else ""


def read_drawing(raw: bytes, form: str, level: str = "", unit: float = 0.0) -> Drawing:
    """Read a drawing of format `form`: storey `level` of it, one unit being `unit` metres. Raises `DrawingError`."""
    if len(raw) > MOST_BYTES:
        raise DrawingError(say("The file is larger than {limit} MB.", limit=MOST_BYTES // 1024**2))
    match form:
        case "geojson":
            sketch = read_geojson(raw, level)
        case "osm":
            sketch = read_osm(raw, level)
        case "svg":
            sketch = read_svg(raw)
        case "dxf":
            from safecare.formats.drawing.dxf import read_dxf  # ezdxf takes its time

            sketch = read_dxf(raw)
        case _:
            known = ", ".join(FORMATS)
            raise DrawingError(say("This is no drawing of a known format: {formats}.", formats=known))
    return assemble(sketch, unit)
