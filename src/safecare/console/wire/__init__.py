"""What travels between console and browser, field by field: the contract with the front end.

Texts are already in the reader's language, times ISO 8601 UTC, durations in seconds.
"""
