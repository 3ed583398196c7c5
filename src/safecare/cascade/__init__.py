"""The cascade: what breaks next, when, and what that costs care.

Pure algebra over the hospital, shared by the rooms `impact` (which tells it) and `decide` (which tries
responses on it). See docs/decisions/0001-cascade-room.md.
"""
