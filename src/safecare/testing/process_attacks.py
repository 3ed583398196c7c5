"""Labelled attacks on a plant of six controllers: who is meant, how, and which frames of the capture are malicious.

A master (a Windows machine, with the noise of one) polls six Modbus controllers, over connections that stay or over new
ones each time; an operator switches something now and then. From the middle on an attack, in the manner of the public
labelled sets: a forged command, what is found out before it, an exploit with its way back, moved files, floods,
replays, an answering machine in the middle, answers within a connection,
tools that try all functions.
Source of the manners: Lemay and Fernandez (USENIX CSET 2016); Morris and Gao (ICCIP 2014, MITRE T0846, T0855, T0856,
T0814); the modules of smod and Metasploit's modbusclient. Made ones: nothing is taken from those captures.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from safecare.testing.captures import PUSH, SYN, Tcp, Wire, modbus

START = 1_750_000_000.0
NET = "10.7.0."
MASTER, STANDBY, INTRUDER, WORKSTATION = NET + "10", NET + "11", NET + "99", NET + "50"
CARD = "02:00:00:00:00:01"
"""The master's network card."""
CONTROLLERS = tuple(f"{NET}{20 + number}" for number in range(1, 7))


@dataclass
class Plant:
    """The plant while its capture is written. `stays`: connections of the master stay open; else one for each poll."""

    chance: random.Random
    stays: bool = True
    wire: Wire = field(default_factory=lambda: Wire(at=START))
    transaction: int = 0
    talks: dict[str, Tcp] = field(default_factory=dict)
    _port: int = 1025

    def connect(self, client: str, server: str, port: int = 502) -> Tcp:
        """Open a connection from a port such as Windows XP takes: 1025 to 5000."""
        self._port = 1025 + (self._port - 1024) % 3975
        return self.wire.tcp(client, self._port, server, port)

    def say(self, talk: Tcp, asked: bytes, answered: bytes, unit: int = 1) -> None:
        """Write a request and its answer."""
        self.transaction = self.transaction % 65_535 + 1
        talk.ask(modbus(self.transaction, unit, asked))
        talk.answer(modbus(self.transaction, unit, answered))

    def read(self, talk: Tcp) -> None:
        """Write one poll."""
        values = [self.chance.randrange(100, 200) for _ in range(4)]
        self.say(talk, struct.pack(">BHH", 3, 0, 4), struct.pack(">BB4H", 3, 8, *values))

    def switch(self, talk: Tcp, coil: int, *, on: bool) -> None:
        """Write one command to a coil."""
        pdu = struct.pack(">BHH", 5, coil, 0xFF00 if on else 0)
        self.say(talk, pdu, pdu)

    def poll(self, controller: str, *, operate: bool) -> None:
        """Let the master poll one controller, and perhaps switch something."""
        talk = self.talks.get(controller) if self.stays else None
        if talk is None:
            talk = self.talks[controller] = self.connect(MASTER, controller)
        self.read(talk)
        if operate:
            self.switch(talk, self.chance.randrange(4), on=self.chance.random() < 0.5)
        if self.chance.random() < 0.01 and talk.sent[0] > 2000:  # sent again: the answer was late
            talk.segment(0, PUSH, modbus(1, 1, struct.pack(">BHH", 3, 0, 4)), talk.sent[0] - 12)
        if not self.stays:
            talk.close()

    def noise(self) -> None:
        """Write what Windows machines and networks say by themselves."""
        name = b"\x80\x01\x01\x10\0\1\0\0\0\0\0\0\x20FHEPFCELEHFCEPFFFACACACACACACAAA\0\0\x20\0\1"
        match self.chance.randrange(4):
            case 0:
                self.wire.udp(MASTER, 137, NET + "255", 137, name)
            case 1:
                self.wire.udp(self.chance.choice((MASTER, STANDBY)), 138, NET + "255", 138, b"\x11\x02" + bytes(170))
            case 2:
                self.wire.arp(CARD, MASTER, self.chance.choice(CONTROLLERS))
            case _:
                self.wire.udp(STANDBY, 137, NET + "255", 137, name)


def plant(
    seed: int, attack: str = "", seconds: int = 240, every: int = 5, *, stays: bool = True, middle: bool = False
) -> Wire:
    """Return a capture of the plant; `Wire.bad` names the malicious frames. `every`: seconds between polls of one.

    `middle`: the capture begins in the middle of the connections, without their handshakes.
    """
    one = Plant(random.Random(seed), stays)
    for second in range(seconds):
        one.wire.at = START + second
        for number, controller in enumerate(CONTROLLERS):
            if (second + number) % every == 0:
                one.poll(controller, operate=second > 110 and one.chance.random() < 0.02)
        if second == 3:
            one.wire.udp(STANDBY, 138, NET + "255", 138, bytes(170))
            one.wire.arp(CARD, MASTER, CONTROLLERS[0])
            for number, controller in enumerate(CONTROLLERS, 1):
                one.wire.arp(f"02:00:00:00:01:{number:02x}", controller, MASTER, answer=True)
        elif second % 15 == 7:
            one.noise()
        if attack and second == seconds // 2:
            one.wire.evil = True
            ATTACKS[attack](one)
            one.wire.evil = False
    if middle:
        drop = 5
        one.wire.frames = one.wire.frames[drop:]
        one.wire.bad = {frame - drop for frame in one.wire.bad if frame > drop}
    return one.wire


def _forged(one: Plant) -> None:
    talk = one.connect(CONTROLLERS[2], CONTROLLERS[4])
    one.switch(talk, 3, on=True)
    talk.close()


def _forged_often(one: Plant) -> None:
    talk = one.connect(INTRUDER, CONTROLLERS[0])
    for coil in range(40):
        one.switch(talk, coil % 4, on=True)
        one.say(talk, struct.pack(">BHHBHH", 16, 0, 2, 4, 999, 999), struct.pack(">BHH", 16, 0, 2))
        one.wire.at += 0.2
    talk.close()


def _characterised(one: Plant) -> None:
    """Try all controllers with many connections, reading what there is."""
    for controller in CONTROLLERS:
        for start in range(0, 400, 40):
            talk = one.connect(CONTROLLERS[1] if controller != CONTROLLERS[1] else CONTROLLERS[0], controller)
            for code in (1, 2, 3, 4):
                refused = code == 2
                answer = bytes([0x82, 2]) if refused else struct.pack(">BB", code, 2) + b"\0\1"
                one.say(talk, struct.pack(">BHH", code, start, 10), answer)
            talk.close()


def _exploited(one: Plant) -> None:
    """Break into an SMB service, which connects back."""
    talk = one.connect(CONTROLLERS[3], MASTER, 445)
    for _ in range(60):
        talk.ask(b"\0\0\0\x60\xffSMB\x25" + one.chance.randbytes(90))
        talk.answer(b"\0\0\0\x20\xffSMB\x25" + one.chance.randbytes(30))
    back = one.connect(MASTER, CONTROLLERS[3], 4444)
    for _ in range(40):
        back.answer(one.chance.randbytes(1300))
        back.ask(one.chance.randbytes(12))


def _moved(one: Plant) -> None:
    talk = one.connect(CONTROLLERS[0], CONTROLLERS[1], 4445)
    for _ in range(40):
        talk.ask(one.chance.randbytes(1400))
    talk.close()


def _scanned(one: Plant) -> None:
    """Scan ports, half-open, as a stranger."""
    for number, target in enumerate((MASTER, *CONTROLLERS)):
        for port in (21, 22, 23, 80, 102, 135, 139, 443, 445, 502, 1433, 3389, 20000, 44818, 47808):
            talk = object.__new__(Tcp)
            talk.wire, talk.client, talk.server = one.wire, (INTRUDER, 40_000 + port % 20_000), (target, port)
            talk.sent = [7, 9]
            talk.segment(0, SYN)
            talk.segment(1, 0x12 if port == 502 and number else 0x14)
            if port == 502 and number:
                talk.segment(0, 0x04)


def _functions(one: Plant) -> None:
    """All function codes are tried, as smod's and nmap's modules do."""
    talk = one.connect(INTRUDER, CONTROLLERS[5])
    for code in range(1, 128):
        known = code in (1, 2, 3, 4, 5, 6, 15, 16)
        one.say(talk, bytes([code, 0, 0, 0, 1]), bytes([code, 2, 0, 0]) if known else bytes([code | 0x80, 1]))
    talk.close()


def _flooded(one: Plant) -> None:
    for number in range(300):
        talk = one.connect(INTRUDER, CONTROLLERS[number % 6])
        talk.ask(modbus(1, 1, struct.pack(">BHH", 3, 0, 1)))


def _replayed(one: Plant) -> None:
    """Old polls and a command are sent again by another station, under the same transactions."""
    talk = one.connect(WORKSTATION, CONTROLLERS[1])
    for number in range(20):
        talk.ask(modbus(number, 1, struct.pack(">BHH", 3, 0, 4)))
        talk.answer(modbus(number, 1, struct.pack(">BB4H", 3, 8, 1, 2, 3, 4)))
    one.switch(talk, 2, on=False)


def _in_between(one: Plant) -> None:
    """Say by ARP that one is master and controller, to answer in their place."""
    for _ in range(10):
        one.wire.arp("02:00:00:00:99:99", MASTER, CONTROLLERS[0], answer=True)
        one.wire.arp("02:00:00:00:99:99", CONTROLLERS[0], MASTER, answer=True)


def _open(one: Plant) -> Tcp:
    """Return the master's connection to the first controller; a new one where none stays open."""
    talk = one.talks.get(CONTROLLERS[0]) if one.stays else None
    if talk is None:
        one.wire.evil = False
        talk = one.connect(MASTER, CONTROLLERS[0])
        one.wire.evil = True
    return talk


def _spoken_into(one: Plant) -> None:
    """Answer in the controller's place, before it and after it; both segments of a contested place count."""
    talk, ask = _open(one), struct.pack(">BHH", 3, 0, 4)
    for number in range(10):
        one.wire.evil = False
        talk.ask(modbus(40_000 + number, 1, ask))
        one.wire.evil = True
        place = talk.sent[1]
        talk.answer(modbus(40_000 + number, 1, struct.pack(">BB4H", 3, 8, 9, 9, 9, 9)))
        if number % 2:
            talk.segment(1, PUSH, modbus(40_000 + number, 1, struct.pack(">BB4H", 3, 8, 120, 121, 122, 123)), place)
        else:
            talk.answer(modbus(40_000 + number, 1, struct.pack(">BB4H", 3, 8, 120, 121, 122, 123)))
        one.wire.at += 0.2


ATTACKS: dict[str, Callable[[Plant], None]] = {
    "forged command": _forged,
    "many forged commands": _forged_often,
    "characterisation": _characterised,
    "exploit and way back": _exploited,
    "moved files": _moved,
    "port scan": _scanned,
    "all functions": _functions,
    "flood": _flooded,
    "replay": _replayed,
    "in between": _in_between,
    "spoken into": _spoken_into,
}
"""Attack by name: writes its packets."""
