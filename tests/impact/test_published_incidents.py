"""Published incidents: the engine's answers are as close as each case says."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecare.testing.incidents import answers

CASES = sorted((Path(__file__).parents[1] / "cases" / "incidents").glob("*.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_published_figures_are_met(path: Path) -> None:
    found = answers(path)
    assert found
    for one in found:
        assert one.holds, f"{one.figure.what}: published {one.figure.published}, ours {one.ours:.3g}"
