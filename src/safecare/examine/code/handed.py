"""Files that a double click hands to a program of Windows, which then starts, loads or signs in to something else.

They are text or XML and look like settings. Source: MITRE ATT&CK T1204.002, T1218 (.inf: T1218.003), T1220 (scripts in
style sheets), T1187 (forced authentication by UNC paths); reports on .library-ms (CVE-2025-24071), .msc
("GrimResource"), .rdp by mail (2024), .SettingContent-ms (2018).
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

from collections.abc import Iterator

from safecare.examine.api import Context, Finding, Part, analyser
from safecare.examine.types import ending
from safecare.formats.linear import linear
from safecare.formats.reach import is_abroad, leads_abroad
from safecare.formats.wide import narrowed
from safecare.model.text import Text, say

_PROGRAM = (
    rb"(?:cmd|powershell|pwsh|mshta|wscript|cscript|rundll32|regsvr32|certutil|bitsadmin|msiexec|curl|forfiles)"
    rb"(?:\.exe)?\b"
)
_SHARE = rb"(?:file:[/\\]{2,5}|\\\\|//)[\w-]+(?:\.[\w-]+)+(?:@[\w@]+)?[\\/]"
STARTS = say("A file of settings makes the program that opens it start a command.")
LOADS = say("A file of settings leads to a foreign server, which gets the reader's credentials.")
SIGNS = say("A file of settings connects this machine with a foreign one.")
_KEYS = rb"(?im)^\s*(?:IconFile|IconResource|Wallpaper|BrandImage|Path|VisualStyle\w*)\s*=\s*"
_TASK = rb"(?i)Type=\"CommandLine\"[^>]{0,400}Command=\"[^\"]{0,200}"
_SETTINGS = rb"(?i)<(?:\w+:)?SearchableContent\b"
_RULES: tuple[tuple[str, Text, float, bytes, bytes], ...] = (
    ("handed.starts", STARTS, 0.8, _SETTINGS, rb"(?i)<DeepLink>[^<]{2}"),
    (
        "handed.starts",
        STARTS,
        0.75,
        rb"(?i)<UsingTask\b[^>]{0,300}CodeTaskFactory",
        rb"DllImport|Process\.Start|VirtualAlloc",
    ),
    ("handed.starts", STARTS, 0.8, rb"(?i)<MMC_ConsoleFile\b", rb"(?i)target=javascript:|res://[^<\"]{0,80}redirect"),
    ("handed.starts", STARTS, 0.7, rb"(?i)<MMC_ConsoleFile\b", _TASK + _PROGRAM),
    (
        "handed.starts",
        STARTS,
        0.75,
        rb"(?i)<(?:\w+:)?script\b[^>]{0,300}\bimplements-prefix\s*=",
        rb"Process\.Start|DllImport|VirtualAlloc|Assembly\.Load|ActiveXObject|CreateObject\s*\(",
    ),
    (
        "handed.starts",
        STARTS,
        0.7,
        rb"(?im)^\s*Signature\s*=\s*\"?\$(?:chicago|windows (?:nt|95))\$",
        rb"(?i)scrobj\.dll\s*,\s*NI\s*,\s*\"?(?:https?:|\\\\)|(?is:RunP(?:re|ost)SetupCommands.{0,600}\b)" + _PROGRAM,
    ),
    ("handed.starts", STARTS, 0.75, rb"Windows Registry|REGEDIT4", rb"(?is)\\Run(?:Once)?\].{0,400}\b" + _PROGRAM),
    (
        "handed.loads",
        LOADS,
        0.7,
        rb"<(?:library|searchConnector)Description\b",
        rb"(?i)<url>\s*(?:https?:|" + _SHARE + rb")",
    ),
    ("handed.loads", LOADS, 0.7, rb"<persistedQuery\b", rb"(?i)<include\s[^>]{0,100}path\s*=\s*[\"']" + _SHARE),
    (
        "handed.loads",
        LOADS,
        0.65,
        rb"<plist\b",
        rb"(?i)<key>URL</key>\s*<string>\s*(?:smb:|afp:|javascript:|file:///Volumes/)",
    ),
    ("handed.loads", LOADS, 0.6, rb"BEGIN:VCARD", rb"(?i)\n(?:URL|PHOTO|LOGO|SOUND)[^\r\n:]{0,100}:\s*" + _SHARE),
    ("handed.loads", LOADS, 0.65, rb"(?im)^\s{0,8}\[(?:Shell|Theme|\.ShellClassInfo)\]", _KEYS + _SHARE),
    ("handed.loads", LOADS, 0.6, rb"<xfdf\b", rb"(?i)<f\s[^>]{0,200}href\s*=\s*[\"']" + _SHARE),
    ("handed.loads", LOADS, 0.6, rb"BEGIN:VCALENDAR", rb"(?i)\nATTACH[^\r\n:]{0,100}:\s*" + _SHARE),
    ("handed.loads", LOADS, 0.6, rb"<(?:c:)?contact\b", rb"(?i)<(?:c:)?Value>\s*" + _SHARE),
    (
        "handed.signs",
        SIGNS,
        0.3,
        rb"(?im)^full address:s:",
        rb"(?im)^(?:remoteapplicationprogram|drivestoredirect):s:\S",
    ),
    ("handed.loads", LOADS, 0.25, rb"(?i)<jnlp\b", rb"(?i)<all-permissions\b"),
    ("handed.loads", LOADS, 0.25, rb"<AppInstaller\b", rb"(?i)<(?:Main(?:Package|Bundle)|Package|Bundle)\s"),
    ("handed.loads", LOADS, 0.25, rb"(?i)<deployment(?:Provider)?\b", rb"(?i)codebase\s*=\s*[\"']https?:"),
)
"""Rule, sentence, weight, what the file is, what it does. Weights below 0.5 are of what hospitals use, too."""
_OWN_PAGE = linear(
    rb"(?i)<DeepLink>\s*(?:(?:%windir%\\system32\\)?control\.exe(?:\s+/name\s+Microsoft\.\w+(?:\s+/page\s+\w+)?)?|ms-settings:[\w-]+)\s*</"
)
"""Pages of Windows' own settings, as its files of this kind name them."""
_PAGE = linear(rb"(?i)<DeepLink>")
_DESK = linear(rb"(?im)^full address:s:\s*(\[[^\]\r\n]{2,45}\]|[\w.-]{1,253})")
_COMPILED = tuple((*one[:3], linear(one[3]), linear(one[4])) for one in _RULES)
_ANY_KIND = linear(b"|".join(b"(?:" + one[3] + b")" for one in _RULES))
_ABROAD = 0.6
"""Weight of any of them that leads to a bare number outside of the house: its own, and its partners', have names."""
_MAILED = 0.65
"""Weight of any of them that came by mail: administrators send links."""


@analyser("handed", wants={"xml", "text", "script", "html", "data"})
class Handed:
    """Tells what such a file does."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield at most one finding of each kind."""
        text = narrowed(part.raw)
        kinds = _COMPILED if _ANY_KIND.search(text) else ()
        mailed = context.mail and part.depth > 0
        told: set[str] = set()
        for rule, why, weight, kind, act in kinds:
            if rule not in told and kind.search(text) and act.search(text):
                if kind.pattern == _SETTINGS and len(_OWN_PAGE.findall(text)) == len(_PAGE.findall(text)):
                    continue
                told.add(rule)
                desk = _DESK.search(text)
                abroad = leads_abroad(text) or bool(desk and is_abroad(desk[1]))
                least = _MAILED if mailed else _ABROAD if abroad else 0.0
                yield Finding(rule, why, max(weight, least), kind="handed")
        if not told and mailed and ending(part.name) in HANDED:
            why = say("A file came by mail that makes Windows start or load something else.")
            yield Finding("handed.mailed", why, 0.6, kind="handed")


HANDED = frozenset(
    (
        "settingcontent-ms library-ms searchconnector-ms msc rdp theme themepack deskthemepack appref-ms application "
        "jnlp diagcab appinstaller oqy dqy iqy rqy scf wsc sct xbap gadget rdg ws contact "
        "odc udl job search-ms pyw psf"
    ).split()
)
"""Endings that nobody sends by mail for an honest reason but a link would do."""
