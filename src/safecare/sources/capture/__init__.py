"""Packet captures that a sensor or a person puts into a folder."""
