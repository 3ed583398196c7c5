"""Detectors of the building world, one file each."""
