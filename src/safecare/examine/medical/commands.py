r"""Commands where a medical file should hold words: scripts, page code, shell and database commands, lookups, formulas.

Kept to what no physician, device or interface engine writes; one expression whose time is linear in the text. Source:
OWASP Testing Guide 4.2 (injection), MITRE ATT&CK T1059, T1218, T1203; CVE-2021-44228 (lookups), CVE-2014-6271 (shell),
CVE-2024-42845 (values that a reader evaluates), OWASP CSV injection; CVE-2023-43208 and ysoserial (classes that run a
command when an object is read back), RFC 2152 (UTF-7), Mandel 2014 (pages of CDA).
"""

from __future__ import annotations

from collections.abc import Iterator

from safecare.formats.linear import linear

MOST = 10
"""Places that are told. Chosen."""
_SHELL = rb"(?:id|whoami|uname|curl|wget|ncat|nc|bash|sh|cat|ls|rm|ping|nslookup|python3?|perl|powershell|cmd)"
_EVENT = (
    rb"on(?:error|load\w*|click|dblclick|mouse\w+|pointer\w+|focus\w*|blur|toggle|begin|end|pageshow|animation\w+|"
    rb"transition\w+|input|change|submit|reset|key\w+|wheel|scroll|start|finish|drag\w*|drop|copy|paste|message)"
)
_OBJECTS: tuple[bytes, ...] = (
    rb"org\.apache\.commons\.(?:collections4?\.functors|beanutils\.beancomparator|lang3?\.event\.eventutils)\b",
    rb"java\.lang\.processbuilder\b|java\.beans\.eventhandler\b|com\.sun\.rowset\.jdbcrowsetimpl\b",
    rb"xsltc\.trax\.templatesimpl\b|sun\.reflect\.annotation\.annotationinvocationhandler\b",
    rb"<objectdataprovider[^>]*methodname\s*=|clr-namespace:system\.diagnostics\b",
    rb"system\.windows\.data\.objectdataprovider\b|system\.diagnostics\.process\b|\"__proto__\"\s*:",
)
"""Objects that run a command when they are read back."""
_PATTERNS: tuple[bytes, ...] = (
    # pages
    rb"<script(?:[\s/][^>]*)?>[^<]*?[(=;`]",
    rb"<script[\s/][^>]*src\s*=",
    rb"<(?:iframe|object|embed|base|link|form|frame)[\s/][^>]*(?:src|srcdoc|data|classid|codebase|href|action)\s*=",
    rb"<meta[\s/][^>]*http-equiv\s*=\s*[\"']?refresh",
    rb"<style[^>]*>[^<]*@import",
    rb"!?\[[^\]\r\n]{0,100}\]\(\s*(?:file:/|smb:/|\\\\\\\\|vbscript:|data:text/html)",  # a link or picture of Markdown
    rb"<[a-z][^<>]*[\s/\"']" + _EVENT + rb"\s*=",
    rb"<\?=\s*\\?(?:system|exec|shell_exec|passthru|popen|proc_open|eval|assert|include|phpinfo|file_get_contents)\s*\(",
    rb"<\?=\s*(?:\$_(?:get|post|request|cookie|server|files)\b|`[ -_a-~]{2,80}`)",
    rb"<(?:hta:|\?php|%@\s*page|%=[ -~]{1,100}%>|%\s*(?:eval|execute|request|response)\b)",
    rb"<(?:job|scriptlet|component|registration)\b[^>]*>\s*<(?:script|registration|public)",
    rb"<\?xml-stylesheet[^>]*javascript:",
    rb"\x1b\][0-9]{1,3};[ -~]{1,200}(?:\x07|\x1b\\)",  # a terminal's title and clipboard, in who reads a log
    rb"<!entity\s[^>]*\s(?:system|public)\s",
    rb"(?:java|vb)script\s*:\s*[\w(/%\\]",
    rb"jav(?:&#x?0*(?:9|a|d|10|13);?|[\t\n\r])ascript|javascript(?:&colon;|&#0*58;?|&#x0*3a;?)",
    rb"data:(?:text/html|application/(?:x-|octet-stream|javascript|hta|xhtml))[\w.+-]*[;,]",
    rb"(?:%3c|\\u003c|&lt;|&#60;|&#x3c;)(?:script|iframe|svg|img)\b",
    rb"runtime\.getruntime\s*\(\)",
    rb"\+adw-(?:script|iframe|svg|img)\b",
    *_OBJECTS,
    # lookups, templates
    rb"\$\{(?:jndi|env|lower|upper|sys|ctx|::-|[!-z]{0,20}\$\{[a-z]{2,10}:)",
    rb"\{\{[ -z]{0,60}(?:constructor|__class__|config\.|self\.)|\{\{\s*'?\d+'?\s*\*\s*'?\d+'?\s*\}\}",
    rb"[$#]\{\s*\d+\s*\*\s*\d+\s*\}",
    rb"\.__(?:class|base|mro|subclasses|globals)__\b",
    # scripts of interpreters
    rb"__import__\s*\(|\bos\.(?:system|popen|exec\w*)\s*\(|\bsubprocess\.\w+\s*\(",
    rb"\bexec\s*\(\s*[\"']|\beval\s*\(\s*(?:compile|unescape|atob|base64|request|string\.|function|['\"])",
    rb"\bc(?:os|posix|nt|subprocess)\n(?:system|popen)\n|\x8c[\x02-\x0a](?:posix|nt|os|subprocess)\x94\x8c",
    rb"wscript\.(?:shell|createobject|echo)|createobject\s*\(\s*[\"']|activexobject\s*\(|on error resume next",
    rb"#@~\^[a-z0-9+/]{6}==|string\.fromcharcode\s*\(",
    rb"powershell(?:\.exe)?\s+(?:-|iex|\[|\$|&|\(|invoke-)|\biex\s*\(\s*[\w$\"'(\[-]{4}|\.downloadstring\s*\(|new-object\s+net\.webclient",
    rb"\binvoke-(?:expression|webrequest|mimikatz)\b",
    # commands of Windows
    rb"\bcmd(?:\.exe)?\s*/[ckr]\s|@echo off|\bmshta(?:\.exe)?\s+(?:https?:|vbscript:|javascript:|\\\\)",
    rb"\bregsvr32(?:\.exe)?\s[^\r\n]{0,80}(?:scrobj|/i:)|\bcertutil(?:\.exe)?\s[^\r\n]{0,60}-urlcache",
    rb"\bbitsadmin(?:\.exe)?\s[^\r\n]{0,40}/transfer|\brundll32(?:\.exe)?\s+\S",
    rb"windows registry editor version|\[internetshortcut\]|\[autorun\]|\[desktop entry\]",
    # commands of shells
    rb"#!\s?/(?:usr/)?bin/|\(\)\s*\{\s*:;\s*\}\s*;|/dev/tcp/[\w.]|\bbash\s+-[ic]\b|/bin/(?:ba|da|z)?sh\b",
    rb"\$\(\s*"
    + _SHELL
    + rb"(?:\s[^)]{0,200})?\)|`(?:whoami`|(?:curl|wget|nc(?:at)?|bash|sh|ping|nslookup|python3?|perl|powershell)"
    rb" [-/\w.][ -_a-~]{3,200}`)",
    rb"(?:;|&&|\|\|)\s*(?:rm\s+-[rf]|cat\s+/|wget\s+(?:-|http)|curl\s+(?:-|http)|nc\s+-|chmod\s+[+\d])",
    rb"\b(?:curl|wget)\s+(?:-|[\w.-]*[:.]/?)[^|;`\x00]{0,200}\|\s*(?:ba|da|z)?sh\b|\|\s*nc(?:at)?\s+[\w.-]+\s+\d",
    # commands of databases
    rb"['\";)]\s*(?:drop|truncate|alter)\s+(?:table|database)\s+\w|\bunion\s+(?:all\s+)?select\s+[\w*@'(]|'\s*union\s+select\b",
    rb"'\s*(?:or|and)\s+(?:'[^'\r\n]{0,12}'\s*=\s*'|(?:0\s*=\s*0|1\s*=\s*1|2\s*=\s*2|7\s*=\s*7|9\s*=\s*9))|\bxp_cmdshell\b|\bwaitfor\s+delay\s+'",
    # formulas of tables
    rb"[=+@*-]cmd\||=(?:hyperlink|webservice|importxml|importdata|importhtml|dde|call|register\.id)\s*\(\s*\"",
    # formats, paths
    rb"(?:%n){3}|(?:%[sx]){6}",
    rb"\bfile:/{1,3}(?:etc|proc|root|c:/windows)/|\bphp://(?:filter|input)|\bgopher://[\w.\[]",
    rb"(?:\.\.[\\/]+){2,}(?:etc|proc|windows|winnt|boot|usr|var|home|users|root|bin)\b",
    rb"\\\\[\w.-]+\\[\w$. \\-]{1,120}\.(?:exe|dll|hta|lnk|ps1|vbs|jse?|scr|bat|cmd|msi)\b",
    rb"begin [0-7]{3,4} [^\r\n/\\]{1,80}\.(?:exe|dll|scr|bat|cmd|ps1|vbs|js|hta|lnk|jar|sh)\s",
)
_COMMAND = linear(rb"(?i)" + b"|".join(_PATTERNS))
_OBJECT = linear(rb"(?i)" + b"|".join(_OBJECTS))
_BUILT = linear(
    rb"<(?:dynamic-proxy|java\.util\.PriorityQueue|java\.beans\.EventHandler|javax\.imageio\.ImageIO)|class=[\"'](?:dynamic-proxy|java\.beans\.XMLDecoder)"
)
"""What makes the objects of XStream and XMLDecoder act while they are read (CVE-2021-39144, CVE-2023-43208)."""
_WIDE = linear(
    rb"(?i)s\x00c\x00r\x00i\x00p\x00t\x00|s\x00h\x00e\x00l\x00l\x00|E\x00I\x00C\x00A\x00R\x00-|o\x00n\x00e\x00r\x00r\x00"
    rb"|c\x00m\x00d\x00|j\x00n\x00d\x00i\x00|e\x00v\x00a\x00l\x00|<(?:s\x00?c\x00?r|i\x00?f\x00?r)\x00"
)
"""What may begin a command whose letters are divided by zeros: UTF-16, or what a filter is to stumble over."""
_AROUND = 200, 600
"""Bytes before and after such a place that are read without their zeros. Chosen."""


def scripted(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of scripts and commands in text, in UTF-16 too; at most `MOST`."""
    count = 0
    for found in _COMMAND.finditer(data):
        if count >= MOST:
            return
        count += 1
        yield found.span()
    if b"\0" not in data:
        return
    past = 0
    for wide in _WIDE.finditer(data):
        if count >= MOST:
            return
        start = max(past, wide.start() - _AROUND[0])
        past = wide.end() + _AROUND[1]
        if wide.start() >= start and _COMMAND.search(data[start:past].replace(b"\0", b"")):
            count += 1
            yield wide.span()


def read_back(data: bytes) -> tuple[int, int] | None:
    """Return where XML that is read back as objects makes one act that runs a command; None if it doesn't."""
    if not _BUILT.search(data):
        return None
    found = _OBJECT.search(data)
    return found.span() if found else None


def names_command(value: bytes) -> bool:
    """Tell whether `value` holds a script or command."""
    return next(scripted(value), None) is not None
