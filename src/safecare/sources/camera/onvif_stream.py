"""``onvif://user:password@host:port/?profile=NAME``: asks a camera by ONVIF where its stream is.

Without ``profile`` the sub-stream is taken: the smallest that shows people well. Without a path the device service is
looked for where the standard puts it; ``onvifs`` asks over TLS. Source: ONVIF Media Service 24.12 (GetProfiles,
GetStreamUri), signed as the road of events is.
"""

from __future__ import annotations

import ssl
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

from safecare.formats.camera_words import CameraWordError, text_of
from safecare.formats.onvif_media import read_profiles, suited
from safecare.model.clock import Clock
from safecare.sources.calls import Device, DeviceError
from safecare.sources.onvif import soap
from safecare.sources.onvif.line import Line, reached, skew

SCHEMES = {"onvif": "http", "onvifs": "https"}
SERVICE = "/onvif/device_service"
"""Where the device service is (ONVIF Core 24.12, 5.1.1)."""
ANSWER = 10.0
"""Seconds until a device must have answered (chosen)."""
STREAMS = frozenset({"rtsp", "rtsps", "http", "https"})


class Camera(NamedTuple):
    """A camera that is asked: the device, and the profile that is wanted (token or name; empty: the sub-stream)."""

    device: Device
    profile: str


def asks(url: str) -> bool:
    """Tell whether `url` names a camera that is to be asked for its stream."""
    return url.partition(":")[0].lower() in SCHEMES


def read_url(url: str) -> Camera:
    """Read the address. Raises `ValueError`."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if not host:
        raise ValueError("the address names no host")
    place = f"[{host}]" if ":" in host else host
    service = urlunsplit(
        (SCHEMES[parts.scheme.lower()], f"{place}:{port}" if port else place, parts.path.rstrip("/") or SERVICE, "", "")
    )
    device = Device(service, unquote(parts.username or ""), unquote(parts.password or ""))
    return Camera(device, parse_qs(parts.query).get("profile", [""])[0])


async def stream_of(url: str, clock: Clock, verify: ssl.SSLContext | None = None) -> str:
    """Return the address of the stream, with name and password in it. Raises `DeviceError`: why there is none.

    `verify`: by what the camera's certificate is judged, if not by what the system trusts.
    """
    import httpx  # only where a camera is asked: 60 ms

    try:
        camera = read_url(url)
        device = camera.device
        auth = httpx.DigestAuth(device.user, device.password) if device.user else None
        async with httpx.AsyncClient(verify=verify or True, timeout=ANSWER, auth=auth) as client:
            line = Line(client, device, await skew(client, device, clock), clock)
            media = reached(text_of(await line.ask(device.url, *soap.capabilities("Media")), "XAddr"), device.url)
            profile = suited(read_profiles(await line.ask(media, *soap.profiles())), camera.profile)
            if profile is None:
                raise DeviceError(f"the camera has no profile {camera.profile}".rstrip())
            return _signed(text_of(await line.ask(media, *soap.stream_address(profile.token)), "Uri"), device)
    except CameraWordError as error:
        raise DeviceError(f"says what is no answer: {error}") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise DeviceError(f"{type(error).__name__}: {error}") from error


def _signed(told: str, device: Device) -> str:
    """Return the stream's address at the host by which we reach the device, with name and password."""
    there = urlsplit(told)
    if there.scheme not in STREAMS:
        raise DeviceError("the camera tells no address of a stream")
    host = urlsplit(device.url).hostname or ""
    place = f"[{host}]" if ":" in host else host
    place = f"{place}:{there.port}" if there.port else place
    if device.user:
        place = f"{quote(device.user, safe='')}:{quote(device.password, safe='')}@{place}"
    return urlunsplit((there.scheme, place, there.path, there.query, ""))
