"""Orders of false superiors and suppliers (business mail compromise): no link, no file, only words.

An order needs two things or more that each are harmless: money to be moved, secrecy, a writer who can't be asked back,
a title. Kinds after FBI IC3 and the French "fraude au president" (cybermalveillance.gouv.fr, CERT-FR). All patterns
read text that was levelled (no accents, lower case) and have bounded gaps.
"""

from __future__ import annotations

import re

from safecare.examine.mail.abroad import IBAN, abroad, in_person
from safecare.examine.mail.approaches import ON_FILE, approaches
from safecare.examine.mail.callbacks import to_be_called
from safecare.examine.mail.elsewhere import elsewhere
from safecare.examine.mail.passwords import told_passwords
from safecare.examine.mail.strangers import PRIVATE, strangers
from safecare.examine.mail.wants import wants
from safecare.formats.attachment import ending
from safecare.formats.brands import known
from safecare.formats.domains import registered
from safecare.formats.mail import FREE, Mail
from safecare.formats.wording import Ask, any_of, level

_TITLE = any_of(
    r"(?:direct(?:eur|rice)|director)(?: (?:general\w*|adjoint\w*|financi\w+|medical\w*|des ressources humaines))?",
    r"(?:ceo|cfo|coo|dg|daf|drh|pdg|president\w*|chairman|chief (?:\w+ officer|executive|of staff)|"
    r"managing partner|managing director|head of \w+|doyen|"
    r"chef(?:fe)? de (?:service|pole)|secretaire general\w*|direction(?: generale)?)",
)
_DOCTOR = re.compile(r"(?:dr|pr|prof|docteur|professeur|professor|doctor)\b")
_MONEY = Ask.of(
    any_of(
        r"(?:effectu\w+|proced\w+|execut\w+|realis\w+|faire|faites|fasse|fassiez|valid\w+|initi\w+|besoin|prepar\w+|"
        r"lancer|envoy\w+)~virements?",
        r"(?:make|process|send|initiate|arrange|handle|need|complete|set up)~"
        r"(?:wire transfer|bank transfer|payment|transfer of funds|wire|swift)",
        r"operations? (?:financieres?|bancaires?)|financial (?:operation|transaction)",
        r"(?:virement|paiement|wire|transfer)~(?:urgent\w*|confidentie\w+|today|aujourd'hui)",
    ),
    "virement|paiement|payment|transfer|wire|swift|operation financiere|operations financiere|operation bancaire|"
    "operations bancaire|"
    "financial operation|financial transaction",
)
_PAID_CARDS = any_of(
    r"(?:buy|purchase|get(?:ting)?|pick(?:ing)? up|need|achet\w+|procur\w+|besoin|faut|trouver?)"
    r"~(?:itunes|steam|google play|paysafe|pcs|neosurf|transcash|razer)\b"
)
"""Cards by which money is sent without a trace."""
_CARDS = any_of(
    r"(?:buy|purchase|get|pick up|need|with|achet\w+|procur\w+|besoin|faut|trouver?|avec|offrir)~"
    r"(?:gift ?cards?|(?:itunes|steam|amazon|google play|apple) (?:gift )?cards?|"
    r"cartes? cadeaux?|(?:cartes?|tickets?|coupons?) "
    r"(?:pcs|neosurf|transcash|google play|itunes|steam|amazon))",
)
_ADDRESSED = re.compile(r"(?:monsieur|madame|m\.|mme|dear|cher|chere|messieurs|mesdames)(?: le| la| les)? $")
"""Before a title: it is the reader's."""
_SENTENCES = re.compile(r"[.!?](?=\s)")
SIGNATURE = 120
"""Letters at the end of a text that are its signature. Chosen."""
_DATA = any_of(
    r"(?:send|forward|need|provide|email|pull|envo\w+|transmet\w+|communiqu\w+|besoin)~"
    r"(?:ag(?:ing|ed) (?:accounts )?(?:report|receivables?)|list of (?:outstanding |open )?(?:receivables|debtors)|"
    r"accounts? receivable|w-?2s?|payroll (?:file|list|report)|customer list|employee (?:list|records)|"
    r"fichier des (?:salaires|salaries|agents)|liste (?:du personnel|des agents|des salaries|des patients|des clients)|"
    r"(?:rib|iban) de (?:tous|chaque)|balance agee)",
    r"(?:list|liste|file|fichier|addresses|adresses|records) (?:of|de|des|of the) (?:all|every|tous|toutes|the|les)~"
    r"(?:staff|nurses?|employees?|doctors?|agents|infirmi\w+|medecins|patients?|salaries|personnels?)",
)
_LEGACY = any_of(
    r"(?:your|same|share|votre|meme)~(?:family name|surname|last name|nom de famille)|next of kin",
    r"unclaimed (?:estates?|funds?|inheritance|assets?|deposit)",
    r"(?:fonds|heritage|succession) (?:en desherence|non reclame\w*)",
)
_SUM = re.compile(r"[$€£] ?\d{3,5}\b|\b\d{3,5} ?(?:[$€£]|eur|euros|usd|dollars)")
_CODES = any_of(
    r"(?:scratch|gratt)\w*|(?:pictures?|photos?|images?|send|envo\w+)~(?:codes?|pins?|numeros?|cards?|cartes?|back)"
)
_PAY = r"(?:salaires?|paie|paye|salary|payroll|pay ?ch(?:ec|eq)\w*|wages?|direct deposit|remuneration|pay)"
_PAYROLL = any_of(
    r"(?:change|update|modif\w+|mettre a jour|nouveau|changer|new)~"
    r"(?:direct deposit|payroll|(?:rib|iban|coordonnees bancaires|bank (?:details|account))~"
    r"(?:salaire|paie|paye|salary|pay\b|payroll))",
    rf"{_PAY}~(?:nouveau|new|autre|other|another|different)~(?:compte|account|rib|iban|bank)",
    rf"(?:nouveau|new|autre|other|another|different|switched|change\w*)~(?:compte|account|rib|iban|banks?|banque)~{_PAY}",
    rf"(?:switched|changed|change de|changing|modifi\w+)~(?:banks?|banque|account|compte|rib)~{_PAY}",
)
_DETAILS = (
    r"(?:bank(?:ing)? (?:details|account|information|instructions|coordinates)|account (?:details|information)|"
    r"new account|payment instructions|"
    r"coordonnees bancaires|rib|iban)"
)
_BILLS = (
    r"(?:invoices?|pay|payments?|charges?|fees?|frais|remit\w*|remittances?|swift|factures?|reglements?|regler|"
    r"paiements?|virements?)"
)
_NOT_MINE = r"(?<!mon )(?<!mes )(?<!my )"
"""Patients write of accounts of their own."""
_NOT_YOURS = r"(?<!votre )(?<!vos )(?<!your )"
"""What is paid or shown in the reader's own account at a service goes nowhere else."""
_BANK = Ask.of(
    any_of(
        rf"{_NOT_MINE}(?:new|updated|change\w*|nouve\w+|modif\w+)~{_DETAILS}~{_BILLS}",
        rf"{_BILLS}~{_NOT_MINE}(?:new|updated|nouve\w+)~{_NOT_YOURS}(?:account|compte|iban|rib)",
        r"(?:our|nos|notre)~(?:new|updated|nouve\w+)~(?:bank (?:details|account)|coordonnees bancaires|rib|iban)",
        rf"{_NOT_MINE}(?:new|updated|nouve\w+|changement de|modification de)"
        r"(?: our| de nos| de notre| nos| notre)?~(?:bank (?:details|account)|coordonnees bancaires|rib|iban)"
        r"~(?:invoices?|payments?|factures?|reglements?|paiements?)",
    ),
    "bank|account|payment instructions|coordonnees bancaires|rib|iban|compte",
    "new|updated|change|nouve|modif",
)
_ELSEWHERE = Ask.of(
    any_of(
        rf"{_BILLS}~(?:(?:to|into|in) (?:the|this|our)|sur (?:le|ce|notre)) (?:\w+ )?(?:account|compte|iban|rib)\b"
        r"~(?:below|following|attached|suivant\w*|ci-dessous|ci-joint\w*|joint)",
        rf"{_BILLS}~(?:(?:to|into) the following|sur le compte suivant|"
        r"(?:to|into) the (?:account|iban) (?:in|on) the attached)",
        r"details~(?:have|has|were) (?:been )?(?:updated|changed)~(?:bank|invoice|payment)",
        r"(?:coordonnees|rib)~(?:ont|a) (?:ete )?(?:chang\w+|modifie\w*|mis\w* a jour)"
        r"~(?:banque|facture|paiement|reglement)",
        r"(?:no longer|not (?:be )?able to|cannot|can't|ne (?:pouvons|peut|recevons) plus)~"
        r"(?:receive|accept|recevoir|accepter|encaisser)~(?:funds|payments?|transfers?|paiements?|virements?|fonds)",
    ),
    "account|compte|iban|rib|funds|payment|transfer|fonds|virement|paiement|details|coordonnees",
    "below|following|attached|suivant|ci-joint|ci-dessous|joint|no longer|able to|cannot|can't|pouvons|ne peut|"
    "recevons|have |has |were |ont |a ete",
)
"""Payments can't go where they went, or are to go to an account that the mail brings along."""
_OTHER_ACCOUNT = Ask.of(
    any_of(
        rf"{_NOT_MINE}(?:new|nouveau|nouvel|updated|changed?|different|another|autre|following|suivant)"
        rf"~{_NOT_YOURS}(?:account|compte|iban|rib)",
        r"(?:account|compte|iban|rib)~(?:closed|ferme|changed?|suivant|following|audit\w*|under review)",
    ),
    "account|compte|iban|rib",
    "new|nouveau|nouvel|updated|change|different|another|autre|following|suivant|closed|ferme|audit|under review",
)
_SECRET = Ask.of(
    any_of(
        r"confidentie\w+|discret\w*|discretion|entre nous|between us|strictly private",
        r"(?:ne|n')~(?:parle\w*|dit\w*|mention\w*|inform\w*)~(?:personne|pas|a quiconque)",
        r"(?:don't|do not)~(?:tell|discuss|mention|share)",
        r"keep (?:it|this|that) (?:to yourself|quiet|secret|a secret|private|a surprise)|between you and me",
        r"(?:seule?|only) (?:personne |person |one )?"
        r"~(?:informee?|au courant|dans la confidence|informed|aware|who knows)",
        r"gard\w+ (?:ca|cela|ceci|le|la) pour (?:toi|vous)|surprise",
    ),
    "confidentie|discret|entre nous|between |strictly private|parle|dit|mention|inform|don't|do not|keep |seul|only |"
    "gard|surprise",
)
_BYPASS = Ask.among(
    r"(?:ne pass\w+ pas par|sans passer par|contourn\w+|hors)~(?:circuit|procedure|validation|workflow)\b",
    r"(?:bypass|skip|without(?: going through)?|outside)~(?:usual|normal|standard)"
    r"~(?:approval|process|procedure|workflow)",
    needs=("circuit|procedure|validation|workflow|approval|process",),
)
"""Controls of payments that the reader is to leave out."""
_AWAY = any_of(
    r"(?:en|in (?:a|an|the|back.to.back)|stuck (?:in|on)|retenue? (?:en|par|dans)|tied up)~"
    r"(?:reunions?|deplacement|conferences?|commission|rendez-vous|seminaire|meetings?|calls?|flight|boarding)\b",
    r"(?:au|in the|in) (?:bloc|theatre|surgery|operating room)\b",
)
_BARRED = any_of(
    r"(?:ne m'appel\w+ pas|ne pas (?:m')?appeler|pas (?:joignable|disponible) par telephone|"
    r"can(?:'t|not| not) (?:talk|call|take calls?)|"
    r"(?:do not|don't) call|no calls|unable to (?:talk|take calls?)|"
    r"(?:phones?|calls?) (?:is|are) (?:not|n't) (?:allowed|permitted|possible)|(?:phones?|calls?) (?:isn't|aren't)"
    r" (?:allowed|permitted|possible))",
    r"(?:repond\w+|reply|answer|ecri\w+)~(?:uniquement|only|seulement)",
    r"(?:uniquement|only|seulement) (?:par|by|via) (?:e-?mail|mail|courriel|ecrit)",
    r"(?:send|give|reply|answer|text|write|envo[iy][\w-]+|donn\w+|communiqu\w+|repon\w+|ecri\w+)~(?:your|votre|ton) "
    r"(?:\w+ )?(?:cell|mobile|phone|whatsapp|number|numero|portable)",
    r"ne (?:peux|puis|pourrai|peut)~(?:parler|appeler|telephoner|(?:repondre au|decrocher le) telephone|"
    r"prendre d'appels?)",
    r"(?:phone|line|telephone|ligne|portable) (?:is |est )?"
    r"(?:out of order|broken|dead|down|en panne|hors service|casse)",
)
_READY = any_of(
    r"(?:etes-vous|es-tu|are you|seriez-vous|serais-tu)~"
    r"(?:disponible|available|libre|at your desk|au bureau|at the office)",
    r"(?:quick|small|petit|un) (?:favou?r|task|request|service)~(?:demander|from you|for me|you|me rendre)?",
    r"j'ai besoin que (?:vous|tu)|i need you to|as soon as possible|asap|urgen\w+|des que possible",
    r"(?:need|want|have) (?:something|a few things|one thing)~(?:handled|done|taken care of|sorted)",
    r"(?:an?|une) (?:\w+ )?(?:assignment|task|tache|mission)\b",
    r"(?:got|have) a (?:moment|minute|second)|avez-vous (?:un moment|une minute)|(?:run|do) an errand|favou?r",
    r"(?:traiter|confier|regler|executer|une?)~(?:dossier|operation|tache|mission)\b",
    r"(?:rendre|demander)~service",
    r"(?:help|assist) me~(?:something|important|urgent\w*|right away|with an?)|"
    r"(?:m'aider|aide)~(?:quelque chose|important\w*|urgent\w*|tout de suite)",
)
_COIN = Ask.of(
    any_of(r"bitcoins?|btc|monero|usdt|litecoin|crypto(?:monnaies?|currency)?"),
    "bitcoin|btc|monero|usdt|litecoin|crypto",
)
_CARD = Ask.of(
    any_of(
        r"(?:renseign\w+|saisi\w*|complet\w+|indiqu\w+|communiqu\w+|transmett\w+|enter|provide|confirm\w*|verif\w+)~"
        r"(?:coordonnees bancaires|cartes? bancaires?|numero de carte|"
        r"card (?:number|details)|bank (?:details|account))",
    ),
    "bancaire|numero de carte|card number|card details|bank details|bank account",
)
_OR_ELSE = any_of(
    r"(?:or|otherwise|sinon|faute de quoi)~(?:publish\w*|leak\w*|expos\w*|destroy\w*|publi\w+|divulg\w+|diffus\w+)"
)
_WALLET = re.compile(r"\b(?:bc1[a-z0-9]{25,59}|0x[0-9a-fA-F]{40})\b")
_WALLET_OR_NUMBER = re.compile(
    r"\b(?:[13][a-km-zA-HJ-NP-Z1-9]{25,34}|[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}|T[1-9A-HJ-NP-Za-km-z]{33})\b"
)
"""Addresses of Bitcoin and Ethereum; older ones, Monero's and Tron's look like any long number: where ransom goes."""
_WON = Ask.of(
    re.compile(
        r"\b(?:you(?:'ve| have)? won|won the sum|winner of|awarded|vous avez gagne|gagnant\w* de)\b"
        r"[^.!?\n]{0,60}?\d{1,3}(?:[ ,.]\d{3})+"
    ),
    "won|winner|awarded|gagn",
)
_ARCHIVES = frozenset({"zip", "7z", "rar", "iso", "img", "one"})
_EXCUSES = frozenset({"mail.lure.account", "mail.lure.payment", "mail.lure.parcel", "mail.text.urgency"})


_STORIES = frozenset({"mail.lure.fortune", "mail.lure.loan", "mail.lure.court"})


def names_coins(text: str) -> bool:
    """Tell whether `text`, as it is written, names an account of crypto money."""
    return bool(_WALLET.search(text) or _WALLET_OR_NUMBER.search(text))


_ASK_BACK = Ask.of(
    any_of(
        r"(?:call|phone|telephone|ring|contact|speak to|appel\w*|rappel\w*|telephon\w*|joind\w+|contact\w*)~"
        r"(?:number (?:that )?(?:you|we) (?:already )?(?:hold|have|know)|number (?:in|on) (?:your|our|the)|"
        r"usual (?:contact|number)|known number|numero (?:habituel|connu|figurant|que vous)|"
        r"interlocut\w+ habituel\w*|contact habituel)",
        r"(?:by|par) (?:post|letter|registered (?:post|mail|letter)|courrier|lettre)\b",
    ),
    "number|usual|numero|habituel|by post|by letter|by registered|par courrier|par lettre",
)
_PHONE = re.compile(r"\+?\(?\d(?:[ ().-]?\d){8,13}")


def _asks_back(mail: Mail, text: str) -> bool:
    """Tell whether the writer wants to be asked back by a way that his mail does not give.

    No account, number, link or file: with such a mail alone no payment can be led elsewhere.
    """
    brings = mail.links or mail.files or IBAN.search(text) or _PHONE.search(text)
    return not brings and _ASK_BACK.told(text)


def orders(mail: Mail, display: str, domain: str, facts: set[str]) -> set[str]:
    """Return the facts of orders by a writer from outside, at `domain`; `facts` are those known so far."""
    found = elsewhere(mail, facts)
    locked = "mail.link.executable" in facts or any(ending(one.name) in _ARCHIVES for one in mail.files)
    if locked and any(not one.isalpha() for one in told_passwords(mail.text[:20_000])):
        found.add("mail.order.locked")
    owner = known(domain) and registered(domain) not in FREE
    end = mail.levelled[-SIGNATURE:]
    signed = bool(_TITLE.search(level(display[:200])) or _TITLE.search(_SENTENCES.split(end)[-1]))
    found |= approaches(mail, display, domain, facts, signed=signed, owner=owner)
    return found | _by_words(mail, display, facts, owner=owner) | strangers(mail, facts, owner=owner)


def _by_words(mail: Mail, display: str, facts: set[str], *, owner: bool) -> set[str]:
    private = not facts.isdisjoint(PRIVATE)
    own = "mail.from.own" in facts and "mail.reply-to.freemail" not in facts
    if own or facts & {"mail.list", "mail.from.inside"}:
        return set()
    text = mail.levelled
    found = abroad(mail, facts, private=private, owner=owner)
    found |= set() if owner else wants(mail, display, facts, private=private)
    if "mail.thread" in facts:  # where an intruder in a supplier's mail box waits for the moment to pay
        return found | ({"mail.order.new-account"} if _new_account(mail, text) else set())
    found |= _private(display, text, facts) if private else set()
    if _BYPASS.told(text) and (_MONEY.told(text) or IBAN.search(text)):
        found.add("mail.order.payment")
    if not private and _SECRET.told(text) and _MONEY.told(text) and _TITLE.search(text) and _away(text):
        found.add("mail.order.payment")
    found |= set() if "mail.news" in facts else _in_coins(mail, text, facts)
    if _WON.told(text):
        found.add("mail.order.winnings")
    if not private and _new_account(mail, text):
        found.add("mail.order.new-account")
    if mail.links and facts & _EXCUSES and _CARD.told(text):
        found.add("mail.order.card")
    if not owner and to_be_called(text, facts, enclosed=bool(mail.files)):
        found.add("mail.order.callback")
    return found


def _in_coins(mail: Mail, text: str, facts: set[str]) -> set[str]:
    """Return the fact that crypto money is wanted; whoever sends news to many tells of such mails."""
    start, coins = mail.text[:20_000], _COIN.told(text)
    wallet = ("bc1" in start or "0x" in start) and bool(_WALLET.search(start))
    if ("mail.lure.extortion" in facts and (coins or wallet)) or (coins and _OR_ELSE.search(text)):
        return {"mail.order.ransom"}
    paid = (wallet and (coins or _SUM.search(text))) or (coins and _WALLET_OR_NUMBER.search(start))
    return {"mail.order.coins"} if paid or (coins and _SECRET.told(text) and _TITLE.search(text)) else set()


def _new_account(mail: Mail, text: str) -> bool:
    """Tell whether payments are to go to a new account, and not only after asking back."""
    return (_BANK.told(text) or ON_FILE.told(text) or _other_account(text)) and not _asks_back(mail, text)


def _other_account(text: str) -> bool:
    """Tell whether payments are to go to an account that the mail brings along, other than before."""
    return _ELSEWHERE.told(text) or (_OTHER_ACCOUNT.told(text) and bool(IBAN.search(text)))


def _away(text: str) -> bool:
    """Tell whether the writer says not to be reached."""
    return bool(_BARRED.search(text) or _AWAY.search(text))


def _signed(display: str, text: str) -> bool:
    """Tell whether a superior signs: by the sender's name, or at the end of the text."""
    if _TITLE.search(level(display[:200])):
        return True
    end = text[-SIGNATURE:]
    return any(not _ADDRESSED.search(end[: found.start()]) for found in _TITLE.finditer(end))


def _private(display: str, text: str, facts: set[str]) -> set[str]:
    """Return the facts of orders from a private mail box."""
    found: set[str] = set()
    title = bool(_TITLE.search(level(display[:200])) or _DOCTOR.match(level(display[:200])) or _TITLE.search(text))
    secret, barred, ready = _SECRET.told(text), bool(_BARRED.search(text)), bool(_READY.search(text))
    away_too = bool(_AWAY.search(text))
    away = barred or away_too
    signed = _signed(display, text)
    if (secret or away or signed or (title and ready)) and _MONEY.told(text):
        found.add("mail.order.payment")
    if (secret or signed or title) and _DATA.search(text):
        found.add("mail.order.data")
    if (title or secret or away or ready or _CODES.search(text)) and _CARDS.search(text):
        found.add("mail.order.cards")
    if _PAID_CARDS.search(text):
        found.add("mail.order.cards")
    if _PAYROLL.search(text) and not in_person(text):
        found.add("mail.order.payroll")
    if _BANK.told(text) or ON_FILE.told(text) or _other_account(text):
        found.add("mail.order.bank")
    if facts & _STORIES or _LEGACY.search(text):
        found.add("mail.order.stranger")
    if (barred and ready and (title or away_too or secret)) or (signed and barred):
        found.add("mail.order.contact")
    return found


__all__ = ["names_coins", "orders"]
