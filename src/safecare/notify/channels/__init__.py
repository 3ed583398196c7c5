"""Channels, one file each: how a notice reaches a person."""
