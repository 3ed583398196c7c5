"""Bills that are to be disputed by telephone: the caller is then talked into a refund, a card or a remote session.

Patterns read text that was levelled (no accents, lower case) and have bounded gaps.
"""

from __future__ import annotations

import re

from safecare.formats.wording import Ask, any_of

_RENEWED = any_of(
    r"(?:auto-?)?renew\w*|renouvel\w+|subscription|abonnement",
    r"(?:has been|was|be|ete|sera|etre) (?:charged|debited|billed|debite\w*|preleve\w*|facture\w*)",
    r"order (?:has been |was |is )?(?:confirm\w+|placed|received|processed)",
    r"invoice|transaction|purchase|facture|commande|paiement|payment|operation|debit|prelevement",
    r"compra|cobranca|cargo|pagamento|pago|transferencia|saque|rechnung|zahlung|bestellung|kauf|abbuchung|uberweisung|"
    r"fattura|acquisto|addebito|factuur|betaling|aankoop|incasso",
    r"refunds?|remboursement|you(?:'ve| have)? (?:paid|sent|authori[sz]ed|purchased)|vous avez (?:paye|regle|achete)",
)
_DISPUTED = Ask.of(
    re.compile(
        r"\b(?:did(?:n't| not)|do(?:n't| not)) (?:authori[sz]e|recogni[sz]e|make|place|approve|request)|"
        r"\bto (?:stop|cancel|dispute|refuse|reverse) (?:it|this|the|within)|\bwant to cancel\b|"
        r"\bnot authori[sz]ed by you|"
        r"\bif this was(?:n't| not) you\b|\bpour (?:l'|la |le )?(?:annuler|arreter|contester)|"
        r"\bn'(?:etes|avez) pas[^.!?\n]{0,30}(?:origine|effectu|autoris|passe|command)|\bne reconnaissez pas|"
        r"\bnao (?:foi voce|reconhec\w+|autoriz\w+)|\bno (?:fue usted|reconoc\w+|autoriz\w+)|"
        r"\bnicht (?:von ihnen|veranlasst|autorisiert|erkenn\w+|getatigt)|\bnon (?:riconosc\w+|autorizz\w+)|"
        r"\bniet (?:herken\w+|geautoriseerd)|\b(?:om|zu|per|para) (?:te )?(?:annuleren|stornieren|annullare|cancelar)"
    ),
    "nao |no |nicht |non |niet |annuleren|stornieren|annullare|cancelar|"
    "did not|didn't|do not|don't|to stop|to cancel|to dispute|to refuse|to reverse|"
    "not authori|wasn't|was not|annuler|arreter|contester|n'etes|n'avez|"
    "reconnaissez",
)
"""A bill that its reader is to dispute."""
_CALL = re.compile(
    r"(?:\bcall\b|\bphone\b|\bdial\b|\bcontact|\bappel|\bjoindre|toll|helpline|help ?desk|support|\bligue|\bllam|"
    r"\banruf|\brufen\b|\btelefon|\bchiam|\bbel(?:len)?\b|\bcentral de\b)[^!?\n]{0,80}?"
    r"(\+?\(?\d[\d ().-]{7,22}\d)"
)
_AMOUNT = re.compile(r"[$€£] ?\d[\d,.]{1,9}|\b\d{2,5}[.,]\d{2}(?: ?[$€£]| eur| usd| dollars)")
_MONEYS = ("$", "€", "£", " eur", " usd", " dollar")
"""What stands beside every amount that `_AMOUNT` finds."""
_BARE_AMOUNT = re.compile(r"\b\d{2,5}[.,]\d{2}\b")
"""An amount in the bill of a private mail box, which need not say in what money."""


def to_be_called(text: str, facts: set[str], *, enclosed: bool) -> bool:
    """Tell whether a bill or a debit in the levelled `text` of an outsider gives a number to call.

    `enclosed`: a file is attached, which may be the bill.
    """
    private = enclosed and "mail.from.freemail" in facts
    return (private or _charged(text, facts)) and bool(_RENEWED.search(text) and _CALL.search(text))


def _charged(text: str, facts: set[str]) -> bool:
    """Tell whether a sum is charged: by a private mail box or a false organisation, or one that is to be disputed."""
    freemail = "mail.from.freemail" in facts
    if freemail and _BARE_AMOUNT.search(text):
        return True
    billed = freemail or "mail.brand.sender" in facts or _DISPUTED.told(text)
    return billed and any(map(text.__contains__, _MONEYS)) and bool(_AMOUNT.search(text))


__all__ = ["to_be_called"]
