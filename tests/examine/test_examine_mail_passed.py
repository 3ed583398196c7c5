"""Mails that someone passed on by hand from a private mail box: lures are found in them, honest notices are not."""

from __future__ import annotations

import html
from email.message import EmailMessage

import pytest

from safecare.examine.engine import Engine
from safecare.examine.mail.passed import NESTED

ENGINE = Engine(own=("chu-aurore.fr",))
SENDER = "Service Messagerie <support@webmail-verif-compte.top>"
LURE = "Votre compte sera suspendu sous 24 heures. Confirmez votre mot de passe :"
WHERE = "https://session-mail.weebly.com/login"
HONEST = "Dominique Petit <d.petit@musee-beaulieu.fr>"
NEWS = "L'exposition ouvre ses portes le 12 juin. Le programme :"
HOME = "https://www.musee-beaulieu.fr/programme"

MARKS = {
    "gmail": "---------- Forwarded message ---------\nDe : {who}\nDate: lun. 2 mars 2026 à 14:05\n"
    "Subject: {what}\nTo: <sophie.bernard@gmail.com>\n\n",
    "gmail-fr": "---------- Message transféré ---------\nDe : {who}\nDate: lun. 2 mars 2026 à 14:05\n"
    "Subject: {what}\nTo: <sophie.bernard@gmail.com>\n\n",
    "outlook": "-----Original Message-----\nFrom: {who}\nSent: Monday, March 2, 2026 2:05 PM\n"
    "To: sophie.bernard@gmail.com\nSubject: {what}\n\n",
    "outlook-fr": "________________________________\nDe : {who}\nEnvoyé : lundi 2 mars 2026 14:05\n"
    "À : sophie.bernard@gmail.com\nObjet : {what}\n\n",
    "apple-fr": "Début du message réexpédié :\n\nDe: {who}\nObjet: {what}\nDate: 2 mars 2026 à 14:05:12 UTC+1\n"
    "À: sophie.bernard@gmail.com\nRépondre à: autre@example.org\n\n",
    "thunderbird": "-------- Message transféré --------\nSujet : \t{what}\nDate : \tMon, 2 Mar 2026 14:05:12 +0100\n"
    "De : \t{who}\nPour : \tsophie.bernard@gmail.com\n\n",
    "outlook-de": "Von: {who}\nGesendet: Montag, 2. März 2026 14:05\nAn: sophie.bernard@gmail.com\nBetreff: {what}\n\n",
}


def shell(subject: str = "Fwd: Information") -> EmailMessage:
    """Return a mail of a private mail box, for which its provider vouches, still without words."""
    message = EmailMessage()
    message["Return-Path"] = "<sophie.bernard@gmail.com>"
    message["Authentication-Results"] = (
        "mx.chu-aurore.fr; spf=pass smtp.mailfrom=gmail.com; dkim=pass header.d=gmail.com; dmarc=pass "
        "header.from=gmail.com"
    )
    message["From"], message["To"] = "Sophie Bernard <sophie.bernard@gmail.com>", "<camille.durand@chu-aurore.fr>"
    message["Subject"], message["Message-ID"] = subject, "<CA1@mail.gmail.com>"
    message["Date"] = "Tue, 03 Mar 2026 09:12:40 +0100"
    return message


def quoted(form: str, who: str, words: str, link: str, *, page: bool = False) -> EmailMessage:
    message = shell()
    mark = MARKS[form].format(who=who, what="Information")
    if page:
        head = html.escape(mark).replace("\n", "<br>")
        message.set_content(f'<div>{head}</div><p>{words} <a href="{link}">ici</a></p>', subtype="html")
    else:
        message.set_content(f"{mark}{words}\n{link}\n")
    return message


def parts(message: EmailMessage) -> set[str]:
    """Return the parts of `message` in which something was found."""
    return {one.where.part for one in ENGINE.judge(message.as_bytes(), "a.eml").findings}


def verdict(message: EmailMessage) -> str:
    return str(ENGINE.judge(message.as_bytes(), "a.eml").verdict)


@pytest.mark.parametrize("page", [False, True])
@pytest.mark.parametrize("form", MARKS)
def test_a_lure_is_judged_by_the_sender_that_is_quoted(form: str, page: bool) -> None:
    message = quoted(form, SENDER, LURE, WHERE, page=page)
    found = {one.rule for one in ENGINE.judge(message.as_bytes(), "a.eml").findings if one.where.part == "mail.passed"}
    assert "mail.from.cheap-ending" in found
    assert verdict(message) in ("suspicious", "malicious")


@pytest.mark.parametrize("page", [False, True])
@pytest.mark.parametrize("form", MARKS)
def test_an_invitation_that_is_passed_on_is_clean(form: str, page: bool) -> None:
    assert verdict(quoted(form, HONEST, NEWS, HOME, page=page)) == "clean"


@pytest.mark.parametrize(("who", "words", "link", "clean"), [(SENDER, LURE, WHERE, False), (HONEST, NEWS, HOME, True)])
def test_an_attached_mail_is_judged_by_its_own_header(who: str, words: str, link: str, clean: bool) -> None:
    inner = EmailMessage()
    inner["From"], inner["To"], inner["Subject"] = who, "sophie.bernard@gmail.com", "Information"
    inner.set_content(f"{words}\n{link}\n")
    message = shell()
    message.set_content("C'est quoi ?\n")
    message.add_attachment(inner)
    assert (verdict(message) == "clean") is clean
    assert ("mail.passed-1" in parts(message)) is not clean


def test_answers_and_talk_of_one_house_are_not_mails_passed_on() -> None:
    answer = quoted("outlook", SENDER, LURE, WHERE)
    answer.replace_header("Subject", "RE: Information")
    assert "mail.passed" not in parts(answer)
    talk = quoted("outlook", "Sophie <sophie.bernard@gmail.com>", LURE, WHERE)
    assert "mail.passed" not in parts(talk)
    by_list = quoted("outlook", "support@webmail-verif-compte.top On Behalf Of Tom", LURE, WHERE)
    assert "mail.passed" not in parts(by_list)


def test_mails_quoted_within_each_other_are_bounded() -> None:
    message = shell()
    deep = "".join(MARKS["gmail"].format(who=f"A <a@musee-{n}.fr>", what="Information") + "\n" for n in range(9))
    message.set_content(deep + MARKS["gmail"].format(who=SENDER, what="Compte") + f"{LURE}\n{WHERE}\n")
    assert max(one.count("mail.passed") for one in parts(message)) <= NESTED
