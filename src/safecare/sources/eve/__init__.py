"""Suricata's EVE records: a file that grows, or lines that are posted."""
