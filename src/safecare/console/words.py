"""One reader's words: language, names and sentences for one request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from safecare.console.wire.incidents import Named
from safecare.locale.catalogue import LANGUAGES, Catalogue, span
from safecare.model.hospital import Hospital
from safecare.model.text import Text, say
from safecare.store.accounts import Accounts

_USER_ID = 36
"""Length of a user's id, a UUID."""

LANGUAGE_COOKIE = "safecare_language"


class People:
    """Names of users by id. Names never change, so each is asked for once. Blocking on the first time."""

    def __init__(self, accounts: Accounts) -> None:
        """Take the accounts."""
        self._accounts = accounts
        self._known: dict[str, str] = {}

    def name(self, id: str) -> str:
        """Return the name of user `id`; what is no user (``policy:...``, ``local``) is its own name."""
        if id not in self._known:
            found = self._accounts.user(id) if len(id) == _USER_ID else None
            if found is None:
                return id
            self._known[id] = found.name
        return self._known[id]


@dataclass(frozen=True)
class Words:
    """Turns texts and ids into what one reader sees."""

    catalogue: Catalogue
    hospital: Hospital
    people: People
    language: str
    now: datetime | None = None
    """When the reader asked: times of the same day are told without the date."""

    def say(self, text: Text, site: str | None = None) -> str:
        """Return `text` in the reader's language, with times of `site`."""
        return self.catalogue.render(text, self.language, self.hospital, site, self.now)

    def reason(self, text: str) -> str:
        """Return what a part says of itself, or why it could not read something, in the reader's language."""
        return self.catalogue.reason(text, self.language)

    def all(self, texts: Iterable[Text], site: str | None = None) -> list[str]:
        """Return all of `texts`."""
        return [self.say(text, site) for text in texts]

    def named(self, id: str) -> Named:
        """Return `id` with its name."""
        return Named(id, self.hospital.label(id, self.language))

    def each(self, ids: Iterable[str]) -> list[Named]:
        """Return all of `ids` with their names."""
        return [self.named(id) for id in ids]

    def person(self, id: str) -> str:
        """Return the name of a user; a role stands for itself where nobody in particular is meant."""
        name = self.people.name(id)
        return self.role(id) if name == id and (id in ROLE_NAMES or id in self.hospital.roles) else name

    def span(self, seconds: float) -> str:
        """Return a duration in words."""
        return span(seconds, self.language)

    def named_role(self, role: str) -> Named:
        """Return a role with its name."""
        return Named(role, self.role(role))

    def role(self, role: str) -> str:
        """Return the name of a role: one of ours, or one that the hospital's files name."""
        if role in ROLE_NAMES:
            return self.say(ROLE_NAMES[role])
        own = self.hospital.roles.get(role)
        if own is None:
            return role.replace("_", " ")
        return own.fr if self.language == "fr" else own.en


ROLE_NAMES = {
    "guard": say("Guard"),
    "operator": say("Security desk"),
    "analyst": say("Security analyst"),
    "ciso": say("Head of information security"),
    "crisis": say("Crisis cell"),
    "liaison": say("Liaison"),
    "admin": say("Administrator"),
    "auditor": say("Auditor"),
}


def language_of(request: Request, default: str) -> str:
    """Return the reader's language: as chosen, else as the browser asks (RFC 9110, 12.5.4), else `default`."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    wanted: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "")[:200].split(","):
        tag, _, quality = part.strip().partition(";q=")
        language = tag[:2].lower()
        if language in LANGUAGES:
            wanted.append((_quality(quality), language))
    best = max(wanted, key=lambda one: one[0], default=(0.0, ""))
    return best[1] if best[0] > 0 else default


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
