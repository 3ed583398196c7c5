"""Mail by SMTP (RFC 5321), marked as written by a machine (RFC 3834) so that no absence note answers.

At least once: after a crash the same mail may be sent again, with the same Message-ID.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, ClassVar, Literal

import msgspec

from safecare.model.clock import Clock
from safecare.model.layout import laid_out
from safecare.model.notice import Notice, Receipt
from safecare.model.text import Text, say
from safecare.notify.api import channel
from safecare.notify.receipts import failed, nobody, sent

SUBJECT = 120
"""Most characters of a subject. Chosen: more is cut off by phones anyway."""


class MailServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The mail server that takes our mails."""

    host: str
    port: int = 25
    sender: str
    """Address that the mails come from."""
    security: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    """Empty: no sign-in."""
    password: str = ""
    timeout: float = 10.0
    """Seconds for each exchange with the server."""


@channel("mail")
class Mail:
    """Sends a notice to the addresses of its role, one mail each, so that nobody reads the others' addresses."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        server: MailServer | Mapping[str, Any],
        recipients: Mapping[str, Sequence[str]],
        render: Callable[[Text, Notice], str],
        clock: Clock,
        *,
        public_url: str = "",
    ) -> None:
        """Send by `server` (a table of its fields will do) to `recipients` (addresses by role).

        `render` puts a sentence into the reader's language; `public_url` (empty: no link) leads to the page
        on which the notice is answered. Raises `ValueError` for a table that is wrong.
        """
        self._server = server if isinstance(server, MailServer) else msgspec.convert(server, laid_out(MailServer))
        self._recipients = recipients
        self._render = render
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    def send(self, notice: Notice) -> list[Receipt]:
        """Send `notice`: ``sent`` when the server took it for someone, ``failed`` for those refused. Never raises."""
        now = self._clock.now()
        to = self._recipients.get(notice.role, ())
        if not to:
            return [nobody(notice, now, say("No mail address is known for the role {role}", role=notice.role))]
        try:
            refused = self._deliver([(address, self._mail(notice, address)) for address in to])
        except ssl.SSLError:
            return [failed(notice, now, say("The mail server's certificate can't be trusted"))]
        except (OSError, smtplib.SMTPException) as error:
            return [failed(notice, now, _reason(error))]
        except (MessageError, ValueError):
            return [failed(notice, now, say("A mail address or the sender's address is not well written"))]
        receipts = [sent(notice, now)] if refused < len(to) else []
        if refused:
            reason = say("The mail server refused {count} of the addresses", count=refused)
            receipts.append(failed(notice, now, reason, "refused"))
        return receipts

    def _mail(self, notice: Notice, address: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._server.sender
        mail["To"] = address
        mail["Subject"] = " ".join(self._render(notice.title, notice).split())[:SUBJECT]
        mail["Date"] = format_datetime(notice.at)
        mail["Message-ID"] = f"<{notice.id}.{notice.revision}@{self._server.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Importance"] = "high"
        lines = [self._render(notice.title, notice), "", self._render(notice.body, notice)]
        if self._public_url:
            lines += ["", f"{self._public_url}/a/{notice.id}"]
        mail.set_content("\n".join(lines))
        return mail

    def _deliver(self, mails: Iterable[tuple[str, EmailMessage]]) -> int:
        """Send the mails over one connection; return how many addresses were refused."""
        server, refused = self._server, 0
        context = ssl.create_default_context()
        smtp: smtplib.SMTP
        if server.security == "tls":
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        with smtp:
            if server.security == "starttls":
                smtp.starttls(context=context)
            if server.user:
                smtp.login(server.user, server.password)
            for address, mail in mails:
                try:
                    smtp.send_message(mail, server.sender, [address])
                except smtplib.SMTPRecipientsRefused:
                    refused += 1
        return refused


def _reason(error: OSError | smtplib.SMTPException) -> Text:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return say("The mail server refused the sign-in")
    if isinstance(error, smtplib.SMTPResponseException):
        return say("The mail server refused the mail (code {code})", code=error.smtp_code)
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):  # smtplib hides it
        return say("The mail server did not answer in time")
    return say("The mail server can't be reached")
