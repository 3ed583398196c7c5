"""What is normal on the network: who talks to whom, with which service and commands. Frozen by a person.

A baseline is learned from a quiet period, written to a file, read by a person, and from then on changed by people only:
what deviates is told, never absorbed.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class KnownConversation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A client that speaks to a server's port."""

    client: str
    server: str
    transport: str
    port: int
    service: str = ""
    """Protocol recognised by its payload; for the reader, not compared."""

    @property
    def key(self) -> str:
        """What is compared."""
        return f"{self.client}\x1f{self.server}\x1f{self.transport}\x1f{self.port}"


class KnownCommand(msgspec.Struct, frozen=True, omit_defaults=True):
    """A command that a client gives to a server."""

    client: str
    server: str
    protocol: str
    command: str
    operation: str

    @property
    def key(self) -> str:
        """What is compared."""
        return f"{self.client}\x1f{self.server}\x1f{self.protocol}\x1f{self.command}"


class KnownIdentity(msgspec.Struct, frozen=True):
    """What a station says that it is: MAC address, BACnet device, DICOM title, HL7 application, ..."""

    ip: str
    system: str
    value: str

    @property
    def key(self) -> str:
        """What is compared."""
        return f"{self.ip}\x1f{self.system}\x1f{self.value}"


class Baseline(msgspec.Struct, frozen=True, omit_defaults=True):
    """The normal network. `reviewed_by` is empty until a person has read it."""

    conversations: tuple[KnownConversation, ...] = ()
    commands: tuple[KnownCommand, ...] = ()
    identities: tuple[KnownIdentity, ...] = ()
    learned_from: str = ""
    reviewed_by: str = ""
    version: int = 1


class Said(msgspec.Struct, frozen=True):
    """What a station says of itself, when it said so first, and last: passive discovery's memory."""

    ip: str
    system: str
    """mac, ethernet (sender of its frames), bacnet, dicom, hl7, modbus, dhcp, mdns, tls.client, ..."""
    value: str
    first: datetime
    last: datetime
    site: str = ""
