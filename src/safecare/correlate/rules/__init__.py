"""Correlation rules: files that say which alerts, where, of whom and when, are together more than each alone."""
