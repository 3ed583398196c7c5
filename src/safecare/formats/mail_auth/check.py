"""What we ourselves find of a mail's sender: SPF as the door asked it, DKIM, and whether they fit the visible sender.

Source: RFC 7489 (DMARC) with the walk up the names of its successor (draft-ietf-dmarc-dmarcbis, 4.10); results in
the words of RFC 8601. What can't be told is not told: a resolver that does not answer is no evidence against a mail.
For mail that was passed on, seals (RFC 8617) of those whom the site believes stand in for what passing on breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from safecare.formats.domains import registered
from safecare.formats.mail import addresses
from safecare.formats.mail_auth import Query, Reply, tags
from safecare.formats.mail_auth.arc import Set, chain_of, verified
from safecare.formats.mail_auth.dkim import Message, verify
from safecare.formats.mime import read_mime

WRITER = "safecare"
"""Who says so (authserv-id)."""
HEAD = 64 * 1024
"""Bytes in which the visible sender is looked for: those of the largest header that is read."""
_DMARC_PASS = re.compile(r"(?:^|;) ?dmarc ?= ?pass\b[^;]{0,300}?\bheader\.from ?= ?([\w.-]{1,253})", re.IGNORECASE)
_STEPS = 4
"""Names above the sender's that are asked for a policy. The draft says eight; four reach every registered domain."""
_DOMAIN = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,250}[a-z0-9_])?", re.IGNORECASE)


class Checked(NamedTuple):
    """What was found, as the value of an ``Authentication-Results`` field (empty: nothing); questions still open."""

    results: str = ""
    wanted: tuple[Query, ...] = ()


def checked(raw: bytes, spf: str, replies: Mapping[str, Reply], sealers: Iterable[str] = (), at: int = 0) -> Checked:
    """Check the mail `raw`. `spf`: result and domain (``pass example.org``), empty where the door did not ask.

    `replies` by `Query.key`; what is missing there is in `Checked.wanted`: call again with it. `sealers`: domains whose
    ARC seals the site believes; `at`: when the mail came (s since 1970; 0: not known).
    """
    message = Message.read(raw)
    senders = addresses(read_mime(raw[:HEAD]).headers, "From")
    domain = senders[0][1] if len(senders) == 1 and _DOMAIN.fullmatch(senders[0][1]) else ""
    signatures = message.signatures()
    names = _policy_names(domain) if domain else []
    chain = chain_of(message)
    asked = [*(one.query for one in signatures), *(Query(one, "TXT") for one in names), *chain.queries]
    wanted = tuple(dict.fromkeys(one for one in asked if one.key not in replies))
    if wanted:
        return Checked(wanted=wanted)
    signed = [(one.domain, verify(message, one, replies[one.query.key], at)) for one in signatures]
    word, _, envelope = spf.partition(" ")
    good = [("dkim", one) for one, result in signed if result == "pass"]
    good += [("spf", envelope)] if word == "pass" else []
    policy = _policy([replies[Query(one, "TXT").key] for one in names])
    unsure = word == "temperror" or policy is None or any(result == "temperror" for _, result in signed)
    told = [f"spf={word} smtp.mailfrom={envelope}"] if word and word != "temperror" else []
    told += [f"dkim={result} header.d={one}" for one, result in signed if result != "temperror"]
    passed_on = verified(message, chain, dict(replies))
    if passed_on in ("pass", "fail"):
        told.append(f"arc={passed_on}" + "".join(f" header.d={one.seal.domain}" for one in chain.sets[-1:]))
    if passed_on == "pass" and domain and chain.sealers <= frozenset(sealers) and _found_good(chain.sets[0], domain):
        kept = [one for one in told if "=pass " in one]  # what passing on breaks is no evidence
        return Checked("; ".join((WRITER, *kept, f"dmarc=pass header.from={domain} policy.arc=pass")))
    if any(_aligned(one, domain, (policy or {}).get(f"a{how}", "r")) for how, one in good) and policy:
        told.append(f"dmarc=pass header.from={domain}")
    elif not good and unsure:
        return Checked()
    elif policy and word:
        told.append(f"dmarc=fail header.from={domain}")
    return Checked("; ".join((WRITER, *told)) if told else "")


def _found_good(first: Set, domain: str) -> bool:
    """Tell whether the first who passed the mail on had found that `domain` sent it (DMARC)."""
    return any(found[1].lower() == domain for found in _DMARC_PASS.finditer(first.findings[:4000]))


def _aligned(one: str, sender: str, mode: str) -> bool:
    """Tell whether a checked domain is the visible sender's: the same one (``s``), or of the same owner."""
    return one == sender if mode == "s" else registered(one) == registered(sender)


def _policy_names(domain: str) -> list[str]:
    """Return where a policy for `domain` may stand, nearest first."""
    labels, base = domain.split("."), registered(domain)
    names = [".".join(labels[start:]) for start in range(len(labels))]
    return [f"_dmarc.{one}" for one in names if one == base or one.endswith(f".{base}")][-_STEPS:]


def _policy(replies: list[Reply]) -> dict[str, str] | None:
    """Return the nearest policy, empty if there is none; None where an answer that decides is missing."""
    for reply in replies:
        if reply.failed:
            return None
        found = [one for one in map(tags, reply.records) if one and one.get("v", "").upper() == "DMARC1"]
        if len(found) == 1:
            return found[0]
    return {}


__all__ = ["Checked", "checked"]
