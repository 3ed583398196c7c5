"""What an outsider asks that only the house may ask, and what honest mail seldom wants of anyone.

A house writes to its staff of their work from its own domain; no outsider needs the reader to sign in with an account
of the house. All patterns read levelled text (no accents, lower case) and have bounded gaps.
"""

from __future__ import annotations

import re

from safecare.examine.mail.abroad import foreign
from safecare.formats.mail import Mail
from safecare.formats.wording import GAP, Ask

_STAFF = (
    Ask.among(
        r"(?:all|every|each) (?:\w+ )?(?:staff|employees?|personnel)\b",
        r"(?:employees?|staff(?: members?)?) (?:who|must|have to|need to|are required|are asked|should)",
        needs=("staff|employee|personnel",),
    ),
    Ask.among(
        r"(?:tous les|l'ensemble des|chaque|les) (?:agents?|salaries|personnels|collaborateurs)\b",
        r"(?:tout le|l'ensemble du|du|le) personnel\b",
        needs=("agent|salaries|personnel|collaborateurs",),
    ),
)
_POSITION = (
    Ask.among(
        r"(?:your|the) (?:\w+ ){0,2}(?:salary|payslip|payroll|pay rise|bonus|annual leave|leave (?:policy|balance)|"
        r"employment|position|termination|appraisal|performance review|overtime|timesheet|rota|roster|"
        r"work schedule)\b",
        needs=(
            (
                "salary|payslip|payroll|pay rise|bonus|annual leave|leave policy|leave balance|employment|position|"
                "termination|appraisal|performance review|overtime|timesheet|rota|roster|work schedule"
            ),
        ),
    ),
    Ask.among(
        r"(?:votre|vos|ton|tes|la|les|le) (?:\w+ ){0,2}(?:bulletins? de (?:paie|salaire)|salaires?|paie|primes?|"
        r"conges|contrat de travail|entretien (?:annuel|professionnel)|heures supplementaires|"
        r"planning de (?:garde|travail))\b",
        needs=(
            (
                "bulletin de|bulletins de|salaire|paie|prime|conges|contrat de travail|entretien annuel|"
                "entretien professionnel|heures supplementaires|planning de"
            ),
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
    r"(?: de)? (?:professionnel\w*|hospitali\w+|messagerie|reseau|windows|session|travail|l'hopital|l'etablissement))"
)
_LOGIN = (
    Ask.among(
        r"(?:sign(?:ed)? in|log(?:ged)? ?in|logon|authenticate|identify|verify|connect|open|access|enter)\w*"
        rf"~(?:with|using|via)~{_ACCOUNT}",
        rf"(?:use|enter|using)~{_ACCOUNT}",
        rf"{_ACCOUNT} (?:is|are) (?:needed|required|necessary)",
        needs=(
            (
                "work|staff|employee|hospital|network|corporate|company|business|office|windows|professional|organi|"
                "domain|intranet|and password"
            ),
            "email|e-mail|account|username|user name|credentials|login|password| id",
        ),
    ),
    Ask.among(
        r"(?:identifi\w+|connect\w+|authentifi\w+|complet\w+|acced\w+)(?:-vous|-la|-le)?"
        rf"~(?:avec|via|par|a l'aide de)~{_ACCOUNT_FR}",
        rf"(?:saisi\w+|utilis\w+|entre[rz])~{_ACCOUNT_FR}",
        needs=(
            "professionnel|hospitali|messagerie|reseau|windows|session|travail|hopital|etablissement",
            "identifi|connect|authentifi|complet|acced|saisi|utilis|entrer|entrez",
            "compte|identifiant|adresse|mot de passe|session|login",
        ),
    ),
)
_LOGIN_ABROAD = Ask.among(
    r"(?:anmeld\w+|einlogg\w+|melden sie sich)~(?:mit|uber)~(?:ihre[mnr]?|dem|der)~(?:dienst\w*|klinik\w*|arbeits\w*|"
    r"firmen\w*|e-?mail-?(?:konto|adresse|passwort|zugang)|netzwerk\w*|windows\w*|microsoft\w*)",
    r"(?:log\w*|meld\w* (?:u |je )?aan|aanmeld\w+)~met (?:uw|je|het)~(?:werk\w*|zakelijk\w*|bedrijfs\w*|ziekenhuis\w*|"
    r"e-?mail(?:adres|account))",
    r"(?:inici\w+ sesion|acced\w+|identifi\w+|introduc\w+)~(?:su|sus|tu)"
    r"~(?:correo (?:corporativo|profesional|electronico)|cuenta (?:corporativa|profesional|de correo)|"
    r"usuario y contrasena|credenciales)",
    r"(?:acced\w+|accesso|inseri\w+|effettu\w+)~(?:con|tramite|la|le|sua|sue|tua|vostr[ae])"
    r"~(?:posta|mail|e-?mail|account|credenziali|casella) (?:aziendal\w+|istituzional\w+|di lavoro|ospedalier\w+)",
    r"(?:inici\w+ sessao|aced\w+|acess\w+|introduz\w+)~(?:seu|sua|o|a|as|suas)~(?:e-?mail|conta|credenciais|correio) "
    r"(?:profissiona\w+|institucional|de trabalho|corporativ\w+)",
    needs=(
        "anmeld|einlogg|melden|log|meld|inici|acced|identif|introdu|acces|inseri|effettu|aced|acess",
        (
            "dienst|klinik|arbeits|firmen|mail|netzwerk|windows|microsoft|werk|zakelijk|bedrijf|ziekenhuis|correo|"
            "cuenta|usuario|credenc|posta|account|credenz|casella|conta"
        ),
    ),
)
_LOSS = (
    Ask.among(
        r"(?:will be|is about to be|sera|seront|va etre|vont etre|allez)~(?:cancel\w*|cut|remov\w*|suspend\w*|"
        r"interrupt\w*|stopp\w*|withdrawn|lost|delet\w*|clos\w*|disconnect\w*|limit\w*|block\w*|return\w*|annul\w*|"
        r"coupe\w*|retir\w*|interromp\w*|arret\w*|perd\w+|efface\w*|supprim\w*|ferm\w*|desactiv\w*|bloqu\w*|"
        r"renvoy\w*|radi\w+|resili\w*)\b",
        needs=(
            "will be |about to be |sera |seront |va etre |vont etre |allez ",
            (
                "cancel|cut|remov|suspend|interrupt|stopp|withdrawn|lost|delet|clos|disconnect|limit|block|return|annul|"
                "coupe|retir|interromp|arret|perd|efface|supprim|ferm|desactiv|bloqu|renvoy|radi|resili"
            ),
        ),
    ),
    Ask.among(
        r"(?:lapses?|expires?|ends?|expire|prend fin|se termine)"
        r"~(?:today|tonight|midnight|tomorrow|aujourd'hui|ce soir|minuit|demain)",
        needs=("today|tonight|midnight|tomorrow|aujourd'hui|ce soir|minuit|demain",),
    ),
    Ask.among(
        r"(?:faute de|sans|failing|unless|if you do not|if not)"
        r"~(?:reglement|paiement|reponse|action|payment|renew\w*|confirm\w*|verif\w*)",
        needs=("faute de |sans |failing |unless |if you do not |if not ",),
    ),
)
_VALUE = Ask.among(
    r"(?:give|send|enter|provide|verify|confirm|need|indiqu\w+|saisi\w+|renseign\w+|donn\w+|transmet\w+|"
    r"munissez-vous|verifi\w+)"
    r"~(?:(?:credit |bank |debit )?card\b|card details|bank (?:account|details)|carte(?: bancaire| bleue)?\b|rib\b|"
    r"iban\b|(?:12|24|twelve|twenty-four|douze|vingt-quatre) (?:words|mots)|(?:recovery|seed) phrase|"
    r"phrase de recuperation)",
    needs=("card|bank account|bank details|carte| rib| iban| words| mots| phrase",),
)
_PROMPT = r"(?:powershell|terminal|command prompt|invite de commandes?|run (?:box|dialog|window))"
_COMMAND = Ask.of(
    re.compile(
        r"\b(?:win(?:dows)?(?: key| logo key)?|touche windows) ?\+ ?\[?r\b|"
        rf"\b(?:paste|coll(?:ez|er))\b{GAP}{_PROMPT}|\b{_PROMPT}{GAP}(?:paste|coll(?:ez|er))\b"
    ),
    "windows|win +|win+|win key|win logo key|powershell|terminal|command prompt|invite de commande|"
    "run box|run dialog|run window",
)
"""The reader is to run a command that a page put into his clipboard ("ClickFix": Microsoft, Proofpoint 2024)."""


def house(mail: Mail, facts: set[str]) -> set[str]:
    """Return the facts of what the mail of an outsider asks; `facts` are those known so far."""
    text = mail.levelled
    found: set[str] = set()
    if "mail.list" not in facts and _COMMAND.told(text):
        found.add("mail.order.command")
    if any(one.told(text) for one in _STAFF + _POSITION):
        found.add("mail.text.house")
    leads = mail.links or mail.files
    if leads and (any(one.told(text) for one in _LOGIN) or (foreign(text) and _LOGIN_ABROAD.told(text))):
        found.add("mail.order.login")
    if mail.links and any(one.told(text) for one in _LOSS):
        found.add("mail.text.loss")
    if mail.links and _VALUE.told(text):
        found.add("mail.text.value")
    return found


__all__ = ["house"]
