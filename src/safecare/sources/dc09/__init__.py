"""Alarm panels that report over IP by SIA DC-09."""
