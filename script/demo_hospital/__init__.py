"""The demo hospital, described in code: Sainte-Aurore, one dense block, and Les Tilleuls, spread buildings."""
