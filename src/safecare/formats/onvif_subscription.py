"""What an ONVIF device answers to a subscription: where to pull, and what it wants to hear again with each question.

Devices whose subscriptions share one address (Axis) tell them apart by reference parameters, which go back as they
came, as header blocks. Pure and bounded. Source: WS-Addressing 1.0, SOAP Binding, 3.1; WS-BaseNotification 1.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

import msgspec

from safecare.formats.camera_words import local, root_of
from safecare.formats.markup import Element

ADDRESSING = "http://www.w3.org/2005/08/addressing"
MOST = 8
"""Most reference parameters (chosen: devices have one)."""
LONGEST = 4096
"""Most characters of all of them (chosen)."""


class Subscription(msgspec.Struct, frozen=True):
    """The address of the pull point as told (empty: not told), and the header blocks that go with each question."""

    address: str = ""
    echo: str = ""


def read_subscription(raw: bytes) -> Subscription:
    """Read the answer to CreatePullPointSubscription. Raises `CameraWordError`."""
    for reference, names in _found(root_of(raw), {}, "SubscriptionReference"):
        address = next((one.text.strip() for one, _ in _found(reference, names, "Address")), "")
        inside = next(_found(reference, names, "ReferenceParameters"), None)
        blocks = [_block(one, inside[1]) for one in inside[0].children[:MOST]] if inside else []
        echo = "".join(blocks)
        return Subscription(address, echo if len(echo) <= LONGEST else "")
    return Subscription()


def _found(element: Element, names: dict[str, str], tag: str) -> Iterator[tuple[Element, dict[str, str]]]:
    """Yield the elements called `tag` in `element`, each with the name spaces that are declared where it stands."""
    names = names | _declared(element)
    if local(element.tag) == tag:
        yield element, names
    for child in element.children:
        yield from _found(child, names, tag)


def _declared(element: Element) -> dict[str, str]:
    return {name: value for name, value in element.attributes.items() if name.partition(":")[0] == "xmlns"}


def _block(element: Element, names: dict[str, str]) -> str:
    """Return a parameter as a header block: with its name spaces, and marked as what it is."""
    spaces = names | _declared(element) | {"xmlns:reference": ADDRESSING}
    own = {name: value for name, value in element.attributes.items() if name not in spaces}
    return _written(element, spaces | own | {"reference:IsReferenceParameter": "true"})


def _written(element: Element, attributes: dict[str, str]) -> str:
    told = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    inner = "".join(_written(child, child.attributes) for child in element.children)
    return f"<{element.tag}{told}>{escape(element.text.strip())}{inner}</{element.tag}>"
