"""Event in, alert out. Detectors do no I/O and know no clock, network or database."""
