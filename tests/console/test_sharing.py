"""Sharing: what leaves is seen first, holds nobody's name, is valid for others, and is on record."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import console_items as made
import jsonschema  # type: ignore[import-untyped]
import msgspec
import pymisp
import pytest
import stix2
from console_rig import Rig
from idmefv2 import Message
from pymisp import MISPEvent

from safecare.model.events.acts import IncidentShared
from safecare.model.ids import AssetId, HolderId
from safecare.model.incident import Incident
from safecare.model.marking import Tlp
from safecare.model.text import say
from safecare.share.misp import misp
from safecare.share.redact import HIDDEN, PRIVATE, redacted
from safecare.share.stix import stix

pytest_plugins = ["console_fixtures"]

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
ORDER = ["identifier", "sender", "sent", "status", "msgType", "scope", "restriction", "note", "references", "info"]
INFO = [
    "language",
    "category",
    "event",
    "urgency",
    "severity",
    "certainty",
    "headline",
    "description",
    "parameter",
    "area",
]
"""Elements in the order of the schema (CAP 1.2, appendix A), those that we write."""
SECRETS = ("p-6b86b273", "ines.pelletan", "10.10.10.32", "code-0001")


def incident(rig: Rig) -> Incident:
    at = rig.clock.now()
    alert = made.alert(at)
    found = msgspec.structs.replace(
        made.incident(at, alert),
        story=(say("Code of p-6b86b273 (code-0001) used; ines.pelletan@sainte-aurore.example wrote from 10.10.10.32"),),
        holders=(HolderId("p-6b86b273"),),
        assets=(AssetId("door.pharmacy"),),
    )
    rig.add(alert, found)
    return found


async def taken(rig: Rig, id: str, form: str, tlp: str = "TLP:AMBER") -> bytes:
    async with rig.browser("ciso") as ciso:
        answer = await ciso.post(f"/api/incidents/{id}/share", json={"to": "ARS", "tlp": tlp, "form": form})
        assert answer.status_code == 200, answer.text
        return answer.content


async def test_the_preview_says_what_leaves_and_what_stays(rig: Rig) -> None:
    found = incident(rig)
    async with rig.browser("ciso") as ciso:
        narrow = (await ciso.get(f"/api/incidents/{found.id}/share?tlp=TLP:AMBER")).json()
        wide = (await ciso.get(f"/api/incidents/{found.id}/share?tlp=TLP:CLEAR")).json()
    assert narrow["places"] == ["Pharmacy"]
    assert "▇▇▇" in narrow["story"][0]
    assert not [one for one in SECRETS if one in json.dumps(narrow)]
    assert any(one.endswith("names in the texts: 4") for one in narrow["withheld"]), narrow["withheld"]
    assert (wide["title"], wide["story"], wide["places"]) == ("Security incident", [], [])


@pytest.mark.parametrize("tlp", ["TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR"])
@pytest.mark.parametrize("form", ["cap", "idmef", "stix", "misp"])
async def test_nobody_is_named_under_any_label(rig: Rig, form: str, tlp: str) -> None:
    raw = (await taken(rig, incident(rig).id, form, tlp)).decode()
    assert not [one for one in SECRETS if one in raw]


@pytest.mark.parametrize(
    ("said", "leaves"),
    [
        ("fd12:3456::1 spoke to FE80::1 and 2001:db8::7", "▇▇▇ spoke to ▇▇▇ and 2001:db8::7"),
        ("00:1a:2B:3c:4d:5e, 169.254.3.9, 10.10.10.32", "▇▇▇, ▇▇▇, ▇▇▇"),
        ("seen at 10:30:15, Facade: west, 203.0.113.66", "seen at 10:30:15, Facade: west, 203.0.113.66"),
    ],
)
def test_addresses_inside_are_hidden_and_others_are_not(said: str, leaves: str) -> None:
    assert PRIVATE.sub(HIDDEN, said) == leaves


async def test_cap_has_its_elements_in_order_and_both_languages(rig: Rig) -> None:
    root = fromstring(await taken(rig, incident(rig).id, "cap"))
    assert root.tag == f"{CAP}alert"
    names = [one.tag.removeprefix(CAP) for one in root]
    assert names == sorted(names, key=ORDER.index)
    infos = root.findall(f"{CAP}info")
    assert [one.findtext(f"{CAP}language") for one in infos] == ["fr-FR", "en-GB"]
    for info in infos:
        inner = [one.tag.removeprefix(CAP) for one in info]
        assert inner == sorted(inner, key=INFO.index)
    assert root.findtext(f"{CAP}restriction") == "TLP:AMBER"
    assert root.findtext(f"{CAP}status") == "Actual"
    assert (root.findtext(f"{CAP}sent") or "").endswith("-00:00")


async def test_cap_refers_to_what_was_given_out_and_to_nothing_else(rig: Rig) -> None:
    late = msgspec.structs.replace(incident(rig), revision=4)
    rig.add(late)
    first = fromstring(await taken(rig, late.id, "cap"))
    assert (first.findtext(f"{CAP}msgType"), first.find(f"{CAP}references")) == ("Alert", None)
    rig.store()
    rig.clock.advance(60)
    rig.add(msgspec.structs.replace(late, revision=5, state="closed"))
    last = fromstring(await taken(rig, late.id, "cap"))
    named = [first.findtext(f"{CAP}{name}") for name in ("sender", "identifier", "sent")]
    assert last.findtext(f"{CAP}msgType") == "Cancel"
    assert last.findtext(f"{CAP}references") == ",".join(map(str, named))
    assert last.findtext(f"{CAP}identifier") != named[1]


@pytest.mark.parametrize("state", ["new", "validated", "contained", "closed"])
async def test_idmef_is_valid_by_the_schema_of_the_draft(rig: Rig, state: str) -> None:
    found = msgspec.structs.replace(incident(rig), revision=2, state=state)
    rig.add(found)
    message = Message()
    message.update(json.loads(await taken(rig, found.id, "idmef")))
    message.validate()
    assert message["Version"] == "2.D.V08"


async def test_who_took_it_for_whom_is_on_record(rig: Rig) -> None:
    found = incident(rig)
    raw = await taken(rig, found.id, "cap")
    rig.store()
    [act] = [one for one in rig.acts() if isinstance(one, IncidentShared)]
    assert (act.to, act.tlp, act.sha256) == ("ARS", "TLP:AMBER", hashlib.sha256(raw).hexdigest())
    async with rig.browser("auditor") as auditor:
        [entry] = (await auditor.get("/api/shares")).json()
        assert entry["to"] == "ARS"
        body = {"to": "x", "tlp": "TLP:RED", "form": "cap"}
        assert (await auditor.post(f"/api/incidents/{found.id}/share", json=body)).status_code == 403


@pytest.mark.parametrize("tlp", ["TLP:RED", "TLP:AMBER+STRICT", "TLP:CLEAR"])
async def test_stix_is_read_by_its_own_library(rig: Rig, tlp: str) -> None:
    found = incident(rig)
    raw = await taken(rig, found.id, "stix", tlp)
    bundle = stix2.parse(raw.decode(), allow_custom=False, version="2.1")
    by_type = {one.type: one for one in bundle.objects}
    marking = by_type["marking-definition"]
    assert marking.name == tlp
    assert all(one.object_marking_refs == [marking.id] for one in bundle.objects if one.type != "marking-definition")
    assert set(by_type["report"].object_refs) == {one.id for one in bundle.objects} - {marking.id, by_type["report"].id}
    again = json.loads(await taken(rig, found.id, "stix", tlp))
    assert {one["id"] for one in again["objects"]} == {
        one.id for one in bundle.objects
    }  # the same thing is the same id


async def test_techniques_are_sightings_and_an_exercise_is_called_one(rig: Rig) -> None:
    at = rig.clock.now()
    alert = msgspec.structs.replace(made.alert(at), techniques=("T1566.001", "D3-ABC"))
    case = made.incident(at, alert)
    told = redacted(case, [alert], Tlp.GREEN, lambda text: text.key, str)
    bundle = stix2.parse(stix(case, told, organisation="H", now=at, exercise=True).decode(), version="2.1")
    assert [one.name for one in bundle.objects if one.type == "attack-pattern"] == ["T1566.001"]
    assert [one.type for one in bundle.objects if "exercise" in getattr(one, "labels", ())] == [
        "incident",
        "sighting",
        "report",
    ]
    event = json.loads(misp(case, told, organisation="H", now=at, exercise=True))["Event"]
    assert event["info"].startswith("EXERCISE")
    assert {"name": "safecare:exercise"} in event["Tag"]
    assert {"name": "tlp:green"} in event["Tag"]


async def test_misp_fits_its_schema(rig: Rig) -> None:
    raw = await taken(rig, incident(rig).id, "misp", "TLP:AMBER")
    schema = json.loads((Path(pymisp.__file__).parent / "data" / "schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(raw), schema)
    event = MISPEvent()
    event.load(raw)
    assert event.distribution == 0
    assert {one.type for one in event.attributes} == {"text", "target-location"}
    assert "tlp:amber" in {tag.name for tag in event.tags}
    assert event.published is False
