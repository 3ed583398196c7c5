"""The command line. Each command imports what it needs when it runs, so that help is instant."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "run": ("safecare.cli.run", "Start the platform."),
    "invite": ("safecare.cli.invite", "Make a one-time sign-in link."),
    "users": ("safecare.cli.users", "Who has access: list, revoke."),
    "token": ("safecare.cli.token", "Make a token for a machine that sends over HTTP."),
    "scenario": ("safecare.cli.scenario", "Play a scripted attack through the real doors and score it."),
    "hospital": ("safecare.cli.hospital", "Check and show the hospital's files."),
    "rejects": ("safecare.cli.rejects", "What doors could not read: list, show, replay."),
    "audit": ("safecare.cli.audit", "Verify the chain of recorded acts."),
}
"""Command, the module that holds its Typer `app`, and its one line of help."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with the command's exit code (2 for a wrong call)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    match words:
        case [("--version" | "-V"), *_]:
            from safecare import __version__

            print(__version__)
        case [] | [("--help" | "-h" | "help"), *_]:
            print(usage())
        case [name, *rest] if name in COMMANDS:
            importlib.import_module(COMMANDS[name][0]).app(args=rest, prog_name=f"safecare {name}")
        case [name, *_]:
            print(f"safecare: no command is called {name}\n\n{usage()}", file=sys.stderr)
            sys.exit(2)


def usage() -> str:
    """Return the help text."""
    lines = [f"  {name:<10} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(
        [
            "Usage: safecare COMMAND [OPTIONS]",
            "",
            "Protects hospitals against physical, cyber and combined attacks.",
            "",
            "Commands:",
            *lines,
            "",
            "`safecare COMMAND --help` tells more; `safecare --version` the version.",
        ]
    )
