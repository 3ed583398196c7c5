"""Usual names of points are said in the reader's language, others stay as the site wrote them."""

from __future__ import annotations

from safecare.detect.building.names import called
from safecare.locale.catalogue import Catalogue
from safecare.model.text import Text


def test_usual_name_in_both_languages() -> None:
    lid = called("lid")
    assert isinstance(lid, Text)
    assert lid.key == "lid"
    assert Catalogue.load().translate(lid.key, "fr") == "couvercle"


def test_other_name_stays() -> None:
    assert called("valve 7") == "valve 7"
