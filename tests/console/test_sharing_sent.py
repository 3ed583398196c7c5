"""An incident sent to a partner's server (medallion): what leaves is what was shown, and it is on record both times."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest
import stix2
from console_rig import Rig

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "share"))
from taxii_peer import COLLECTION, PASSWORD, USER, taxii
from test_sharing import SECRETS, incident

from safecare.model.events.acts import IncidentShared
from safecare.share.taxii import MEDIA, Collection

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def test_a_person_sends_it_and_the_record_says_what_the_partner_answered(tmp_path: Path) -> None:
    with taxii(tmp_path) as root:
        address = f"{root}/collections/{COLLECTION}/"
        partners = {
            "CERT": Collection(address, user=USER, password=PASSWORD),
            "Closed": Collection(address, user=USER, password="wrong"),
        }
        rig = Rig(tmp_path, partners=partners)
        found = incident(rig)
        path = f"/api/incidents/{found.id}/send"
        async with rig.browser("crisis") as crisis:
            preview = (await crisis.get(f"/api/incidents/{found.id}/share?tlp=TLP:AMBER")).json()
            assert preview["partners"] == ["CERT", "Closed"]
            sent = await crisis.post(path, json={"to": "CERT", "tlp": "TLP:AMBER", "id": "s"})
            assert sent.status_code == 200, sent.text
            assert sent.json() == {"taken": 4, "refused": 0, "waiting": 0, "reasons": []}
            refused = await crisis.post(path, json={"to": "Closed", "tlp": "TLP:AMBER", "id": "t"})
            assert refused.status_code == 502
            assert "does not let us write" in refused.json()["detail"]
            assert (await crisis.post(path, json={"to": "Nobody", "tlp": "TLP:AMBER"})).status_code == 404
            assert (await crisis.post(path, json={"to": "CERT", "tlp": "TLP:RED"})).status_code == 422
            rig.store()
            entries = (await crisis.get("/api/shares")).json()
        told = httpx.get(f"{address}objects/", auth=(USER, PASSWORD), headers={"Accept": MEDIA}, timeout=60).text
    assert not [one for one in SECRETS if one in told]
    objects = [stix2.parse(one, allow_custom=False) for one in httpx.Response(200, text=told).json()["objects"]]
    assert {one.type for one in objects} == {"marking-definition", "identity", "incident", "report"}
    report = next(one for one in objects if one.type == "report")
    assert report.name == preview["title"]
    assert all(line in report.description for line in preview["story"])
    acts = [(one.to, one.answer) for one in rig.acts() if isinstance(one, IncidentShared)]
    assert acts == [("CERT", ""), ("CERT", "4/4"), ("Closed", ""), ("Closed", "failed")]
    assert {(one["form"], one["answer"]) for one in entries} == {
        ("taxii", ""),
        ("taxii", "4/4"),
        ("taxii", "failed"),
    }
