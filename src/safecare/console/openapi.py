"""The OpenAPI description: FastAPI gives the paths, msgspec the shapes of bodies and answers."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from safecare.console.deps import Health
from safecare.console.rights import PUBLIC, RIGHTS
from safecare.console.wire import (
    asks,
    drawings,
    graph,
    held,
    incidents,
    network,
    people,
    places,
    platform,
    runs,
    study,
    tuning,
    zones,
)

BODIES: dict[str, Any] = {
    "set_language": asks.ChooseLanguage,
    "invite": asks.Invite,
    "what_if": graph.WhatIf,
    "judge": asks.Judge,
    "arrange": asks.Arrange,
    "suppress": asks.Suppress,
    "preview_suppression": asks.Suppress,
    "decide": asks.Decide,
    "answer": asks.Answer,
    "report": asks.Report,
    "add_device": asks.AddDevice,
    "confirm_totp": asks.ConfirmTotp,
    "add_passkey": asks.PasskeyAnswer,
    "sign_in_by_passkey": asks.PasskeyAnswer,
    "device_heard": asks.Heard,
    "log_crisis": asks.LogCrisis,
    "share": asks.Share,
    "send_share": asks.SendShare,
    "preview_plan": drawings.DrawPlan,
    "draw_plan": drawings.DrawPlan,
    "undo_plan": drawings.UndoPlan,
    "draw_zones": zones.DrawZones,
    "try_zones": zones.TryZones,
    "test_channel": asks.TestChannel,
    "decide_held": asks.DecideHeld,
    "clear_clip": asks.SeeClip,
}
"""JSON body by route name."""

ANSWERS: dict[str, Any] = {
    "me": people.Me,
    "invite": people.Invitation,
    "board": incidents.Board,
    "alarm_load": platform.AlarmLoad,
    "incident": incidents.IncidentView,
    "forecast": incidents.ForecastView,
    "timeline": list[incidents.Moment],
    "impact_graph": graph.GraphView,
    "what_if": graph.GraphView,
    "recovery": study.RecoveryView,
    "plan": incidents.PlanView,
    "alerts": list[incidents.ListedAlert],
    "judge": platform.Done,
    "arrange": platform.Done,
    "similar": list[tuning.SimilarView],
    "suppressions": list[tuning.WindowView],
    "suppress": platform.Done,
    "preview_suppression": tuning.Hidden,
    "rules": list[tuning.RuleView],
    "decide": platform.Done,
    "answer": platform.Done,
    "report": platform.Done,
    "reports": list[places.ReportView],
    "sites": list[places.SiteView],
    "level": places.LevelView,
    "drawing": drawings.EditorView,
    "import_drawing": drawings.ImportView,
    "preview_plan": drawings.PlanCheck,
    "draw_plan": drawings.PlanSaved,
    "undo_plan": drawings.PlanSaved,
    "cameras": list[zones.CameraName],
    "zones": zones.ZonesView,
    "draw_zones": drawings.PlanSaved,
    "guard": places.Guard,
    "health": Health,
    "rejects": list[platform.RejectView],
    "held": list[held.HeldView],
    "decide_held": platform.Done,
    "try_zones": zones.TriedZones,
    "inventory": list[network.StationView],
    "audit": platform.Audit,
    "scenarios": list[runs.ScenarioView],
    "run_scenario": runs.RunStarted,
    "scenario_run": runs.RunView,
    "scenario_runs": list[runs.RunHead],
    "ingest": platform.Taken,
    "crisis": platform.CrisisLog,
    "log_crisis": platform.Done,
    "share_preview": platform.SharePreview,
    "send_share": platform.ShareSent,
    "shares": list[platform.ShareEntry],
    "detections": list[platform.RuleView],
    "access": people.AccessView,
    "remove_access": platform.Done,
    "make_backup_codes": people.BackupCodes,
    "begin_totp": people.TotpView,
    "confirm_totp": platform.Done,
    "begin_passkey": people.CeremonyView,
    "add_passkey": platform.Done,
    "begin_sign_in": people.CeremonyView,
    "sign_in_by_passkey": people.SignedInView,
    "devices": people.DevicesView,
    "add_device": platform.Done,
    "remove_device": platform.Done,
    "test_device": people.Tested,
    "device_heard": platform.Done,
    "users": list[people.UserView],
    "revoke_user": platform.Done,
    "revoke_session": platform.Done,
    "channels": platform.ChannelsView,
    "test_channel": platform.Done,
}
"""JSON answer by route name."""


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description of `app`, with who may use each route."""
    names = sorted({*BODIES, *ANSWERS})
    kinds = [one for name in names for one in (BODIES.get(name), ANSWERS.get(name)) if one is not None]
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    by_kind = {str(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}
    described = get_openapi(title=app.title, version=app.version, routes=app.routes)
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in {"GET", "POST"}.intersection(route.methods or ()):
                _complete(described["paths"][route.path_format][method.lower()], route.name, by_kind)
    described.setdefault("components", {}).setdefault("schemas", {}).update(components)
    return described


def _complete(operation: dict[str, Any], name: str, by_kind: dict[str, Any]) -> None:
    roles = RIGHTS[name]
    operation["description"] = "Without sign-in." if roles is PUBLIC else "Roles: " + ", ".join(sorted(roles)) + "."
    if name in BODIES:
        schema = by_kind[str(BODIES[name])]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if name in ANSWERS:
        schema = by_kind[str(ANSWERS[name])]
        operation["responses"]["200"] = {"description": "Done", "content": {"application/json": {"schema": schema}}}
