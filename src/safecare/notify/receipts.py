"""Receipts that channels give. Their ids repeat when a sending is repeated: a replay adds nothing."""

from __future__ import annotations

from datetime import datetime

from safecare.model.ids import ReceiptId, derived_id
from safecare.model.notice import Notice, Outcome, Receipt
from safecare.model.text import Text


def sent(notice: Notice, at: datetime) -> Receipt:
    """Return the receipt that `notice` left by its channel at `at`."""
    return _receipt(notice, at, None, "")


def failed(notice: Notice, at: datetime, reason: Text, mark: str = "") -> Receipt:
    """Return the receipt that `notice` could not be sent; `mark` tells apart failures that are worth two receipts."""
    return _receipt(notice, at, reason, mark)


def _receipt(notice: Notice, at: datetime, reason: Text | None, mark: str) -> Receipt:
    outcome: Outcome = "sent" if reason is None else "failed"
    return Receipt(
        id=ReceiptId(derived_id(notice.at, "receipt", notice.id, str(notice.revision), outcome, mark)),
        notice=notice.id,
        incident=notice.incident,
        at=at,
        outcome=outcome,
        who=notice.user or notice.role,
        channel=notice.channel,
        reason=reason,
    )
