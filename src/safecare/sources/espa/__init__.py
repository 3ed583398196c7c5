"""Nurse calls and fire panels that call pagers by ESPA 4.4.4: we are one of the pagers."""
