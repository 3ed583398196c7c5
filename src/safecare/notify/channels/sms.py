"""SMS by a modem in the house: put into the outbox of gammu-smsd, which sends it without any Internet.

``sent`` means that the outbox took it; the mobile network may still lose it, so the escalation goes on until someone
answers. The text names what, where and the address of the page on which it is answered; no person.

Source: https://docs.gammu.org/smsd/inject.html
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from safecare.model.clock import Clock
from safecare.model.notice import Notice, Receipt
from safecare.model.text import Text, say
from safecare.notify.api import channel
from safecare.notify.receipts import failed, nobody, sent

PROGRAM = "gammu-smsd-inject"
LENGTH = 201
"""Most characters: three messages of 67 in UCS-2 with their header (3GPP TS 23.040, 9.2.3.24.1)."""
TIMEOUT = 15.0
"""Seconds for the outbox to take one message (chosen: it only writes a file or a row)."""


@channel("sms", needs=(f"program:{PROGRAM}",))
class Sms:
    """Sends a notice to the phone numbers of its role."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        recipients: Mapping[str, Sequence[str]],
        render: Callable[[Text, Notice], str],
        clock: Clock,
        *,
        config: str = "",
        public_url: str = "",
    ) -> None:
        """Send to `recipients` (numbers by role); `config` is the file of gammu-smsd, if not its own default.

        Raises `ValueError` for a number that is none.
        """
        for number in (number for numbers in recipients.values() for number in numbers):
            if not number.removeprefix("+").isdigit():
                raise ValueError(f"no phone number: {number}")
        self._recipients = recipients
        self._render = render
        self._clock = clock
        self._command = (PROGRAM, *(("-c", config) if config else ()), "TEXT")
        self._public_url = public_url.rstrip("/")

    def send(self, notice: Notice) -> list[Receipt]:
        """Put `notice` into the outbox: ``sent`` when it was taken for someone. Never raises."""
        now = self._clock.now()
        numbers = self._recipients.get(notice.role, ())
        if not numbers:
            return [nobody(notice, now, say("No phone number is known for the role {role}", role=notice.role))]
        words = self._words(notice)
        refused = sum(not self._inject(number, words) for number in numbers)
        if refused == len(numbers):
            return [failed(notice, now, say("The outbox for SMS took none of {count} messages", count=refused))]
        return [sent(notice, now)]

    def _words(self, notice: Notice) -> str:
        link = f" {self._public_url}/a/{notice.id}" if self._public_url else ""
        said = f"{self._render(notice.title, notice)}. {self._render(notice.body, notice)}"
        return " ".join(said.split())[: LENGTH - len(link)] + link

    def _inject(self, number: str, words: str) -> bool:
        command = (*self._command, number, "-unicode", "-len", str(len(words)), "-text", words)
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program; numbers are digits, the text is one argument
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0
