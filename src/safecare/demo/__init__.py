"""The demo hospital that comes with the package: Sainte-Aurore and Les Tilleuls, all invented."""

from pathlib import Path

HOSPITAL = Path(__file__).parent / "hospital"
"""Folder of its files."""
