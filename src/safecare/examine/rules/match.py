"""Matching of YARA rules, by YARA-X, on every part.

A rule may say its `weight` (0-1) in its meta data; others weigh `UNKNOWN`. Rules of a site must be admitted first: one
that is slow on harmless bytes, or that matches them, would stop everything (`admit`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from safecare.examine.api import ANY, Context, Finding, Part, Where, analyser
from safecare.model.text import say

if TYPE_CHECKING:
    import yara_x

SECONDS = 5
"""Time in which a rule is tried for admission (s). Chosen: own rules take 5 ms per MB."""
UNKNOWN = 0.7
"""Weight of a rule that says none. Chosen: someone wrote it to find attacks."""
SLOWEST = 0.05
"""Seconds per MB of harmless bytes that an admitted rule may take. Chosen: ten times the project's own set."""
SAMPLE = 1 << 20
"""Bytes of harmless text on which a rule is tried; as many of noise. Chosen: 0.1 s for a slow rule."""


@cache
def own_rules() -> str:
    """Return the project's own rules."""
    return files("safecare.examine.rules").joinpath("own.yar").read_text("utf-8")


@cache
def compiled(sources: tuple[str, ...]) -> yara_x.Rules:
    """Return own rules and `sources`, compiled. Raises `ValueError` for a rule that is none."""
    import yara_x

    compiler = yara_x.Compiler()
    for number, text in enumerate((own_rules(), *sources)):
        compiler.new_namespace("safecare" if number == 0 else f"site{number}")
        try:
            compiler.add_source(text)
        except yara_x.CompileError as error:
            raise ValueError(str(error)) from error
    return compiler.build()


@analyser("rules", wants={ANY}, needs=("yara_x",))
class Rules:
    """Tells which rules match a part."""

    def __init__(self) -> None:
        self._scanner: tuple[tuple[str, ...], Any] | None = None

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield a finding for each rule."""
        import yara_x

        if self._scanner is None or self._scanner[0] != context.rules:
            # No time limit of the scanner's own: its clock is a thread, and the door of a worker is locked with one
            # thread only. The worker's limits hold for rules too.
            self._scanner = (context.rules, yara_x.Scanner(compiled(context.rules)))
        found = self._scanner[1].scan(part.raw)
        for rule in found.matching_rules:
            told = dict(rule.metadata)
            matches = [match for pattern in rule.patterns for match in pattern.matches]
            place = (matches[0].offset, matches[0].offset + matches[0].length) if matches else None
            name = f"{rule.namespace}.{rule.identifier}" if rule.namespace != "safecare" else rule.identifier
            why = say("A known pattern was found: {rule}.", rule=name)
            yield Finding(f"rule.{name}", why, _weight(told.get("weight")), Where(bytes=place), kind=f"rule.{name}")


def _weight(told: object) -> float:
    try:
        return min(1.0, max(0.0, float(str(told))))
    except ValueError:
        return UNKNOWN


def admit(text: str, harmless: Iterable[bytes], clock: Callable[[], float] = time.process_time) -> str:
    """Return why the rules in `text` are not admitted, in English; empty if they are. `clock` gives CPU seconds."""
    import yara_x

    try:
        compiler = yara_x.Compiler()
        compiler.add_source(text)
        scanner = yara_x.Scanner(compiler.build())
    except yara_x.CompileError as error:
        return f"not a YARA-X rule: {str(error).splitlines()[0]}"
    scanner.set_timeout(SECONDS)
    for raw in harmless:
        begun = clock()
        try:
            found = scanner.scan(raw)
        except yara_x.TimeoutError:
            return f"takes more than {SECONDS} s on {len(raw)} harmless bytes"
        took = (clock() - begun) / max(1e-6, len(raw) / 1e6)
        if took > SLOWEST and len(raw) >= SAMPLE // 2:
            return f"takes {took * 1000:.0f} ms per MB of harmless bytes, more than {SLOWEST * 1000:.0f}"
        if found.matching_rules:
            return f"rule {found.matching_rules[0].identifier} matches harmless bytes"
    return ""
