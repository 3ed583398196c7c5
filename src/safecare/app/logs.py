"""What the processes write to standard error: one line an entry, and no values of variables in tracebacks."""

from __future__ import annotations

import structlog


def configure(level: str) -> None:
    """Write entries from `level` on (``debug``, ``info``, ``warning``, ``error``).

    Tracebacks are plain: the ones with local variables would show the site's key, badges and addresses.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
