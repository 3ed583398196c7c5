"""Detectors of the physical world, one file each."""
