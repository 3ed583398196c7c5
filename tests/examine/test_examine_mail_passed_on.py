"""Honest mails as they were passed on: through gateways, lists, forwarders, forms and hands. Beside each, its abuse."""

from __future__ import annotations

import pytest

from safecare.examine.api import Verdict, Verdicts
from safecare.examine.engine import Engine
from safecare.formats.wrapped import guarded, unguarded, unwrapped

ENGINE = Engine(own=("chu-aurore.fr",))
ALARM = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
PAGE = "https://a.example/b?c=1"


def judged(*head: str, text: str, kind: str = "text/plain") -> Verdict:
    fields = (*head, "Message-ID: <1.2@relay.example>", f"Content-Type: {kind}; charset=utf-8")
    return ENGINE.judge(("\r\n".join(fields) + f"\r\n\r\n{text}").encode(), "a.eml")


def rules(verdict: Verdict) -> set[str]:
    return {one.rule for one in verdict.findings}


@pytest.mark.parametrize(
    "rewritten",
    [
        "https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2Fb%3Fc%3D1&data=05%7C02&reserved=0",
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__a.example_b-3Fc-3D1&d=DwMF&c=x&r=y&m=z&s=s&e=",
        "https://urldefense.com/v3/__https://a.example/b?c=1__;!!AbC!xYz$",
        "https://urldefense.com/v3/__https:/a.example/b?c=1__;!!AbC!xYz$",
        "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fa.example%2fb%3fc%3d1&c=E,1,abc&typo=1",
        "https://eu-west-1.protection.sophos.com?d=a.example&u=aHR0cHM6Ly9hLmV4YW1wbGUvYj9jPTE=&i=NWY&t=x&h=1&s=2",
        "https://secure-web.cisco.com/1aBcD/https%3A%2F%2Fa.example%2Fb%3Fc%3D1",
        "https://imsva91-ctp.trendmicro.com/wis/clicktime/v1/query?url=https%3A%2F%2Fa.example%2Fb%3Fc%3D1&umid=1",
        "https://antiphishing.vadesecure.com/v4?f=a&i=b&k=c&r=d&s=e&u=https%3A%2F%2Fa.example%2Fb%3Fc%3D1",
        "https://mibc-fr-06.mailinblack.com/securelink/?url=https%3A%2F%2Fa.example%2Fb%3Fc%3D1&key=abc",
        "https://protect2.fireeye.com/v1/url?k=1&q=1&e=2&u=https%3A%2F%2Fa.example%2Fb%3Fc%3D1",
        "https://clicktime.symantec.com/3abc?u=https%3A%2F%2Fa.example%2Fb%3Fc%3D1",
    ],
)
def test_gateways_links_lead_where_they_led_before(rewritten: str) -> None:
    assert unguarded(rewritten) == PAGE
    assert unwrapped(rewritten) == PAGE


def test_gateways_one_behind_the_other_are_all_taken_off() -> None:
    inner = "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fa.example%2fb"
    outer = "https://eur03.safelinks.protection.outlook.com/?url=" + inner.replace(":", "%3A").replace(
        "/", "%2F"
    ).replace("%3a", "%253a").replace("%2f", "%252f")
    assert unguarded(outer) == "https://a.example/b"


def test_what_a_gateway_does_not_tell_is_not_made_up() -> None:
    assert unguarded("https://protect-eu.mimecast.com/s/AbCd?domain=a.example") == "https://a.example/"
    hidden = "https://url.emailprotection.link/?bAbCdEf"
    assert unguarded(hidden) == hidden
    assert guarded("url.emailprotection.link")
    elsewhere = "https://mimecast.com.a.example/s/AbCd?domain=paypal.com"
    assert unguarded(elsewhere) == elsewhere
    assert not guarded("notmimecast.com")
    broken = "https://x.protection.sophos.com?u=%%%%%%%%%%&d=nothing"
    assert unguarded(broken) == broken


NOTICE = (
    "From: Loge <noreply@loge-du-personnel.fr>",
    "To: agent@chu-aurore.fr",
    "Subject: Votre badge",
    (
        "Authentication-Results: mx.chu-aurore.fr; spf=pass smtp.mailfrom=loge-du-personnel.fr; dmarc=pass "
        "header.from=loge-du-personnel.fr"
    ),
)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("https://url.emailprotection.link/?bAbCdEf", False),
        ("https://protect-eu.mimecast.com/s/AbCd?domain=loge-du-personnel.fr", False),
        ("https://urldefense.com/v3/__https://loge-du-personnel.fr/badge__;!!AbC!xYz$", False),
        ("https://urldefense.com/v3/__https://chu-aurore-login.com/badge__;!!AbC!xYz$", True),
        ("https://protect-eu.mimecast.com/s/AbCd?domain=chu-aurore-login.com", True),
    ],
)
def test_a_gateways_links_are_judged_by_where_they_lead(target: str, *, told: bool) -> None:
    found = judged(*NOTICE, text=f"<p>Votre badge est prêt.</p><a href='{target}'>Voir</a>", kind="text/html")
    assert (found.verdict in ALARM) is told
    assert ("mail.link.foreign-only" in rules(found)) is told


@pytest.mark.parametrize(
    ("sealer", "arc", "sender", "told"),
    [
        ("google.com", "pass", "union-des-cadres.fr", False),
        ("google.com", "fail", "union-des-cadres.fr", True),
        ("google.com", "pass", "autre-maison.fr", True),
        ("union-des-cadres.fr", "pass", "union-des-cadres.fr", True),
    ],
)
def test_seals_of_large_hosts_stand_in_for_what_passing_on_breaks(
    sealer: str, arc: str, sender: str, *, told: bool
) -> None:
    found = judged(
        f"Authentication-Results: mx.chu-aurore.fr; arc={arc}; spf=pass smtp.mailfrom=relay.example; "
        "dkim=fail header.d=union-des-cadres.fr; dmarc=fail header.from=union-des-cadres.fr",
        f"ARC-Seal: i=1; a=rsa-sha256; d={sealer}; s=arc; cv=none; b=AAAA",
        f"ARC-Authentication-Results: i=1; mx.google.com; dkim=pass; dmarc=pass (p=NONE) header.from={sender}",
        "From: Union des cadres <bureau@union-des-cadres.fr>",
        "To: agent@chu-aurore.fr",
        "Subject: Formations",
        text="Bonjour, le programme est en ligne : https://union-des-cadres.fr/programme",
    )
    assert ("mail.auth.dmarc.fail" in rules(found)) is told


def by_list(posting: str, reply: str, text: str, name: str = "Marie Lopez via cadres") -> Verdict:
    return judged(
        "Authentication-Results: mx.chu-aurore.fr; spf=pass smtp.mailfrom=listes.union-cadres.fr; dmarc=pass "
        "header.from=listes.union-cadres.fr",
        f'From: "{name}" <cadres@listes.union-cadres.fr>',
        f"Reply-To: {reply}",
        "To: cadres@listes.union-cadres.fr",
        "Subject: [cadres] Formation",
        "List-Id: Cadres <cadres.listes.union-cadres.fr>",
        f"List-Post: <mailto:{posting}>",
        text=text,
    )


def test_a_list_that_writes_for_its_members_hides_nobody() -> None:
    found = by_list("cadres@listes.union-cadres.fr", "marie.lopez@gmail.com", "Il reste quatre places.")
    assert not rules(found)
    other = by_list("autre@listes.union-cadres.fr", "marie.lopez@gmail.com", "Il reste quatre places.")
    assert {"mail.from.self", "mail.reply-to.freemail"} <= rules(other)


def test_what_a_list_passes_on_of_a_known_company_must_lead_to_known_ones() -> None:
    words = "Votre colis arrive demain : https://{}/suivi"
    posting, reply = "cadres@listes.union-cadres.fr", "noreply@chronopost.fr"
    honest = by_list(posting, reply, words.format("www.chronopost.fr"), "Chronopost via cadres")
    assert honest.verdict is Verdicts.CLEAN
    feigned = by_list(posting, reply, words.format("colis-en-attente.example"), "Chronopost via cadres")
    assert feigned.verdict in ALARM


def form(*more: str) -> set[str]:
    return rules(
        judged(
            "Authentication-Results: mx.kine-du-port.fr; dkim=pass header.d=kine-du-port.fr; dmarc=pass "
            "header.from=kine-du-port.fr",
            "From: Formulaire <contact@kine-du-port.fr>",
            "To: contact@kine-du-port.fr",
            "Reply-To: jean.dupont@gmail.com",
            "Subject: Demande de rendez-vous",
            *more,
            text="Bonjour, je voudrais un rendez-vous pour mon épaule.",
        )
    )


def test_a_form_on_the_houses_own_page_writes_to_the_house_for_its_visitor() -> None:
    assert not form("Delivered-To: contact@kine-du-port.fr")
    assert {"mail.from.self", "mail.reply-to.freemail"} <= form("Delivered-To: agent@chu-aurore.fr")
    assert {"mail.from.self", "mail.reply-to.freemail"} <= form()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("CAUTION: external mail. Do not click links unless you expected this, think before you click.", False),
        ("ATTENTION : ne cliquez pas sur les liens, ne confirmez jamais votre mot de passe.", False),
        ("Click the link now to confirm.", True),
        ("Cliquez maintenant sur le lien pour confirmer.", True),
    ],
)
def test_a_warning_above_a_mail_presses_for_no_click(words: str, *, told: bool) -> None:
    found = judged("From: a@partner.example", "To: agent@chu-aurore.fr", "Subject: Notice", text=words)
    assert ("mail.lure.click" in rules(found)) is told


@pytest.mark.parametrize(
    ("sender", "to", "told"),
    [
        ("blog-des-soins.fr", "https://blog-des-soins.fr/wp-admin/comment.php?action=approve&c=12", False),
        ("blog-des-soins.fr", "https://blog-des-soins.fr/wp-login.php?action=rp&key=a&login=b", False),
        ("blog-des-soins.fr", "https://autre-blog.fr/wp-admin/comment.php?action=approve&c=12", True),
        ("blog-des-soins.fr", "https://blog-des-soins.fr/wp-admin/css/login/", True),
    ],
)
def test_a_site_leads_its_keeper_to_its_own_pages(sender: str, to: str, *, told: bool) -> None:
    found = judged(f"From: WordPress <wordpress@{sender}>", "To: a@chu-aurore.fr", "Subject: Avis", text=f"Voir {to}")
    assert ("mail.link.broken-in" in rules(found)) is told


def test_a_name_that_nobody_can_register_imitates_nobody() -> None:
    head = ("From: alertes <alertes@srv-mon01.chu-aurore.local>", "To: a@chu-aurore.fr", "Subject: RESOLVED")
    assert "mail.from.lookalike-own" not in rules(judged(*head, text="HostDown http://srv-mon01.chu-aurore.local/g"))
    outside = ("Authentication-Results: mx.chu-aurore.fr; spf=none smtp.mailfrom=x.example", *head)
    assert "mail.from.lookalike-own" in rules(judged(*outside, text="HostDown"))
    elsewhere = ("From: alertes <alertes@srv.chu-aurore.lu>", *head[1:])
    assert "mail.from.lookalike-own" in rules(judged(*elsewhere, text="HostDown"))


def by_hand(target: str, subject: str = "Tr: Votre compte Microsoft") -> Verdict:
    return judged(
        "Authentication-Results: mx.chu-aurore.fr; dkim=pass header.d=gmail.com; dmarc=pass header.from=gmail.com",
        "From: Sophie Bernard <sophie.bernard@gmail.com>",
        "To: agent@chu-aurore.fr",
        f"Subject: {subject}",
        text=f"---------- Message transféré ---------\r\nDe : Microsoft <securite@microsoft.com>\r\n\r\n"
        f"Une connexion inhabituelle à votre compte a été détectée. {target}",
    )


def test_whoever_passes_on_a_known_companys_mail_does_not_speak_for_it() -> None:
    assert by_hand("https://account.microsoft.com/activity").verdict is Verdicts.CLEAN
    assert by_hand("https://compte-verifie.example/activity").verdict in ALARM
    assert by_hand("https://account.microsoft.com/activity", "Votre compte Microsoft").verdict in ALARM


def test_whoever_writes_through_a_list_is_looked_at_himself() -> None:
    posting = "cadres@listes.union-cadres.fr"
    words = "Merci de confirmer votre compte, il sera suspendu : https://espace.example/compte"
    stranger = by_list(posting, "notice@alphacloud.top", words, "Service des comptes via cadres")
    assert {"mail.from.cheap-ending", "mail.from.role"} <= rules(stranger)
    assert stranger.verdict in ALARM
    member = by_list(posting, "marie.lopez@union-sud.fr", "Le programme : https://union-sud.fr/p")
    assert member.verdict is Verdicts.CLEAN


CARDS = "Je suis en réunion. Achetez quatre cartes cadeaux Steam ce matin et envoyez-moi les codes. Discrétion."
PAY = "Merci de noter notre nouveau RIB pour tous les paiements à venir."
PLACES = "Il reste quatre places à la formation de jeudi."


@pytest.mark.parametrize(
    ("words", "reply", "told"),
    [
        (CARDS, "dg.hopital@gmail.com", True),
        (PAY, "compta@fournisseur-medical.fr", True),
        (PLACES, "marie.lopez@gmail.com", False),
        (PLACES, "marie.lopez@union-sud.fr", False),
    ],
)
def test_a_list_is_no_licence_for_what_its_writers_want(words: str, reply: str, *, told: bool) -> None:
    found = by_list("cadres@listes.union-cadres.fr", reply, words)
    assert (found.verdict in ALARM) is told


OF_A_LIST = ("List-Id: Lettre <lettre.news.example>", "List-Post: <mailto:a@news.example>", "Precedence: list")
OF_NEWS = ("List-Unsubscribe: <https://lettre-des-soins.fr/u/1>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click")


@pytest.mark.parametrize("fields", [(), OF_A_LIST, OF_NEWS, ("Precedence: bulk",)])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (CARDS, True),
        ("Une fraude circule : un faux directeur demande des cartes cadeaux. Ne répondez pas.", False),
    ],
)
def test_fields_of_a_list_are_quickly_written(fields: tuple[str, ...], words: str, *, told: bool) -> None:
    found = judged(
        "Authentication-Results: mx.chu-aurore.fr; dkim=pass header.d=gmail.com; dmarc=pass header.from=gmail.com",
        "From: Direction <direction.hopital@gmail.com>",
        "To: agent@chu-aurore.fr",
        "Subject: Demande",
        *fields,
        text=words,
    )
    assert ("mail.order.cards" in rules(found)) is told


def test_news_tells_of_what_others_want() -> None:
    passed = "dkim=pass header.d=lettre-des-soins.fr; dmarc=pass header.from=lettre-des-soins.fr"
    head = (
        f"Authentication-Results: mx.chu-aurore.fr; {passed}",
        "From: Lettre des soins <lettre@lettre-des-soins.fr>",
        "To: agent@chu-aurore.fr",
        "Subject: La lettre",
    )
    words = "Les fraudeurs font saisir un code sur microsoft.com/devicelogin. https://lettre-des-soins.fr/12"
    assert "mail.order.device-code" in rules(judged(*head, text=words))
    assert "mail.order.device-code" not in rules(judged(*head, *OF_NEWS, text=words))


@pytest.mark.parametrize(("receiver", "told"), [("mx.chu-aurore.fr", False), ("mx.relais-des-cadres.fr", True)])
def test_what_a_host_before_the_receiving_one_found_is_not_its_finding(receiver: str, *, told: bool) -> None:
    found = judged(
        f"Received: from relay.example (relay.example [198.51.100.7]) by {receiver} with ESMTPS id 1",
        "Received-SPF: pass (relais-des-cadres.fr: domain of x@relay.example designates 198.51.100.9 as permitted "
        "sender) client-ip=198.51.100.9",
        "From: Union <bureau@union-des-cadres.fr>",
        "To: agent@chu-aurore.fr",
        "Subject: Formations",
        text="Bonjour, le programme est en ligne.",
    )
    assert ("mail.auth.unaligned" in rules(found)) is told


@pytest.mark.parametrize(
    ("domain", "told"),
    [
        ("booking-lufthansa.com", False),
        ("flight-lufthansa.com", True),
        ("carrefour-banque.fr", False),
        ("carrefour-banques.fr", True),
    ],
)
def test_what_companies_themselves_call_like_imitations_is_theirs(domain: str, *, told: bool) -> None:
    found = judged(f"From: Service <info@{domain}>", "To: a@chu-aurore.fr", "Subject: Buchung", text="Ihr Flug.")
    assert ("mail.from.lookalike-brand" in rules(found)) is told


def forged(*head: str, text: str, domain: str = "cnracl.retraites.fr") -> Verdict:
    return judged(
        "Authentication-Results: mx.chu-aurore.fr; spf=pass smtp.mailfrom=relais.example; dkim=fail "
        f"header.d={domain}; dmarc=fail header.from={domain}",
        f"From: Service <info@{domain}>",
        "To: agent@chu-aurore.fr",
        "Subject: Information",
        *head,
        text=text,
    )


OWN_PAGE = "Le relevé est en ligne : https://retraites.fr/releve"


@pytest.mark.parametrize(
    ("head", "text", "idle"),
    [
        ((), OWN_PAGE, True),
        ((), "Le relevé est en ligne.", True),
        ((), "Le relevé est en ligne : https://releve.example/r", False),
        ((), OWN_PAGE + " ou au 01 44 55 66 77", False),
        ((), OWN_PAGE + " ou par courriel à releve@autre.example", False),
        (("Reply-To: releve@autre.example",), OWN_PAGE, False),
    ],
)
def test_a_forged_sender_who_would_gain_nothing_is_half_a_doubt(
    head: tuple[str, ...], text: str, *, idle: bool
) -> None:
    weights = {one.rule: one.weight for one in forged(*head, text=text).findings}
    assert weights["mail.auth.dmarc.fail"] == (0.2 if idle else 0.4)
    assert forged(*head, text=text, domain="gmail.com").findings
    at_free = {one.rule: one.weight for one in forged(*head, text=text, domain="gmail.com").findings}
    assert at_free["mail.auth.dmarc.fail"] == 0.4


@pytest.mark.parametrize(("domain", "told"), [("cyberveille.gouv.fr", False), ("cyberveille-sante.example", True)])
def test_a_states_body_warns_of_what_others_are_told(domain: str, *, told: bool) -> None:
    found = judged(
        f"Authentication-Results: mx.chu-aurore.fr; dkim=pass header.d={domain}; dmarc=pass header.from={domain}",
        f"From: Veille <veille@{domain}>",
        "To: agent@chu-aurore.fr",
        "Subject: Alerte",
        text=f"On écrit aux agents : votre compte ameli est suspendu, confirmez-le. Lire https://{domain}/alerte",
    )
    assert ("mail.brand.spoken" in rules(found)) is told
