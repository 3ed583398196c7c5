"""What a stranger wants, in thirteen languages: money moved, cards, a new account, papers, a code, a number, a fee.

The same wants as in `safecare.examine.mail.orders`, `approaches` and `abroad`, told by meanings that stand together
rather than by phrases (`safecare.examine.mail.grammar`); what of it is an order depends on who writes. A short mail has
one matter, so there meanings count wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from safecare.examine.mail.abroad import IBAN, in_person
from safecare.examine.mail.claims import INTERNAL
from safecare.examine.mail.grammar import Grammar
from safecare.examine.mail.hosts import by_hand
from safecare.examine.mail.lures import meanings
from safecare.examine.mail.relations import ROLES
from safecare.examine.mail.strangers import PRIVATE
from safecare.examine.mail.wants_words import MEANINGS
from safecare.formats.mail import Mail
from safecare.formats.wording import level

NEAR = 12
"""Words between the first and the last meaning of a want. Chosen: one clause with its asides."""
MOST = 220
"""Words that are read, as for lures."""
BRIEF = 420
"""Letters of a mail that gives no matter of its own. Chosen: four sentences and a signature."""
WHOLE = 1600
"""Letters of a mail that has one matter: what its words mean counts wherever they stand. Chosen: both versions of 120
words."""
SEEN = 4
"""Different words of films and devices by which a threat with them is told. Chosen."""

WANTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cards", ("giftcard", "buy")),
    ("cards", ("giftcard", "code", "give")),
    ("cards", ("gift", "card", "buy")),
    ("payroll", ("salary", "bank", "new")),
    ("bank", ("bank", "new", "our")),
    ("bank", ("bank", "new", "pay")),
    ("papers", ("papers", "copy", "your")),
    ("papers", ("papers", "copy", "give")),
    ("number", ("number", "give", "your")),
    ("fee", ("benefit", "fee")),
    ("login", ("login", "ofhouse", "account", "your")),
    ("approve", ("accept", "prompt", "phone")),
    ("theft", ("data", "taken")),
    ("mute", ("cant", "talk")),
    ("enable", ("content", "enable")),
    ("code", ("code", "give", "came", "me")),
    ("code", ("code", "tome", "came")),
    ("data", ("list", "people", "give")),
    ("there", ("there", "asked")),
    ("there", ("favour", "small")),
    ("pay", ("pay", "hours")),
    ("mine", ("mine", "bank")),
)
"""Want, and the meanings that stand near each other where it is told."""
TOGETHER: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (name, frozenset(needed.split()))
    for name, needed in (
        ("mail.order.refund", "a:refund link sum"),
        ("mail.order.pressed", "a:charge a:your hours"),
        ("mail.order.pressed", "a:charge a:you hours"),
        ("mail.order.pressed", "a:fine a:unpaid sum"),
        ("mail.order.pressed", "a:fine a:unpaid link"),
        ("mail.order.pressed", "a:fine hours sum"),
        ("mail.order.pressed", "a:movement hours sum"),
        ("mail.order.pressed", "a:crypto a:account hours"),
        ("mail.order.ransom", "coins hours a:you"),
        ("mail.order.advance", "fee rich"),
        ("mail.order.advance", "fee papers sum"),
        ("mail.order.advance", "sure percent sum link"),
        ("mail.order.advance", "fee sure sum"),
        ("mail.order.advance", "private a:parcel sum"),
        ("mail.order.advance", "private a:prize sum"),
        ("mail.order.papers", "private papers hours sum"),
        ("mail.order.fee", "parcel again pay link sum"),
        ("mail.order.debt", "collect hours account-number"),
        ("mail.order.cards", "private giftcard"),
        ("mail.order.cards", "private gift code"),
        ("mail.order.callback", "private a:bill talk phone-number"),
    )
)
"""Order, and what a short mail of a stranger speaks of where it is one: meanings of `MEANINGS`, those of lures behind
``a:``, and what it holds. None of 5,300 short honest mails speaks of all of a row."""
_GRAMMAR = Grammar(MEANINGS, WANTS, NEAR, MOST, frozenset({"give", "buy", "pay"}))
_DISCS = (".iso", ".img", ".vhd", ".vhdx", ".udf")
"""Endings of disc images: what they hold carries no mark of the web (MITRE ATT&CK T1553.005)."""
_HIDDEN = re.compile(
    r"\b(?:vertraulich|diskret|vertrouwelijk|confidencia|confidenti|riservat|sigilo|fortrolig|konfiden|poufn|dyskre|"
    r"discre)|\b(?:meeting|reunion|sitzung|besprechung|vergadering|overleg|riunione|reuniao|mode\b|mote\b|spotkani)|"
    r"سري|سرية|كتمان|اجتماع|سفر"
)
"""Said to nobody else, or by one who can't be asked now."""
_CHIEF = re.compile(
    r"\b(?:directe?u?r\w*|direct?or\w*|dirett\w+|diret\w+|direkt\w+|geschaftsfuhr\w+|vorstand\w*|bestuur\w*|chief|ceo|"
    r"cfo|president\w*|chef\w*|primario|gerente|prezes|dyrektor\w*|verkstallande|overlege|overlaege|professor|prof|dra?)\b"
    r"|مدير|رييس|د\."
)
_SUM = re.compile(
    r"(?:[$€£] ?|\b(?:eur|usd|chf|gbp) ?)\d[\d.,]*|\b\d[\d., ]* ?(?:[$€£]|eur\w*|usd|chf|kr|zl|tl|pln)\b|\d ?€"
)
"""A sum with its money."""
_RICH = re.compile(
    r"\b\d{1,3}(?:[.,' ]\d{3}){2,}\b|\b\d[\d.,]* ?(?:m\b|mio\b|millions?|milliones|millionen|miljoen|milion\w*|"
    r"miljon\w*|milhoes|millones|milioni|milyon)|(?:مليون|ملايين)"
)
"""A million or more."""
_KIN = re.compile(
    r"\b(?:ma?m(?:an|ma|a|i|ie|y)?|mum|mom|dad|papa|papy|papi|mamie|oma|opa|mutti|vati|mutter|vater|nonn[ao]|abuel[ao]|"
    r"bisous?|bises?|kuss|kusse|kusje|besos|baci|love|hugs|xx+)\W*$"
)
"""How relatives sign: they speak of parcels, gifts and money, too."""
_FAMILIAR = frozenset({"a:parcel", "a:prize"})
_PERCENT = re.compile(r"\d ?%")
_PHONE = re.compile(r"\+?\(?\d(?:[ ().-]?\d){8,13}")


def wants(mail: Mail, display: str, facts: set[str], *, private: bool) -> set[str]:
    """Return the facts of what a stranger orders.

    `private`: he writes from, or wants answers to, a private mail box; `facts`: those known so far.
    """
    if by_hand(mail):  # what others wanted
        return set()
    text = mail.levelled
    told = _GRAMMAR.told(text).keys()
    about = _GRAMMAR.meanings(text) if len(mail.text) < WHOLE else set()
    found = _of_anyone(mail, display, facts, told, about)
    if "mail.thread" not in facts:
        found |= _of_private(mail, display, told, about) if private else set()
        found |= _together(mail, about, private=private) if about else set()
    return found


def _together(mail: Mail, about: set[str], *, private: bool) -> set[str]:
    """Return the orders of a short mail that speaks of all that makes one."""
    text = mail.levelled
    held = {
        "link": bool(mail.links),
        "private": private,
        "sum": bool(_SUM.search(text)),
        "rich": bool(_RICH.search(text)),
        "percent": bool(_PERCENT.search(text)),
        "account-number": bool(IBAN.search(text)),
        "phone-number": bool(_PHONE.search(text)),
    }
    all_of_it = about | {f"a:{one}" for one in meanings(text)} | {name for name, is_so in held.items() if is_so}
    kin = private and bool(_KIN.search(text[-60:]))
    return {name for name, needed in TOGETHER if needed <= all_of_it and not (kin and needed & _FAMILIAR)}


def _of_anyone(mail: Mail, display: str, facts: set[str], told: Iterable[str], about: set[str]) -> set[str]:
    """Return the facts of what nobody asks by mail who has a right to it."""
    text = mail.levelled
    found: set[str] = set()
    if "code" in told:
        found.add("mail.order.code")
    if any(one.name.lower().endswith(_DISCS) for one in mail.files):
        found.add("mail.file.disc")
    if "enable" in told and mail.files:
        found.add("mail.text.enable-content")
    if mail.links and {"fetch", "tool", "remote"} <= about and INTERNAL.search(level(display[:200])):
        found |= {"mail.order.remote", "mail.from.internal"}
    if "approve" in told:
        found.add("mail.order.approve")
    if "login" in told and about and mail.links:
        found.add("mail.order.login")
    if "bank" in told and "mine" not in told and IBAN.search(text):
        found.add("mail.order.new-account")
    if "mail.thread" in facts:
        return found
    ransom = {"publish", "taken", "data"} <= about and ("theft" in told or "coins" in about) and "hours" in about
    if ransom and ("coins" in about or not facts.isdisjoint(PRIVATE)):
        found.add("mail.order.ransom")
    if {"coins", "watch"} <= about and len(_GRAMMAR.words(text, "watch")) >= SEEN:
        found.add("mail.order.ransom")
    if mail.links and "fee" in about and _SUM.search(text) and ("prize" in about or {"parcel", "again"} <= about):
        found.add("mail.order.fee")
    return found


def _of_private(mail: Mail, display: str, told: Iterable[str], about: set[str]) -> set[str]:
    """Return the facts of what a stranger with a private mail box wants."""
    text = mail.levelled
    found: set[str] = set()
    chief = bool(_CHIEF.search(level(display[:200])) or _CHIEF.search(text[-120:]))
    hidden = bool(_HIDDEN.search(text)) or "mute" in told
    bare = not (mail.links or mail.files)
    brief = bare and len(mail.text.strip()) < BRIEF
    if "bank" in told and "mine" not in told:
        found.add("mail.order.bank")
    if "papers" in told:
        found.add("mail.order.papers")
    if "fee" in told or {"prize", "fee", "parcel"} <= about or (bare and _RICH.search(text)):
        found.add("mail.order.advance")
    tokens = not about.isdisjoint(("giftcard", "gift"))
    if ("cards" in told and (hidden or chief or brief)) or (
        tokens and "code" in about and not about.isdisjoint(("give", "scratch", "buy"))
    ):
        found.add("mail.order.cards")
    if "payroll" in told and not in_person(text):
        found.add("mail.order.payroll")
    billed = mail.links and not about.isdisjoint(("pay", "fee")) and _SUM.search(text)
    if billed and not ROLES.isdisjoint(re.findall(r"[a-z]+", level(display[:200]))):
        found.add("mail.order.institution")
    if "data" in told and (hidden or chief):
        found.add("mail.order.data")
    if "pay" in about and (("pay" in told and hidden and chief) or (brief and "mute" in told)):
        found.add("mail.order.payment")
    if brief and (
        ("number" in told and (hidden or chief or "favour" in about)) or ("there" in told and (chief or "mute" in told))
    ):
        found.add("mail.order.contact")
    return found


__all__ = ["wants"]
