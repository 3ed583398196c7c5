"""Made mails of later years, phishing and honest ones: a seeded generator over written templates.

Real mails of staff can't be published, and what is public is of 2002 or under licences that forbid to pass it on. The
templates (``phishing.txt``, ``honest.txt``) were written as mails first, after public descriptions of campaigns
(cybermalveillance.gouv.fr, CERT-FR, CERT Santé, APWG) and of what services send to hospitals, not from the word lists
of the scorer. A template stands for one story: names, domains, sums, encodings and what servers
vouch for are drawn for each seed. Figures over them show what is covered; they are no measurement of real mail.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from html import escape
from importlib.resources import files

import msgspec

from safecare.testing.mails.attached import attached

OWN = "aurore.example"
_START = datetime(2026, 3, 2, 8, tzinfo=UTC)
_FIRST = "Claire Julien Nadia Pierre Sophie Karim Anna David Emma Thomas Laura Michael Sarah James".split()
_LAST = "Morel Garnier Benali Roux Lefebvre Schmidt Walker Bianchi Nguyen Petit Murphy Rossi Keller".split()
_HACKED = (
    "atelier-morel.fr riverside-plumbing.co.uk garage-dupuis.fr studiobianchi.it hotel-belvedere.ch "
    "eagleroofing.com.au clinica-sanjuan.es mueller-dach.de"
    " greenfieldschool.org nordlys-design.dk vinsdelaloire.com acme-logistics.net"
).split()
_PARTNER = (
    "medisupply.fr biotech-lyon.com pharmadis.eu northpoint-imaging.com univ-marseille-sante.fr cabinet-durand.fr "
    "oxyservice.fr steriline.de labocentral.fr heartware-systems.com"
).split()
_FREE = "gmail.com outlook.com hotmail.fr yahoo.com proton.me laposte.net orange.fr".split()
_WORDS = "bright river stone cloud north silver garden harbor metro alpha vector prime nova terra lumen crest".split()
_TASKS = "suivi espace client portail service info acces notification gestion mon-dossier secure update online".split()
_BROKEN_IN = (
    "ferme-des-tilleuls.fr cafe-lumen.be yogastudio-norte.es haus-am-see.at tracteurs-martin.fr lakeside-dental.ca "
    "optique-centrale.fr bluewater-sailing.co.nz ecole-jean-moulin.fr pizzeria-napoli.it sunrise-farms.co.za"
).split()
"""Domains of honest firms whose mail box or site was taken over: what is sent by them passes all checks."""
_FOLDERS = ("media/k2", "old", "images/2019", "fr/actualites", "cache", "app/x", "shop/inc", "docs")
_SHORT = "bit.ly tinyurl.com t.ly is.gd cutt.ly rb.gy shorturl.at".split()
_TRACK = (
    "https://u{num}.ct.sendgrid.net/ls/click?upn={ref}",
    "https://click.{domain}/?qs={ref}{ref}",
    "https://{domain}/r/{ref}?utm_source=newsletter&utm_medium=email",
    "https://email.{domain}/c/{ref}",
)


LATER = ("later-", "taught-", "fresh-")
"""What names of the kinds begin with whose mails are written as they come today: hops, signatures, threads."""


class Template(msgspec.Struct, frozen=True):
    """One story: its name, language, fields of the head of the file, and the text."""

    name: str
    language: str
    fields: dict[str, str]
    text: str


class MadeMail(msgspec.Struct, frozen=True):
    """A mail, and what it is."""

    name: str
    phishing: bool
    raw: bytes
    half: str = ""
    """``open`` or ``held``, see `templates`."""


def templates(kind: str) -> list[Template]:
    """Return the templates of ``phishing``, ``honest``, ``later-phishing``, ``later-honest`` and so on: the files here.

    Of the ``later`` ones, half was put aside (`half`: ``held``) before any was judged, and is only counted; the scorer
    was changed for the other half (``open``) and for the ``taught`` ones. The ``fresh`` ones were written before
    their writer read the scorer, each phishing story with an honest twin on the same subject, and were counted once.
    """
    text = files(__package__).joinpath(f"{kind}.txt").read_text("utf-8")
    found: list[Template] = []
    for block in re.split(r"(?m)^# ", text)[1:]:
        title, _, rest = block.partition("\n")
        head, _, body = rest.partition("\n\n")
        name, language = title.split()
        fields = dict(line.split(": ", 1) for line in head.splitlines())
        found.append(Template(name, language, fields, body.strip()))
    return found


def made_mails(kind: str, seeds: range) -> Iterator[MadeMail]:
    """Yield one mail for each template of the kind (see `templates`) and each seed."""
    for number, template in enumerate(templates(kind)):
        for seed in seeds:
            rng = random.Random(f"{kind} {number} {seed}")
            yield MadeMail(
                f"{template.name}-{template.language}-{seed}",
                kind.endswith("phishing"),
                _Writer(template, rng, later=kind.startswith(LATER)).mail(),
                template.fields.get("half", ""),
            )


class _Writer:
    """Draws one mail."""

    def __init__(self, template: Template, rng: random.Random, *, later: bool = False) -> None:
        self._template, self._rng, self._later = template, rng, later
        first, last, other = rng.choice(_FIRST), rng.choice(_LAST), rng.choice(_LAST)
        self._at = _START + timedelta(minutes=rng.randrange(400_000))
        self._words = {
            "own": OWN,
            "email": f"user1@{OWN}",
            "user": "user1",
            "first": first,
            "last": last,
            "name": f"{rng.choice(_FIRST)} {other}",
            "bad": self._bad(),
            "hacked": rng.choice(_HACKED),
            "partner": rng.choice(_PARTNER),
            "free": f"{rng.choice(_FIRST).lower()}.{other.lower()}{rng.randrange(10, 99)}@{rng.choice(_FREE)}",
            "likeown": rng.choice(("aurore-portail.com", "aurora.example", "aurore-chu.net")),
            "host": self._host(),
            "short": rng.choice(_SHORT),
            "amount": f"{rng.randrange(12, 900)},{rng.randrange(10, 99)}",
            "date": f"{rng.randrange(1, 28)}/{rng.randrange(1, 12)}/2026",
            "num": str(rng.randrange(100, 999)),
            "two": str(rng.randrange(10, 59)),
            "ref": "".join(rng.choice("abcdefghkmnpqrstuvwxyz23456789") for _ in range(10)),
            "iban": f"FR76 3000 4{rng.randrange(1000, 9999)} 0001 {rng.randrange(1000, 9999)}",
        }
        if later:
            self._words |= {
                "hacked": rng.choice(_BROKEN_IN),
                "site": f"www.{rng.choice(_BROKEN_IN)}/{rng.choice(_FOLDERS)}",
                "likepartner": _beside(self._words["partner"], rng),
            }
        self._words["user"] = "user1" if "{user}@" not in template.fields["from"] else other.lower()
        sender = self._fill(template.fields["from"])
        self._sender, self._address = sender.rpartition(" <")[0], sender.rpartition(" <")[2].rstrip(">")
        self._domain = self._address.rpartition("@")[2]
        track = rng.choice(_TRACK).format(num=rng.randrange(10**6, 10**7), ref=self._words["ref"], domain=self._domain)
        self._words["track"] = track

    def mail(self) -> bytes:
        """Return the mail."""
        rng, fields = self._rng, self._template.fields
        text, links = self._told(self._fill(self._template.text))
        hop = f"from mail.{self._domain} (mail.{self._domain} [198.51.100.{rng.randrange(1, 254)}])"
        head = [
            f"Received: {hop}\r\n\tby mx.{OWN} with ESMTPS;\r\n\t{format_datetime(self._at)}",
            *self._vouched(),
            *(self._way() if self._later else ()),
            f"From: {self._encoded(self._sender)} <{self._address}>",
            f"To: {self._words['first']} {self._words['last']} <user1@{OWN}>",
            f"Subject: {self._encoded(self._fill(fields['subject']))}",
            f"Date: {format_datetime(self._at)}",
            f"Message-ID: <{self._words['ref']}.{rng.randrange(10**9)}@{self._domain}>",
            "MIME-Version: 1.0",
            *self._listed(),
        ]
        parts = [self._part("text/plain", text)]
        if links or rng.random() < 0.5:
            page = self._part("text/html", self._page())
            parts = [page] if rng.random() < 0.4 else [self._several("alternative", [*parts, page])]
        if "attach" in fields:
            parts = [self._several("mixed", [parts[0], *attached(fields["attach"], self._words, rng)])]
        return "\r\n".join(head).encode() + b"\r\n" + parts[0]

    def _way(self) -> list[str]:
        """Return what servers and the program of the sender wrote: a hop within, a signature, whose answer it is."""
        rng, domain, fields = self._rng, self._domain, self._template.fields
        ref, at = self._words["ref"], format_datetime(self._at - timedelta(seconds=rng.randrange(2, 40)))
        inner = f"from [10.1.{rng.randrange(255)}.7] (host-{ref}.{domain} [203.0.113.{rng.randrange(255)}])"
        lines = [f"Received: {inner}\r\n\tby mail.{domain} (Postfix) with ESMTPSA id {ref.upper()};\r\n\t{at}"]
        if fields.get("auth") != "fail":
            signed = base64.b64encode(rng.randbytes(128)).decode()
            lines.append(
                f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s{rng.randrange(9)};\r\n"
                f"\th=from:to:subject:date:message-id; bh={base64.b64encode(rng.randbytes(32)).decode()};\r\n"
                f"\tb={signed[:70]}\r\n\t {signed[70:]}"
            )
        if fields.get("thread"):
            lines += [f"In-Reply-To: <{ref}.1@mail.{OWN}>", f"References: <{ref}.0@{domain}>\r\n <{ref}.1@mail.{OWN}>"]
        if "reply" in fields:
            lines.append(f"Reply-To: {self._fill(fields['reply'])}")
        return lines

    def _fill(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self._words.get(found[1], found[0]), text)

    def _told(self, text: str) -> tuple[str, list[tuple[str, str]]]:
        """Return the text as a reader without pages sees it, and the links as (shown, address)."""
        links = re.findall(r"\[\[(.*?)\|(.*?)\]\]", text)
        return re.sub(r"\[\[(.*?)\|(.*?)\]\]", r"\1: \2", text), links

    def _encoded(self, text: str) -> str:
        return text if text.isascii() else Header(text, "utf-8", maxlinelen=70).encode()

    def _bad(self) -> str:
        rng = self._rng
        task, word, other = rng.choice(_TASKS), rng.choice(_WORDS), rng.choice(_WORDS)
        name = rng.choice(
            (f"{task}-{rng.choice(_TASKS)}", f"{task}{rng.randrange(2, 99)}-{word}", f"{word}{other}",
             f"{word}-{other}", "".join(rng.choice("bcdfghjklmnpqrstvwxz0123456789aeiou") for _ in range(11)))
        )  # fmt: skip
        return f"{name}.{rng.choice(('com', 'com', 'net', 'fr', 'info', 'top', 'online', 'site', 'eu', 'org'))}"

    def _host(self) -> str:
        rng = self._rng
        name = f"{rng.choice(_WORDS)}-{rng.choice(_WORDS)}-{rng.randrange(100, 9999)}"
        return rng.choice(
            (f"{name}.web.app", f"{name}.pages.dev", f"{name}.workers.dev", f"{name}.netlify.app", f"{name}.weebly.com",
             f"{name}.vercel.app", f"ipfs.io/ipfs/bafybei{name.replace('-', '')}", f"sites.google.com/view/{name}",
             f"pub-{rng.getrandbits(64):016x}.r2.dev", f"{name}.z13.web.core.windows.net", f"{name}.glitch.me",
             f"{self._bad()}", f"{rng.choice(_HACKED)}/wp-includes/x", f"forms.office.com/e/{name}",
             f"{name}.framer.website")
        )  # fmt: skip

    def _vouched(self) -> list[str]:
        """Return what the receiving server says of the sender."""
        rng, domain = self._rng, self._domain
        how = self._template.fields.get("auth", "") or rng.choice(("pass", "pass", "pass", "pass", "spf", "none"))
        if how == "none":
            return []
        if self._template.fields.get("list") == "discussion":
            lists = self._words["lists"] = "lists.openehr.org"
            rest = (
                f"spf=pass smtp.mailfrom=bounces@{lists}; dkim=fail header.d={domain}; dmarc=fail header.from={domain}"
            )
        elif how == "fail":
            rest = f"spf=fail smtp.mailfrom={self._address}; dkim=none; dmarc=fail action=none header.from={domain}"
        elif how == "spf":
            rest = f"spf=pass smtp.mailfrom=bounce@{domain}; dkim=none; dmarc=bestguesspass header.from={domain}"
        else:
            rest = (
                f"spf=pass smtp.mailfrom=bounce@{domain}; dkim=pass header.d={domain}; dmarc=pass header.from={domain}"
            )
        lines = rest.replace("; ", ";\r\n\t")
        return [
            f"Authentication-Results: mx.{OWN};\r\n\t{lines}"
            if rng.random() < 0.6
            else f"Authentication-Results: {lines}"
        ]

    def _listed(self) -> list[str]:
        kind = self._template.fields.get("list", "")
        if kind == "discussion":
            name = self._words.get("lists", "lists.openehr.org")
            return [f"List-Id: <technical.{name}>", f"List-Post: <mailto:technical@{name}>", "Precedence: list"]
        return [f"List-Unsubscribe: <https://{self._domain}/u/{self._words['ref']}>"] if kind else []

    def _page(self) -> str:
        rng = self._rng
        told = self._fill(self._template.text)
        rows: list[str] = []
        for line in told.split("\n\n"):
            found = re.fullmatch(r"\[\[(.*?)\|(.*?)\]\]", line.strip())
            if found:
                style = f"background:#{rng.getrandbits(24):06x};color:#fff;padding:12px 24px;text-decoration:none"
                rows.append(f'<p><a href="{escape(found[2])}" style="{style}">{escape(found[1])}</a></p>')
            else:
                shown = re.sub(r"(https?://[^\s<]+)", r'<a href="\1">\1</a>', escape(line))
                rows.append(f"<p style='font-family:Arial;font-size:14px'>{shown.replace(chr(10), '<br>')}</p>")
        if "list" in self._template.fields:
            rows.insert(0, "<div style='display:none;max-height:0'>En bref / In short</div>")
            rows.append(f"<img src='https://{self._domain}/o/{self._words['ref']}.gif' width=1 height=1>")
        style = "<style>td{padding:0}a{color:#06c}@media(max-width:600px){table{width:100%}}</style>"
        cells = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
        return f"<html><head><meta charset=utf-8>{style}</head><body><table width=600>{cells}</table></body></html>"

    def _part(self, media: str, text: str) -> bytes:
        raw = text.replace("\n", "\r\n").encode()
        plain = self._rng.random() < 0.5
        coded = base64.encodebytes(raw).replace(b"\n", b"\r\n") if plain else _quoted(raw)
        how = b"base64" if plain else b"quoted-printable"
        return b"Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n%s" % (
            media.encode(),
            how,
            coded,
        )

    def _several(self, kind: str, parts: list[bytes]) -> bytes:
        mark = f"b{self._rng.getrandbits(60):015x}".encode()
        inner = b"".join(b"--" + mark + b"\r\n" + one + b"\r\n" for one in parts)
        return b"Content-Type: multipart/%s; boundary=%s\r\n\r\n%s--%s--\r\n" % (kind.encode(), mark, inner, mark)


def _beside(domain: str, rng: random.Random) -> str:
    """Return a domain that looks like `domain`."""
    name, _, ending = domain.rpartition(".")
    at = rng.randrange(1, len(name) - 2)
    return rng.choice(
        (f"{name}-group.com", f"{name.replace('i', 'l', 1)}.{ending}",
         f"{name[:at]}{name[at + 1]}{name[at]}{name[at + 2:]}.{ending}", f"{name}.co",
         f"{name[:at]}{name[at]}{name[at:]}.{ending}")
    )  # fmt: skip


def _quoted(raw: bytes) -> bytes:
    import quopri

    return quopri.encodestring(raw.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")


__all__ = ["MadeMail", "made_mails", "templates"]
