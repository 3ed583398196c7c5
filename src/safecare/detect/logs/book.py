"""The rules in use, which may be exchanged while detectors run."""

from __future__ import annotations

from functools import cache
from importlib import resources

from safecare.detect.logs.load import load
from safecare.detect.logs.plan import Compiled, Plan


class RuleBook:
    """Holds the plan in use. Whoever exchanges it puts another one in its place, ready to be asked."""

    def __init__(self, plan: Plan | None = None) -> None:
        """Begin with `plan`; left out: the rules that come with the platform."""
        self.plan = plan if plan is not None else _shipped_plan()


def shipped_rules() -> list[tuple[str, bytes]]:
    """Return name and text of the rules that come with the platform."""
    folder = resources.files("safecare.detect.logs").joinpath("rules")
    files = sorted(folder.iterdir(), key=lambda path: path.name)
    return [(path.name, path.read_bytes()) for path in files if path.name.endswith(".yml")]


@cache
def _shipped_plan() -> Plan:
    return Plan(Compiled(load(shipped_rules())))
