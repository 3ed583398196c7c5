"""The model that a site trains on its own mail."""

from __future__ import annotations

import os
import random
from pathlib import Path

import msgspec
import numpy as np
import pytest

from safecare.cli import main
from safecare.cli.train_mail import MOST_BYTES
from safecare.examine.engine import Engine
from safecare.examine.mail.model import ModelError, Reader, buckets, train
from safecare.formats.mail import read_mail

GOOD = [
    "planning",
    "meeting",
    "ward",
    "report",
    "patient",
    "schedule",
    "lunch",
    "thanks",
    "tomorrow",
    "results",
    "shift",
    "letter",
]
BAD = [
    "verify",
    "suspended",
    "wallet",
    "prize",
    "claim",
    "refund",
    "parcel",
    "gift",
    "urgent",
    "winner",
    "unlock",
    "bonus",
]


def mails(words: list[str], count: int, seed: int) -> list[bytes]:
    rng = random.Random(seed)
    return [
        f"From: a{number}@b.example\nTo: c@d.example\nSubject: x\n\n{' '.join(rng.choices(words, k=40))}\n".encode()
        for number in range(count)
    ]


def told(words: list[str], count: int, seed: int) -> list[np.ndarray]:
    return [buckets(read_mail(raw)) for raw in mails(words, count, seed)]


def test_it_tells_what_it_was_trained_on_apart_from_the_rest() -> None:
    model = train(told(GOOD, 60, 1), told(BAD, 60, 2))
    assert model.trained == (60, 60)
    assert model.measured[0] > 0.9
    assert model.measured[1] < 0.05
    engine = Engine(mail_model=msgspec.json.encode(model), only=("mail",))
    found = [any(one.rule == "mail.model" for one in engine.judge(raw, "a.eml").findings) for raw in mails(BAD, 10, 3)]
    quiet = [any(one.rule == "mail.model" for one in engine.judge(raw, "a.eml").findings) for raw in mails(GOOD, 10, 4)]
    assert sum(found) >= 9
    assert sum(quiet) == 0


def test_too_few_mails_and_foreign_models_are_errors() -> None:
    with pytest.raises(ModelError, match="are needed"):
        train(told(GOOD, 3, 1), told(BAD, 60, 2))
    for raw in (b"", b"{}", b'{"kind":"x","odds":"","threshold":0,"trained":[1,1],"measured":[1,1]}'):
        with pytest.raises(ModelError):
            Reader(raw)


@pytest.mark.slow
def test_the_command_trains_and_scan_uses_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, words in (("good", GOOD), ("bad", BAD)):
        (tmp_path / name).mkdir()
        for number, raw in enumerate(mails(words, 40, 1)):
            (tmp_path / name / f"{number}.eml").write_bytes(raw)
    (tmp_path / "bad" / "large.eml").touch()
    os.truncate(tmp_path / "bad" / "large.eml", MOST_BYTES + 1)
    out = tmp_path / "model.json"
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "train",
                "mail",
                "--harmless",
                str(tmp_path / "good"),
                "--phishing",
                str(tmp_path / "bad"),
                "--out",
                str(out),
            ]
        )
    assert ended.value.code == 0
    shown = capfd.readouterr()
    assert "40 harmless and 40 phishing mails read" in shown.out
    assert "large.eml: larger than 32 MiB, left out" in shown.err
    with pytest.raises(SystemExit) as ended:
        main(["scan", "--format", "ndjson", "--mail-model", str(out), str(tmp_path / "bad" / "1.eml")])
    assert ended.value.code == 1
    assert "mail.model" in capfd.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["train", "mail", "--harmless", str(tmp_path / "none"), "--phishing", str(tmp_path / "bad")])
    assert ended.value.code == 2
