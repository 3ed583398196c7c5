"""Acts of people in words: what the audit list says besides the sealed record itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from safecare.console.words import Words
from safecare.model.events import decode_event
from safecare.model.events.acts import (
    Act,
    ClipSeen,
    CrisisLogged,
    ExerciseSet,
    HeldDecided,
    IncidentArranged,
    IncidentJudged,
    IncidentShared,
    NoticeAnswered,
    PlanDecided,
    PlanDrawn,
    ProcedureActed,
    Reported,
    SignedIn,
    Suppressed,
    ZonesDrawn,
)
from safecare.model.events.care import CareStated
from safecare.model.ids import IncidentId, NoticeId, PlanId
from safecare.model.text import Ref, Text, say
from safecare.store.read import Reader

JUDGED: Mapping[str, Text] = MappingProxyType(
    {
        "validated": say("Validated"),
        "contained": say("Contained"),
        "closed": say("Closed"),
        "new": say("Opened again"),
    }
)
VERDICTS: Mapping[str, Text] = MappingProxyType(
    {
        "true": say("A real attack or danger"),
        "benign": say("It happened, but was harmless"),
        "false": say("A false alarm"),
    }
)
ARRANGED: Mapping[str, Text] = MappingProxyType(
    {
        "merge": say("Put two incidents together"),
        "split": say("Made an incident of its own of some alerts"),
        "detach": say("Took alerts out of an incident"),
        "attach": say("Put alerts into an incident"),
    }
)
WINDOWS: Mapping[str, Text] = MappingProxyType(
    {"suppression": say("Suppressed alerts"), "maintenance": say("Set a maintenance window")}
)
DECIDED: Mapping[str, Text] = MappingProxyType(
    {"approved": say("Approved"), "refused": say("Refused"), "done": say("Done")}
)
CRISIS: Mapping[str, Text] = MappingProxyType(
    {
        "decision": say("Decision"),
        "call": say("Call"),
        "instruction": say("Instruction"),
        "observation": say("Observation"),
        "note": say("Note"),
    }
)
STEPS: Mapping[str, Text] = MappingProxyType({"security": say("Security"), "clinical": say("Care")})
FOLLOWED: Mapping[str, Text] = MappingProxyType(
    {
        "begin": say("Began the procedure"),
        "stop": say("Stopped the procedure"),
        "success": say("Did a step of the procedure"),
        "failure": say("Could not do a step of the procedure"),
        "skipped": say("Left out a step of the procedure"),
        "yes": say("Answered yes in the procedure"),
        "no": say("Answered no in the procedure"),
    }
)
WAYS: Mapping[str, Text] = MappingProxyType(
    {"passkey": say("passkey"), "totp": say("authenticator app"), "backup": say("backup codes")}
)
ANSWERED: Mapping[str, Text] = MappingProxyType(
    {
        "delivered": say("The notice was shown"),
        "read": say("Opened the notice"),
        "acknowledged": say("Acknowledged the notice"),
        "on_my_way": say("On the way after the notice"),
        "on_site": say("On site after the notice"),
        "clear": say("All clear after the notice"),
        "help": say("Asked for help after the notice"),
    }
)


@dataclass
class Record:
    """Reads out sealed acts to one reader. Blocking; each thing is asked for once."""

    reader: Reader
    words: Words
    _titles: dict[str, Text | None] = field(default_factory=dict, init=False)

    def about(self, detail: str) -> str:
        """Return the act `detail` (JSON of the event) as a sentence; empty when it is no act that we know."""
        try:
            act = decode_event(detail.encode())
        except msgspec.DecodeError:
            return ""
        said = self._said(act) if isinstance(act, Act) else None
        return self.words.say(said, act.site) if said else ""

    def _said(self, act: Act) -> Text | None:
        match act:
            case SignedIn():
                return self._session(act)
            case IncidentJudged():
                verdict = VERDICTS.get(act.verdict)
                parts = [JUDGED[act.state], *([verdict] if verdict else []), self._incident(act.incident)]
                return _joined(parts, act.comment)
            case IncidentArranged():
                return _joined([ARRANGED[act.change], self._incident(act.incident)], act.comment)
            case Suppressed():
                said = say("Ended a suppression or window") if act.ended else WINDOWS[act.window]
                return _joined([said], act.reason)
            case PlanDecided():
                return _joined([DECIDED[act.decision], STEPS[act.step], self._action(act)], act.comment)
            case ProcedureActed():
                return _joined([FOLLOWED[act.outcome], self._procedure(act)], act.comment)
            case NoticeAnswered():
                return _joined([ANSWERED[act.answer], self._notice(act.notice)], act.comment)
            case CareStated():
                return _joined([say("Stated what {service} has", service=Ref(act.service))], act.comment)
            case Reported():
                said = say("Called for help") if act.panic else say("Reported something")
                return _joined([said], act.words)
            case IncidentShared():
                shared = say("Shared with {to} as {tlp}", to=act.to, tlp=act.tlp)
                failed = act.answer == "failed"
                end = say("not taken") if failed else None
                return _joined([shared, self._incident(act.incident), end], "" if failed else act.answer)
            case CrisisLogged():
                return _joined([say("Crisis log"), CRISIS[act.entry], self._incident_of(act)], act.words)
            case HeldDecided():
                said = say("Released a held file") if act.decision == "release" else say("Discarded a held file")
                return _joined([said], f"{act.door} {act.file}: {act.reason}")
            case ClipSeen():
                return _joined([say("Saw a clip with clear heads")], f"{act.clip}: {act.reason}")
            case PlanDrawn():
                level = Ref(act.level)
                return _joined(
                    [say("Drew the plan of {level} anew (version {version})", level=level, version=act.version)],
                    act.comment,
                )
            case ZonesDrawn():
                camera = Ref(act.asset or "")
                return _joined(
                    [say("Drew the zones of {camera} anew (version {version})", camera=camera, version=act.version)],
                    act.comment,
                )
            case ExerciseSet():
                begun, ended = (
                    say("Exercise {name} began", name=act.scenario),
                    say("Exercise {name} ended", name=act.scenario),
                )
                return begun if act.running else ended
            case _:
                return None

    def _session(self, act: SignedIn) -> Text:
        if act.change == "invited":
            user, _, role = act.detail.partition(" ")
            name, called = self.words.person(user), self.words.role(role)
            return say("Made a sign-in link for {name} ({role})", name=name, role=called)
        match act.change:
            case "token":
                return say("Made a token for the machine {name}", name=act.detail)
            case "revoked":
                return say("Took all access from {name}", name=self.words.person(act.detail))
            case "signed_in":
                return say("Signed in")
            case "way_added":
                return say("Added a way to sign in: {way}", way=WAYS.get(act.detail, say("another")))
            case "way_removed":
                return say("Removed a way to sign in")
            case _:
                return say("Signed out")

    def _incident(self, id: IncidentId) -> Text | None:
        if id not in self._titles:
            found = self.reader.incident(id)
            self._titles[id] = found.title if found else None
        return self._titles[id]

    def _incident_of(self, act: CrisisLogged) -> Text | None:
        return self._incident(act.incident) if act.incident else None

    def _notice(self, id: NoticeId) -> Text | None:
        if id not in self._titles:
            found = self.reader.notice(id)
            self._titles[id] = found.title if found else None
        return self._titles[id]

    def _action(self, act: PlanDecided) -> Text | None:
        if act.plan not in self._titles:
            self._titles[act.plan] = None
            plan = self.reader.plan_by_id(PlanId(act.plan))
            self._titles |= {f"{act.plan} {one.id}": one.title for one in plan.actions} if plan else {}
        return self._titles.get(f"{act.plan} {act.action}")

    def _procedure(self, act: ProcedureActed) -> Text | None:
        key = f"{act.plan} {act.procedure}"
        if key not in self._titles:
            plan = self.reader.plan_by_id(PlanId(act.plan))
            self._titles[key] = None
            self._titles |= {f"{act.plan} {one.id}": one.title for one in plan.procedures} if plan else {}
        return self._titles[key]


def _joined(parts: list[Text | None], comment: str) -> Text:
    """Return `parts` side by side, and the words of the person in the end."""
    known = [part for part in parts if part is not None]
    said = known[0]
    for part in known[1:]:
        said = say("{said} · {more}", said=said, more=part)
    return say("{said}: “{comment}”", said=said, comment=comment) if comment else said
