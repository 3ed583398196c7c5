"""Files of many mails (mbox, RFC 4155) within something else: each mail is judged by itself.

Small evidence that honest mails have, too, adds up over hundreds of them: of a mail that alone would be clean only its
files go on.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, analyser
from safecare.examine.mail.analyser import MailAnalyser
from safecare.examine.mail.passed import PASSED
from safecare.examine.verdict import SUSPICIOUS, score
from safecare.formats.mbox import mails_of

BOXED = "mail of a box"
"""Type of a mail within such a file."""


@analyser("mbox", wants={"mbox", BOXED})
class Boxes:
    """Cuts out the mails, and judges each."""

    def __init__(self) -> None:
        self._mail = MailAnalyser()

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the mails of a box; of a mail its files, and what was found in it if that is enough by itself."""
        if BOXED not in part.types:
            yield from self._mails(part, context)
            return
        met = list(self._mail.examine(part, context))
        told = score(one for one in met if isinstance(one, Finding)) >= SUSPICIOUS
        yield from (one for one in met if told or (isinstance(one, Part) and one.origin != PASSED))

    def _mails(self, part: Part, context: Context) -> Iterator[Part]:
        for number, (start, size) in enumerate(mails_of(io.BytesIO(part.raw)), 1):
            if number > context.budget.limits.members:
                raise LimitError("members", part.path)
            context.budget.take(min(size, context.budget.room))
            yield part.child(f"mail-{number}", part.raw[start : start + size], origin="mbox.mail", types=(BOXED,))
