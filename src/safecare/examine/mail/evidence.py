"""What each fact of a mail is worth as evidence of phishing, by the kind of evidence it is.

Facts of one kind tell much the same thing (a look-alike sender usually has look-alike links), so only the
strongest of a kind counts in full. Weights are probabilities that a mail with this fact alone is phishing,
seen from a hospital's staff mailbox; they are the project's judgement, set from public reports (ANSSI CERT-FR,
Verizon DBIR, NIST Phish Scale 2023) and held in one table, so that measured ones can replace them.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from safecare.model.text import Text, say


class Weight(msgspec.Struct, frozen=True):
    """Kind of evidence, strength 0-1, and the sentence that explains it."""

    kind: str
    strength: float
    because: Text


LIMIT = 0.5
"""Strength of a limit that was reached, as the engine's own: what lies behind it is not judged."""


def _w(kind: str, strength: float, because: Text) -> Weight:
    return Weight(kind, strength, because)


EVIDENCE: Mapping[str, Weight] = {
    # who it is from
    "mail.from.lookalike-own": _w("sender", 0.75, say("The sender's domain imitates one of the hospital's own.")),
    "mail.from.lookalike-reader": _w("sender", 0.6, say("The sender's domain imitates the reader's.")),
    "mail.from.mixed-script": _w("sender", 0.8, say("The sender's domain mixes alphabets to look like another one.")),
    "mail.from.lookalike-brand": _w("sender", 0.6, say("The sender's domain imitates a known company.")),
    "mail.from.display-address": _w("sender", 0.45, say("The sender's name shows another address than the real one.")),
    "mail.from.own-name": _w("sender", 0.55, say("The sender's name is the hospital's, the address is not.")),
    "mail.from.brand-name": _w("sender", 0.45, say("The sender's name is a known company's, the address is not.")),
    "mail.auth.dmarc.fail": _w("vouch", 0.4, say("The sender's domain did not send this mail (DMARC).")),
    "mail.auth.spf.fail": _w("vouch", 0.25, say("The delivering server may not send for the sender's domain (SPF).")),
    "mail.auth.dkim.fail": _w("vouch", 0.15, say("The signature of the sender's domain is not valid (DKIM).")),
    "mail.auth.dkim.open": _w(
        "vouch",
        0.15,
        say("The sender's signature leaves the end of the text open: anyone may have written it."),
    ),
    "mail.from.multiple": _w("sender", 0.35, say("The mail names several senders.")),
    "mail.reply-to.differs": _w("sender", 0.15, say("Answers would go to another domain than the sender's.")),
    "mail.from.claims-brand": _w("sender", 0.45, say("The mail speaks for a known company, its sender is another.")),
    "mail.from.role": _w("sender", 0.35, say("The sender's name is that of a service, the address a private one.")),
    "mail.from.alarm-words": _w("sender", 0.4, say("The sender's domain is made of words like account and security.")),
    "mail.from.random": _w("sender", 0.3, say("The sender's domain looks drawn by a machine.")),
    "mail.from.cheap-ending": _w("sender", 0.25, say("The sender's domain has an ending that is mostly abused.")),
    "mail.from.hosted": _w("sender", 0.35, say("The sender's domain is one that anyone gets for free.")),
    "mail.from.decorated": _w("sender", 0.4, say("The sender's name is broken up by signs to get past filters.")),
    "mail.from.self": _w("sender", 0.15, say("The mail claims to come from its own recipient.")),
    "mail.reply-to.freemail": _w("sender", 0.5, say("Answers would go to a private mail box at a free provider.")),
    "mail.brand.sender": _w("sender", 0.6, say("The sender's name is a known organisation's, but nothing is theirs.")),
    "mail.brand.name": _w("sender", 0.5, say("The sender is called like a known organisation, but nothing is theirs.")),
    "mail.brand.spoken": _w("sender", 0.4, say("It speaks as a known organisation, but nothing in it is theirs.")),
    "mail.from.internal": _w("sender", 0.35, say("It speaks as a service of the house, but comes from outside.")),
    "mail.thread.lookalike": _w(
        "sender", 0.55, say("The sender's domain imitates that of someone who took part in the conversation.")
    ),
    "mail.text.own-domain": _w("sender", 0.3, say("It speaks of the hospital's own domain, but comes from outside.")),
    "mail.from.unreadable": _w("sender", 0.5, say("The sender's address is none that a mail server can check.")),
    "mail.from.coded": _w("sender", 0.35, say("The sender of a private mail box is called by a code or number.")),
    "mail.from.unvouched": _w(
        "sender", 0.4, say("The sender's domain is a known organisation's, which did not send it.")
    ),
    # who vouches for it
    "mail.auth.unaligned": _w("vouch", 0.35, say("No check of the receiving server vouches for the visible sender.")),
    "mail.auth.composite.fail": _w("vouch", 0.45, say("The receiving server takes the visible sender for forged.")),
    "mail.return-path.machine": _w("vouch", 0.4, say("A machine without a mail domain of its own sent the mail.")),
    "mail.gateway.spam": _w("gateway", 0.5, say("A filter before us took the mail for unwanted.")),
    "mail.gateway.sure": _w("gateway", 0.6, say("A filter before us is sure that the mail is unwanted.")),
    "mail.gateway.bulk": _w("gateway", 0.3, say("A filter before us counts many complaints about the sender.")),
    "mail.header.no-id": _w("header", 0.12, say("The sender gave the mail no identity (Message-ID).")),
    "mail.header.no-recipient": _w("header", 0.12, say("The mail names no recipient.")),
    "mail.header.script": _w("header", 0.25, say("A script on a web server sent the mail.")),
    "mail.header.host-unnamed": _w("header", 0.08, say("The sending machine greeted without a real host name.")),
    "mail.header.false-reply": _w("header", 0.1, say("The subject claims an answer, but the mail answers none.")),
    "mail.header.malformed": _w("header", 0.1, say("The header holds lines that are no fields.")),
    "mail.header.twice": _w(
        "header", 0.35, say("The header holds fields twice or at lengths that no mail program writes.")
    ),
    "mail.return-path.none": _w("header", 0.35, say("It wants no reports of failed delivery, though it is no report.")),
    "mail.header.coded-subject": _w("header", 0.3, say("The subject ends in a code that makes each mail another one.")),
    "mail.header.address-subject": _w("header", 0.12, say("The subject calls the reader by the mail address.")),
    "mail.to.lure": _w("header", 0.85, say("The reader's name in the mail is a sentence with a link.")),
    # where it leads
    "mail.link.hosted": _w("link", 0.3, say("A link leads to a page that anyone can set up for free.")),
    "mail.link.cheap-ending": _w("link", 0.2, say("A link leads to a domain whose ending is mostly abused.")),
    "mail.link.random": _w("link", 0.25, say("A link leads to a domain that looks drawn by a machine.")),
    "mail.link.alarm-words": _w("link", 0.35, say("A link leads to a domain made of words like login and secure.")),
    "mail.link.brand-elsewhere": _w("link", 0.45, say("A link wears a known company's name at a foreign domain.")),
    "mail.link.broken-in": _w("link", 0.5, say("A link leads into a folder where intruders hide their pages.")),
    "mail.link.redirect": _w("link", 0.1, say("A link leads on to another address.")),
    "mail.link.recipient": _w("link", 0.1, say("A link carries the recipient's own address.")),
    "mail.link.mailto-freemail": _w("link", 0.2, say("A button writes to a private mail box at a free provider.")),
    "mail.link.fragment": _w(
        "link", 0.4, say("A link takes the recipient's own address along where servers don't see it.")
    ),
    "mail.link.foreign-only": _w("link", 0.08, say("All links lead to one domain that is not the sender's.")),
    "mail.link.lookalike-own": _w("link", 0.75, say("A link leads to an imitation of the hospital's own domain.")),
    "mail.link.lookalike-reader": _w("link", 0.4, say("A link leads to a domain that imitates the reader's.")),
    "mail.link.mixed-script": _w("link", 0.8, say("A link leads to a domain that mixes alphabets.")),
    "mail.link.lookalike-brand": _w("link", 0.55, say("A link leads to a domain that imitates a known company.")),
    "mail.link.user-info": _w("link", 0.6, say("A link is written to look like another address.")),
    "mail.link.odd-scheme": _w("link", 0.35, say("A link holds a script or data instead of an address.")),
    "mail.link.address": _w("link", 0.4, say("A link leads to a bare network address.")),
    "mail.link.executable": _w("link", 0.4, say("A link leads to a program or archive.")),
    "mail.link.false-file": _w("link", 0.5, say("A link shows a document and fetches a program or archive.")),
    "mail.link.text-mismatch": _w("link", 0.2, say("A link shows one domain and leads to another.")),
    "mail.brand.address": _w("link", 0.55, say("A link shows a known organisation's address and leads elsewhere.")),
    "mail.brand.link": _w("link", 0.5, say("A button names a known organisation and leads elsewhere.")),
    "mail.link.prefilled": _w("link", 0.35, say("A link takes the reader's own address to a page that asks for more.")),
    "mail.link.shortened": _w("link", 0.2, say("A shortened link hides where it leads.")),
    "mail.link.odd-host": _w(
        "link", 0.6, say("A link's host is written with signs that are unseen or drawn at random.")
    ),
    "mail.link.drawn": _w("link", 0.6, say("A link is drawn as a program that sends lures in masses does.")),
    "mail.link.store-page": _w("link", 0.5, say("A link leads to a page in a rented store that is told who comes.")),
    # what it holds
    "mail.html.password": _w("content", 0.6, say("The mail itself asks for a password.")),
    "mail.html.form": _w("content", 0.1, say("The mail itself holds an input form.")),
    "mail.file.disc": _w("content", 0.5, say("A disc image is attached: what is in it starts without a warning.")),
    # what it asks
    "mail.text.enable-content": _w("order", 0.5, say("The reader is asked to enable active content.")),
    "mail.text.credentials": _w("request", 0.35, say("The reader is asked to give or confirm access data.")),
    "mail.text.money": _w("request", 0.35, say("The reader is asked for a payment or told of new bank details.")),
    "mail.text.storage": _w("request", 0.3, say("It speaks of a mail box or store that is full.")),
    "mail.text.urgency": _w("request", 0.25, say("The reader is put under pressure of time.")),
    "mail.text.secrecy": _w("request", 0.25, say("The reader is asked to tell nobody.")),
    "mail.lure.account": _w("request", 0.4, say("It speaks of an account that is lost or must be confirmed.")),
    "mail.lure.prize": _w("request", 0.4, say("It promises a prize or gift.")),
    "mail.lure.fortune": _w("request", 0.4, say("It speaks of a fortune, gift or inheritance.")),
    "mail.lure.crypto": _w("request", 0.4, say("It asks for access to crypto money, or promises some.")),
    "mail.lure.extortion": _w("request", 0.4, say("It threatens to publish something.")),
    "mail.lure.parcel": _w("request", 0.35, say("It speaks of a parcel that is held back.")),
    "mail.lure.payment": _w("request", 0.3, say("It speaks of a payment or refund that needs an act.")),
    "mail.lure.document": _w("request", 0.25, say("It speaks of a document or message that waits.")),
    "mail.lure.loan": _w("request", 0.35, say("It offers a loan to strangers.")),
    "mail.lure.court": _w("request", 0.35, say("It threatens with a court, the police or a seizure.")),
    "mail.lure.remedy": _w("request", 0.3, say("It advertises a remedy.")),
    "mail.lure.now": _w("request", 0.12, say("It presses for an act at once.")),
    "mail.lure.click": _w("request", 0.1, say("It presses for a click.")),
    "mail.text.loss": _w("request", 0.25, say("It says what will be lost or cut off without an act.")),
    "mail.text.value": _w("request", 0.3, say("It wants a card, a bank account or secret words.")),
    "mail.text.house": _w("request", 0.3, say("It speaks to the reader as an employer does, but comes from outside.")),
    # what it orders
    "mail.order.stray": _w(
        "order", 0.4, say("The sender's organisation is nowhere in the mail: neither named, nor do links lead there.")
    ),
    "mail.order.anonymous": _w(
        "order", 0.5, say("A service writes that is nowhere in its own mail: neither named, nor do links lead there.")
    ),
    "mail.order.nameless": _w("order", 0.4, say("A service wants something and nowhere tells who it is.")),
    "mail.order.login": _w("order", 0.5, say("An outsider wants the reader to sign in with an account of the house.")),
    "mail.order.advance": _w("order", 0.5, say("A stranger with a private mail box promises money and wants some.")),
    "mail.order.institution": _w(
        "order", 0.45, say("A private mail box writes as an organisation does to its customers.")
    ),
    "mail.order.device-code": _w(
        "order", 0.6, say("A code is to be typed at a genuine page: it lets another machine into the account.")
    ),
    "mail.order.consent": _w(
        "order", 0.5, say("A genuine sign-in page would let a stranger's program read the reader's mail or files.")
    ),
    "mail.order.command": _w("order", 0.55, say("The reader is to run a command that a page has prepared.")),
    "mail.order.page": _w(
        "order", 0.45, say("It asks for access by a page that anyone can set up, or that knows you.")
    ),
    "mail.order.elsewhere": _w(
        "order", 0.35, say("What it says waits for the reader is on a page that anyone can set up.")
    ),
    "mail.order.refund": _w("order", 0.5, say("A sum that is to be paid back waits behind a stranger's link.")),
    "mail.order.pressed": _w(
        "order", 0.5, say("A stranger speaks of a charge, a fine or an operation and presses for an act.")
    ),
    "mail.order.fee": _w("order", 0.5, say("A gift, a grant or a parcel is to cost a fee.")),
    "mail.order.approve": _w("order", 0.55, say("The reader is to accept a sign-in on the own phone.")),
    "mail.order.download": _w(
        "order", 0.35, say("A program or archive is to be fetched from a page that anyone can set up.")
    ),
    "mail.order.look": _w("order", 0.35, say("It says little more than to look at a page that anyone can set up.")),
    "mail.order.coins": _w("order", 0.5, say("It names an account of crypto money to pay to.")),
    "mail.order.winnings": _w("order", 0.4, say("It says that the reader has won a sum.")),
    "mail.order.new-account": _w("order", 0.5, say("Payments are to go to a new bank account: ask back by phone.")),
    "mail.order.debt": _w(
        "order", 0.5, say("A bill gives an account and hours to pay, and threatens with collection.")
    ),
    "mail.order.stand-in": _w(
        "order", 0.5, say("A private mail box stands in for one that is said not to work, and money is spoken of.")
    ),
    "mail.order.stranger": _w("order", 0.35, say("A stranger with a private mail box promises money or threatens.")),
    "mail.order.locked": _w("order", 0.3, say("It tells the password of a locked file, which filters can't open.")),
    "mail.order.payment": _w("order", 0.6, say("Someone who can't be asked back orders a payment.")),
    "mail.order.cards": _w("order", 0.6, say("Someone who writes from a private mail box asks for gift cards.")),
    "mail.order.payroll": _w("order", 0.55, say("Someone who writes from a private mail box changes where pay goes.")),
    "mail.order.bank": _w("order", 0.5, say("A supplier announces a new bank account from a private mail box.")),
    "mail.order.data": _w(
        "order", 0.5, say("A superior writes from a private mail box and wants data of many people.")
    ),
    "mail.order.ransom": _w("order", 0.5, say("It wants crypto money for its silence.")),
    "mail.order.card": _w("order", 0.3, say("It leads to a page that wants a card or a bank account.")),
    "mail.order.contact": _w("order", 0.5, say("A superior writes from a private mail box and can't be called.")),
    "mail.order.callback": _w("order", 0.5, say("A stranger's bill or warning asks for a call.")),
    "mail.from.authority": _w(
        "sender", 0.45, say("The sender is called like an authority, but the address is no authority's.")
    ),
    "mail.order.papers": _w("order", 0.5, say("A stranger with a private mail box wants copies of identity papers.")),
    "mail.text.papers": _w("request", 0.3, say("It wants copies of identity papers.")),
    "mail.order.bait": _w(
        "order", 0.5, say("A stranger with a private mail box hints at money or business, and tells no more.")
    ),
    "mail.order.directory": _w("order", 0.45, say("A fee is asked for an entry in a directory or register.")),
    "mail.order.job": _w("order", 0.5, say("A stranger offers work, and goes on in a messenger or wants a fee.")),
    "mail.order.purchase": _w(
        "order", 0.5, say("A stranger with a private mail box orders for an organisation, on credit.")
    ),
    "mail.order.deposit": _w("order", 0.5, say("A seller presses for a deposit at once, and for the proof of it.")),
    "mail.order.code": _w(
        "order", 0.6, say("The reader is to tell a code from the own phone, or to approve a sign-in.")
    ),
    "mail.order.remote": _w("order", 0.35, say("An outsider wants the reader to let him onto the computer.")),
    "mail.order.mailbox": _w("order", 0.5, say("A shared file is said to need the password of the reader's mail box.")),
    "mail.order.stored": _w(
        "order", 0.5, say("A stranger with a private mail box leads to a locked file and tells its password.")
    ),
    # how it hides
    "mail.text.mixed-script": _w("disguise", 0.55, say("Words mix alphabets to get past filters.")),
    "mail.text.lookalike-letters": _w("disguise", 0.35, say("Letters of words are replaced by ones that look alike.")),
    "mail.html.padding": _w("disguise", 0.3, say("Senseless words are hidden in it to get past filters.")),
    "mail.html.picture": _w("disguise", 0.2, say("It is a picture with a link, and hardly any text.")),
    "mail.html.picture-twice": _w(
        "disguise", 0.5, say("A picture stands twice, once without the start of its address, to get past filters.")
    ),
    "mail.code.link": _w("disguise", 0.1, say("A picture holds a code (QR) with a link.")),
    "mail.code.doubtful": _w("disguise", 0.5, say("A code (QR) in a picture leads where lures lead.")),
    "mail.code.asked": _w("disguise", 0.5, say("What it asks for, it wants done by a code (QR), past the computer.")),
    "mail.html.pushed": _w("disguise", 0.4, say("Text is pushed so far down that only filters read it.")),
    "mail.header.broken-words": _w("disguise", 0.45, say("Words of the subject are broken up to get past filters.")),
    "mail.text.disguised": _w("disguise", 0.5, say("Words are broken up by invisible letters to get past filters.")),
    "mail.html.hidden-text": _w("disguise", 0.15, say("Most of the text is hidden from the reader.")),
    "mail.limit.depth": _w("limit", LIMIT, say("Parts are nested so deeply that no reader shows them.")),
    "mail.limit.parts": _w("limit", LIMIT, say("The mail has more parts than any honest one.")),
    "mail.limit.header": _w("limit", LIMIT, say("A header is longer than any honest one: judged only in part.")),
    "mail.limit.decoded": _w("limit", LIMIT, say("Its parts are too large when decoded: judged only in part.")),
}
"""Weight by fact name."""
