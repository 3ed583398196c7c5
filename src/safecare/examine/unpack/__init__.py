"""Unpacking: archives, packed streams and text encodings; each one within the budget of the submission."""
