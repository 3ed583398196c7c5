"""Protocols on the wire, each by its payload and not by its port. Pure, bounded; they raise `WireError` only."""
