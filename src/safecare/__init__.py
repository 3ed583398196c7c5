"""Safecare: protects hospitals against physical, cyber and combined attacks."""

__version__ = "0.1.0"
