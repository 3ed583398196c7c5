"""The requests of ONVIF's pull-point road and of its streams, as SOAP 1.2 envelopes with WS-Security's user name token.

Source: ONVIF Core 24.12, 9.1.2 (pull point) and 5.9.4 (user name token profile: the digest is
base64(sha1(nonce + created + password))); OASIS WS-BaseNotification 1.3; WS-Addressing 1.0.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime
from html import escape

EVENTS = "http://www.onvif.org/ver10/events/wsdl"
NOTIFICATION = "http://docs.oasis-open.org/wsn/bw-2"
SCHEMA = "http://www.onvif.org/ver10/schema"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"


def envelope(
    action: str,
    to: str,
    body: str,
    user: str = "",
    password: str = "",
    created: datetime | None = None,
    echo: str = "",
) -> bytes:
    """Return the envelope of `body`; with `user` and `created` (the device's own time, UTC) it is signed.

    `echo`: header blocks that the device wants to hear again.
    """
    security = _token(user, password, created) if user and created else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">'
        f'<s:Header><a:Action s:mustUnderstand="1">{action}</a:Action><a:To s:mustUnderstand="1">{escape(to)}</a:To>'
        f"<a:MessageID>urn:uuid:{_uuid()}</a:MessageID>{security}{echo}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def date_and_time(to: str) -> bytes:
    """Return GetSystemDateAndTime, which needs no user."""
    return envelope(f"{DEVICE}/GetSystemDateAndTime", to, f'<GetSystemDateAndTime xmlns="{DEVICE}"/>')


def capabilities(category: str = "Events") -> tuple[str, str]:
    """Return action and body that ask where the service of `category` is."""
    return (
        f"{DEVICE}/GetCapabilities",
        f'<GetCapabilities xmlns="{DEVICE}"><Category>{category}</Category></GetCapabilities>',
    )


def profiles() -> tuple[str, str]:
    """Return action and body of GetProfiles."""
    return f"{MEDIA}/GetProfiles", f'<GetProfiles xmlns="{MEDIA}"/>'


def stream_address(token: str) -> tuple[str, str]:
    """Return action and body of GetStreamUri: RTSP over TCP of the profile `token`."""
    how = (
        f'<Stream xmlns="{SCHEMA}">RTP-Unicast</Stream>'
        f'<Transport xmlns="{SCHEMA}"><Protocol>RTSP</Protocol></Transport>'
    )
    body = f"<StreamSetup>{how}</StreamSetup><ProfileToken>{escape(token)}</ProfileToken>"
    return f"{MEDIA}/GetStreamUri", f'<GetStreamUri xmlns="{MEDIA}">{body}</GetStreamUri>'


def subscribe(seconds: int) -> tuple[str, str]:
    """Return action and body of CreatePullPointSubscription."""
    body = f"<InitialTerminationTime>PT{seconds}S</InitialTerminationTime>"
    return (
        f"{EVENTS}/EventPortType/CreatePullPointSubscriptionRequest",
        f'<CreatePullPointSubscription xmlns="{EVENTS}">{body}</CreatePullPointSubscription>',
    )


def pull(seconds: float, most: int) -> tuple[str, str]:
    """Return action and body of PullMessages: wait up to `seconds` for at most `most` messages."""
    body = f"<Timeout>PT{seconds:g}S</Timeout><MessageLimit>{most}</MessageLimit>"
    return (
        f"{EVENTS}/PullPointSubscription/PullMessagesRequest",
        f'<PullMessages xmlns="{EVENTS}">{body}</PullMessages>',
    )


def renew(seconds: int) -> tuple[str, str]:
    """Return action and body of Renew."""
    body = f"<TerminationTime>PT{seconds}S</TerminationTime>"
    return (
        f"{NOTIFICATION}/SubscriptionManager/RenewRequest",
        f'<Renew xmlns="http://docs.oasis-open.org/wsn/b-2">{body}</Renew>',
    )


def unsubscribe() -> tuple[str, str]:
    """Return action and body of Unsubscribe."""
    return (
        f"{NOTIFICATION}/SubscriptionManager/UnsubscribeRequest",
        '<Unsubscribe xmlns="http://docs.oasis-open.org/wsn/b-2"/>',
    )


def digest(nonce: bytes, created: str, password: str) -> str:
    """Return the password digest of the user name token profile."""
    return base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()  # noqa: S324


def _token(user: str, password: str, at: datetime) -> str:
    nonce, created = secrets.token_bytes(16), f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
    kind = f"{_SECURITY}-username-token-profile-1.0#PasswordDigest"
    coding = f"{_SECURITY}-soap-message-security-1.0#Base64Binary"
    return (
        f'<w:Security s:mustUnderstand="1" xmlns:w="{_SECURITY}-wssecurity-secext-1.0.xsd"><w:UsernameToken>'
        f"<w:Username>{escape(user)}</w:Username>"
        f'<w:Password Type="{kind}">{digest(nonce, created, password)}</w:Password>'
        f'<w:Nonce EncodingType="{coding}">{base64.b64encode(nonce).decode()}</w:Nonce>'
        f'<u:Created xmlns:u="{_SECURITY}-wssecurity-utility-1.0.xsd">{created}</u:Created>'
        "</w:UsernameToken></w:Security>"
    )


def _uuid() -> str:
    value = secrets.token_hex(16)
    return f"{value[:8]}-{value[8:12]}-4{value[13:16]}-a{value[17:20]}-{value[20:]}"
