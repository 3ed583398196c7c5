"""ARC: what those who passed a mail on found of its sender, sealed so that none can change it. Source: RFC 8617.

A chain tells nothing by itself, since anyone may seal what he likes: it is worth what the site thinks of its sealers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from safecare.formats.mail_auth import Query, Reply, tags
from safecare.formats.mail_auth.dkim import HOST, Message, Signature, covered, emptied, relaxed_field, signed_by

MOST_SETS = 10
"""Sets of a chain that is checked; RFC 8617 section 4.2.1 allows 50. Chosen: measured chains have three."""
_NAMES = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")
_INSTANCE = re.compile(r"\s*i\s*=\s*(\d{1,2})\s*;")
_SEAL = frozenset({"i", "a", "b", "d", "s", "cv"})
_SIGNATURE = frozenset({"i", "a", "b", "bh", "d", "h", "s"})


@dataclass(frozen=True)
class Set:
    """What one server added: its findings (text behind ``i=n;``), its signature over the mail, its seal."""

    findings: str
    signature: Signature
    seal: Signature
    fields: tuple[bytes, bytes, bytes]


@dataclass(frozen=True)
class Chain:
    """The sets of a mail, oldest first; `broken`: fields are there, but they are no chain."""

    sets: tuple[Set, ...] = ()
    broken: bool = False

    @property
    def queries(self) -> tuple[Query, ...]:
        """Where the keys are that it takes to check the chain."""
        return (*(one.seal.query for one in self.sets), *(one.signature.query for one in self.sets[-1:]))

    @property
    def sealers(self) -> frozenset[str]:
        """The domains that sealed."""
        return frozenset(one.seal.domain for one in self.sets)


def chain_of(message: Message) -> Chain:
    """Return the chain of `message` (section 5.2, steps 1 to 3); empty if it has none, or one too long to check."""
    found: dict[int, dict[bytes, tuple[str, bytes]]] = {}
    for name, field in message.fields:
        if name not in _NAMES:
            continue
        text = field.partition(b":")[2].decode("utf-8", "replace")
        number = _number(name, text)
        if not number or name in found.setdefault(number, {}):
            return Chain(broken=True)
        found[number][name] = text, field
    if len(found) > MOST_SETS:
        return Chain()
    sets = [_set(number, found[number]) for number in sorted(found)]
    if sorted(found) != list(range(1, len(found) + 1)) or None in sets:
        return Chain(broken=True)
    return Chain(tuple(one for one in sets if one is not None))


def verified(message: Message, chain: Chain, replies: dict[str, Reply]) -> str:
    """Return ``none``, ``pass``, ``fail``, ``neutral`` (a key is gone) or ``temperror``; `replies` by `Query.key`."""
    if chain.broken:
        return "fail"
    if not chain.sets:
        return "none"
    last = chain.sets[-1]
    results = [covered(message, last.signature, replies[last.signature.query.key])]
    for number in range(len(chain.sets), 0, -1):
        seal = chain.sets[number - 1].seal
        results.append(signed_by(seal, replies[seal.query.key], _sealed(chain.sets[:number])))
    for worst in ("fail", "temperror", "neutral"):
        if worst in results:
            return worst
    return "pass"


def _number(name: bytes, text: str) -> int:
    if name == _NAMES[0]:
        found = _INSTANCE.match(text)
        return int(found[1]) if found else 0
    told = (tags(text) or {}).get("i", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) <= 2 else 0


def _set(number: int, fields: dict[bytes, tuple[str, bytes]]) -> Set | None:
    """Return the set `number`; None if a field is missing or damaged, or the seal says that the chain was broken."""
    if len(fields) != len(_NAMES):
        return None
    findings, signature, seal = (fields[one] for one in _NAMES)
    of_mail, of_set = tags(signature[0]) or {}, tags(seal[0]) or {}
    if not (of_mail.keys() >= _SIGNATURE and of_set.keys() >= _SEAL) or "h" in of_set:
        return None
    if of_set["cv"].lower() != ("none" if number == 1 else "pass"):
        return None
    if not all(HOST.fullmatch(one[name]) for one in (of_mail, of_set) for name in ("d", "s")):
        return None
    return Set(
        " ".join(findings[0].partition(";")[2].split()),
        Signature(of_mail, signature[1]),
        Signature(of_set, seal[1]),
        (findings[1], signature[1], seal[1]),
    )


def _sealed(sets: tuple[Set, ...]) -> bytes:
    """Return what the seal of the last of `sets` covers: all fields up to its own, emptied (section 5.1.1)."""
    fields = [field for one in sets for field in one.fields]
    own = relaxed_field(emptied(fields.pop())).removesuffix(b"\r\n")
    return b"".join(map(relaxed_field, fields)) + own


__all__ = ["MOST_SETS", "Chain", "Set", "chain_of", "verified"]
