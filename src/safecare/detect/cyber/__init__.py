"""Detectors of the cyber world, one file each."""
