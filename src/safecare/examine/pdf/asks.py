"""What a short PDF asks of its reader, and where it leads: judged as the same words and links in a mail are.

Lures that are sent as PDFs say in letters what filters look for in mails: a page or two of words, a link or a code
(QR) or a number to call. Long documents speak of everything somewhere, and lead everywhere. Who made the document is
not told, so all that rests on a sender is left out. Source: Stivala et al. (ACSAC 2023), as `lures`; Cisco Talos,
"PDFs: Portable documents, or perfect deliveries for phish?" (2025), on numbers to call and codes in PDFs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from safecare.examine.api import Context, Finding
from safecare.examine.mail.abroad import IBAN
from safecare.examine.mail.approaches import STORES
from safecare.examine.mail.claims import shown_claims, speaks_for_others, wears_others
from safecare.examine.mail.consent import consent
from safecare.examine.mail.evidence import EVIDENCE
from safecare.examine.mail.hosts import doubtful, host_facts
from safecare.examine.mail.house import house
from safecare.examine.mail.lures import lures
from safecare.examine.mail.names import hosted
from safecare.examine.mail.orders import names_coins, orders
from safecare.examine.mail.passwords import told_passwords
from safecare.examine.pdf.demands import SIGNS_IN, demanded, sly
from safecare.examine.pdf.owners import FEW_LETTERS, estranged, headed, private
from safecare.formats.brands import known
from safecare.formats.domains import host_of, registered
from safecare.formats.mail import Mail, add_links
from safecare.formats.mime import Fields, Mime
from safecare.formats.wording import MAX_ASKED, Ask, asked, disguised, level
from safecare.formats.wording import shown as visible
from safecare.formats.wrapped import redirected, unguarded, unwrapped
from safecare.model.text import say

MOST_SAID = 2500
"""Letters of a document that comes to the point. Chosen: lures have a tenth of them, a full page 3,000."""
MOST_LINKS = 20
"""Addresses of such a document that are looked at. Chosen: lures have one to three."""
LEAST_SIDE, MOST_SIDE, SQUARE = 21, 200, 4
"""Squares of the smallest side of a code, and of the largest with its margin (ISO/IEC 18004), and pixels of each."""
SIGN_IN = 0.25
"""Weight of signing in at a page. Chosen: guides to honest portals ask for it, too, and name who keeps them."""
_SENTENCE = re.compile(r"[.!?:](?=\s|$)")
_TOLD_AT_ONCE = frozenset({"mail.lure.account", "mail.lure.payment", "mail.lure.parcel", "mail.lure.document"})
_BLOCKS = "█▀▄ \xa0"
_ASKING = ("mail.lure.", "mail.text.")
_SLIGHT = frozenset({"mail.lure.now", "mail.lure.click", "mail.text.open-attachment"})
_BY_CODE = frozenset(
    {
        "mail.lure.account", "mail.text.credentials", "mail.text.storage", "mail.text.urgency", "mail.order.login",
        "mail.order.mailbox", "mail.order.page",
    }
)  # fmt: skip
"""Asks for which nobody honest gives a printed code; bills and parcels have codes to pay and to follow."""
_PROMISED = frozenset({"mail.lure.document", "mail.lure.payment", "mail.lure.parcel", "mail.lure.prize"})
"""Asks by which codes that lead anywhere are lures; without them it is a poster's, for a survey or a menu."""
_BY_PAGE = frozenset(
    {f"mail.order.{one}" for one in ("login", "mailbox", "page", "elsewhere", "look", "download", "fee", "code")}
)
"""Orders that are none where all pages are known organisations' own."""
_BY_WORDS = frozenset(
    {
        f"mail.order.{one}"
        for one in ("device-code", "consent", "command", "callback", "new-account", "locked", "approve")
    }
)
"""Those that hold whoever wrote them; money, cards and papers are only asked for wrongly by the wrong one."""
_NOT_ALONE = frozenset(f"mail.order.{one}" for one in ("callback", "bank", "new-account", "contact"))
"""Orders that a mail box of its own makes of every craftsman's bill, and of every warning of such orders."""
_FOR_COINS = frozenset({"mail.order.coins", "mail.order.ransom"})
_CODE = re.compile(
    r"(?i)\b(?:scan|flash|qr|camera|appareil photo|smartphone|mobile|phone|t.l.phone|code (?:below|above|ci-)|"
    r"(?:onderstaande|untenstehende\w*|folgende\w*) code)"
)
_SCAN = re.compile(r"\bscan\w*")
"""A deed where there is a code for it, and no paper that was scanned."""
_APART = re.compile(r"\+? ?\(?\d(?:[ \[\](){}.-]{1,4}\d){8,13}(?!\d)")
"""A number whose digits stand apart, as no one writes but to get past filters."""
_SPELLED = re.compile(r"(?<![\w.])[a-z0-9-]{3,63}(?: \. [a-z0-9-]{2,63}){1,4}(?: / [\w-]{1,60}){1,6}")
"""An address to be typed, with gaps around its dots and strokes."""
_PLAIN_LINK = re.compile(r"(?i)\bhttps?://[^\s<>\"')\]]{3,2000}")
_HUMAN = Ask.among(
    r"(?:not a|pas un|kein|no soy un|nicht ein) ro?bot\b|human verification|verification humaine|"
    r"(?:verify|confirm|prove|check|verifi\w+|confirm\w+|prouv\w+)~(?:are (?:a )?human|etes (?:un )?humain)|"
    r"checking your browser|security of your connection",
    needs=("robot|human|humain|browser|connection",),
)
"""Only web pages ask who reads them: a document can't tell."""
_SEEN = r"(?:display|show|preview|load|open|view|affich|ouvert|ouvr|lu\b|charg|previsualis)\w*"
_PASTED = re.compile(r"\b(?:paste|coll(?:ez|er)|ctrl ?\+ ?v)\b")
_REPAIR = re.compile(r"\b(?:errors?|erreur|problems?|probleme|fix\w*|correct\w*|corrig\w*|impossible|robot)\b")
"""Commands that are to be pasted, on the pretext of a fault: manuals have commands, too, but say what they are for."""
_UNSEEN = Ask.among(
    rf"(?:can ?not|can't|could not|couldn't|unable to|ne peut(?: pas)?|n'a pas pu|impossible d[e'])~{_SEEN}",
    rf"too (?:large|big) to~{_SEEN}",
    r"(?:preview|apercu)\b~(?:disabled|unavailable|not available|desactive|indisponible)",
    r"(?:document|file|pdf|message|page|fichier|contenu|content)s? (?:is|are|est|a ete|has been|was)"
    r"~(?:blurred|floute|protected|protege|encrypted|chiffre|secured|securise|locked|verrouille)e?s?\b"
    r"(?! (?:by (?:copyright|law)|under|par (?:le|la|les) (?:droit|loi)))",
    needs=(
        (
            "display|show|preview|load|open|view|affich|ouv|lu|charg|previsualis|apercu|blur|flout|protec|proteg|"
            "encrypt|chiffr|secur|lock|verrouill"
        ),
    ),
)
"""A document that is shown says that it can't be, or not here."""
_VERIFY = r"(?:verif\w+|confirm\w*|check\w*|call|ring|pruf\w+|bestatig\w+|ruf\w*|appel\w+|controleer\w*|bel)"
_HELD = r"(?:bekannten?|hinterlegten?|vorliegenden?|gespeicherten?|bekende)"
_BY_KNOWN_NUMBER = Ask.among(
    rf"{_VERIFY}~numbers? (?:that |which )?(?:(?:is |are |you |we )?(?:already )?(?:hold|have|known?)\b|"
    r"(?:is |are )?(?:already )?(?:in|on) (?:your|our) (?:own )?(?:record|file|book|system|vendor|supplier)s?)",
    rf"{_VERIFY}~(?:known|usual) (?:tele)?(?:phone )?number",
    rf"{_VERIFY}~numero~(?:que vous (?:connaissez|avez deja)|habituel|deja connu|(?:figurant )?dans vos\b)",
    rf"{_HELD} (?:telefon|ruf)?nummer~(?:an\b|bestatig\w+|pruf\w+|verifi\w+)",
    rf"{_VERIFY}~{_HELD} (?:telefoon|telefon|ruf)?nummer",
    rf"{_VERIFY}~numero~(?:gia (?:noto|in vostro possesso)|a voi noto|que ya (?:tiene|conoce)\w*|ya conocido)",
    needs=("numb|numero|nummer",),
)
"""Whoever is asked back by a number that is known already can't lead a payment elsewhere."""
_REACHED = re.compile(r"\+?\(?\d(?:[ ().-]?\d){7,13}|\w@\w")
"""A number or a mail box, by which a forger is asked back."""
_IF = re.compile(r"\b(?:if|si|wenn)\b[^.!?]{0,200}")
"""What is only said for the case that it is so, as newsletters do."""


def lettered(said: str) -> bytes:
    """Return the code that the words `said` draw by block letters, two squares in each, as a picture (PGM); or nothing.

    Lines that hold other letters are left out (Barracuda, "Threat Spotlight: evasive QR codes", 2024).
    """
    lines = [line for line in said.splitlines() if len(line) >= LEAST_SIDE and not line.strip(_BLOCKS)]
    if not LEAST_SIDE // 2 <= len(lines) <= MOST_SIDE or max(map(len, lines)) > MOST_SIDE:
        return b""
    width = max(map(len, lines))
    rows = [
        b"".join(b"\x00" * SQUARE if one in dark else b"\xff" * SQUARE for one in line.ljust(width))
        for line in lines
        for dark in ("█▀", "█▄")
    ]
    return b"P5 %d %d 255\n" % (SQUARE * width, SQUARE * len(rows)) + b"".join(row * SQUARE for row in rows)


def may_hold_code(said: str) -> bool:
    """Tell whether a page with the words `said` may have a code for its reader: a lure says what to do with it."""
    return _CODE.search(said) is not None


def findings(
    said: str, links: Iterable[str], shows: Iterable[tuple[str, str]], codes: Iterable[str], context: Context
) -> Iterator[Finding]:
    """Yield what a document that shows the words `said`, with `links` and codes that lead to `codes`, asks.

    `shows` are links with the words over which they lie.
    """
    home = frozenset(registered(one) for one in context.own)
    text = " ".join(unicodedata.normalize("NFKC", visible(said)).split())
    spelled = ["http://" + found.group().replace(" ", "") for found in _SPELLED.finditer(text)]
    links = [*links, *spelled, *_PLAIN_LINK.findall(text)]
    led = [one for one in links if one[:4].lower() == "http" and registered(host_of(one)) not in home][:MOST_LINKS]
    coded = [one for one in codes if registered(host_of(one)) not in home][:MOST_LINKS]
    ends = {one: redirected(unguarded(one)) or unwrapped(one) for one in (*led, *coded)}
    whole = _APART.sub(_joined, text[:MAX_ASKED])
    mail = Mail(Mime(Fields()), set(), text=whole, levelled=level(whole))
    mail.links = [(ends[one], label) for one, label in shows if one in ends][:MOST_LINKS]
    add_links(mail, dict.fromkeys(ends.values()), context.own)
    spoken = _SCAN.sub("flash", mail.levelled) if coded else mail.levelled
    facts = (
        mail.facts
        | asked(mail.levelled)
        | disguised(text)
        | set(lures(spoken))
        | (_said_at_once(spoken) if ends else set())
        | host_facts(mail, "")
    )
    facts |= house(mail, facts)
    by_words = orders(mail, "", "", facts)
    facts |= by_words | consent(mail, home)
    head = headed(said)
    alone = private(mail, text)
    from_alone = orders(mail, head, alone, facts | {"mail.from.freemail"}) - by_words - _NOT_ALONE if alone else set()
    foreign = any(map(_anyones, ends.values()))
    if foreign and any(not one.isalpha() for one in told_passwords(text)):
        facts.add("mail.order.locked")
    orderly = _BY_WORDS | (_BY_PAGE if foreign else set()) | (_FOR_COINS if names_coins(text) else set())
    demands = demanded(mail.levelled, facts)
    facts |= demands
    orderly |= demands
    if not (mail.links or coded or _REACHED.search(IBAN.sub("", mail.levelled))) and _BY_KNOWN_NUMBER.told(
        mail.levelled
    ):
        facts.discard("mail.order.new-account")
    pretext = _REPAIR.search(mail.levelled) or sly(mail.levelled) or _HUMAN.told(mail.levelled)
    if not (_PASTED.search(mail.levelled) and pretext):
        facts.discard("mail.order.command")
    told = {
        fact for fact in facts & EVIDENCE.keys() if EVIDENCE[fact].kind in ("link", "request") and (foreign or alone)
    }
    told |= facts & orderly
    if told - _SLIGHT or "mail.order.stranger" in from_alone:  # no order is told by the mail box alone
        told |= from_alone & EVIDENCE.keys()
    asks = any(one.startswith(_ASKING) for one in told - _SLIGHT)
    if asks and (speaks_for_others(mail, facts) or (foreign and wears_others(mail, head))):
        told.add("mail.brand.spoken")
    told |= shown_claims(mail, facts) if foreign else set()
    told |= _by_code(coded, told)
    signs_in = foreign and SIGNS_IN.told(mail.levelled)
    beside = ({"pdf.lure.spelled"} if spelled else set()) | ({"pdf.lure.sign-in"} if signs_in else set())
    for fact in sorted(told):
        yield Finding(fact, EVIDENCE[fact].because, EVIDENCE[fact].strength, kind=f"mail.{EVIDENCE[fact].kind}")
    if foreign:
        yield from _excused(mail, ends)
        strange = list(estranged(mail, told | beside))
        yield from strange
        if signs_in and strange:
            why = say("A PDF wants its reader to sign in, to see what a paper would simply show.")
            yield Finding("pdf.lure.sign-in", why, SIGN_IN, kind="pdf.sign-in")
    if spelled:
        why = say("An address in a PDF is written with gaps, so that no filter sees it.")
        yield Finding("pdf.lure.spelled", why, 0.5, kind="pdf.disguise")


def _said_at_once(spoken: str) -> set[str]:
    """Return the lures of a document of a few lines, whose sentences are headings and orders of one matter."""
    if len(spoken) > FEW_LETTERS:
        return set()
    return set(lures(_SENTENCE.sub(" ", spoken))) & _TOLD_AT_ONCE


def _anyones(address: str) -> bool:
    """Tell whether `address` leads elsewhere than to a known organisation's own pages, or doesn't tell where."""
    host = host_of(address)
    own = known(host) and not hosted(host) and host not in STORES and registered(host) not in STORES
    return not own or bool(redirected(address))


def _by_code(codes: list[str], told: set[str]) -> set[str]:
    """Return the facts of codes that lead to `codes` in a document that asks for what `told` says."""
    found = {"mail.code.link"} if codes else set()
    if any(map(doubtful, codes)) and told & (_BY_CODE | _PROMISED):
        found.add("mail.code.doubtful")
    if any(map(_anyones, codes)) and told & _BY_CODE:
        found.add("mail.code.asked")
    return found


def _excused(mail: Mail, ends: dict[str, str]) -> Iterator[Finding]:
    """Yield the pretexts on which a document leads its reader to a page, and that it hides where that is."""
    if _HUMAN.told(mail.levelled):
        why = say("A PDF wants its reader to prove to be human, as only web pages do, and leads to one.")
        yield Finding("pdf.lure.human", why, 0.5, kind="pdf.lure")
    elif _UNSEEN.told(_IF.sub("", mail.levelled)):
        why = say("A PDF says that it can't be seen here, and leads to a page of someone unknown.")
        yield Finding("pdf.lure.unseen", why, 0.5, kind="pdf.lure")
    if any(redirected(unguarded(one)) and _anyones(end) for one, end in ends.items()):
        why = say("A short PDF leads by a page of another that leads on to anywhere.")
        yield Finding("pdf.lure.redirect", why, 0.35, kind="pdf.redirect")


def _joined(found: re.Match[str]) -> str:
    return "".join(one for one in found.group() if one in "+0123456789")
