"""Scripts: what they would do, told by calls that go together.

A call alone is everyday administration. Fetching and starting, hiding and starting, or switching protections off are
what malicious scripts do. Source: MITRE ATT&CK T1059, T1105, T1140, T1218, T1562.001.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from safecare.examine.api import Context, Finding, Part, analyser
from safecare.examine.types import ending
from safecare.formats.linear import linear
from safecare.model.text import Text, say

MOST_TEXT = 2 * 1024 * 1024
"""Bytes of a script that are read. Chosen: bundled libraries are longer, malware is not."""
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
MOST_SET = 500
"""Variables of a batch file that are put in. Chosen: scrambled ones use one for each letter."""
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
_SHELLS = linear(rb"(?is)(?:WScript\.Shell|Shell\.Application).{0,400}\.(?:Run|Exec|ShellExecute)\b")
_CODED = linear(
    rb"[A-Za-z0-9+/=]{200,}|(?:\\x[0-9a-fA-F]{2}){50,}|(?:%[0-9a-fA-F]{2}){50,}|(?:\d{1,5}\s{0,4},\s{0,4}){100,}"
)
_WORD = re.compile(rb"\b[A-Za-z_$][\w$]{5,}\b")
_MADE_UP = re.compile(rb"_0x[0-9a-f]{4}|[a-z][A-Z][a-z]?[A-Z][a-z]?[A-Z]|[bcdfghjklmnpqrstvwxz]{6}")


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
        text = text_of(part.raw).encode(errors="replace")
        for rule, why, weight, kind in judged(text, windows=windows or compiled):
            yield Finding(rule, why, weight, kind=kind)
        if bool({"html", "xml"} & set(part.types)) and _SHELLS.search(text):
            why = say("A page or style sheet starts programs by Windows' script host.")
            yield Finding("page.starts", why, 0.75, kind="page.starts")


def text_of(raw: bytes, most: int = MOST_TEXT) -> str:
    """Return the text of the first `most` bytes of a script, whatever its character set."""
    raw = raw[:most]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or raw[1:200:2].count(0) > 60:
        return raw.decode("utf-16-be" if raw.startswith(b"\xfe\xff") else "utf-16-le", "replace")
    return raw.decode("utf-8", "replace")


def judged(text: bytes, *, windows: bool) -> Iterator[tuple[str, Text, float, str]]:
    """Yield (rule, why, weight, kind) for the text of a script; `windows` if a double click runs it there."""
    joined = _spelled(text.translate(None, b"^`")) if windows else text
    fetches, starts = bool(_FETCH.search(joined)), bool(_START.search(joined))
    native = bool(_WINDOWS_START.search(joined)) and not _LIBRARY.search(text)
    if _ATTACK.search(joined):
        yield (
            "script.attack",
            say("A script switches protections off, destroys backups, or opens a way in."),
            0.7,
            "script.attacks",
        )
    elif _LOADED.search(joined) and _BYTES.search(joined):
        why = say("A script loads a program out of its own text, so that no file is written.")
        yield "script.attack", why, 0.7, "script.attacks"
    if fetches and starts and native:
        yield (
            "script.fetches",
            say("A script fetches something and starts it."),
            0.65 if windows else 0.45,
            "script.fetches",
        )
    if _ENCODED.search(joined) and native:
        yield "script.encoded", say("A script is encoded so that nobody can read it."), 0.55, "script.hides"
    if _STEALTH.search(joined) and starts and native:
        yield "script.stealth", say("A script starts something without a window."), 0.35, "script.stealth"
    hides = len(text) < MOST_SCRAMBLED and not _LIBRARY.search(text) and scrambled(text)
    if windows and (hides or (native and len(_HIDE.findall(text)) > 40)):
        yield "script.hides", say("A script hides what it does."), 0.55, "script.hides"


def _spelled(text: bytes) -> bytes:
    """Return a batch file with the variables that it sets to plain words put in, behind itself; others as they are."""
    values = {name.lower(): value for name, value in islice(_SET.findall(text), MOST_SET)}
    if not values:
        return text
    return text + b"\n" + _USED.sub(lambda found: values.get(found[1].lower(), found[0]), text)


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
