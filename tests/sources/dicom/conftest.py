"""What the tests of the DICOM node share."""

from __future__ import annotations

import contextlib
import socket

import pytest
from pynetdicom.transport import AssociationSocket


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the library close its socket also when the other side was first: it leaves that to the garbage collector."""

    def shut(self: AssociationSocket) -> None:
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()

    monkeypatch.setattr(AssociationSocket, "_shutdown_socket", shut)
