"""Weights of words that come with the engine: what they add to the rules, and where they keep quiet."""

from __future__ import annotations

from importlib.resources import files

import msgspec
import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.mail import learned
from safecare.examine.mail.model import buckets, train
from safecare.formats.mail import read_mail
from safecare.model.finding import Finding
from safecare.sources.files.process import Worker
from safecare.sources.files.wire import Job, Setup
from safecare.testing.mails import learn

ENGINE = Engine(own=("aurore.example",), only=("mail",))
FAVOUR = (
    "Hi Claire,\n\nAre you at your desk? I need you to get something done for me today before the meeting. "
    "Let me know as soon as you get this, I can't take calls now.\n\nLaura\nSent from my iPhone"
)
"""What no rule tells: nothing is asked for yet."""
VISIT = (
    "Bonjour,\n\nJe souhaite déplacer le rendez-vous de ma fille prévu mardi à 10 h chez le docteur Morel. "
    "Auriez-vous une place jeudi ou la semaine suivante ?\n\nMerci et bonne journée,\nLaura Keller"
)
GLOVES = (
    "Hello Claire,\n\nThe twelve boxes of gloves leave our store on Thursday and reach you on Friday morning. "
    "Could you tell the ramp which door they take?\n\nBest regards,\nLaura Keller"
)


def mail(text: str, subject: str = "Quick favour", more: str = "") -> bytes:
    return (
        "Received: from mx.gmail.com (mx.gmail.com [198.51.100.7]) by mx.aurore.example; "
        "Mon, 2 Mar 2026 08:00:00 +0000\n"
        "Authentication-Results: mx.aurore.example; spf=pass smtp.mailfrom=laura.keller@gmail.com; "
        "dkim=pass header.d=gmail.com; dmarc=pass header.from=gmail.com\n"
        "From: Laura Keller <laura.keller@gmail.com>\nTo: Claire Morel <c.morel@aurore.example>\n"
        f"Subject: {subject}\nDate: Mon, 2 Mar 2026 08:00:00 +0000\nMessage-ID: <1@gmail.com>\n{more}"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    ).encode()


def worded(raw: bytes, engine: Engine = ENGINE) -> list[Finding]:
    return [one for one in engine.judge(raw, "a.eml").findings if one.rule == "mail.words"]


def test_words_find_what_no_rule_tells_and_name_themselves() -> None:
    assert ENGINE.judge(mail(FAVOUR), "a.eml").verdict is Verdicts.SUSPICIOUS
    (found,) = worded(mail(FAVOUR))
    assert 0.5 <= found.weight <= learned.MOST
    named = str(found.why.args["words"]).split(", ")
    assert 1 <= len(named) <= learned.SHOWN
    assert all(set(one.split()) <= set(learned.words_of(FAVOUR.lower())) for one in named)


@pytest.mark.parametrize("text", [VISIT, GLOVES])
def test_a_stranger_with_an_honest_wish_stays_clean(text: str) -> None:
    verdict = ENGINE.judge(mail(text, "Jeudi"), "a.eml")
    assert verdict.verdict is Verdicts.CLEAN
    assert not worded(mail(text, "Jeudi"))


@pytest.mark.parametrize(
    ("subject", "more"),
    [
        ("Re: Quick favour", ""),
        ("Quick favour", "List-Id: <a.lists.example.org>\nPrecedence: list\n"),
        ("RE: Quick favour", "In-Reply-To: <1@aurore.example>\nReferences: <1@aurore.example>\n"),
    ],
)
def test_lists_and_answers_are_not_judged_by_words(subject: str, more: str) -> None:
    assert not worded(mail(FAVOUR, subject, more))


def test_mail_without_words_that_are_known_is_not_judged_by_words() -> None:
    assert not worded(mail("ok", "hm"))
    assert not worded(mail("أحتاج إلى مساعدتك اليوم قبل الاجتماع", "طلب"))
    assert not worded(mail("Zxqv wvut " * 40, "Zxqv"))


def test_a_confined_process_that_opens_no_file_has_the_weights() -> None:
    worker = Worker(120.0, 10)
    try:
        for raw in (mail(FAVOUR), mail(VISIT)):
            told = worker.ask(Job(len(raw), "a.eml"), raw, Setup(("aurore.example",)))
            alone = Engine(own=("aurore.example",)).judge(raw, "a.eml")
            assert told.verdict == alone
    finally:
        worker.close()


def test_where_the_rules_are_sure_words_add_nothing() -> None:
    sure = mail("Confirm your password within 24 hours or lose your account: http://192.0.2.7/login\n" + FAVOUR)
    assert ENGINE.judge(sure, "a.eml").verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
    assert not worded(sure)


def test_the_model_of_the_site_speaks_first() -> None:
    harmless = [mail(VISIT + f"\nplanning {number}", "Jeudi") for number in range(40)]
    phishing = [mail(FAVOUR + f"\nfavour {number}") for number in range(40)]
    model = train([buckets(read_mail(raw)) for raw in harmless], [buckets(read_mail(raw)) for raw in phishing])
    engine = Engine(own=("aurore.example",), mail_model=msgspec.json.encode(model), only=("mail",))
    assert [one.rule for one in engine.judge(mail(FAVOUR), "a.eml").findings if one.kind == "mail.model"] == [
        "mail.model"
    ]


@pytest.mark.slow
def test_the_weights_come_out_of_the_present_material_again() -> None:
    """Rounding in the last place may differ from one machine's linear algebra to another's; nothing else."""
    taken = learn.lessons()
    anew, kept = learn.learn(taken), learned.weights()
    assert all(abs(anew.get(trait, 0.0) - kept.get(trait, 0.0)) < 0.005 for trait in anew.keys() | kept.keys())
    head = learn.written({"": 0.0}, taken).splitlines()[0]
    assert files("safecare.examine.mail").joinpath("learned.txt").read_text("utf-8").startswith(head + "\n")


def test_learning_tells_the_sides_of_a_set_that_it_did_not_see_and_gives_the_same_twice() -> None:
    bad, good = (
        ("send", "gift", "cards", "today", "please", "now"),
        ("ward", "planning", "thursday", "lunch", "of", "us"),
    )
    taken = [
        learn.Lesson(group, phishing, tuple(words[number % 3 :] + words[: number % 3]), frozenset({"is without-links"}))
        for group in ("first", "second", "third")
        for number in range(8)
        for phishing, words in ((True, bad), (False, good))
    ]
    weights = learn.learn(taken[:32])
    assert weights == learn.learn(taken[:32])
    for one in taken[32:]:
        assert (learned.told(weights, list(one.words), one.around)[0] > 0) is one.phishing
    alone = learn.Lesson("fourth", phishing=True, words=("hapax",) * 6, around=frozenset())
    assert "word hapax" not in learn.learn([*taken, alone])
    assert {group for group, _, _ in learn.left_out(taken)} == {"first", "second", "third"}
