"""The correlation rules of the platform and of the site, exchanged when the site's files change."""

from __future__ import annotations

from pathlib import Path

import structlog

from safecare.app.files import rules_of
from safecare.app.rules import TOLD, signature
from safecare.correlate.rules.read import Rulebook
from safecare.correlate.rules.rule import Rule, Shelf
from safecare.locale.catalogue import Catalogue
from safecare.model.hospital import Hospital


class SiteRules:
    """Looks after the folder ``rules`` of the hospital's files. While it can't be read, the last rules hold."""

    def __init__(self, source: Path) -> None:
        """Read the rules."""
        self._source = source
        self._seen: object = None
        self._failed = ""
        self._book = Rulebook((), ())
        self.shelf = Shelf(())
        self.look()

    def look(self) -> None:
        """Exchange the rules if a file has changed since the last look."""
        seen = signature(self._source / "rules")
        if seen == self._seen:
            return
        try:
            book = rules_of(self._source)
        except OSError as error:
            self._failed = f"can't be read: {error.strerror or error}"
            return
        self._failed, self._seen, self._book = "", seen, book
        self.shelf.rules = book.rules
        structlog.get_logger().info("correlation rules read", rules=len(book.rules), problems=len(book.problems))

    def current(self) -> tuple[Rule, ...]:
        """Look, and return the rules in use."""
        self.look()
        return self.shelf.rules

    def reasons(self) -> dict[str, str]:
        """Return, for the health page, what is wrong with the site's rules, by file and line."""
        say, nobody = Catalogue.load(), Hospital.empty()
        told = {
            f"rules/{one.file}:{one.line}": say.render(one.reason, "en", nobody) for one in self._book.problems[:TOLD]
        }
        return told | ({"rules": self._failed} if self._failed else {})
