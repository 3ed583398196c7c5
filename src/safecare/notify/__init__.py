"""Plan or incident in, notice out, receipt back: routes, escalation, channels."""
