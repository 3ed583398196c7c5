"""A real platform for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from platform_harness import private

from safecare.scenarios.private import PrivatePlatform


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[PrivatePlatform]:
    """A platform that is not started yet; stopped after the test."""
    one = private(tmp_path / "data")
    yield one
    one.stop()
