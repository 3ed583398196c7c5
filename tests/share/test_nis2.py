"""Drafts of reports: what each holds, what stays open, until when it is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from safecare.impact.stage import ImpactStage
from safecare.model.alert import Alert
from safecare.model.forecast import Forecast
from safecare.model.incident import Incident
from safecare.model.text import Text
from safecare.share.nis2 import STAGES, Draft, Known, aware_of, draft, due
from safecare.testing.cascade import START, incident_of, theft_alerts
from safecare.testing.hospital import small_hospital

HOSPITAL = small_hospital()
ALERTS = tuple(theft_alerts())


def forecast_of(incident: Incident) -> Forecast:
    (forecast,) = ImpactStage(HOSPITAL).feed([*ALERTS, incident])
    assert isinstance(forecast, Forecast)
    return forecast


def known(alerts: tuple[Alert, ...] = ALERTS, forecast: Forecast | None = None) -> Known:
    incident = incident_of(alerts, 1)
    return Known(hospital=HOSPITAL, incident=incident, alerts=alerts, forecast=forecast, plan=None, aware=START)


def answers(report: Draft, asked: str) -> tuple[Text, ...]:
    return next(line.answers for line in report.lines if line.asked.key == asked)


def test_each_report_holds_what_the_article_asks_and_more_than_the_one_before() -> None:
    asked = {stage: {line.asked.key for line in draft(stage, known()).lines} for stage in STAGES}
    assert asked["warning"] < asked["notification"] < asked["final"]
    assert "Suspected to be caused by an unlawful or malicious act" in asked["warning"]
    assert {"Severity, first assessment", "Indicators of compromise"} <= asked["notification"]
    assert {"Measures applied", "Measures under way", "Cross-border impact"} <= asked["final"]


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("warning", datetime(2027, 1, 30, 12, tzinfo=UTC)),
        ("notification", datetime(2027, 2, 1, 12, tzinfo=UTC)),
        ("final", datetime(2027, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_due_times(stage: str, expected: datetime) -> None:
    assert due(next(one for one in STAGES if one == stage), datetime(2027, 1, 29, 12, tzinfo=UTC)) == expected


def test_a_month_ends_on_its_last_day() -> None:
    assert due("final", datetime(2026, 1, 28, tzinfo=UTC)) == datetime(2026, 2, 28, tzinfo=UTC)
    assert due("final", datetime(2026, 12, 20, tzinfo=UTC)) == datetime(2027, 1, 23, tzinfo=UTC)


def test_people_are_aware_from_the_first_validation_or_else_the_first_alert() -> None:
    incident = incident_of(ALERTS, 1)
    times = [incident.opened + timedelta(hours=hours) for hours in (9, 1)]
    assert aware_of(incident, []) == incident.opened
    assert aware_of(incident, times) == times[1]


def test_what_is_not_known_stays_open_and_is_not_invented() -> None:
    report = draft("final", known())
    for asked in (
        "Could have cross-border impact",
        "Contact for questions",
        "Services affected now",
        "Measures applied",
    ):
        assert answers(report, asked) == ()


def test_natural_causes_are_not_called_an_attack() -> None:
    fire = tuple(alert for alert in ALERTS if alert.rule in {"fire.alarm", "power.lost"})
    (told,) = answers(draft("warning", known(fire)), "Suspected to be caused by an unlawful or malicious act")
    assert told.key.startswith("Not by the alerts")
    (told,) = answers(draft("warning", known()), "Suspected to be caused by an unlawful or malicious act")
    assert "mail.phishing" in str(told.args["rules"])
    assert "fire.alarm" not in str(told.args["rules"])


@pytest.mark.slow
def test_services_are_told_with_their_times_and_nobody_is_named() -> None:
    report = draft("final", known(forecast=forecast_of(incident_of(ALERTS, 1))))
    told = answers(report, "Services affected now") + answers(report, "Services that may be affected next")
    assert told
    assert answers(report, "Impact on care, if nobody acts")
    raw = msgspec.json.encode(report).decode()
    holders = {holder for alert in ALERTS for holder in alert.holders}
    assert holders
    assert not any(holder in raw for holder in holders)


def test_each_service_stands_once_and_an_address_of_one_machine_is_no_indicator() -> None:
    seen = [msgspec.structs.replace(one, peers=("127.0.0.1", "evil.example", "203.0.113.66", "::1")) for one in ALERTS]
    report = draft("notification", known(tuple(seen), forecast_of(incident_of(ALERTS, 1))))
    told = [text.args["indicator"] for text in answers(report, "Indicators of compromise")]
    assert told == ["evil.example", "203.0.113.66"]
    for asked in ("Services affected now", "Services that may be affected next"):
        services = [text.args["service"] for text in answers(report, asked)]
        assert len(services) == len(set(services))
