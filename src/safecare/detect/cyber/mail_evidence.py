"""What each fact of a mail is worth as evidence of phishing, by the kind of evidence it is.

Facts of one kind tell much the same thing (a look-alike sender usually has look-alike links), so only the
strongest of a kind counts in full. Weights are probabilities that a mail with this fact alone is phishing,
seen from a hospital's staff mailbox; they are the project's judgement, set from public reports (ANSSI CERT-FR,
Verizon DBIR, NIST Phish Scale 2023) and held in one table, so that measured ones can replace them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from safecare.model.text import Text, say


class Weight(msgspec.Struct, frozen=True):
    """Kind of evidence, strength 0-1, and the sentence that explains it."""

    kind: str
    strength: float
    because: Text


def _w(kind: str, strength: float, because: Text) -> Weight:
    return Weight(kind, strength, because)


EVIDENCE: Mapping[str, Weight] = {
    # who it is from
    "mail.from.lookalike-own": _w("sender", 0.75, say("The sender's domain imitates one of the hospital's own.")),
    "mail.from.mixed-script": _w("sender", 0.8, say("The sender's domain mixes alphabets to look like another one.")),
    "mail.from.lookalike-brand": _w("sender", 0.6, say("The sender's domain imitates a known company.")),
    "mail.from.display-address": _w("sender", 0.55, say("The sender's name shows another address than the real one.")),
    "mail.from.own-name": _w("sender", 0.55, say("The sender's name is the hospital's, the address is not.")),
    "mail.from.brand-name": _w("sender", 0.45, say("The sender's name is a known company's, the address is not.")),
    "mail.auth.dmarc.fail": _w("sender", 0.4, say("The sender's domain did not send this mail (DMARC).")),
    "mail.auth.spf.fail": _w("sender", 0.25, say("The delivering server may not send for the sender's domain (SPF).")),
    "mail.auth.dkim.fail": _w("sender", 0.15, say("The signature of the sender's domain is not valid (DKIM).")),
    "mail.from.multiple": _w("sender", 0.35, say("The mail names several senders.")),
    "mail.reply-to.differs": _w("sender", 0.2, say("Answers would go to another domain than the sender's.")),
    # where it leads
    "mail.link.lookalike-own": _w("link", 0.75, say("A link leads to an imitation of the hospital's own domain.")),
    "mail.link.mixed-script": _w("link", 0.8, say("A link leads to a domain that mixes alphabets.")),
    "mail.link.lookalike-brand": _w("link", 0.55, say("A link leads to a domain that imitates a known company.")),
    "mail.link.user-info": _w("link", 0.6, say("A link is written to look like another address.")),
    "mail.link.odd-scheme": _w("link", 0.5, say("A link holds a script or data instead of an address.")),
    "mail.link.address": _w("link", 0.45, say("A link leads to a bare network address.")),
    "mail.link.executable": _w("link", 0.4, say("A link leads to a program or archive.")),
    "mail.link.text-mismatch": _w("link", 0.3, say("A link shows one domain and leads to another.")),
    "mail.link.shortened": _w("link", 0.15, say("A shortened link hides where it leads.")),
    # what it carries
    "office.macro.autoexec": _w("content", 0.6, say("An attached document holds a macro that runs by itself.")),
    "office.macro.execute": _w("content", 0.55, say("A macro in an attached document can start programs.")),
    "office.macro.download": _w("content", 0.6, say("A macro in an attached document can fetch files.")),
    "office.macro.obfuscated": _w("content", 0.55, say("A macro in an attached document hides what it does.")),
    "office.macro.suspicious": _w("content", 0.4, say("A macro in an attached document uses suspicious calls.")),
    "office.macro.xlm": _w("content", 0.5, say("An attached workbook holds an old-style (Excel 4) macro.")),
    "office.macro": _w("content", 0.25, say("An attached document holds a macro.")),
    "office.dde": _w("content", 0.65, say("An attached document starts another program by a field (DDE).")),
    "office.external.template": _w("content", 0.65, say("An attached document loads its template from outside.")),
    "office.embedded.executable": _w("content", 0.75, say("An attached document holds a program.")),
    "office.encrypted": _w("content", 0.2, say("An attached document is encrypted and cannot be examined.")),
    "file.type.executable": _w("content", 0.8, say("A program is attached.")),
    "file.type.script": _w("content", 0.75, say("A script is attached.")),
    "file.type.shortcut": _w("content", 0.75, say("A shortcut is attached.")),
    "file.type.disk-image": _w("content", 0.6, say("A disk image is attached.")),
    "file.type.onenote": _w("content", 0.35, say("A notebook file is attached, which can carry programs.")),
    "file.archive.executable": _w("content", 0.7, say("An attached archive holds a program, script or shortcut.")),
    "file.archive.bomb": _w("content", 0.6, say("An attached archive inflates far beyond its size.")),
    "file.archive.encrypted": _w("content", 0.3, say("An attached archive is encrypted and cannot be examined.")),
    "file.extension.double": _w("content", 0.8, say("The name of an attached file hides its real kind.")),
    "file.extension.mismatch": _w("content", 0.3, say("An attached file is not of the kind that its name says.")),
    "file.name.reversed": _w("content", 0.8, say("The name of an attached file is written to be read backwards.")),
    "file.html.smuggling": _w("content", 0.75, say("An attached page builds a file out of its own text.")),
    "file.html.form": _w("content", 0.5, say("An attached page asks for input.")),
    "file.html.script": _w("content", 0.4, say("An attached page runs a script.")),
    "file.pdf.launch": _w("content", 0.7, say("An attached PDF starts a program.")),
    "file.pdf.javascript": _w("content", 0.3, say("An attached PDF holds a script.")),
    "mail.html.password": _w("content", 0.6, say("The mail itself asks for a password.")),
    "mail.html.form": _w("content", 0.35, say("The mail itself holds an input form.")),
    # what it asks
    "mail.text.enable-content": _w("request", 0.5, say("The reader is asked to enable active content.")),
    "mail.text.credentials": _w("request", 0.35, say("The reader is asked to give or confirm access data.")),
    "mail.text.money": _w("request", 0.35, say("The reader is asked for a payment or told of new bank details.")),
    "mail.text.urgency": _w("request", 0.25, say("The reader is put under pressure of time.")),
    "mail.text.secrecy": _w("request", 0.25, say("The reader is asked to tell nobody.")),
    # how it hides
    "mail.text.disguised": _w("disguise", 0.5, say("Words are broken up by invisible letters to get past filters.")),
    "mail.html.hidden-text": _w("disguise", 0.15, say("Most of the text is hidden from the reader.")),
    "mail.limit.depth": _w("disguise", 0.4, say("Parts are nested so deeply that no reader shows them.")),
    "mail.limit.parts": _w("disguise", 0.35, say("The mail has more parts than any honest one.")),
}
"""Weight by fact name."""

SECOND = 0.35
"""Share of its strength with which the second strongest fact of a kind still counts; further ones do not. Chosen."""


def weigh(facts: Iterable[str]) -> tuple[float, dict[str, float], list[Text]]:
    """Return the combined strength (0-1), strength by kind, and the sentences, strongest first.

    Kinds are taken as independent: ``1 - product(1 - strength)``.
    """
    known = sorted(set(facts) & EVIDENCE.keys(), key=lambda fact: (-EVIDENCE[fact].strength, fact))
    found = [EVIDENCE[fact] for fact in known]
    kinds: dict[str, list[float]] = {}
    for weight in found:
        kinds.setdefault(weight.kind, []).append(weight.strength)
    strengths = {kind: _joined(*ordered[:2]) for kind, ordered in kinds.items()}
    missing = 1.0
    for strength in strengths.values():
        missing *= 1 - strength
    return 1 - missing, strengths, [weight.because for weight in found]


def _joined(first: float, second: float = 0.0) -> float:
    """Return the strength of one kind from its two strongest facts."""
    return 1 - (1 - first) * (1 - SECOND * second)
