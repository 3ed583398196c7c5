"""Scripts: what they would do, told by calls that go together.

A call alone is everyday administration. Fetching and starting, hiding and starting, or switching protections off are
what malicious scripts do. Source: MITRE ATT&CK T1059, T1105, T1140, T1218, T1562.001.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, analyser
from safecare.examine.types import ending
from safecare.formats.linear import linear
from safecare.model.text import Text, say

WINDOW, OVERLAP = 2 * 1024 * 1024, 4096
"""Bytes of a script that are read at a time, and those of two windows in common. Chosen: what a loader is long."""
MOST_TEXT = 64 * 1024 * 1024
"""Bytes of a script that are read, half of them at its end. Chosen: 1 s; what lies between must be no text.

Installers for Linux are a script with packed data behind, of any size.
"""
_FETCH = linear(
    rb"(?i)\b(?:DownloadFile|DownloadString|DownloadData|Invoke-WebRequest|iwr|irm|Start-BitsTransfer|"
    rb"URLDownloadToFile\w?|XMLHTTP|WinHttpRequest|ServerXMLHTTP|bitsadmin|certutil\b.{0,40}-urlcache|Net\.WebClient|curl(?:\.exe)?\s|wget\s)"
)
_START = linear(
    rb"(?i)\b(?:WScript\.Shell|Shell\.Application|ShellExecute\w?|\.Run\s*\(|\.Exec\s*\(|Start-Process|saps\s|IEX\b|Invoke-Expression|"
    rb"CreateObject\s*\(|ActiveXObject|cmd(?:\.exe)?\s*/[ck]|powershell(?:\.exe)?|mshta(?:\.exe)?|rundll32|regsvr32|wmic\s|schtasks|"
    rb"Process\.Start|os\.system|subprocess\.\w+)"
)
_WINDOWS_START = linear(
    rb"(?i)WScript\.Shell|ActiveXObject|Shell\.Application|IEX\b|Invoke-Expression|mshta|rundll32|regsvr32|powershell"
)
_ENCODED = linear(
    rb"(?i)powershell[^\r\n]{0,200}?\s-e(?:nc|ncodedcommand|c)?\s+[A-Za-z0-9+/=]{40,}|FromBase64String\s*\("
)
_STEALTH = linear(
    rb"(?i)-w(?:indowstyle)?\s+h(?:idden)?\b|-nop\b|-noni\b|-ep\s+bypass|-exec(?:utionpolicy)?\s+bypass|vbhide|,\s*0\s*,\s*(?:true|false)\s*\)"
)
_HIDE = linear(
    rb"(?i)eval\s*\(|execute(?:global)?\s*\(|unescape\s*\(|fromCharCode|chrw?\s*\(|StrReverse|-join|-bxor|\[char\]|charCodeAt|atob\s*\(|\breplace\s*\(|-split"
)
_ATTACK = linear(
    rb"(?is)vssadmin(?:\.exe)?\s+delete|wbadmin\s+delete|bcdedit[^\r\n]{0,60}recoveryenabled\s+no|Set-MpPreference\s+-Disable|"
    rb"Add-MpPreference\s+-Exclusion|AmsiUtils|amsiInitFailed|VirtualAlloc\b.{0,400}CreateThread|Invoke-Mimikatz|sekurlsa::|"
    rb"Invoke-Shellcode|reg\s+add[^\r\n]{0,120}\\Run\b|cipher\s+/w|fsutil\s+usn\s+deletejournal|\bnc(?:\.exe)?\s+-e\s|/dev/tcp/\d|"
    rb"socket\.socket\b.{0,600}\bdup2\b.{0,300}/bin/(?:ba|da|k|z)?sh\b|bash\s+-i\s+>&|scriptlet:https?|javascript:.{0,60}RunHTMLApplication"
)
_LOADED = linear(rb"(?i)Reflection\.Assembly\]?::(?:Unsafe)?Load(?:From)?\s*\(")
_BYTES = linear(rb"(?i)FromBase64String|DownloadData|GzipStream|DeflateStream|-bxor")
"""What a script loads as a program out of its own text, or out of what it fetched (T1620)."""
_SET = re.compile(rb"(?i)\bset\s+\"?(\w{1,40})=([^&|\r\n\"%]{0,200})")
_USED = re.compile(rb"%(\w{1,40})%")
MOST_SET = 20_000
"""Variables of a batch file that are put in. Chosen: scrambled ones use one for each letter; 20 ms."""
MOST_PUT = 2 * WINDOW
"""Bytes that are put in for variables of one piece. Chosen: scrambled ones stand for a letter or a word, and name more
than they hold; three letters of each of 700,000 uses could else hold 200 each."""
_HOST = linear(rb"(?i)WScript\.(?:Shell|CreateObject|ScriptFullName)|Shell\.Application|winmgmts:")
"""What is there for Windows' script host alone, also amid the text of a library for pages."""
_PADDING = linear(rb"[\s\x00]{64,}|/\*[^*]{64,}\*/|(?:\r?\n[ \t]{0,64}(?://|'|#|::|(?i:rem)[ \t])[^\r\n]*){8,}")
"""Blanks, long comments, and many lines of them: what interpreters pass over."""
_PADDED = 0.9
"""Part of a script of several megabytes that is padding. Chosen: honest ones of that size are bundles without notes."""
_LIBRARY = linear(
    rb"\b(?:module\.exports|exports\.\w|import\s*[{\w*\"']|export\s+(?:default|const|\{|function)|require\(|document\.\w|window\.\w|WebAssembly|"
    rb"globalThis|self\.\w|define\()"
)
"""What scripts of pages and servers say, and those that Windows runs can't."""
MOST_SCRAMBLED = 512 * 1024
"""Letters of a script that may be judged scrambled. Chosen: droppers stay below, bundles of libraries do not."""
_WINDOWS = frozenset({"js", "jse", "vbs", "vbe", "wsf", "wsh", "hta", "ps1", "psm1", "bat", "cmd", "sct", "inf"})
_ENCODED_SCRIPT = linear(rb"#@~\^[A-Za-z0-9+/]{6}==")
_PAGES = frozenset({"html", "htm", "svg", "xhtml", "xsl", "sct", "wsc", "xml", "mht", "mhtml", ""})
_APPLICATION = linear(rb"(?i)<hta:application")
"""A page that asks to be run as a program: `mshta` does, whatever its name. Nobody writes that to be read."""
_HEAD = 64 * 1024
_NO_LETTERS, _FEW = bytes((*range(1, 9), *range(14, 27), *range(28, 32))), 50
"""Bytes that no text holds, and how many of all make a piece packed data: words of three letters stand in it by chance.

Zeros are not among them: some interpreters pass over them.
"""
_BLOCK = 4096
_SHELLS = linear(rb"(?is)(?:WScript\.Shell|Shell\.Application).{0,400}\.(?:Run|Exec|ShellExecute)\b")
_CODED = linear(
    rb"[A-Za-z0-9+/=]{200,}|(?:\\x[0-9a-fA-F]{2}){50,}|(?:%[0-9a-fA-F]{2}){50,}|(?:\d{1,5}\s{0,4},\s{0,4}){100,}"
)
_WORD = re.compile(rb"\b[A-Za-z_$][\w$]{5,}\b")
_MADE_UP = re.compile(rb"_0x[0-9a-f]{4}|[a-z][A-Z][a-z]?[A-Z][a-z]?[A-Z]|[bcdfghjklmnpqrstvwxz]{6}")
_SIGNS = {
    "fetch": _FETCH,
    "start": _START,
    "native": _WINDOWS_START,
    "host": _HOST,
    "library": _LIBRARY,
    "attack": _ATTACK,
    "loaded": _LOADED,
    "bytes": _BYTES,
    "encoded": _ENCODED,
    "stealth": _STEALTH,
}
_JAVA_STARTS = linear(rb"java/lang/(?:Runtime|ProcessBuilder)\b")


@analyser("script", wants={"script", "text", "html", "xml", "class"})
class Scripts:
    """Judges scripts of Windows and shells, also where they stand in pages."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what the script would do."""
        windows = ending(part.name) in _WINDOWS
        coded = part.origin in ("text.coded", "page.data")
        page = bool({"html", "xml"} & set(part.types)) and (
            ending(part.name) in _PAGES or _APPLICATION.search(part.raw, 0, _HEAD) is not None
        )
        compiled = "class" in part.types and bool(_JAVA_STARTS.search(part.raw))
        if "script" not in part.types and not (windows or coded or page or compiled):
            return  # a text that a person reads: manuals and settings show commands
        if _ENCODED_SCRIPT.search(part.raw):
            yield Finding(
                "script.encoded", say("A script is encoded so that nobody can read it."), 0.7, kind="script.hides"
            )
        seen = Seen(windows=windows or compiled)
        shells = False
        for text in (text_of(part.raw).encode(errors="replace"),) if compiled else texts_of(part.raw):
            seen.add(text)
            shells = shells or _SHELLS.search(text) is not None
        for rule, why, weight, kind in seen.told():
            yield Finding(rule, why, weight, kind=kind)
        if bool({"html", "xml"} & set(part.types)) and shells:
            why = say("A page or style sheet starts programs by Windows' script host.")
            yield Finding("page.starts", why, 0.75, kind="page.starts")

        if seen.unread:
            raise LimitError("script", "variables")
        if _goes_on(part.raw):
            raise LimitError("script", f"byte {MOST_TEXT // 2}")


def text_of(raw: bytes, most: int = WINDOW) -> str:
    """Return the text of the first `most` bytes of a script, whatever its character set."""
    return raw[:most].decode(_coding(raw), "replace")


def _coding(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or raw[1:200:2].count(0) > 60:
        return "utf-16-be" if raw.startswith(b"\xfe\xff") else "utf-16-le"
    return "utf-8"


def texts_of(raw: bytes) -> Iterator[bytes]:
    """Yield the text of a script in UTF-8, piece by piece: whole, or `MOST_TEXT` of both its ends; no packed data."""
    coding, half = _coding(raw), MOST_TEXT // 2
    at = 0
    while at < len(raw):
        piece = raw[at : at + WINDOW]
        told = piece if coding != "utf-8" or _lettered(piece) else _without_data(piece)
        if told:
            yield told.decode(coding, "replace").encode(errors="replace")
        if at + WINDOW >= len(raw):
            return
        at += WINDOW - OVERLAP
        if half <= at < len(raw) - half:
            at = (len(raw) - half) // 2 * 2


def _lettered(piece: bytes) -> bool:
    return len(piece) - len(piece.translate(None, _NO_LETTERS)) <= len(piece) // _FEW


def _without_data(piece: bytes) -> bytes:
    """Return the blocks of a piece that are text: a script may stand before packed data, or before what looks so."""
    blocks = (piece[at : at + _BLOCK] for at in range(0, len(piece), _BLOCK))
    return b"".join(one for one in blocks if _lettered(one))


def _goes_on(raw: bytes) -> bool:
    """Tell whether text stands in what is not read of a very long script."""
    half = MOST_TEXT // 2
    pieces = (raw[at : min(at + WINDOW, len(raw) - half)] for at in range(half, len(raw) - half - OVERLAP, WINDOW))
    return any(len(one) - len(one.translate(None, b"\0" + _NO_LETTERS)) <= len(one) // _FEW for one in pieces)


class Seen:
    """What is seen in a script, piece by piece; `windows` if a double click runs it there."""

    def __init__(self, *, windows: bool) -> None:
        """Begin with nothing seen."""
        self.windows = windows
        self.unread = False
        """More variables stand in a piece than were put in."""
        self._names: set[str] = set()
        self._hides = self._size = self._padding = 0
        self._kept: list[bytes] = []
        self._values: dict[bytes, bytes] = {}

    def add(self, text: bytes) -> None:
        """Take in the next piece of text."""
        joined = self._spelled(text.translate(None, b"^`")) if self.windows else text
        for name, pattern in _SIGNS.items():
            if name not in self._names and pattern.search(text if name == "library" else joined):
                self._names.add(name)
        self._hides += len(_HIDE.findall(text))
        self._size += len(text)
        if len(text) >= MOST_SCRAMBLED or self._size > len(text):
            rest = _PADDING.sub(b"\n", text)
            self._padding += len(text) - len(rest)
            text = b"\n".join(dict.fromkeys(rest.split(b"\n")))
        if sum(map(len, self._kept)) < MOST_SCRAMBLED:
            self._kept.append(text)

    def told(self) -> Iterator[tuple[str, Text, float, str]]:
        """Yield (rule, why, weight, kind) of what the whole script does."""
        seen = self._names
        native = "host" in seen or ("native" in seen and "library" not in seen)
        if "attack" in seen:
            why = say("A script switches protections off, destroys backups, or opens a way in.")
            yield "script.attack", why, 0.7, "script.attacks"
        elif {"loaded", "bytes"} <= seen:
            why = say("A script loads a program out of its own text, so that no file is written.")
            yield "script.attack", why, 0.7, "script.attacks"
        if {"fetch", "start"} <= seen and native:
            why = say("A script fetches something and starts it.")
            yield "script.fetches", why, 0.65 if self.windows else 0.45, "script.fetches"
        if "encoded" in seen and native:
            yield "script.encoded", say("A script is encoded so that nobody can read it."), 0.55, "script.hides"
        if {"stealth", "start"} <= seen and native:
            yield "script.stealth", say("A script starts something without a window."), 0.35, "script.stealth"
        kept = b"\n".join(self._kept)
        hides = len(kept) < MOST_SCRAMBLED and "library" not in seen and scrambled(kept)
        if self.windows and (hides or (native and self._hides > 40)):
            yield "script.hides", say("A script hides what it does."), 0.55, "script.hides"
        if self.windows and self._size > WINDOW and self._padding > self._size * _PADDED:
            why = say("A script is blown up by blanks or comments, so that scanners pass over it.")
            yield "script.padded", why, 0.55, "script.padded"

    def _spelled(self, text: bytes) -> bytes:
        """Return a batch file with the variables set to plain words put in, behind itself; others as they are."""
        for name, value in _SET.findall(text):
            if len(self._values) < MOST_SET:
                self._values[name.lower()] = value
        if not self._values:
            return text
        room = MOST_PUT

        def put(found: re.Match[bytes]) -> bytes:
            nonlocal room
            value = self._values.get(found[1].lower(), found[0])
            room -= len(value)
            if room >= 0 or len(value) <= len(found[0]):
                return value
            self.unread = True
            return found[0]

        return text + b"\n" + _USED.sub(put, text)


def scrambled(text: bytes) -> bool:
    """Tell whether a script looks scrambled: very long lines, made-up names, or long blocks of coded text."""
    body = text[:200_000]
    if len(body) < 200:
        return False
    coded = sum(len(one) for one in _CODED.findall(body))
    if coded > len(body) * 0.4:
        return True
    words = _WORD.findall(body)
    odd = sum(_MADE_UP.search(one) is not None for one in words)
    return len(words) > 60 and odd > len(words) * 0.4
