"""What all doors that judge files share: what workers must know of the site, and the memory of verdicts.

The site's own YARA rules and its mail model are read when the platform starts, and again when a file changes; workers
that know the old ones are replaced before their next file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from safecare.examine.api import Verdict
from safecare.formats.mail_auth import Reply
from safecare.sources.files.clamd import Clamd
from safecare.sources.files.memory import Memory, fingerprint, key_of
from safecare.sources.files.process import Worker
from safecare.sources.files.resolver import Resolver
from safecare.sources.files.rules import admitted, rule_files
from safecare.sources.files.wire import Answer, Job, Setup

ROUNDS = 3
"""Times that a worker may ask the DNS for one mail: it names all that it needs at once. Chosen."""
MOST_QUESTIONS = 20
"""Questions of one round. Chosen: five signatures and the names above a sender."""
PARTS = 32 * 1024 * 1024
"""Bytes of what is unpacked that a second engine is shown of one file. Chosen: both processes hold them once more."""
Unpacked = tuple[tuple[str, bytes], ...]
"""Path and bytes of parts."""
MODEL_BYTES = 4 * 1024 * 1024
"""Largest mail model (bytes). Chosen: ten times what training writes."""


class Judging:
    """The one way in which files are judged; given to every door. `setup` is the present one."""

    def __init__(
        self,
        setup: Setup | None = None,
        *,
        rules: Path | None = None,
        mail_model: Path | None = None,
        memory: Memory | None = None,
        clamd: Clamd | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        """Take a first setup, the folder of the site's rules, the file of its mail model, and a memory of verdicts.

        Neither folder nor file need be there; `look` reads them. `clamd` is asked as well, where there is one;
        by `resolver` the senders of mails are checked.
        """
        self._clamd = clamd
        self._rules, self._model = rules, mail_model
        self._memory = memory or Memory()
        self._seen: list[tuple[str, int, int]] = []
        self._fingerprint: tuple[Setup, bytes] | None = None
        self.resolver = resolver
        self.setup = msgspec.structs.replace(setup or Setup(), checks=resolver is not None)
        self.told = {"rules": state_of((), ""), "mail-model": state_of((), "the weights that come with Safecare")}
        """For the health page, by part: state and detail."""

    def known(self, digest: str, name: str, media: str, setup: Setup) -> Verdict | None:
        """Return the verdict on the file with this SHA-256 that was given before under the same `setup`.

        Where senders are checked nothing is remembered: what the DNS says changes.
        """
        if self.resolver is not None:
            return None
        return self._memory.get(self._key(digest, name, media, setup))

    def remember(
        self, digest: str, name: str, media: str, setup: Setup, verdict: Verdict, parts: Unpacked = ()
    ) -> None:
        """Remember `verdict`; not where a second engine is to see `parts` again, for its signatures change."""
        if self.resolver is not None or parts:
            return
        self._memory.put(self._key(digest, name, media, setup), verdict)

    def answer(self, worker: Worker, job: Job, raw: bytes, setup: Setup) -> Answer:
        """Return the answer of `worker`, whose questions to the DNS are asked here; blocking. Raises `WorkerError`.

        Where there is a second engine the answer holds what was unpacked, for `second`.
        """
        if self._clamd:
            job = msgspec.structs.replace(job, parts=PARTS)
        if self.resolver is None:
            return worker.ask(job, raw, setup)
        known: dict[str, Reply] = {}
        for _ in range(ROUNDS):
            answer = worker.ask(msgspec.structs.replace(job, dns=known), raw, setup)
            if not answer.wanted:
                return answer
            known |= self.resolver.all(answer.wanted[:MOST_QUESTIONS])
        return worker.ask(job, raw, setup)

    def second(self, raw: bytes, verdict: Verdict, parts: Unpacked = ()) -> Verdict:
        """Return `verdict` together with what a second engine says of file and `parts`, if there is one; blocking."""
        return self._clamd.judged(raw, verdict, parts) if self._clamd else verdict

    def own(self, domains: Iterable[str]) -> None:
        """Make the hospital's own mail domains known, besides those known already."""
        wanted = tuple(sorted({*self.setup.own, *domains}))
        if wanted != self.setup.own:
            self.setup = msgspec.structs.replace(self.setup, own=wanted)

    def look(self) -> None:
        """Read rules and model if a file of them has changed since the last look; blocking."""
        seen = self._signature()
        if seen == self._seen:
            return
        self._seen = seen
        texts, problems = admitted([self._rules]) if self._rules and self._rules.is_dir() else ((), ())
        model, wrong = self._read_model()
        self.setup = msgspec.structs.replace(self.setup, rules=texts, mail_model=model)
        self.told = {
            "rules": state_of(problems, f"{len(texts)} files of the site's own rules" if texts else ""),
            "mail-model": state_of(
                wrong, "trained on the site's own mail" if model else "the weights that come with Safecare"
            ),
        }

    def report(self, tell: Callable[[str, str, str], None]) -> None:
        """Tell of each part by `tell` (part, state, detail)."""
        for part, (state, detail) in self.told.items():
            tell(part, state, detail)
        if self.resolver:
            tell("resolver", *self.resolver.told)
        if self._clamd:
            tell("clamav", *self._clamd.told)

    def close(self) -> None:
        """Close the memory."""
        self._memory.close()

    def _key(self, digest: str, name: str, media: str, setup: Setup) -> bytes:
        if self._fingerprint is None or self._fingerprint[0] is not setup:
            self._fingerprint = (setup, fingerprint(setup))
        return key_of(digest, name, media, self._fingerprint[1])

    def _read_model(self) -> tuple[bytes, tuple[str, ...]]:
        if self._model is None or not self._model.exists():
            return b"", ()
        from safecare.examine.mail.model import Reader  # numpy: only for those who trained

        try:
            with self._model.open("rb") as file:
                raw = file.read(MODEL_BYTES)  # what is cut off is no model
            Reader(raw)
        except (OSError, ValueError) as error:
            return b"", (f"{self._model}: {error}",)
        return raw, ()

    def _signature(self) -> list[tuple[str, int, int]]:
        """Return name, time and size of each file that is read; what can't be looked at is not there."""
        paths = rule_files([self._rules]) if self._rules else []
        found: list[tuple[str, int, int]] = []
        for path in (*paths, *([self._model] if self._model else [])):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((str(path), status.st_mtime_ns, status.st_size))
        return found


def state_of(problems: tuple[str, ...], good: str) -> tuple[str, str]:
    """Return state and detail of a part: the first problem is told, what is good goes on."""
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        return "failed", f"in use: {good or '–'}; left out: {problems[0]}{more}"
    return ("ok", good) if good else ("off", "nothing of the site's own")
