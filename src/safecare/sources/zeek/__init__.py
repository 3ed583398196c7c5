"""Zeek's logs."""
