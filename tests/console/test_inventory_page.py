"""The inventory as the console gives it: events in, stations out; each visitor sees the own site."""

from __future__ import annotations

import msgspec
from console_rig import Rig

from safecare.model.events.network import IdentitySeen
from safecare.testing.made import made

pytest_plugins = ["console_fixtures"]


async def test_stations_are_matched_and_strangers_marked(rig: Rig) -> None:
    card = made(IdentitySeen, 0, ip="10.1.40.20", system="mac", value="02:00:00:00:40:20")
    stranger = made(IdentitySeen, 60, ip="10.1.40.99", system="mdns", value="raspberrypi")
    posing = made(IdentitySeen, 90, ip="10.1.40.77", system="dicom", value="CT1")
    rig.add(card, stranger, posing)
    async with rig.browser("analyst") as analyst:
        rows = {one["ip"]: one for one in (await analyst.get("/api/inventory")).json()}
        assert (rows["10.1.40.20"]["state"], rows["10.1.40.20"]["asset"]["id"]) == ("known", "modality.ct.1")
        assert (rows["10.1.40.99"]["state"], rows["10.1.40.99"]["asset"]) == ("unknown", None)
        assert rows["10.1.40.77"]["state"] == "doubtful"
        assert rows["10.1.40.77"]["doubts"]
        assert rows["10.1.40.10"]["state"] == "unheard"


async def test_another_site_and_other_roles_see_none_of_it(rig: Rig) -> None:
    event = made(IdentitySeen, 0, ip="10.1.40.99", system="mdns", value="raspberrypi")
    rig.add(event, msgspec.structs.replace(event, id=made(IdentitySeen, 1, ip="1", system="x", value="y").id))
    async with rig.browser("analyst", site="tilleuls") as analyst:
        assert "10.1.40.99" not in {one["ip"] for one in (await analyst.get("/api/inventory")).json()}
    async with rig.browser("guard") as guard:
        assert (await guard.get("/api/inventory")).status_code == 403
