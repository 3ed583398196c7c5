"""The engine: recognises what a file is, hands it to the analysers, and examines what they unpack, within one budget.

No analyser can stop another: what one raises becomes a finding. The same bytes met again are not examined again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import msgspec

import safecare.examine
from safecare.examine.api import (
    ANY,
    Analyser,
    Budget,
    Context,
    Finding,
    LimitError,
    Limits,
    Part,
    Unpacked,
    UnreadableError,
    Verdict,
    Where,
)
from safecare.examine.types import recognise
from safecare.examine.verdict import score, verdict
from safecare.model.plugins import Found, discover
from safecare.model.text import Text, say

if TYPE_CHECKING:
    from safecare.formats.mail import Mail

NAMES = frozenset({"name"})
"""Analysers that look at what a part is called."""
MOST_FINDINGS = 500
"""Findings that are kept, one rule at most `MOST_SAME` times. Chosen: more than a person reads."""
MOST_SAME = 20
LIMIT = 0.5
"""Weight of a limit that was reached: what lies behind it is not judged, and hiding behind size is a known trick."""
SLOW = 0.2
"""Weight of what is packed by a method that we read slowly. Chosen: tools of administrators are packed so, too."""

_LIMITS: Mapping[str, Text] = {
    "size": say("It unpacks to far more than an honest file of its size: judged only in part."),
    "member": say("A part of it is too large when unpacked: judged only in part."),
    "depth": say("Containers are nested too deeply: judged only in part."),
    "parts": say("It holds too many parts: judged only in part."),
    "members": say("A container in it has too many members: judged only in part."),
    "slow": say("It is packed by a slow method: judged only in part."),
}
_OTHER_LIMIT = say("A limit was reached: judged only in part.")


@cache
def analysers() -> Found[type[Analyser]]:
    """Return the analysers of this package and of others (entry point ``safecare.analysers``)."""
    return discover(safecare.examine, "analyser", "safecare.analysers")


class Engine:
    """Judges files one by one. `only` narrows the analysers by name, for tests and measurements."""

    def __init__(
        self,
        *,
        own: Iterable[str] = (),
        rules: Iterable[str] = (),
        mail_model: bytes = b"",
        limits: Limits | None = None,
        only: Iterable[str] = (),
    ) -> None:
        """Take the site's mail domains, YARA rules and mail model, and the bounds of one submission."""
        chosen = set(only)
        self._own, self._rules, self._limits = tuple(own), tuple(rules), limits or Limits()
        self._mail_model = mail_model
        self._by_type: dict[str, list[tuple[str, Analyser]]] = {}
        for name, cls in analysers().parts.items():
            if not chosen or name in chosen:
                made = cls()
                for wanted in cls.wants:
                    self._by_type.setdefault(wanted, []).append((name, made))

    def judge(
        self,
        raw: bytes,
        name: str = "",
        media: str = "",
        mail: Mail | None = None,
        checked: str = "",
        unpacked: Unpacked | None = None,
    ) -> Verdict:
        """Return the verdict on the file `raw` that is called `name`. Never raises for what the bytes hold.

        `mail`: `raw` as it was read already, for the same domains of the site; it is used up. `checked`: what is known
        of a mail's sender (`safecare.formats.mail_auth`). `unpacked` takes what is unpacked, as far as it has room.
        """
        context = Context(Budget(self._limits, len(raw)), self._own, rules=self._rules, mail_model=self._mail_model)
        context.read = (raw, mail) if mail else None
        context.checked, context.unpacked = checked, unpacked
        root = Part(raw, name, media)
        root = replace(root, types=recognise(root))
        context.mail = (
            not {"mail", "mbox", "tnef"}.isdisjoint(root.types)
            or b"_\x00_\x00s\x00u\x00b\x00s\x00t\x00g\x001" in raw[:65536]
        )
        findings = _Findings()
        seen = {(len(raw), hash(raw))}
        for finding in self._visit(root, context, seen):
            findings.add(finding)
        if context.budget.slow >= self._limits.slow:
            findings.add(_limit(LimitError("slow"), root))
        total = score(findings.kept)
        return Verdict(
            hashlib.sha256(raw).hexdigest(),
            "+".join(root.types),
            verdict(total, findings.kept),
            total,
            tuple(findings.kept),
        )

    def _visit(
        self, part: Part, context: Context, seen: set[tuple[int, int]], only: frozenset[str] = frozenset()
    ) -> Iterator[Finding]:
        for name, one in self._for(part.types):
            if only and name not in only:
                continue
            try:
                for item in one.examine(part, context):
                    if isinstance(item, Finding):
                        yield _placed(item, part)
                    else:
                        yield from self._child(item, context, seen)
            except LimitError as error:
                yield _limit(error, part)
            except UnreadableError as error:
                yield Finding(
                    f"{name}.broken",
                    say("A part is damaged: {reason}.", reason=error.reason),
                    where=Where(part.path, error.place),
                    unreadable=part.depth == 0,
                )
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever hostile bytes provoke is told, never fatal
                yield Finding(
                    f"{name}.failed",
                    say("The analyser {name} gave up ({error}).", name=name, error=type(error).__name__),
                    where=Where(part.path),
                    unreadable=True,
                )

    def _child(self, part: Part, context: Context, seen: set[tuple[int, int]]) -> Iterator[Finding]:
        context.budget.count()
        mark = (len(part.raw), hash(part.raw))
        if mark in seen:  # its bytes are judged already, its name is another
            yield from self._visit(replace(part, types=recognise(part)), context, seen, only=NAMES)
            return
        seen.add(mark)
        if context.unpacked:
            context.unpacked.keep(part)
        if part.depth > self._limits.depth:
            yield _limit(LimitError("depth"), part)
            return
        yield from self._visit(replace(part, types=recognise(part)), context, seen)

    def _for(self, types: tuple[str, ...]) -> Iterator[tuple[str, Analyser]]:
        done: set[str] = set()
        for wanted in (*types, ANY):
            for name, one in self._by_type.get(wanted, ()):
                if name not in done:
                    done.add(name)
                    yield name, one


class _Findings:
    """Findings in the order met; of one rule and many of all only so many."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self._count: dict[str, int] = {}

    def add(self, finding: Finding) -> None:
        count = self._count.get(finding.rule, 0)
        if count < MOST_SAME and (len(self.kept) < MOST_FINDINGS or not count):
            self._count[finding.rule] = count + 1
            self.kept.append(finding)


def _placed(finding: Finding, part: Part) -> Finding:
    if finding.where.part or not part.path:
        return finding
    return msgspec.structs.replace(finding, where=msgspec.structs.replace(finding.where, part=part.path))


def _limit(error: LimitError, part: Part) -> Finding:
    why = _LIMITS.get(error.limit, _OTHER_LIMIT)
    weight = SLOW if error.limit == "slow" else LIMIT
    return Finding(f"limit.{error.limit}", why, weight, Where(part.path, error.place))
