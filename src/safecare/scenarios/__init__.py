"""Scripted attacks as data, and the runner that plays them through the real doors and scores them."""
