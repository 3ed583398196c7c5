"""The time by which is deleted: it does not jump ahead when the machine's clock does.

A clock that is wrong by years would delete in an hour what is still needed. A time that lies further ahead than it can
by what has passed since the last look counts only once it has stood for a day, so that somebody can put the clock
right; until then time goes on from where it was. A clock that is put back deletes later, which harms nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from safecare.model.clock import Clock
from safecare.store import schema
from safecare.store.database import Database

SLACK = timedelta(hours=2)
"""How far the clock may be from where it should be while we run (chosen: summer time set by hand, and twice what lies
between two looks)."""
AWAY = timedelta(days=4)
"""How long a platform may have been switched off without doubt of its clock (chosen: a long week-end)."""
STANDS = timedelta(days=1)
"""How long a clock that jumped must stand until it is believed (chosen: a working day sees the health page)."""


@dataclass
class Steady:
    """Gives the time to delete by. `passed`: seconds that only grow; `last`: the last look before a restart.

    `note`: the file that holds since when the clock is doubted, over restarts.
    """

    clock: Clock
    passed: Callable[[], float]
    note: Path
    last: datetime | None = None
    _looked: float | None = field(default=None, init=False)
    _doubt: tuple[datetime, datetime] | None = field(default=None, init=False)
    """What the clock shows, and what it should."""

    def now(self) -> datetime:
        """Return the clock's time, or while that is doubted the time that it should be."""
        told, passed = self.clock.now(), self.passed()
        gone = timedelta(seconds=0.0 if self._looked is None else passed - self._looked)
        expected = told if self.last is None else self.last + gone
        if told - expected <= (AWAY if self._looked is None else SLACK) or self._stood(told):
            self._doubt, believed = None, told
            self.note.unlink(missing_ok=True)
        else:
            self._doubt, believed = (told, expected), expected
        self.last, self._looked = max(believed, expected), passed
        return believed

    def reasons(self) -> Mapping[str, str]:
        """Return why the clock is doubted, for the health page."""
        if self._doubt is None:
            return {}
        told, expected = (f"{one:%Y-%m-%d %H:%M} UTC" for one in self._doubt)
        why = f"the clock shows {told} where it should be {expected}: nothing is deleted by it until it stood for a day"
        return {"retention": why}

    def _stood(self, told: datetime) -> bool:
        """Tell whether the clock has been doubted for a day of its own; note since when, if it is not yet."""
        try:
            since = datetime.fromisoformat(self.note.read_text("ascii"))
        except (OSError, ValueError):
            since = None
        if since is not None and since <= told <= since + 2 * STANDS + AWAY:
            return told - since >= STANDS
        self.note.write_text(told.isoformat(), "ascii")  # it has jumped, or once more
        return False


def last_look(database: Database) -> datetime | None:
    """Return when was looked last for what to delete; None: never. Blocking."""
    with database.reading() as connection:
        found = connection.scalar(select(func.max(schema.log_mark.c.at)))
    return None if found is None else schema.moment(found)
