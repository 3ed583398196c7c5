"""A link to a genuine sign-in page by which the reader would let a stranger's program read mail or files.

No password is asked for and the page is the provider's own; what is wrong is what is granted, and to whom
("consent phishing", MITRE ATT&CK T1528; Microsoft Learn, "Protect against consent phishing"). Sign-in links of programs
that only want to know who the reader is are of the same form, so the rights that are asked for decide.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from safecare.formats.brands import known
from safecare.formats.domains import host_of, registered
from safecare.formats.mail import Mail
from safecare.formats.wrapped import unwrapped

_PAGES = frozenset(
    {"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "login.live.com", "accounts.google.com"}
)
"""Hosts at which rights to mail boxes of the two largest providers are granted (RFC 6749, authorization endpoint)."""
_RIGHTS = re.compile(
    r"(?i)\b(?:mail\.(?:read|send|readwrite)|mailboxsettings|files\.(?:read|readwrite)|contacts\.read|notes\.read|"
    r"sites\.(?:read|fullcontrol)|full_access_as_user|user_impersonation|ews\.accessasuser|imap\.|"
    r"mail\.google\.com|auth/(?:gmail|drive|contacts))"
)
"""Rights to what the reader keeps (Microsoft Graph permissions reference, Google OAuth 2.0 scopes), not to his name."""
MOST = 50
"""Links that are looked at. Chosen."""


def consent(mail: Mail, own: frozenset[str]) -> set[str]:
    """Return the fact that a link asks for rights on behalf of a program of neither a known organisation nor `own`."""
    for target in (unwrapped(one) for one, _ in mail.links[:MOST]):
        if host_of(target) not in _PAGES:
            continue
        try:
            asked = parse_qs(urlsplit(target).query[:4000], max_num_fields=50)
        except ValueError:
            continue
        to = host_of(asked.get("redirect_uri", [""])[0])
        if to and not known(to) and registered(to) not in own and _RIGHTS.search(" ".join(asked.get("scope", []))):
            return {"mail.order.consent"}
    return set()


__all__ = ["consent"]
