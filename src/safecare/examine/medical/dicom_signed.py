"""Digital signatures in a DICOM file: whether what was signed is still there as it was.

Source: PS3.15 annex C, PS3.3 C.12.1.1.3. A signature that holds says that nobody changed those elements since; whether
its signer is to be trusted, and what stands beside the signed elements, it does not say.
"""

from __future__ import annotations

from collections.abc import Iterator

from safecare.examine.api import Finding, Part, Where
from safecare.formats.dicom import Dicom
from safecare.formats.dicom.signatures import Signature, signatures
from safecare.model.text import Text, say

BROKEN = 0.6
"""Weight. Chosen: archives that correct a patient's number break a signature, too; none of them should stay unseen."""
REASONS: dict[str, Text] = {
    "algorithm": say("its algorithm is not known here"),
    "certificate": say("its certificate can't be read"),
    "elements": say("it signs elements of unknown kind"),
    "incomplete": say("its parameters are missing"),
    "limit": say("it signs too much"),
    "syntax": say("the file was written anew in another way since"),
}
"""Why a signature can't be checked."""


def told(one: Signature) -> Text:
    """Return how a signature stands, as a sentence."""
    if one.state == "intact":
        return say(
            "A digital signature of {signer} holds: {count} elements are as they were signed.",
            signer=one.signer or "?",
            count=len(one.tags),
        )
    if one.state == "broken":
        return say("What {signer} signed was changed: the digital signature does not hold.", signer=one.signer or "?")
    return say(
        "A digital signature of {signer} can't be checked: {reason}.",
        signer=one.signer or "?",
        reason=REASONS[one.reason],
    )


def signed(part: Part, found: Dicom) -> Iterator[Finding]:
    """Yield how each signature stands; only a broken one weighs."""
    for one in signatures(found):
        weight = BROKEN if one.state == "broken" else 0.0
        yield Finding(f"dicom.signature.{one.state}", told(one), weight, Where(part.path, one.place))
