"""Judging of files: rates per second of CPU time, accuracy with counts, bombs; beside the programs that are installed.

Data: ``SAFECARE_DATA/files/office`` (oletools test documents), and folders that variables name, each one skipped
without: ``SAFECARE_HAM`` (SpamAssassin's corpus: ``easy-ham-1``, ...), ``SAFECARE_BENIGN`` (PDF and Office files
of packages). Debian's ``clamav-testfiles``, ``clamav`` and ``rspamd`` where installed.
"""

from __future__ import annotations

import base64
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from rspamd_peer import MARKED, judged

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.mail import learned
from safecare.examine.verdict import SUSPICIOUS
from safecare.scenarios.make.mail import credential_phish
from safecare.testing.bench import Row, Skipped, rate
from safecare.testing.mails import learn, made_mails

CLAMAV = Path("/usr/share/clamav-testfiles")
DATA = Path(os.environ.get("SAFECARE_DATA", "/nowhere"))
HAM = Path(os.environ.get("SAFECARE_HAM", "/nowhere"))
BENIGN = Path(os.environ.get("SAFECARE_BENIGN", "/nowhere"))
SUSPECT = ("excel4-macros", "oleobj", "rtfobj", "msodde/dde-test.docx", "msodde/dde-test.xlsm", "msodde/dde-in-csv.csv")
ALARM = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
LEARNED = "; the weights of words learned from the half in sight: no measure of mail never seen any more"
"""What is to be known of the newest stories, both halves of which one hand wrote."""
PHISHING_SIZE = 38_000
"""Bytes of a phishing mail. Measured: mean of 7,909 mails of a public collection."""
ENGINE = Engine(own=("aurore.example",))


def rows() -> Iterator[Row | Skipped]:
    """Yield all figures."""
    yield from _rates()
    yield from _accuracy()
    yield from _containers()
    yield from _bombs()


def _rates() -> Iterator[Row | Skipped]:
    mails = [_phishing_size(number) for number in range(40)]
    figure = rate(lambda: _judge(mails, "a.eml"), 3)
    peer = _clamscan(mails)
    yield Row(
        what=f"mails of {PHISHING_SIZE // 1000} kB judged whole",
        figure=figure,
        unit="/s",
        target=1000,
        peer=peer,
        peer_name="clamscan, one test signature" if peer else "clamscan is not installed",
    )
    strangers = [_from_strangers(raw, number) for number, raw in enumerate(mails * 5)]
    told = judged(strangers)
    yield Row(
        what="the same, every sender and host met for the first time",
        figure=rate(lambda: _judge(strangers, "a.eml"), 1),
        unit="/s",
        peer=told.rate if told else None,
        peer_name="rspamd, offline" if told else "rspamd is not installed",
    )
    if HAM.is_dir():
        ham = [path.read_bytes() for path in sorted(HAM.glob("easy-ham-1/*.txt"))[:400]]
        yield Row(
            what="mails of SpamAssassin's easy ham judged whole",
            figure=rate(lambda: _judge(ham, "a.eml"), 2),
            unit="/s",
        )
    documents = [path.read_bytes() for path in sorted(DATA.glob("files/office/**/*")) if path.is_file()]
    if documents:
        figure = rate(lambda: _judge(documents, "a.doc"), 2)
        yield Row(
            what="Office test documents judged whole",
            figure=figure,
            unit="/s",
            target=40,
            peer=40,
            peer_name="QuickSand, as published",
        )
    pdfs = [path.read_bytes() for path in sorted(BENIGN.rglob("*.pdf"))[:150]]
    if pdfs:
        yield Row(what="PDF files of packages judged whole", figure=rate(lambda: _judge(pdfs, "a.pdf"), 2), unit="/s")


def _from_strangers(raw: bytes, number: int) -> bytes:
    """Return `raw` with hosts of its own."""
    own = f".{'bdfgklmnprst'[number % 12]}{'aeiou'[number % 5]}lenor{number}-{'xyzvw'[number % 5]}a.com".encode()
    return re.sub(rb"(?<!aurore)\.example\b", own, raw)


def _accuracy() -> Iterator[Row | Skipped]:
    for kind, what, target in (
        ("phishing", "made phishing of later years found", 95.0),
        ("honest", "false alarms on made honest mails", 1.0),
    ):
        mails = [one.raw for one in made_mails(kind, range(6))]
        count = sum(ENGINE.judge(raw, "a.eml").verdict in ALARM for raw in mails)
        told = judged(mails)
        theirs = sum(one >= MARKED for one in told.scores) if told else 0
        yield Row(
            what=what,
            figure=100 * count / len(mails),
            unit="%",
            better="more" if kind == "phishing" else "less",
            target=target,
            peer=100 * theirs / len(mails) if told else None,
            peer_name="rspamd, offline" if told else "rspamd is not installed",
            note=f"{count} of {len(mails)}",
        )
    for kind, half, target in (
        ("later-phishing", "open", 95.0), ("later-phishing", "held", 95.0),
        ("later-honest", "open", 1.0), ("later-honest", "held", 1.0),
        ("fresh-phishing", "", 95.0), ("fresh-honest", "", 1.0),
    ):  # fmt: skip
        mails = [one.raw for one in made_mails(kind, range(3)) if one.half == half]
        count = sum(ENGINE.judge(raw, "a.eml").verdict in ALARM for raw in mails)
        told = judged(mails)
        theirs = sum(one >= MARKED for one in told.scores) if told else 0
        aside = {"held": "put aside before any was judged", "": "fresh, with honest twins"}.get(half, "in sight")
        yield Row(
            what=f"newest stories, {aside}: {'found' if kind.endswith('phishing') else 'false alarms'}",
            figure=100 * count / len(mails),
            unit="%",
            better="more" if kind.endswith("phishing") else "less",
            target=target,
            peer=100 * theirs / len(mails) if told else None,
            peer_name="rspamd, offline" if told else "rspamd is not installed",
            note=f"{count} of {len(mails)}{LEARNED if kind == 'later-phishing' else ''}",
        )
    yield _words()
    ham = [path for group in ("easy-ham-1", "easy-ham-2", "hard-ham-1") for path in sorted(HAM.glob(f"{group}/*.txt"))]
    if ham:
        alarms = _flagged(ham)
        yield Row(
            what="false alarms on ham (SpamAssassin, easy and hard)",
            figure=100 * alarms / len(ham),
            unit="%",
            better="less",
            target=1.0,
            peer=2.3,
            peer_name="SpamAssassin 4 at 5, as measured once",
            note=f"{alarms} of {len(ham)}",
        )
    else:
        yield Skipped("false alarms on ham", "SAFECARE_HAM names no folder")
    office = DATA / "files" / "office"
    if office.is_dir():
        bad = [
            path
            for name in SUSPECT
            for path in ([office / name] if (office / name).is_file() else (office / name).rglob("*"))
        ]
        bad = [path for path in bad if path.is_file()]
        found = _flagged(bad)
        yield Row(
            what="Office attacks found (DDE, XLM, objects, links)",
            figure=100 * found / len(bad),
            unit="%",
            target=95,
            peer=80,
            peer_name="union of oletools, as measured once",
            note=f"{found} of {len(bad)}",
        )
    for ending, target in (("pdf", 2.0), ("docx", 2.0), ("pptx", 2.0)):
        files = sorted(BENIGN.rglob(f"*.{ending}"))
        if files:
            alarms = _flagged(files)
            yield Row(
                what=f"false alarms on .{ending} files of packages",
                figure=100 * alarms / len(files),
                unit="%",
                better="less",
                target=target,
                note=f"{alarms} of {len(files)}",
            )


def _containers() -> Iterator[Row | Skipped]:
    if not CLAMAV.is_dir():
        yield Skipped("containers of clamav-testfiles", "Debian's clamav-testfiles is not installed")
        return
    verdicts = [ENGINE.judge(path.read_bytes(), path.name) for path in sorted(CLAMAV.iterdir())]
    signed = sum(any(one.rule == "rule.clamav_test_file" for one in verdict.findings) for verdict in verdicts)
    flagged = sum(verdict.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS) for verdict in verdicts)
    yield Row(
        what="containers of clamav-testfiles: suspicious or malicious",
        figure=flagged,
        unit="",
        target=36,
        peer=44,
        peer_name="clamscan, as measured once",
        note=f"{signed} of {len(verdicts)} by unpacking to the signature, the rest by how the program is packed",
    )


def _bombs() -> Iterator[Row | Skipped]:
    """Judge each bomb of `safecare.testing.bombs` in a process of its own, which has judged something small before."""
    told = subprocess.run([sys.executable, "-c", _BOMBS], capture_output=True, text=True, check=True).stdout
    lines = [line.split("\t") for line in told.splitlines()]
    figures = [(float(seconds), int(memory) / 1024, name) for seconds, memory, name in lines]
    seconds, _, slowest = max(figures)
    note = f"{slowest}; {sum(one[0] > SOON for one in figures)} of {len(figures)} take more than {SOON} s"
    yield Row(what="bombs: slowest, stopped", figure=seconds, unit="s", better="less", target=1.0, note=note)
    memory, largest = max((one[1], one[2]) for one in figures)
    yield Row(what="bombs: most memory", figure=memory, unit="MiB", better="less", target=256, note=largest)


SOON = 0.45
"""Seconds of processor time in which bombs should be stopped here, so that a slower machine needs less than one."""
_BOMBS = """
import os, resource, sys, time
from safecare.examine.engine import Engine
from safecare.testing.bombs import BOMBS
engine = Engine()
engine.judge(b"MZ" + bytes(2000), "a.exe")
for name, (file, make) in BOMBS.items():
    got, put = os.pipe()
    if not os.fork():
        with os.fdopen(put, "wb") as stream:
            stream.write(make())
        os._exit(0)
    os.close(put)
    if not os.fork():
        with os.fdopen(got, "rb") as stream:
            raw = stream.read()
        begun = time.process_time()
        engine.judge(raw, file)
        spent = time.process_time() - begun
        print(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, name, sep="\\t", flush=True)
        os._exit(0)
    os.close(got)
    os.wait(), os.wait()
"""


def _phishing_size(number: int) -> bytes:
    """Return a made phishing mail of the size and build of real ones.

    As in the public collection: a third are fields that filters on the way wrote, the rest a page of style rules and
    nested tables with style of their own, a dozen links and pictures.
    """
    told = credential_phish(seed=number, at=datetime(2026, 3, 2, tzinfo=UTC), to="user1@aurore.example", language="fr")
    fields, text = told.split(b"\r\n\r\n", 1)
    head = b"\r\n".join(one for one in fields.split(b"\r\n") if not one.startswith(b"Content-"))
    line = b"=?utf-8?B?%s?=" % base64.b64encode(f"written by a filter on the way, {number}".encode())
    head += b"\r\nX-Antispam-Message-Info:" + (b"\r\n " + line) * 160
    link = f"<a href='https://aurore-portail{number}.example/p?id={{}}'>lien {{}}</a><img src='https://a.example/{{}}.png'>"
    rules = "td { padding: 0 20px; font: 14px Arial; } @media only screen { a { color: #336699; } }\r\n" * 70
    cell = "<tr><td style='padding:0 20px;font:14px Arial;color:#333333;line-height:20px;border:none;width:600px'>"
    rows: list[str] = []
    while len(head) + len(rules) + sum(map(len, rows)) < PHISHING_SIZE - 300:
        inner = link.format(*[len(rows)] * 3) if len(rows) % 8 == 0 else f"Texte de la page {len(rows)}"
        rows.append(f"<table>{cell}<table>{cell}{inner}</td></tr></table></td></tr></table>\r\n")
    page = (
        f"<html><head><style>{rules}</style></head><body><p>{text.decode('utf-8', 'replace')}</p>{''.join(rows)}</html>"
    )
    made = head + b"\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
    assert abs(len(made) - PHISHING_SIZE) < PHISHING_SIZE // 10, len(made)  # else another size is measured
    return made


def _words() -> Row:
    """Return what weights of words alone find of the last set, learned from all others."""
    taken = learn.lessons()
    weights = learn.learn([one for one in taken if one.group != "ninth"])
    last = [one for one in taken if one.group == "ninth"]
    told = [learned.strength(learned.told(weights, list(one.words), one.around)[0]) >= SUSPICIOUS for one in last]
    bad = [flag for one, flag in zip(last, told, strict=True) if one.phishing]
    good = [flag for one, flag in zip(last, told, strict=True) if not one.phishing]
    return Row(
        what="made phishing of another hand found by words alone, its set left out of the learning",
        figure=100 * sum(bad) / len(bad),
        unit="%",
        note=f"{sum(bad)} of {len(bad)}; {sum(good)} of {len(good)} honest ones",
    )


def _judge(files: list[bytes], name: str) -> int:
    for raw in files:
        ENGINE.judge(raw, name)
    return len(files)


def _flagged(paths: list[Path]) -> int:
    verdicts = (
        ENGINE.judge(path.read_bytes(), "a.eml" if path.suffix == ".txt" else path.name).verdict for path in paths
    )
    return sum(one in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS) for one in verdicts)


def _clamscan(mails: list[bytes]) -> float | None:
    """Return mails per second of CPU time of clamscan with one signature, its start taken off."""
    program = shutil.which("clamscan")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one.ndb").write_text(
            "Eicar-Test:0:*:58354f2150254041505b345c505a58353428505e2937434329377d24454943\n"
        )
        (folder / "mails").mkdir()
        (folder / "none").mkdir()
        for number in range(400):
            (folder / "mails" / f"{number}.eml").write_bytes(mails[number % len(mails)] + str(number).encode())
        used = [
            _cpu([program, "-d", str(folder / "one.ndb"), "--no-summary", "-r", str(folder / one)])
            for one in ("none", "mails")
        ]
        return 400 / max(1e-6, used[1] - used[0])


def _cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
