"""What strangers want, by meaning: in many languages, wherever it stands in a short mail, not where it is negated."""

from __future__ import annotations

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.mail.grammar import Grammar
from safecare.examine.mail.lures import lures
from safecare.formats.mail import read_mail
from safecare.formats.wording import level

OWN = "klinikum-aurore.de"
SAID = (
    "Authentication-Results: mx.klinikum-aurore.de; spf=pass smtp.mailfrom={0}; dkim=pass header.d={0}; dmarc=pass\r\n"
)


def mail(sender: str, subject: str, body: str, more: str = "") -> bytes:
    """Return a mail to the hospital that the receiving server vouches for; `more`: further header lines."""
    domain = sender.rpartition("@")[2].strip(">")
    head = f"From: {sender}\r\nTo: ward@{OWN}\r\nSubject: {subject}\r\nMessage-ID: <1@{domain}>\r\n"
    text = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    return (SAID.format(domain) + more + head + text + body + "\r\n").encode()


WANTED = {
    "cards, polish": mail(
        "Dyrektor Nowak <biuro.nowak@gmail.com>", "Prośba", "Proszę kupić karty podarunkowe Steam i wysłać mi kody."
    ),
    "cards, danish": mail(
        "Overlæge Holm <holm.direktor@outlook.com>",
        "Kort",
        "Køb fire gavekort i dag og send mig koderne. Jeg er i møde.",
    ),
    "vouchers, english": mail(
        "Dana Whitlock <d.whitlock77@gmail.com>",
        "Quick one",
        "I owe the students some vouchers. Order five online for me now and pass on the codes when you have them.",
    ),
    "a payment, no calls, spanish": mail(
        "Dr. Prado <prado.consulta@gmail.com>",
        "Hola",
        "¿Me ayudas con un pago? Ahora no puedo hablar, estoy en quirófano.",
    ),
    "papers, swedish": mail(
        "Anna Berg <anna.berg.hr@hotmail.com>", "Kontroll", "Skicka en kopia av ditt pass och din legitimation idag."
    ),
    "a legacy, turkish": mail(
        "Av. Demir <av.demir44@yahoo.com>",
        "Miras",
        "Vefat eden müvekkilimin mirası 4.200.000 avro. Lütfen bana yazınız.",
    ),
    "a legacy, arabic": mail(
        "السيدة سلمى <salma.trust@yahoo.com>", "رسالة", "أنا أرملة وعندي وديعة قدرها خمسة ملايين دولار أود أن أهبها."
    ),
    "an account, arabic": mail(
        "IT <it@atelier-kern.ae>",
        "تنبيه",
        "سيتم إيقاف حسابك اليوم. يرجى تأكيد كلمة المرور: https://atelier-kern.ae/x/login",
    ),
    "a number, french": mail(
        "Luc Morin <luc.morin.direction@gmail.com>",
        "Ton numéro",
        "Envoie-moi ton numéro de portable, j'ai une mission à te donner.",
    ),
    "answers at a private mail box": mail(
        "B. Aguilar <b.aguilar@colegio-norte.ec>",
        "Greetings",
        "You have been chosen for USD 2,500,000.00 from my foundation. Write to me at "
        "foundation.desk@yandex.com today.",
    ),
    "a gift for a fee": mail(
        "Verlosung <info@verlosung-sommer.com>",
        "Ihr Gewinn",
        "Sie haben gewonnen! Es fehlen nur die Kosten von 1,95 € für Ihr Geschenk: https://verlosung-sommer.com/g/7",
    ),
    "a sign-in to be accepted": mail(
        "Soporte <info@muebles-alba.es>",
        "Aviso",
        "Recibirá en su móvil una solicitud de acceso; introduzca el 41 y acepte. Perderá el acceso si no lo hace.",
    ),
    "stolen files": mail(
        "Karon <karon.team@proton.me>",
        "Vos données",
        "Vos fichiers ont été copiés sur vos serveurs. Dans 48 heures tout sera publié. Répondez avec un nom.",
    ),
    "a film and coins": mail(
        "z <k@print-pinewood.com>",
        "you",
        "Your camera and microphone were mine. I have a video of you watching. Pay 900 in Bitcoin or "
        "your contacts get it.",
    ),
    "customs for a parcel, portuguese": mail(
        "Encomendas <avisos@encomenda-taxa.com>",
        "Encomenda",
        "A sua encomenda está retida. Pague 1,79 €: https://encomenda-taxa.com/p",
    ),
    "a debt with lawyers": mail(
        "Credit desk <desk@implants-nord.com>",
        "Final",
        "Unless EUR 900 reaches us within 24 hours our lawyers act. Account: NL91 ABNA 0417 1643 00.",
    ),
    "a refund behind a link": mail(
        "Beitragsservice <service@beitrag-konto.com>",
        "Erstattung",
        "Ihnen steht eine Erstattung von 184,20 € zu: https://beitrag-konto.com/e",
    ),
    "a fine that presses": mail(
        "Recouvrement <avis@recouvrement-public.com>",
        "Avis",
        "Votre contravention de 35 € est impayée. Réglez sous 48 heures : https://recouvrement-public.com/a",
    ),
    "papers and a fee for a post": mail(
        "Nurses abroad <desk@nurses-overseas.com>", "Visa", "Send a scan of your passport and the visa fee of 180 USD."
    ),
    "an imitation of the reader's domain": mail(
        "IT <it@klinikum-aurore.sso-desk.com>", "Passwort", "Bitte prüfen: https://klinikum-aurore.sso-desk.com/adfs"
    ),
    "a customer of a help desk": mail(
        "Wallet notice <help@qwzrt.zendesk.com>",
        "Verify your account now",
        "Your account will be suspended. Verify your account immediately: https://scnv.example.net/i5",
    ),
}

HONEST = {
    "negated": mail(
        "Bank <news@kreissparkasse-nord.com>",
        "Sicherheit",
        "We will never ask you to send us the code that you receive by text message. No need to call.",
    ),
    "who comes along": mail(
        "Rosa Linde <rosa.linde@web.de>",
        "Neues Konto",
        "Mein Gehalt geht bald auf ein neues Konto. Ich komme am Montag persönlich mit der Bankkarte vorbei.",
    ),
    "a relative's number": mail(
        "Ida Sommer <ida.sommer@gmx.de>",
        "Besuch",
        "Meine Nummer ist 0170 5550100, ich besuche meinen Vater am Sonntag.",
    ),
    "a form of the house": mail(
        f"Website <form@{OWN}>",
        "Kontaktformular",
        "Name: Ida Sommer. Nachricht: Wann ist Besuchszeit?",
        "Reply-To: ida.sommer@gmail.com\r\n",
    ),
    "a help desk that is named": mail(
        "Steriline support <help@steriline.zendesk.com>",
        "Your request 4411",
        "We have updated your request: https://steriline.zendesk.com/hc/requests/4411",
    ),
    "a service with the house's name": mail(
        "Vote <noreply@votum.eu>", "Wahl", "Ihr Zugang zur Wahl: https://klinikum-aurore.votum.eu/wahl"
    ),
    "a refund without a sum or link": mail(
        "Kasse <post@kasse-nord.com>", "Erstattung", "Die Erstattung Ihrer Reisekosten ist beantragt."
    ),
    "a fine that is told of": mail(
        "Fuhrpark <fuhrpark@taxi-kern.com>", "Parken", "Wer vor dem Tor parkt, muss mit einem Bußgeld rechnen."
    ),
    "passed on by hand": mail(
        "Ida Sommer <ida.sommer@gmail.com>",
        "Fwd: Paket",
        "Ist das echt?\r\n\r\n---------- Forwarded message ---------\r\nFrom: Post <info@paket-post.com>\r\n\r\n"
        "Ihr Paket wartet, 2,99 € sind zu zahlen.",
    ),
    "a bill that gives weeks": mail(
        "Buchhaltung <post@wasser-kern.com>",
        "Rechnung",
        "Bitte zahlen Sie 92 € bis zum 30. auf DE89 3704 0044 0532 0130 00.",
    ),
    "a parcel of instruments": mail(
        "Versand <versand@instrumente-kern.com>", "Sendung", "Ihre Sendung geht heute ab. Es entstehen keine Kosten."
    ),
}


@pytest.mark.parametrize("name", WANTED)
def test_wants_are_found_in_all_languages(name: str) -> None:
    assert Engine().judge(WANTED[name], "a.eml").verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)


@pytest.mark.parametrize("name", HONEST)
def test_honest_mail_with_the_same_words_is_none(name: str) -> None:
    assert Engine().judge(HONEST[name], "a.eml").verdict == Verdicts.CLEAN


@pytest.mark.parametrize(
    "text",
    [
        "سيتم تعليق حسابك، يرجى تأكيد بياناتك",
        "Dit kodeord udløber, bekræft din konto",
        "Ditt konto blir stengt, bekreft passordet",
        "Twoje konto wygasa, potwierdź hasło",
        "Hesabınız askıya alınacak, şifrenizi doğrulayın",
        "Votre mot de passe expire demain",
    ],
)
def test_talk_of_accounts_is_told_in_the_north_the_east_and_the_south(text: str) -> None:
    assert "mail.lure.account" in lures(level(text))


def test_letters_without_marks_are_levelled() -> None:
    assert level("Straße Ødegård Łódź œuvre kısa") == "strasse odegard lodz oeuvre kisa"


def test_meanings_stand_near_each_other_by_different_words() -> None:
    grammar = Grammar({"a": "one both", "b": "two both"}, (("ab", ("a", "b")),), 3, 50, frozenset({"b"}))
    assert grammar.told("one and two") == {"ab": 1}
    assert grammar.told("both") == {}
    assert grammar.told("one x x x x two") == {}
    assert grammar.told("one. two") == {}
    assert grammar.told("one not two") == {}
    assert grammar.told("never ask for one or two") == {}
    assert grammar.told("one two. one two") == {"ab": 2}
    assert grammar.meanings("one x both") >= {"a", "b"}
    assert grammar.words("one both", "a") == {"one", "both"}


def test_the_reader_is_imitated_by_more_than_an_ending() -> None:
    def facts(domain: str) -> set[str]:
        return read_mail(mail(f"a@{domain}", "x", "x")).facts

    assert "mail.from.lookalike-reader" in facts("klinikum-aurore-portal.com")
    assert "mail.from.lookalike-reader" not in facts("klinikum-aurore.com")
    assert "mail.from.lookalike-reader" not in facts(OWN)
