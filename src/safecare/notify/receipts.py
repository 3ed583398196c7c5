"""Receipts that channels give. Their ids repeat when a sending is repeated: a replay adds nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from safecare.model.ids import ReceiptId, derived_id
from safecare.model.notice import Notice, Outcome, Receipt
from safecare.model.text import Text

START = datetime(1970, 1, 1, tzinfo=UTC)
"""Time in the ids of receipts that are the same for every revision of a notice."""


def sent(notice: Notice, at: datetime) -> Receipt:
    """Return the receipt that `notice` left by its channel at `at`."""
    return _receipt(notice, at, None, "", "sent")


def failed(notice: Notice, at: datetime, reason: Text, mark: str = "") -> Receipt:
    """Return the receipt that `notice` could not be sent; `mark` tells apart failures that are worth two receipts."""
    return _receipt(notice, at, reason, mark, "failed")


def answered(notice: Notice, at: datetime, outcome: Outcome, mark: str) -> Receipt:
    """Return the receipt that somebody picked up or pressed a key; `mark` tells the phones of a role apart."""
    return _receipt(notice, at, None, mark, outcome)


def nobody(notice: Notice, at: datetime, reason: Text) -> Receipt:
    """Return the receipt that this channel reaches nobody: no failure, nothing that a repeat mends, and said once."""
    id = ReceiptId(derived_id(START, "receipt", notice.id, "nobody"))
    return msgspec.structs.replace(_receipt(notice, at, reason, "", "nobody"), id=id)


def _receipt(notice: Notice, at: datetime, reason: Text | None, mark: str, outcome: Outcome) -> Receipt:
    return Receipt(
        id=ReceiptId(derived_id(notice.at, "receipt", notice.id, str(notice.revision), outcome, mark)),
        notice=notice.id,
        incident=notice.incident,
        at=at,
        outcome=outcome,
        who=notice.user or notice.role,
        channel=notice.channel,
        reason=reason,
        revision=notice.revision,
    )
