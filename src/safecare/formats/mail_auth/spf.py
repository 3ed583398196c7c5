"""SPF: may the host at this address send for this domain? Source: RFC 7208.

A generator that yields questions to the DNS, is sent the replies, and returns the result. Bounded as section 4.6.4:
ten lookups, two without an answer, ten hosts of one MX.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Generator
from dataclasses import dataclass

from safecare.formats.mail_auth import MOST_RECORDS, MOST_TEXT, Query, Reply

LOOKUPS = 10
VOIDS = 2
HOSTS = 10
"""RFC 7208 section 4.6.4."""
_RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE)
_TERM = re.compile(
    r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::([^/\s]+))?(?:/(\d{1,3}))?(?://(\d{1,3}))?", re.IGNORECASE
)
_IP6 = re.compile(r"([+?~-]?)(ip[46]):([0-9a-f.:]+)(?:/(\d{1,3}))?", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(\S*)", re.IGNORECASE)
_MACRO = re.compile(r"%(?:\{([slodiphcrtv])(\d{0,2})(r?)([.+,/_=-]*)\}|([%_-]))", re.IGNORECASE)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Asking = Generator[Query, Reply, str]


class _StopError(Exception):
    """The check ends with a result."""

    def __init__(self, result: str) -> None:
        super().__init__(result)
        self.result = result


def check_host(client: str, sender: str, helo: str) -> Asking:
    """Ask whether the host at the address `client` may send as `sender` (a bounce: as ``postmaster`` of `helo`).

    Returns ``none``, ``neutral``, ``pass``, ``fail``, ``softfail``, ``temperror`` or ``permerror``.
    """
    sender = sender.strip("<>")
    local, _, domain = sender.rpartition("@")
    domain = domain or helo
    try:
        address = ipaddress.ip_address(client)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return (yield from _Check(address, local or "postmaster", domain, helo).check(domain))
    except _StopError as stop:
        return stop.result
    except ValueError:
        return "none"


@dataclass
class _Check:
    client: Address
    local: str
    domain: str
    helo: str
    lookups: int = 0
    voids: int = 0

    def check(self, domain: str) -> Asking:
        """Return the result for the record of `domain`."""
        if not _NAME.fullmatch(domain):
            return "none"
        reply = yield Query(domain.lower(), "TXT")
        if reply.failed:
            raise _StopError("temperror")
        records = [
            one for one in reply.records[:MOST_RECORDS] if one.lower() == "v=spf1" or one[:7].lower() == "v=spf1 "
        ]
        if not records:
            return "none"
        if len(records) > 1:
            raise _StopError("permerror")
        redirect = ""
        for term in records[0][:MOST_TEXT].split()[1:]:
            modifier = _MODIFIER.fullmatch(term)
            if modifier:
                redirect = modifier[2] if modifier[1].lower() == "redirect" else redirect
                continue
            matched, qualifier = yield from self._matches(term, domain)
            if matched:
                return _RESULTS[qualifier or "+"]
        if not redirect:
            return "neutral"
        self._look()
        result = yield from self.check(self._expanded(redirect, domain))
        if result == "none":
            raise _StopError("permerror")
        return result

    def _matches(self, term: str, domain: str) -> Generator[Query, Reply, tuple[bool, str]]:
        """Return whether a mechanism matches, and its qualifier."""
        if found := _IP6.fullmatch(term):
            return self._within(found[3], found[4] or ""), found[1]
        found = _TERM.fullmatch(term)
        if not found:
            raise _StopError("permerror")
        qualifier, kind, target = found[1], found[2].lower(), found[3] or ""
        if kind == "all":
            return True, qualifier
        if kind in ("ip4", "ip6") or (kind in ("include", "exists") and not target):
            raise _StopError("permerror")
        self._look()
        name = self._expanded(target, domain) if target else domain
        if kind == "ptr":  # discouraged, and answered by whoever owns the address: never a match here
            return False, qualifier
        if kind == "include":
            result = yield from self.check(name)
            if result == "none":
                raise _StopError("permerror")
            return result == "pass", qualifier
        if kind == "exists":
            return bool((yield from self._ask(name, "A"))), qualifier
        hosts = [name] if kind == "a" else (yield from self._ask(name, "MX"))
        if len(hosts) > HOSTS:
            raise _StopError("permerror")
        for host in hosts:
            for one in (yield from self._ask(host, "A" if self.client.version == 4 else "AAAA", counted=kind == "a")):
                if self._within(one, found[4 if self.client.version == 4 else 5] or ""):
                    return True, qualifier
        return False, qualifier

    def _within(self, network: str, bits: str) -> bool:
        try:
            return self.client in ipaddress.ip_network(f"{network}/{bits}" if bits else network, strict=False)
        except ValueError as error:
            raise _StopError("permerror") from error
        except TypeError:  # the other version
            return False

    def _ask(self, name: str, kind: str, *, counted: bool = True) -> Generator[Query, Reply, tuple[str, ...]]:
        if not _NAME.fullmatch(name):
            return ()
        reply = yield Query(name.lower().rstrip("."), kind)
        if reply.failed:
            raise _StopError("temperror")
        if not reply.records and counted:
            self.voids += 1
            if self.voids > VOIDS:
                raise _StopError("permerror")
        return reply.records[:MOST_RECORDS]

    def _look(self) -> None:
        self.lookups += 1
        if self.lookups > LOOKUPS:
            raise _StopError("permerror")

    def _expanded(self, text: str, domain: str) -> str:
        """Return `text` with its macros (section 7) filled in; a name that is too long loses labels on the left."""

        def fill(found: re.Match[str]) -> str:
            if found[5]:
                return {"%": "%", "_": " ", "-": "%20"}[found[5]]
            letter = found[1].lower()
            value = {
                "s": f"{self.local}@{self.domain}",
                "l": self.local,
                "o": self.domain,
                "d": domain,
                "i": self._dotted(),
                "h": self.helo,
                "v": "in-addr" if self.client.version == 4 else "ip6",
            }.get(letter)
            if value is None:
                raise _StopError("permerror")
            parts = re.split(f"[{re.escape(found[4] or '.')}]", value)
            if found[3]:
                parts.reverse()
            return ".".join(parts[-int(found[2]) :] if found[2] and int(found[2]) else parts)

        if "%" in _MACRO.sub("", text):
            raise _StopError("permerror")
        name = _MACRO.sub(fill, text)
        while len(name) > 253 and "." in name:
            name = name.partition(".")[2]
        return name

    def _dotted(self) -> str:
        if self.client.version == 4:
            return str(self.client)
        return ".".join(self.client.exploded.replace(":", ""))


__all__ = ["Asking", "check_host"]
