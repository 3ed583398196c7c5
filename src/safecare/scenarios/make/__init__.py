"""Makers of inputs: bytes that the real doors take, seeded, so that a scenario is the same each time."""
