"""Incidents go into a collection of a server that others have written; what it refuses is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from taxii_peer import CLOSED, COLLECTION, PASSWORD, USER, taxii

from safecare.share.taxii import MEDIA, Collection, TaxiiError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

IDENTITY = {
    "type": "identity",
    "spec_version": "2.1",
    "id": "identity--1a9c5e4e-8f1c-4f27-9d3e-0c4d9b3c5a11",
    "created": "2026-11-26T09:00:00.000Z",
    "modified": "2026-11-26T09:00:00.000Z",
    "name": "Hôpital Sainte-Aurore",
    "identity_class": "organization",
}
BUNDLE = json.dumps({"type": "bundle", "id": "bundle--1", "objects": [IDENTITY]}).encode()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with taxii(tmp_path_factory.mktemp("taxii")) as address:
        yield address


def test_what_is_added_is_read_again_by_others(root: str) -> None:
    address = f"{root}/collections/{COLLECTION}/"
    taken = Collection(address, user=USER, password=PASSWORD).add(BUNDLE)
    assert (taken.state, taken.taken, taken.refused, taken.waiting) == ("complete", 1, 0, 0)
    answer = httpx.get(f"{address}objects/", auth=(USER, PASSWORD), headers={"Accept": MEDIA}, timeout=60)
    assert answer.json()["objects"] == [IDENTITY]


def test_who_may_not_write_is_told_so(root: str) -> None:
    for address, password in (
        (f"{root}/collections/{COLLECTION}/", "wrong"),
        (f"{root}/collections/{CLOSED}", PASSWORD),
    ):
        with pytest.raises(TaxiiError, match="does not let us write"):
            Collection(address, user=USER, password=password).add(BUNDLE)
    with pytest.raises(TaxiiError, match="refused it"):
        Collection(f"{root}/collections/none/", user=USER, password=PASSWORD).add(BUNDLE)


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(TaxiiError, match="reached"):
        Collection("http://127.0.0.1:9/root/collections/a/").add(BUNDLE)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://partner.example/root/collections/a/",
        "https://partner.example/root/",
        "ftp://x/collections/a",
        "https:///collections/a",
    ],
)
def test_no_address_of_a_collection_that_is_safe(address: str) -> None:
    with pytest.raises(ValueError, match="collection is no https address"):
        Collection(address)


def test_the_token_goes_into_the_header() -> None:
    sent = Collection("https://partner.example/root/collections/a/", token="t")._headers
    assert sent["Authorization"] == "Bearer t"
    assert sent["Content-Type"] == MEDIA
