"""What an outsider asks that only the house may ask, and what honest mail seldom wants of anyone.

A house writes to its staff of their work from its own domain; no outsider needs the reader to sign in with an account
of the house. All patterns read levelled text (no accents, lower case) and have bounded gaps.
"""

from __future__ import annotations

import re

from safecare.formats.mail import Mail
from safecare.formats.wording import GAP, Ask

_STAFF = Ask.among(
    r"(?:all|every|each) (?:\w+ )?(?:staff|employees?|personnel)\b",
    r"(?:employees?|staff(?: members?)?) (?:who|must|have to|need to|are required|are asked|should)",
    r"(?:tous les|l'ensemble des|chaque|les) (?:agents?|salaries|personnels|collaborateurs)\b",
    r"(?:tout le|l'ensemble du|du|le) personnel\b",
    needs=("staff|employee|personnel|agent|salaries|collaborateurs",),
)
_POSITION = Ask.among(
    r"(?:your|the) (?:\w+ ){0,2}(?:salary|payslip|pay ?stub|payroll|pay rise|bonus|annual leave|"
    r"leave (?:policy|balance)|employment|position|termination|appraisal|performance review|overtime|timesheet|rota|"
    r"roster|work schedule)\b",
    r"(?:votre|vos|ton|tes|la|les|le) (?:\w+ ){0,2}(?:bulletins? de (?:paie|salaire)|salaires?|paie|primes?|conges|"
    r"contrat de travail|entretien (?:annuel|professionnel)|heures supplementaires|planning de (?:garde|travail))\b",
    needs=(
        (
            "salary|pay|bonus|leave|employment|position|termination|appraisal|performance|overtime|timesheet|rota|"
            "roster|schedule|bulletin|salaire|prime|conges|contrat|entretien|heures|planning"
        ),
    ),
)
_ACCOUNT = (
    r"(?:(?:(?:your|the|a) )?(?:(?:work|staff|employee|hospital|network|corporate|company|business|office|windows|"
    r"professional|organi[sz]ation(?:al)?|domain|intranet)(?:'s)? (?:e-?mail(?: (?:address|account|and password))?|"
    r"accounts?|user ?names?|credentials|login|password|id)\b|e-?mail (?:address )?and password))"
)
_ACCOUNT_FR = (
    r"(?:(?:votre|vos|le|les|l'|un|son)? ?(?:compte|identifiants?|adresse|mot de passe|session|login)(?: et \w+ \w+)?"
    r"(?: de)? (?:professionnel\w*|messagerie|reseau|windows|session|travail|l'hopital|l'etablissement))"
)
_LOGIN = Ask.among(
    r"(?:sign(?:ed)? in|log(?:ged)? ?in|logon|authenticate|identify|verify|connect|open|access|enter)\w*"
    rf"~(?:with|using|via)~{_ACCOUNT}",
    rf"(?:use|enter|using)~{_ACCOUNT}",
    rf"{_ACCOUNT} (?:is|are) (?:needed|required|necessary)",
    r"(?:identifi\w+|connect\w+|authentifi\w+|complet\w+|acced\w+)(?:-vous|-la|-le)?"
    rf"~(?:avec|via|par|a l'aide de)~{_ACCOUNT_FR}",
    rf"(?:saisi\w+|utilis\w+|entre[rz])~{_ACCOUNT_FR}",
    needs=(
        "mail|email|account|user|credentials|login|password|id|compte|identifiant|adresse|mot de passe|session",
        (
            "work|staff|employee|hospital|network|corporate|company|business|office|windows|profession|organi|domain|"
            "intranet|mail|email|messagerie|reseau|session|travail|hopital|etablissement"
        ),
    ),
)
_LOSS = Ask.among(
    r"(?:will be|is about to be|sera|seront|va etre|vont etre|allez)~(?:cancel\w*|cut|remov\w*|suspend\w*|interrupt\w*|"
    r"stopp\w*|withdrawn|lost|delet\w*|clos\w*|disconnect\w*|limit\w*|block\w*|return\w*|annul\w*|coupe\w*|retir\w*|"
    r"interromp\w*|arret\w*|perd\w+|efface\w*|supprim\w*|ferm\w*|desactiv\w*|bloqu\w*|renvoy\w*|radi\w+|resili\w*)\b",
    r"(?:lapses?|expires?|ends?|expire|prend fin|se termine)"
    r"~(?:today|tonight|midnight|tomorrow|aujourd'hui|ce soir|minuit|demain)",
    r"(?:faute de|sans|failing|unless|if you do not|if not)"
    r"~(?:reglement|paiement|reponse|action|payment|renew\w*|confirm\w*|verif\w*)",
    needs=(
        (
            "will be|about to|sera|seront|va etre|vont etre|allez|lapse|expire|end|prend fin|termine|faute de|sans|"
            "failing|unless|if "
        ),
    ),
)
_VALUE = Ask.among(
    r"(?:give|send|enter|provide|verify|confirm|need|indiqu\w+|saisi\w+|renseign\w+|donn\w+|transmet\w+|"
    r"munissez-vous|verifi\w+)"
    r"~(?:(?:credit |bank |debit )?card\b|card details|bank (?:account|details)|carte(?: bancaire| bleue)?\b|rib\b|"
    r"iban\b|(?:12|24|twelve|twenty-four|douze|vingt-quatre) (?:words|mots)|(?:recovery|seed) phrase|"
    r"phrase de recuperation)",
    needs=("card|bank|carte|rib|iban|words|mots|phrase",),
)
_PROMPT = r"(?:powershell|terminal|command prompt|invite de commandes?|run (?:box|dialog|window))"
_COMMAND = re.compile(
    r"\b(?:win(?:dows)?(?: key| logo key)?|touche windows) ?\+ ?\[?r\b|"
    rf"\b(?:paste|coll(?:ez|er))\b{GAP}{_PROMPT}|\b{_PROMPT}{GAP}(?:paste|coll(?:ez|er))\b"
)
"""The reader is to run a command that a page put into his clipboard ("ClickFix": Microsoft, Proofpoint 2024)."""


def house(mail: Mail, facts: set[str]) -> set[str]:
    """Return the facts of what the mail of an outsider asks; `facts` are those known so far."""
    text = mail.levelled
    found: set[str] = set()
    if "mail.list" not in facts and _COMMAND.search(text):
        found.add("mail.order.command")
    if _STAFF.told(text) or _POSITION.told(text):
        found.add("mail.text.house")
    if _LOGIN.told(text) and (mail.links or mail.files):
        found.add("mail.order.login")
    if mail.links and _LOSS.told(text):
        found.add("mail.text.loss")
    if mail.links and _VALUE.told(text):
        found.add("mail.text.value")
    return found


__all__ = ["house"]
