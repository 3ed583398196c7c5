"""Headers that every answer carries, so that a browser helps us: no foreign script, frame, address or cache."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SOURCES = (
    "default-src 'self'",
    "img-src 'self' blob:",  # a guard's own photo, before it is sent
    "media-src 'self' blob:",  # a clip that was asked for with a reason
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
POLICY = "; ".join(_SOURCES)
"""Content security policy (W3C CSP level 3): nothing inline, nothing from elsewhere, never in a frame."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers hide the origin of our own forms
    "Permissions-Policy": "geolocation=(), microphone=(self), camera=(self), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Source: OWASP Secure Headers Project; one-time links stand in addresses, so no referrer ever leaves."""

YEAR = 31_536_000


class SafeHeaders:
    """ASGI middleware that adds `HEADERS` to every answer, errors included."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        """Wrap `app`; `tls` says that people reach us by https."""
        self._app = app
        self._headers = {**HEADERS, **({"Strict-Transport-Security": f"max-age={YEAR}"} if tls else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)
