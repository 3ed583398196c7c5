"""When a certificate that was not renewed is told, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest

from safecare.detect.cyber.certificate_ending import EndingCertificate
from safecare.model.alert import Alert
from safecare.model.events.platform import CertificateSeen
from safecare.testing.made import made, moment, restarted

DAY = 86_400.0


def seen(day: float, ends: float, begins: float = -60, wrong: str = "", door: str = "alarms") -> CertificateSeen:
    return made(
        CertificateSeen,
        day * DAY,
        door=door,
        begins=moment(begins * DAY),
        ends=moment(ends * DAY),
        wrong=wrong,
    )


def keys(*events: CertificateSeen) -> list[str]:
    return [alert.title.key for alert in EndingCertificate().feed(events)]


ENDING = "The certificate of door {door} ends soon"
ENDED = "The certificate of door {door} has ended"
UNUSABLE = "The renewed certificate of door {door} can't be used"


@pytest.mark.parametrize(
    ("ends", "begins", "told"),
    [
        (30, -60, []),
        (22, -60, []),
        (19, -60, [ENDING]),
        (5, -1, []),
        (1, -5, [ENDING]),
        (300, -65, []),
        (0, -90, [ENDED]),
    ],
)
def test_what_should_have_been_renewed(ends: float, begins: float, told: list[str]) -> None:
    assert keys(seen(0, ends, begins)) == told


def test_once_a_day_and_at_once_when_it_gets_worse() -> None:
    looks = [seen(hour / 24, 1.5) for hour in range(48)]
    assert keys(*looks) == [ENDING, ENDING, ENDED]
    assert len(keys(seen(0, 5), seen(0.1, 5, door="tags"))) == 2


def test_files_that_can_not_be_used_are_told_long_before_the_end() -> None:
    assert keys(seen(0, 80, wrong="key.pem: no such file")) == [UNUSABLE]
    assert keys(seen(0, 80, wrong="x"), seen(0.1, 80), seen(0.2, 80, wrong="x")) == [UNUSABLE, UNUSABLE]
    gone = made(CertificateSeen, 0, door="alarms", wrong="cert.pem: No such file or directory")
    (alert,) = EndingCertificate().feed([gone])
    assert isinstance(alert, Alert)
    assert [one.args["reason"] for one in alert.why] == ["cert.pem: No such file or directory"]


def test_after_a_restart_it_is_not_told_again() -> None:
    rule = EndingCertificate()
    assert len(list(rule.feed([seen(0, 5)]))) == 1
    assert not list(restarted(rule, EndingCertificate()).feed([seen(0.5, 5)]))
    assert timedelta(days=1) == rule.again
