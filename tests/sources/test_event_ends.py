"""The first known address names asset, zone and site; without one it is the hospital's first site, if there is any."""

from __future__ import annotations

from safecare.model.hospital import Hospital
from safecare.sources.ends import ends_of
from safecare.testing.hospital import small_hospital


def test_the_first_known_address_counts() -> None:
    hospital = small_hospital()
    found = ends_of(hospital, "192.0.2.1", "10.1.40.20", "10.1.40.10")
    assert (found["asset"], found["site"]) == ("modality.ct.1", "aurore")
    assert found["zone"] is not None


def test_strangers_belong_to_the_first_site_or_to_none() -> None:
    assert ends_of(small_hospital(), "192.0.2.1") == {"site": "aurore", "asset": None, "zone": None}
    assert ends_of(Hospital.empty()) == {"site": "", "asset": None, "zone": None}
