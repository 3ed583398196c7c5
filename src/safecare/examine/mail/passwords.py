"""Passwords of locked files that stand in the text beside them, as senders tell them."""

from __future__ import annotations

import re

_LOCKED = re.compile(
    r"(?i)(?:mot de passe|mdp|password|passwort|passcode|code d'ouverture|contrase.a|senha|pwd)"
    r"(?: (?:est|is|ist|de l'archive|du fichier|for the file|for the archive|of the file|pour ouvrir|to open))*"
    r"[\s:=\"'«\u2019-]{1,6}([^\s,;\"'»<>]{3,40})"
)
MOST_PASSWORDS = 5
"""Passwords of one mail that are tried. Chosen: senders tell one."""


def told_passwords(text: str) -> list[str]:
    """Return the passwords that `text` tells, as senders of locked files do; words of the language among them."""
    return list(dict.fromkeys(one.rstrip(".!?)") for one in _LOCKED.findall(text)))[:MOST_PASSWORDS]
