"""The lock files hold what pyproject.toml asks for; a forgotten `script/lock` shows here, not on a user's machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS = PROJECT["dependency-groups"]
RUN = [*PROJECT["project"]["dependencies"], *GROUPS["build"]]


def locked(name: str) -> dict[str, str]:
    """Version by canonical name."""
    text = (ROOT / "locks" / f"{name}.txt").read_text("utf-8")
    return {match[1].lower(): match[2] for match in re.finditer(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)}


@pytest.mark.parametrize(
    ("lock", "asked"), [("run", one) for one in RUN] + [("test", one) for one in (*RUN, *GROUPS["dev"])]
)
def test_what_is_asked_for_is_locked(lock: str, asked: str) -> None:
    requirement = Requirement(asked)
    version = locked(lock).get(re.sub(r"[-_.]+", "-", requirement.name).lower())
    assert version is not None, f"{requirement.name} is not in locks/{lock}.txt: run script/lock"
    assert requirement.specifier.contains(version, prereleases=True)


def test_no_lock_names_a_registry() -> None:
    for path in (ROOT / "locks").glob("*.txt"):
        assert "://" not in path.read_text("utf-8"), path
