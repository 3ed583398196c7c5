"""Hypothesis without deadlines: no test of ours is a timed test, and these machines are shared."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("safecare", deadline=None)
settings.load_profile("safecare")
