"""By what the certificate of a camera that speaks TLS is judged, before a word of its stream, or a password, is sent.

It is of an authority (the site's, or one that the system trusts), or it is the one whose SHA-256 the settings name,
or they say that nobody looks. The stream's reader judges it by the same again, since its connection is another one.
Source: RFC 5280, 6 (paths), RFC 9525 (names); pinning as in RFC 7858, 4.2.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from safecare.sources.camera.messages import Anchors
from safecare.sources.camera.places import CameraSettings

PORTS = {"rtsps": 322, "https": 443, "onvifs": 443}
"""Ports of what is reached over TLS (IANA; FFmpeg's for ``rtsps`` is 322, too)."""
SYSTEM = tuple(
    Path(path)
    for path in ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
)
"""Authorities that the system trusts, as one file: Debian, Red Hat, Alpine."""


def speaks_tls(url: str) -> bool:
    """Tell whether `url` is reached over TLS."""
    return url.partition(":")[0].lower() in PORTS


class UntrustedError(OSError):
    """A camera whose certificate is not to be trusted, or that shows none; the text says why."""


@dataclass
class Trust:
    """Judges the certificate of one camera. `patience`: seconds until it must have shown it."""

    settings: CameraSettings
    patience: float = 10.0
    _folder: tempfile.TemporaryDirectory[str] | None = field(default=None, init=False)

    @property
    def file(self) -> Path | None:
        """The file of authorities, or of the certificate itself, that the stream's reader needs; None: the system's."""
        if not (self.settings.authority or self.settings.fingerprint):
            return None
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="safecare-trust-")
            (Path(self._folder.name) / "anchors.pem").touch()
        return Path(self._folder.name) / "anchors.pem"

    async def anchors(self, url: str) -> Anchors | None:
        """Return by what the reader of `url` is to judge; None where there is no TLS. Raises `UntrustedError`."""
        if not speaks_tls(url):
            return None
        if self.settings.unchecked:
            return Anchors(unchecked=True)
        _, name = await self._judged(url)
        return Anchors(str(self.file or _system()), name)

    async def context(self, url: str) -> ssl.SSLContext | None:
        """Return by what questions to `url` are to judge; None where there is no TLS. Raises `UntrustedError`."""
        if not speaks_tls(url):
            return None
        if self.settings.unchecked:
            return _blind()
        return (await self._judged(url))[0]

    def close(self) -> None:
        """Delete the file."""
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()

    async def _judged(self, url: str) -> tuple[ssl.SSLContext, str]:
        """Return TLS by which the camera at `url` is good, and the name it must have. Raises `UntrustedError`."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme.lower()]
        try:
            shown = await self._shown(host, port, _blind())
        except (OSError, TimeoutError) as error:
            raise UntrustedError(f"shows no certificate: {error or type(error).__name__}") from error
        told = hashlib.sha256(shown).hexdigest()
        pinned = self.settings.fingerprint.replace(":", "").lower()
        if pinned and told != pinned:
            raise UntrustedError(f"its certificate is another one than the settings name: SHA-256 {told}")
        try:
            name = await self._write(shown if pinned else b"")
            context = ssl.create_default_context(cafile=self.file or _system())
            if self.file:  # what the site names need not be signed by itself
                context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
            await self._shown(host, port, context, name)
        except ssl.SSLCertVerificationError as error:
            raise UntrustedError(f"its certificate is not trusted: {error.verify_message}; SHA-256 {told}") from error
        except (OSError, TimeoutError, ValueError) as error:
            raise UntrustedError(f"its certificate can't be judged: {error or type(error).__name__}") from error
        if pinned:
            context.check_hostname = False  # by its hash it is the one
        return context, name

    async def _write(self, pinned: bytes) -> str:
        """Write the file by which is judged; return the name that the certificate `pinned` (DER; empty: none) has."""
        if pinned and self.file:
            name = _name(pinned)
            self.file.write_text(ssl.DER_cert_to_PEM_cert(pinned), "ascii")
            return name
        if self.file:
            self.file.write_bytes(await asyncio.to_thread(Path(self.settings.authority).read_bytes))
        return ""

    async def _shown(self, host: str, port: int, context: ssl.SSLContext, name: str = "") -> bytes:
        """Return the certificate that is shown to `context` (DER)."""
        async with asyncio.timeout(self.patience):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name or host)
            shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return shown or b""


def _blind() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _system() -> Path:
    """Return the file of authorities that the system trusts. Raises `OSError`."""
    told = ssl.get_default_verify_paths().cafile  # which asks SSL_CERT_FILE first
    found = next((one for one in ((Path(told),) if told else ()) + SYSTEM if one.is_file()), None)
    if found is None:
        raise OSError("this system has no file of authorities; name one")
    return found


def _name(shown: bytes) -> str:
    """Return a name that the certificate `shown` (DER) has. Raises `ValueError` for one without."""
    certificate = x509.load_der_x509_certificate(shown)
    with contextlib.suppress(x509.ExtensionNotFound):
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = names.get_values_for_type(x509.DNSName)
        found = [*hosts, *map(str, names.get_values_for_type(x509.IPAddress))]
        if found:
            return found[0].replace("*", "any")
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not common:
        raise ValueError("it names nobody")
    return str(common[0].value)
