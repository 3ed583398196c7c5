"""Orders of false superiors and suppliers in German, Dutch, Spanish, Italian and Portuguese; debts that press in any.

Kinds as in `safecare.examine.mail.orders`, which reads French and English: money to be moved by somebody who can't be
asked, a supplier's new account, cards whose codes are wanted, pay to another account (BKA and BSI, Fraudehelpdesk,
INCIBE, Polizia Postale, CNCS: "CEO-Fraud", "factuurfraude", "fraude del CEO"). All patterns read levelled text.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import re

from safecare.formats.mail import Mail
from safecare.formats.wording import Ask, words_of

SMALL = frozenset(
    "und ich wir sie ihr ihre ihren ist bitte heute mit fur auf nicht het een voor niet wij ons uw kun graag wordt van "
    "que para por con los las su usted nos del una esta che di il per sono della non mi una com nao uma voce seu os "
    "pelo ao".split()
)
"""Small words of these languages, few of which stand in French or English."""
FEW = 2
"""Different ones that a text in one of these languages holds at least. Chosen: the shortest orders have five."""

_MONEY_WORDS = (
    "uberweis|zahlung|betaling|overmak|overboek|spoedbetaling|transferencia|pago|bonifico|pagamento|transferir|"
    "auslands|eil|blitz|sofort"
)
_MONEY = Ask.among(
    r"(?:auslands|eil|blitz|sofort)?(?:uberweisung|zahlung)\w*~(?:veranlass\w+|ausfuhr\w+|tatig\w+|vornehm\w+|"
    r"vorbereit\w+|durchfuhr\w+|freigeb\w+|heute|dringend)",
    r"(?:veranlass\w+|ausfuhr\w+|tatig\w+|vornehm\w+|dringende\w*)"
    r"~(?:auslands|eil|blitz|sofort)?(?:uberweisung|zahlung)",
    r"(?:spoedbetaling|betaling|overboeking)~(?:klaarzet\w+|uitvoer\w+|regel\w+|doen|verwerk\w+|vandaag)",
    r"(?:doen|uitvoer\w+|regel\w+|klaarzet\w+|spoed\w*)~(?:betaling|overboeking)\b",
    r"(?:realiz\w+|hac\w+|efectu\w+|tramit\w+|orden\w+|urgente)~(?:transferencia|pago)\b",
    r"(?:effettu\w+|esegu\w+|dispo\w+|fare|urgente)~(?:bonifico|pagamento)\b",
    r"(?:efetu\w+|efectu\w+|faz\w+|realiz\w+|urgente)~(?:transferencia|pagamento)\b",
    needs=(_MONEY_WORDS,),
)
_HIDDEN = Ask.among(
    r"vertraulich\w*|diskret\w*|niemande[mn]|unter uns|vertrouwelijk\w*|onder ons|discreet|niemand\b|confidencial\w*|"
    r"discrecion|entre nosotros|riservat\w+|riservatezza|discrezione|confidenziale|discricao|sigilo|entre nos\b",
    r"(?:nur|ausschliesslich) (?:per|uber) (?:e-?mail|mail)|(?:nicht|kaum)~(?:telefon\w*|erreichbar|anrufen)|"
    r"(?:in|im|von) (?:\w+ )?(?:sitzung\w*|terminen|besprechung\w*|meetings?|op)\b",
    r"(?:in|zit in|hele dag in) (?:een )?(?:overleg|vergadering\w*)|alleen (?:per|via) (?:e-?mail|mail)|"
    r"niet~(?:bellen|bereikbaar)|mail me (?:even )?terug",
    r"(?:en|en una|de) (?:una )?reunion\w*|solo por (?:correo|email)|no (?:puedo|me)~(?:hablar|llam\w+|telefono)",
    r"(?:in|in una) riunione|solo (?:via|per) (?:e-?mail|mail)|non (?:posso|mi)~(?:telefono|chiam\w+|parlare)",
    r"(?:em|numa) (?:reuniao|reunioes)|apenas por (?:e-?mail|correio)|nao (?:posso|me)~(?:telefone|lig\w+|falar)",
    needs=(
        (
            "vertrau|diskret|niemand|unter uns|vertrouw|onder ons|discre|confid|entre n|riserv|sigilo|nur |ausschl|"
            "nicht|kaum|sitzung|termin|besprech|meeting|im op|overleg|vergader|alleen|niet|mail me|reuni|solo |no |"
            "non |riunion|apenas|nao "
        ),
    ),
)
"""Told to nobody, or by one who can't be reached but by mail."""
_CHIEF = Ask.among(
    r"(?:kaufm\w+ |arztl\w+ )?(?:vorstand\w*|geschaftsfuhr\w+|direktor\w*|chefarzt\w*|chefarztin|klinikleitung|"
    r"verwaltungsleit\w+)\b",
    r"(?:bestuursvoorzitter|directeur|bestuurder|raad van bestuur|directie)\b",
    r"(?:director\w*|directora|gerente|jefe de servicio|presidente)\b",
    r"(?:direttore|direttrice|primario|presidente|amministratore)\b",
    r"(?:diretor\w*|administrador\w*|presidente)\b",
    needs=(
        (
            "vorstand|geschaft|direk|chefarzt|klinik|kaufm|arztl|verwaltung|bestuur|raad van|direct|gerente|jefe|"
            "president|dirett|primario|amminist|diret|administ"
        ),
    ),
)
_OUR = r"(?:unsere|onze|ons|nuestra|nuestro|nuestros|nostro|nostra|nostre|nossa|nosso|nossos)"
_BANK = (
    r"(?:bankverbindung|bankkonto|konto|bankdaten|rekening\w*|bankrekening\w*|cuenta(?: bancaria)?|entidad bancaria|"
    r"datos bancarios|conto(?: corrente)?|coordinate bancarie|banca|conta(?: bancaria)?|dados bancarios|iban)"
)
_NEW = (
    r"(?:neu\w*|geander\w+|gewechsel\w+|anderung|nieuw\w*|gewijzig\w+|veranderd|nuev\w+|cambi\w+|modific\w+|nuov\w+|"
    r"variat\w+|nov[oa]s?|alter\w+|mud\w+)"
)
_NEW_ACCOUNT = Ask.among(
    rf"{_NEW}~{_BANK}\b[^\n]{{0,200}}?\b(?:zahl\w+|uberweis\w+|rechnung\w*|beta\w+|factu\w+|pag\w+|abon\w+|fattur\w+|"
    r"bonific\w+|fatur\w+|transfer\w+)",
    rf"(?:zahl\w+|uberweis\w+|rechnung\w*|beta\w+|factu\w+|pag\w+|abon\w+|fattur\w+|bonific\w+|fatur\w+|transfer\w+)"
    rf"~{_NEW} {_BANK}\b",
    rf"{_OUR} {_NEW} {_BANK}\b",
    needs=("bankv|konto|bankd|rekening|cuenta|entidad|datos banc|conto|coordinate|banca|conta|dados|iban",
           "neu|geander|gewechsel|anderung|nieuw|gewijz|verander|nuev|cambi|modif|nuov|variat|novo|nova|alter|mud"),
)  # fmt: skip
_UNCHANGED = Ask.among(
    r"(?:nicht|keine|unverandert\w*|niet|geen|ongewijzigd\w*|no|sin|non|nao|sem)~(?:geander\w+|anderung\w*|gewechselt|"
    r"gewijzigd|veranderd|cambi\w+|variado|vari\w+|alter\w+|mud\w+)|unverandert\w*|ongewijzigd\w*",
    needs=("nicht|keine|unverandert|niet|geen|ongewijzigd|no |sin |non |nao |sem ",),
)
"""Said of accounts that stay what they are."""
IBAN = re.compile(r"\b[a-z]{2}\d{2} ?(?:[a-z]{4} ?)?(?:\d ?){10,26}")
"""ISO 13616: country, two check digits, in some countries four letters of the bank, and digits."""
_CARDS = Ask.among(
    r"(?:google.?play|steam|itunes|apple|amazon|paysafe\w*|neosurf|transcash)[ -]?"
    r"(?:karten?|guthaben\w*|gutschein\w*|kaarten?|cadeaukaart\w*|tarjetas?|carte|buoni|cartoes|cartao)",
    r"(?:gutscheinkarten?|geschenkkarten?|cadeaukaart\w*|cadeaubon\w*|tarjetas? (?:de )?regalo|carte regalo|"
    r"buoni regalo|cartoes? presente)"
    r"~(?:kauf\w+|besorg\w+|koop\w*|haal\w*|compr\w+|acquist\w+|code\w*|codig\w+|codic\w+)",
    r"(?:kauf\w+|besorg\w+|koop\w*|kop\w+|haal\w*|compr\w+|acquist\w+)"
    r"~(?:gutscheinkarten?|geschenkkarten?|cadeaukaart\w*|cadeaubon\w*|tarjetas? (?:de )?regalo|carte regalo|"
    r"buoni regalo|cartoes? presente)|"
    r"tarjetas?~(?:google.?play|steam|itunes|apple|amazon)|carte~(?:google.?play|steam|itunes|apple|amazon)",
    needs=(
        (
            "kart|guthaben|gutschein|geschenk|kaart|cadeau|tarjeta|carte|buoni|carto|google|steam|itunes|apple|amazon|"
            "pays|neosurf|transcash"
        ),
    ),
)
_PAY = r"(?:gehalt\w*|lohn\w*|salaris\w*|loon|nomina|salario|sueldo|stipendio|ordenado|vencimento)"
_PAYROLL = Ask.among(
    rf"{_PAY}~{_NEW}~{_BANK}\b",
    rf"{_NEW}~{_BANK}\b~{_PAY}",
    rf"{_BANK}~{_PAY}~{_NEW}",
    needs=("gehalt|lohn|salari|loon|nomina|sueldo|stipendio|ordenado|vencimento",),
)
_THERE = Ask.among(
    r"(?:sind sie|bist du)~(?:buro|platz|verfugbar|erreichbar)|(?:kleine|kurze) (?:bitte|aufgabe|gefallen)",
    r"(?:ben je|bent u)~(?:kantoor|beschikbaar|bereikbaar)|(?:klein|kort) (?:verzoek|klusje)",
    r"(?:esta|estas)~(?:disponible|oficina|despacho)|(?:pequeno|un) favor",
    r"(?:e|sei|si trova) (?:in ufficio|disponibile|alla scrivania)|(?:piccolo|un) favore",
    r"(?:esta|estas)~(?:disponivel|escritorio|gabinete)",
    needs=(
        (
            "sind sie|bist du|kleine|kurze|ben je|bent u|klein |kort |esta |estas |favor|ufficio|disponibil|scrivania|"
            "disponivel"
        ),
    ),
)
_HOURS = re.compile(
    r"\b(?:innerhalb|binnen|within|in the next|sous|dans les|en|dentro de|entro|in)[^.!?\n]{0,12}?\b(?:24|48|72) ?"
    r"(?:h\b|hours|heures|stunden|uur|horas|ore)"
)
_COLLECT = Ask.among(
    r"inkasso\w*|mahnverfahren|gerichtlich\w*|incasso\w*|deurwaarder|huissier\w*|recouvrement|contentieux|"
    r"poursuites? judiciaires?|debt collect\w+|collection agency|legal action|bailiffs?|embargo|acciones? legales?|"
    r"via judicial|recupero crediti|azioni? legali|vie legali|acao judicial|cobranca judicial|penhora",
    needs=(
        (
            "inkasso|mahnverf|gerichtl|incasso|deurwaard|huissier|recouvr|contentieux|poursuite|collect|legal|bailiff|"
            "embargo|judicial|recupero|vie leg|penhora"
        ),
    ),
)


_IN_PERSON = re.compile(
    r"\b(?:en personne|in person|personlich|persoonlijk|en persona|di persona|pessoalmente|osobiscie)\b"
)
"""Who comes along shows who he is."""


def in_person(text: str) -> bool:
    """Tell whether the writer of the levelled `text` will come along and show who he is."""
    return bool(_IN_PERSON.search(text))


def foreign(text: str) -> bool:
    """Tell whether the levelled `text` may be in one of these languages."""
    return len(SMALL & words_of(text)) >= FEW


def abroad(mail: Mail, facts: set[str], *, private: bool, owner: bool) -> set[str]:
    """Return the facts of orders by an outsider; `private`: he writes from, or wants answers to, a private mail box."""
    text = mail.levelled
    found: set[str] = set()
    alone = "mail.thread" not in facts and not owner
    if alone and _COLLECT.told(text) and _HOURS.search(text) and IBAN.search(text):
        found.add("mail.order.debt")
    if not foreign(text):
        return found
    bank = "mail.order.bank" if private else "mail.order.new-account"
    if _NEW_ACCOUNT.told(text) and not _UNCHANGED.told(text) and (private or IBAN.search(text) or mail.files):
        found.add(bank)
    if not alone:
        return found
    hidden = _HIDDEN.told(text)
    if hidden and _MONEY.told(text) and (private or _CHIEF.told(text)):
        found.add("mail.order.payment")
    if not private:
        return found
    if _CARDS.told(text):
        found.add("mail.order.cards")
    if _PAYROLL.told(text) and not in_person(text):
        found.add("mail.order.payroll")
    if hidden and _THERE.told(text) and _CHIEF.told(text):
        found.add("mail.order.contact")
    return found


__all__ = ["IBAN", "abroad", "foreign", "in_person"]
