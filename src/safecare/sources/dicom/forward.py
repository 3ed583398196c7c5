"""Passing images on: a second association to the archive, beside the one on which they came, bit for bit.

Source: PS3.4 annex B (storage), PS3.7 section 9.1.1 (C-STORE).
"""

from __future__ import annotations

import tempfile
from io import BytesIO
from typing import TYPE_CHECKING

from safecare.sources.dicom.target import Target
from safecare.sources.files.release import Sent

if TYPE_CHECKING:
    from pynetdicom.association import Association

FAILED = 0xA700
"""Out of resources (PS3.4 table B.2-1): the sender tries again later."""
NOT_TAKEN = 0x0122
"""SOP class not supported (PS3.7 annex C.5)."""
WARNED = 0xB000
"""Stored, with a warning: Bxxx (PS3.7 annex C)."""
SECONDS = 30.0
"""What the archive may take to answer. Chosen."""


def onward_of(file: bytes, target: Target, own: str) -> Sent:
    """Send one file, as it came, on an association of its own; blocking."""
    from pydicom.filereader import read_partial

    # the header is the library's own, written when the image came; nothing beyond it is read
    head = read_partial(BytesIO(file), lambda tag, vr, length: tag.group != 2).file_meta
    link = Onward(target, own, [(str(head.MediaStorageSOPClassUID), str(head.TransferSyntaxUID))])
    try:
        status = link.store(file)
    finally:
        link.close()
    if status == FAILED:
        return Sent("waiting", "the archive did not answer, or has no room")
    if status == NOT_TAKEN:
        return Sent("refused", "the archive does not take this kind of image")
    taken = status == 0 or status & 0xF000 == WARNED
    return Sent("sent" if taken else "refused", f"status {status:04X}" if status else "")


class Onward:
    """The association to the archive that belongs to one that came in. For one thread."""

    def __init__(self, target: Target, own: str, wanted: list[tuple[str, str]]) -> None:
        """Take the target, our own title, and the (SOP class, transfer syntax) pairs that may come."""
        self._target, self._own = target, own
        self._wanted = wanted
        self._link: Association | None = None

    def store(self, file: bytes) -> int:
        """Send the file; return the archive's status (0 is success), or `FAILED` where it can't be reached."""
        link = self._open()
        if not link.is_established:
            return NOT_TAKEN if link.rejected_contexts else FAILED
        with tempfile.NamedTemporaryFile(suffix=".dcm") as stream:
            stream.write(file)
            stream.flush()
            try:
                answer = link.send_c_store(stream.name)
            except (ValueError, RuntimeError, AttributeError):  # the archive takes no such class or syntax
                return NOT_TAKEN
        return int(answer.Status) if "Status" in answer else FAILED

    def close(self) -> None:
        """Release the association."""
        if self._link is not None and self._link.is_established:
            self._link.release()
        self._link = None

    def cut(self) -> None:
        """Abort the association; may be called from another thread."""
        link = self._link
        if link is not None and link.is_established:
            link.abort(block=False)

    def _open(self) -> Association:
        if self._link is not None and self._link.is_established:
            return self._link
        from pynetdicom import AE, _config, build_context

        _config.STORE_SEND_CHUNKED_DATASET = True  # a file's data set goes as it is, not decoded and written anew
        node = AE(ae_title=self._own)
        node.acse_timeout = node.dimse_timeout = node.network_timeout = node.connection_timeout = SECONDS
        contexts = [build_context(kind, syntax) for kind, syntax in self._wanted[:128]]
        host, port = self._target.host, self._target.port
        tls = (self._target.tls(), host) if self._target.tls else None
        self._link = node.associate(host, port, contexts, ae_title=self._target.title, tls_args=tls)
        return self._link
