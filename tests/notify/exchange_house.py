"""A telephone exchange that speaks Asterisk's manager interface, on a port of this machine."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field

PASSWORD = "word of the manager"


@dataclass
class Exchange:
    """What happens when a number is called, and what was asked of it."""

    fate: dict[str, str] = field(default_factory=dict)
    """By number: a key that is pressed, ``picked up``, ``no answer``, ``hangs up``, ``refused``, ``foreign key``."""
    calls: list[dict[str, str]] = field(default_factory=list)
    signed_in: int = 0

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads: list[threading.Thread] = []
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in (self.thread, *self.threads):
            thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.threads.append(threading.Thread(target=self._speak, args=(connection,)))
            self.threads[-1].start()

    def _speak(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb", buffering=0) as line:
            line.write(b"Asterisk Call Manager/9.0.0\r\n")
            asked: dict[str, str] = {}
            for raw in line:
                text = raw.decode().rstrip("\r\n")
                if text:
                    name, _, value = text.partition(": ")
                    if name == "Variable":
                        name, _, value = value.partition("=")
                    asked[name] = value
                    continue
                if not self._answer(line, asked):
                    return
                asked = {}

    def _answer(self, line: socket.SocketIO, asked: dict[str, str]) -> bool:
        if asked["Action"] == "Login":
            right = asked["Secret"] == PASSWORD
            self.signed_in += right
            self._say(line, Response="Success" if right else "Error", Message="Authentication")
            return right
        self.calls.append(asked)
        number, leg = asked["ActionID"], asked["ChannelId"]
        fate = self.fate.get(number, "picked up")
        if fate == "refused":
            self._say(line, Response="Error", ActionID=number, Message="Channel not specified")
            return False
        self._say(line, Event="FullyBooted", Status="Fully Booted")
        self._say(line, Response="Success", ActionID=number, Message="Originate successfully queued")
        if fate == "hangs up":
            return False
        taken = "Failure" if fate == "no answer" else "Success"
        self._say(line, Event="OriginateResponse", ActionID=number, Response=taken, Reason="4", Uniqueid=leg)
        if fate == "foreign key":
            self._say(line, Event="UserEvent", UserEvent="SafecareKey", Uniqueid="safecare-of-another-1-33", Key="1")
        elif len(fate) == 1:
            self._say(line, Event="UserEvent", UserEvent="SafecareKey", Uniqueid=leg, Key="5")  # means nothing
            self._say(line, Event="UserEvent", UserEvent="SafecareKey", Uniqueid=leg, Key=fate)
        return True

    @staticmethod
    def _say(line: socket.SocketIO, **fields: str) -> None:
        line.write("".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n")
