"""How the points and quantities of building automation are called in sentences.

A site names its points freely; the usual names are said in the reader's language, others as the site wrote them.
"""

from __future__ import annotations

from safecare.model.text import Text, say

_USUAL = {
    "contact": say("contact"),
    "flow": say("flow"),
    "humidity": say("humidity"),
    "level": say("filling level"),
    "lid": say("lid"),
    "mains": say("mains supply"),
    "pressure": say("pressure"),
    "supply_temperature": say("supply temperature"),
    "temperature": say("temperature"),
    "voltage": say("voltage"),
}


def called(name: str) -> Text | str:
    """Return how the point or quantity `name` is called; the name itself if it is not a usual one."""
    return _USUAL.get(name, name)
