"""Messages by which stations say who they are, and file operations of a share: for captures, tests and fuzzing."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def dhcp(
    mac: str,
    address: str,
    kind: int,
    *,
    host: str = "pump-7",
    vendor_class: str = "udhcp 1.24",
    server: str = "10.0.0.1",
) -> bytes:
    """Return one DHCP message over UDP: 3 is a request, 5 the acknowledgement."""
    answer = kind in (2, 5)
    given = ip_address(address).packed
    head = struct.pack(">BBBBIHH", 2 if answer else 1, 1, 6, 0, 77, 0, 0) + bytes(4) + (given if answer else bytes(4))
    head += bytes(8) + bytes.fromhex(mac.replace(":", "")) + bytes(10) + bytes(192) + b"\x63\x82\x53\x63"

    def option(code: int, body: bytes) -> bytes:
        return bytes([code, len(body)]) + body

    options = option(53, bytes([kind])) + option(54, ip_address(server).packed)
    if not answer:
        options += (
            option(50, given)
            + option(12, host.encode())
            + option(60, vendor_class.encode())
            + option(55, bytes([1, 3, 6, 15]))
        )
    return head + options + b"\xff"


def mdns(host: str, address: str, service: str = "_ipp._tcp", model: str = "LaserJet") -> bytes:
    """Return one answer of multicast DNS: address of the host, a service, and its model."""

    def name(*labels: str) -> bytes:
        return b"".join(bytes([len(one)]) + one.encode() for one in labels) + b"\x05local\x00"

    def record(where: bytes, kind: int, body: bytes) -> bytes:
        return where + struct.pack(">HHIH", kind, 1, 120, len(body)) + body

    parts = service.split(".")
    text = f"ty={model}".encode()
    rows = record(name(host), 1, ip_address(address).packed)
    rows += record(name(*parts), 12, name("Device", *parts)) + record(
        name("Device", *parts), 16, bytes([len(text)]) + text
    )
    return struct.pack(">HHHHHH", 0, 0x8400, 0, 3, 0, 0) + rows


def tls_hello(name: str, *, server: bool = False, ciphers: tuple[int, ...] = (0x1301, 0xC02F)) -> bytes:
    """Return the record with which a TLS client (or server) begins."""

    def extension(code: int, body: bytes) -> bytes:
        return struct.pack(">HH", code, len(body)) + body

    if server:
        body = b"\x03\x03" + bytes(32) + b"\0" + struct.pack(">HB", ciphers[0], 0)
        extensions = extension(43, b"\x03\x04")
    else:
        listed = struct.pack(f">{len(ciphers)}H", *ciphers)
        body = b"\x03\x03" + bytes(32) + b"\0" + struct.pack(">H", len(listed)) + listed + b"\x01\0"
        raw = name.encode()
        extensions = extension(0, struct.pack(">HBH", len(raw) + 3, 0, len(raw)) + raw) if raw else b""
        extensions += extension(43, b"\x02\x03\x04") + extension(13, b"\0\x04\x04\x03\x08\x04")
    body += struct.pack(">H", len(extensions)) + extensions
    handshake = bytes([2 if server else 1]) + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack(">H", len(handshake)) + handshake


def mqtt_connect(client: str, *, level: int = 4) -> bytes:
    """Return the packet with which an MQTT client connects."""
    raw = client.encode()
    body = struct.pack(">H", 4) + b"MQTT" + bytes([level, 2]) + struct.pack(">H", 60) + (b"\0" if level == 5 else b"")
    body += struct.pack(">H", len(raw)) + raw
    return bytes([0x10, len(body)]) + body


def mqtt_publish(topic: str, payload: bytes = b"1") -> bytes:
    """Return a publication without acknowledgement."""
    body = struct.pack(">H", len(topic.encode())) + topic.encode() + payload
    return bytes([0x30, len(body)]) + body


def _smb(command: int, body: bytes, message: int, *, answer: bool = False, status: int = 0) -> bytes:
    head = b"\xfeSMB" + struct.pack("<HHIHHIIQ", 64, 1, status, command, 1, int(answer), 0, message) + bytes(32)
    return b"\0" + len(head + body).to_bytes(3, "big") + head + body


def smb_create(name: str, message: int = 1, *, disposition: int = 1, access: int = 0x0012_0196) -> bytes:
    """Return a request to open a file for writing (disposition 1: a file that is there, 2: a new one)."""
    raw = name.encode("utf-16-le")
    body = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, access, 0, 7, disposition, 0, 120, len(raw), 0, 0)
    return _smb(5, body + raw, message)


def smb_created(handle: bytes, message: int = 1) -> bytes:
    """Return the answer that gives the handle (16 bytes) of the opened file."""
    return _smb(5, struct.pack("<HBBI", 89, 0, 0, 1) + bytes(56) + handle + bytes(8), message, answer=True)


def smb_write(data: bytes, handle: bytes = b"\xff" * 16, message: int = 2, *, offset: int = 0) -> bytes:
    """Return a request to write `data` into an open file."""
    body = struct.pack("<HHIQ", 49, 112, len(data), offset) + handle + bytes(16)
    return _smb(9, body + data, message)


def smb_rename(name: str, handle: bytes = b"\xff" * 16, message: int = 3) -> bytes:
    """Return a request to give an open file another name."""
    raw = name.encode("utf-16-le")
    info = bytes(16) + struct.pack("<I", len(raw)) + raw
    body = struct.pack("<HBBIHHI", 33, 1, 10, len(info), 96, 0, 0) + handle
    return _smb(17, body + info, message)


def made_certificate(name: str, ends: datetime) -> bytes:
    """Return a certificate that `name` has signed itself, valid for 90 days up to `ends`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 7, ends - timedelta(days=90), ends)
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


def tls_chain(certificate: bytes) -> bytes:
    """Return the handshake message in which a server shows its certificate (RFC 5246, 7.4.2)."""
    one = len(certificate).to_bytes(3, "big") + certificate
    return _handshake(11, len(one).to_bytes(3, "big") + one)


def tls_records(certificate: bytes, pieces: int = 1) -> list[bytes]:
    """Return a server's greeting with TLS 1.2, its certificate in so many records, and the end of its greeting."""
    greeting = _handshake(2, b"\3\3" + bytes(range(32)) + b"\0\xc0\x2f\0")
    body = tls_chain(certificate)
    step = len(body) // pieces + 1
    parts = [greeting, *(body[at : at + step] for at in range(0, len(body), step)), _handshake(14, b"")]
    return [b"\x16\3\3" + len(part).to_bytes(2, "big") + part for part in parts]


def tls_certificate(name: str) -> list[bytes]:
    """Return the records of a server that is called `name`."""
    return tls_records(made_certificate(name, datetime(2030, 1, 1, tzinfo=UTC)))


def _handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body
