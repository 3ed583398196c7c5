"""Maildir door: reads a folder into which a mail server delivers; nothing in it is moved, marked or deleted.

A mail is complete when it stands in ``new`` or ``cur``; its name before the flags stays the same for life. Source:
D. J. Bernstein, "Using maildir format" (cr.yp.to/proto/maildir.html).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.mail.collect import collect
from safecare.sources.upload import open_regular, shown

MOST = 500
"""Mails taken over in one round. Chosen: the health page is brought up to date between rounds."""


@source("maildir")
@dataclass
class MaildirDoor:
    """Watches one mailbox.

    `folder`: the one that holds ``new`` and ``cur``. `owner`: mail address to which it belongs. `every`: seconds
    between looks. `message_mb`: largest mail (MB). `from_start`: whether what lies there at the first start is read,
    too. `positions`: where the names of mails that are done are remembered; without it all are read at each start.
    """

    door: str
    folder: Path
    owner: str = ""
    every: float = 5.0
    message_mb: float = 32.0
    from_start: bool = True
    positions: Path | None = None
    _done: set[str] = field(default_factory=set, init=False)

    async def run(self, intake: Intake) -> None:
        """Read what comes until cancelled."""
        await asyncio.to_thread(self._load)
        while True:
            try:
                count = await self._round(intake)
            except LogFullError:
                intake.report(self.door, "waiting", "no room: mails wait in the folder")
            except OSError as error:
                intake.report(self.door, "failed", f"{self.folder}: {error.strerror or error}")
            else:
                intake.report(self.door, "ok", str(self.folder))
                if count == MOST:
                    continue
            await asyncio.sleep(self.every)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Refuse: what this door rejects was too large, and is not whole."""
        raise UnreadableError("the mail is not whole in the rejects; it lies in its mailbox", self.door)

    async def _round(self, intake: Intake) -> int:
        """Take over mails that are not done yet, oldest first, and return their number. Raises `OSError`."""
        fresh = await asyncio.to_thread(self._fresh)
        for name, path in fresh[:MOST]:
            try:
                raw, at = await asyncio.to_thread(self._read, path)
            except FileNotFoundError:
                continue  # a reader has given it flags, or deleted it: the next look tells which
            if len(raw) > self.message_mb * 1_000_000:
                reason = f"larger than {self.message_mb:g} MB"
                await intake.reject(self.door, raw[: 1 << 20], reason, shown(path))
            elif raw.strip():
                place = str(self.folder)
                await collect(raw, intake, door=self.door, place=place, owner=self.owner, at=at)
            await asyncio.to_thread(self._finish, [name])
        return min(len(fresh), MOST)

    def _fresh(self) -> list[tuple[str, Path]]:
        """Return names and paths of what is not done, by the time of delivery. Raises `OSError`."""
        found: list[tuple[int, str, Path]] = []
        for part in ("new", "cur"):
            for path in (self.folder / part).iterdir():
                name = path.name.partition(":")[0]
                if name in self._done or name.startswith("."):
                    continue
                try:
                    found.append((path.stat().st_mtime_ns, name, path))
                except FileNotFoundError:
                    continue
        return [(name, path) for _, name, path in sorted(found)]

    def _read(self, path: Path) -> tuple[bytes, datetime]:
        with open_regular(path) as file:
            raw = file.read(int(self.message_mb * 1_000_000) + 1)
        return raw, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def _load(self) -> None:
        """Read the names of mails that are done; those that are gone are forgotten."""
        file = self._names()
        if file is not None and file.exists():
            there = {name for name, _ in self._fresh()} if self.folder.is_dir() else set()
            self._done = there & set(file.read_text("utf-8", "surrogateescape").split("\n"))
            fresh = file.with_suffix(".new")
            fresh.write_text("".join(f"{name}\n" for name in self._done), "utf-8", "surrogateescape")
            fresh.replace(file)
        elif not self.from_start and self.folder.is_dir():
            self._finish([name for name, _ in self._fresh()])

    def _finish(self, names: list[str]) -> None:
        self._done.update(names)
        file = self._names()
        if file is not None:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8", errors="surrogateescape") as stream:
                stream.write("".join(f"{name}\n" for name in names))

    def _names(self) -> Path | None:
        return self.positions / f"{self.door}.names" if self.positions else None
