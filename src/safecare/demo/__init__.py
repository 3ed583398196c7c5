"""The demo hospital that comes with the package: Sainte-Aurore and Les Tilleuls, all invented."""
