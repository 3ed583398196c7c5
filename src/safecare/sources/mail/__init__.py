"""Mail door: SMTP in, `MailReceived` out."""
