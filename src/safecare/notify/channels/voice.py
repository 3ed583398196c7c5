"""Phone calls by the hospital's own exchange (Asterisk and what speaks its manager interface): no Internet, any phone.

The exchange rings, reads the words out, and waits for a key: 1 acknowledges, 9 asks for help. That somebody picked up
is ``delivered``; only the key counts as an answer. A call takes a minute, so it goes on beside the others, and what
came of it is told afterwards. The words name what and where; no person.

Source: https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/AMI_Actions/Originate/
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import structlog

from safecare.model.clock import Clock
from safecare.model.notice import Notice, Outcome, Receipt
from safecare.model.text import Text, say
from safecare.notify.api import channel
from safecare.notify.receipts import answered, failed, nobody, sent

PORT = 5038
"""Port of Asterisk's manager interface."""
TIMEOUT = 10.0
"""Seconds for the exchange to answer (chosen: as for mail; it stands in the house)."""
RING = 30
"""Seconds for which a phone rings (chosen: five or six rings, before most voice mail answers)."""
LISTEN = 60.0
"""Seconds after picking up in which a key counts (chosen: the words twice, and a moment to think)."""
LINE = 4096
"""Most bytes of one line of the exchange (chosen: four times what it sends)."""
CALLS = 16
"""Calls at the same time (chosen: the lines of a small exchange; more are told to have failed, and tried again)."""
WORDS = 400
"""Most letters that are read out (chosen: half a minute)."""
KEYS: Mapping[str, Outcome] = {"1": "acknowledged", "9": "help"}
"""What the keys of a phone say."""
EVENT = "SafecareKey"
"""Name of the event by which the dial plan tells which key was pressed."""

Message = dict[str, str]
"""An answer or event of the exchange: fields by name in small letters."""


class ManagerError(Exception):
    """The exchange can't be reached, or does not let us in."""

    def __init__(self, reason: Text) -> None:
        """Keep the reason for people."""
        super().__init__(reason.key)
        self.reason = reason


class Manager:
    """One connection to the manager interface: actions out, answers and events in."""

    def __init__(self, connection: socket.socket) -> None:
        """Take an open connection."""
        self._connection = connection
        self._held = b""

    def act(self, fields: Sequence[tuple[str, str]]) -> None:
        """Send an action. A line end in a field would be an action of its own: `ValueError`."""
        lines = [f"{name}: {value}" for name, value in fields]
        if any(sign in line for line in lines for sign in "\r\n"):
            raise ValueError("a field has a line end")
        self._connection.sendall("\r\n".join([*lines, "", ""]).encode())

    def read(self, until: float) -> Message | None:
        """Return the next answer or event; None when there is none before `until` (monotonic time).

        Raises `OSError` when the exchange has hung up, or sends lines without end.
        """
        found: Message = {}
        while (line := self._line(until)) is not None:
            if not line and found:
                return found
            name, colon, value = line.partition(":")
            if colon:
                found[name.strip().lower()] = value.strip()
        return None

    def _line(self, until: float) -> str | None:
        while b"\n" not in self._held:
            left = until - time.monotonic()
            if left <= 0:
                return None
            self._connection.settimeout(left)
            try:
                raw = self._connection.recv(LINE)
            except TimeoutError:
                return None
            if not raw:
                raise ConnectionResetError("the exchange has hung up")
            self._held += raw
            if len(self._held) > 4 * LINE and b"\n" not in self._held:
                raise ConnectionAbortedError("a line without end")
        line, _, self._held = self._held.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def close(self) -> None:
        """Hang up on the exchange; calls that it rings go on."""
        self._connection.close()

    def wait(self, wanted: Callable[[Message], bool], seconds: float) -> Message | None:
        """Return the first message that is `wanted`, or None after `seconds`. Raises `OSError`."""
        until = time.monotonic() + seconds
        while (message := self.read(until)) is not None:
            if wanted(message):
                return message
        return None


@channel("voice")
class Voice:
    """Calls the phone numbers of a role, all at once."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        host: str,
        user: str,
        password: str,
        recipients: Mapping[str, Sequence[str]],
        render: Callable[[Text, Notice], str],
        clock: Clock,
        late: Callable[[Notice, Receipt], None],
        *,
        port: int = PORT,
        tls: bool = False,
        dial: str = "PJSIP/{number}",
        context: str = "safecare",
        ring: int = RING,
        listen: float = LISTEN,
        speech: Sequence[str] = (),
        sounds: str = "",
        language: str = "fr",
    ) -> None:
        """Call `recipients` (numbers by role) by the exchange at `host`; `late` takes what came of a call.

        `dial`: how the exchange names a phone; `context`: its dial plan that reads out and waits for a key; `ring` and
        `listen` in seconds. `speech`: a command that makes a sound file of ``{text}`` in ``{language}`` as ``{file}``
        in the folder `sounds`, which the exchange reads too; without it the dial plan speaks the words itself. Raises
        `ValueError` for what can't be right.
        """
        for number in (number for numbers in recipients.values() for number in numbers):
            if not number.removeprefix("+").isdigit():
                raise ValueError(f"no phone number: {number}")
        if "{number}" not in dial:
            raise ValueError("dial has no place {number}")
        if speech and not sounds:
            raise ValueError("speech needs sounds, a folder that the exchange reads")
        self._address = (host, port)
        self._login = (user, password)
        self._tls = ssl.create_default_context() if tls else None
        self._recipients = recipients
        self._render = render
        self._clock = clock
        self._late = late
        self._dial, self._context = dial, context
        self._ring, self._listen = ring, listen
        self._speech, self._sounds, self._language = tuple(speech), sounds, language
        self._lines = threading.Semaphore(CALLS)

    def send(self, notice: Notice) -> list[Receipt]:
        """Have the exchange ring: ``sent`` when it took the call for someone. Never raises."""
        now = self._clock.now()
        numbers = self._recipients.get(notice.role, ())
        if not numbers:
            return [nobody(notice, now, say("No phone number is known for the role {role}", role=notice.role))]
        words = " ".join(f"{self._render(notice.title, notice)}. {self._render(notice.body, notice)}".split())[:WORDS]
        sound = self._spoken(notice, words)
        reasons = [self._call(notice, number, words, sound) for number in numbers]
        if None in reasons:
            return [sent(notice, now)]
        return [failed(notice, now, reasons[0] or say("Unknown"))]

    def _call(self, notice: Notice, number: str, words: str, sound: str) -> Text | None:
        """Begin a call, and follow it in a thread of its own; return why it did not begin."""
        if not self._lines.acquire(blocking=False):
            return say("All lines are busy")
        try:
            manager = self._open()
        except ManagerError as error:
            self._lines.release()
            return error.reason
        try:
            self._begin(manager, notice, number, words, sound)
            threading.Thread(target=self._follow, args=(manager, notice, number), name="call", daemon=True).start()
        except (ManagerError, OSError, ValueError) as error:
            manager.close()
            self._lines.release()
            return error.reason if isinstance(error, ManagerError) else _AWAY
        return None

    def _open(self) -> Manager:
        """Return a connection that is signed in. Raises `ManagerError`."""
        try:
            connection = socket.create_connection(self._address, TIMEOUT)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_hostname=self._address[0])
            manager = Manager(connection)
        except OSError as error:
            raise ManagerError(_AWAY) from error
        try:
            user, password = self._login
            manager.act([("Action", "Login"), ("Username", user), ("Secret", password), ("Events", "call,user")])
            taken = manager.wait(lambda one: "response" in one, TIMEOUT)
        except (OSError, ValueError) as error:
            manager.close()
            raise ManagerError(_AWAY) from error
        if taken is None or taken["response"] != "Success":
            manager.close()
            raise ManagerError(say("The telephone exchange refused the sign-in"))
        return manager

    def _begin(self, manager: Manager, notice: Notice, number: str, words: str, sound: str) -> None:
        """Have the exchange ring `number`. Raises `ManagerError`, `OSError`, `ValueError`."""
        told = {"SAFECARE_NOTICE": notice.id, "SAFECARE_TEXT": quote(words, safe=""), "SAFECARE_SOUND": sound}
        manager.act(
            [
                ("Action", "Originate"),
                ("ActionID", number),
                ("Channel", self._dial.replace("{number}", number)),
                ("Context", self._context),
                ("Exten", "s"),
                ("Priority", "1"),
                ("Timeout", str(self._ring * 1000)),
                ("CallerID", "Safecare"),
                ("Async", "true"),
                ("ChannelId", _leg(notice, number)),
                *(("Variable", f"{name}={value}") for name, value in told.items()),
            ]
        )
        taken = manager.wait(lambda one: one.get("actionid") == number and "response" in one, TIMEOUT)
        if taken is None or taken["response"] != "Success":
            raise ManagerError(say("The telephone exchange did not take the call"))

    def _follow(self, manager: Manager, notice: Notice, number: str) -> None:
        """Tell what comes of a call: picked up, a key, or why not."""
        leg = _leg(notice, number)

        def rang(one: Message) -> bool:
            return one.get("event") == "OriginateResponse" and one.get("actionid") == number

        def pressed(one: Message) -> bool:
            mine = one.get("event") == "UserEvent" and one.get("userevent") == EVENT and one.get("uniqueid") == leg
            return mine and one.get("key", "") in KEYS

        try:
            outcome = manager.wait(rang, self._ring + TIMEOUT)
            if outcome is None or outcome.get("response") != "Success":
                self._late(notice, failed(notice, self._clock.now(), say("Nobody picked up the phone"), leg))
                return
            self._late(notice, answered(notice, self._clock.now(), "delivered", leg))
            key = manager.wait(pressed, self._listen)
            if key is not None:
                self._late(notice, answered(notice, self._clock.now(), KEYS[key["key"]], leg))
        except OSError:
            self._late(notice, failed(notice, self._clock.now(), say("The telephone exchange hung up"), leg))
        finally:
            manager.close()
            self._lines.release()

    def _spoken(self, notice: Notice, words: str) -> str:
        """Return the path of a sound file with `words`, as the exchange names it; empty where none is made."""
        if not self._speech:
            return ""
        file = Path(self._sounds) / f"safecare-{notice.id}-{notice.revision}.wav"
        given = {"{text}": words, "{language}": self._language, "{file}": str(file)}
        try:
            subprocess.run(  # noqa: S603 - the site's own command; the words are one argument
                [given.get(one, one) for one in self._speech],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            structlog.get_logger(__name__).warning("the words were not spoken into a file", reason=str(error))
            return ""
        return str(file.with_suffix(""))


_AWAY = say("The telephone exchange can't be reached")


def _leg(notice: Notice, number: str) -> str:
    """Return how we name one ringing of one phone to the exchange: the keys of others are not taken for ours."""
    return f"safecare-{notice.id}-{notice.revision}-{number.removeprefix('+')}"
