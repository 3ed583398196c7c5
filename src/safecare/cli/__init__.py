"""The command line. Each command imports what it needs when it runs, so that help is instant."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

HELP = ("--help", "-h", "help")
"""Words that ask for help."""

COMMANDS = {
    "run": ("safecare.cli.run", "Start the platform."),
    "invite": ("safecare.cli.invite", "Make a one-time sign-in link."),
    "users": ("safecare.cli.users", "Who has access: list, revoke."),
    "token": ("safecare.cli.token", "Make a token for a machine that sends over HTTP."),
    "keys": ("safecare.cli.keys", "Passwords of channels, sealed: set, list, remove; change the key."),
    "hospital": ("safecare.cli.hospital", "Check and show the hospital's files; import plans from drawings."),
    "models": ("safecare.cli.models", "Networks that find people in video: list, add, check."),
    "mapping": ("safecare.cli.mapping", "What another system's door events become: check, list, show."),
    "rejects": ("safecare.cli.rejects", "What doors could not read: list, show, replay."),
    "held": ("safecare.cli.held", "Mails, images and records that doors hold: list, release, discard."),
    "audit": ("safecare.cli.audit", "Verify the chain of recorded acts."),
    "scan": ("safecare.cli.scan", "Judge files: mails, documents, archives, programs, medical files."),
    "detect network": ("safecare.cli.network", "Judge packet captures: commands, strangers, scans, identities."),
    "detect logs": ("safecare.cli.detect_logs", "Judge log files by Sigma rules."),
    "detect video": ("safecare.cli.detect_video", "Judge a recording by the rules drawn into its picture."),
    "detect series": ("safecare.cli.series", "Judge a series of readings: anomaly score of each point."),
    "inventory": ("safecare.cli.inventory", "List the stations of a packet capture by what they say of themselves."),
    "decode": ("safecare.cli.decode", "Tell every message of a protocol in a packet capture."),
    "watch network": ("safecare.cli.watch_network", "Listen to an interface and tell alerts as they come."),
    "watch video": ("safecare.cli.watch_video", "Follow live cameras by the rules drawn into their pictures."),
    "find cameras": ("safecare.cli.find_cameras", "Ask the network which ONVIF cameras there are."),
    "rules": ("safecare.cli.rules", "Rules (correlation, Sigma over logs): check files, try them on history."),
    "train mail": ("safecare.cli.train_mail", "Learn from a site's own mail what its phishing says."),
    "disarm": ("safecare.cli.disarm", "Take out of a DICOM file what no viewer needs, bit-exact."),
    "seal": ("safecare.cli.seal", "Keep signed hashes of files and of their DICOM attributes."),
    "verify": ("safecare.cli.verify", "Show what changed since files were sealed, attribute by attribute."),
    "impact forecast": ("safecare.cli.impact_forecast", "What facts about a hospital break next, with times and care."),
    "impact fault-tree": ("safecare.cli.impact_fault_tree", "Exact probability of a fault tree's top event."),
    "impact recover": ("safecare.cli.impact_recover", "How soon crews bring a hospital back, and in which order."),
    "impact cut": ("safecare.cli.impact_cut", "Cheapest set of nodes whose loss disrupts an AND/OR graph."),
    "risk": ("safecare.cli.risk", "Risk study of a hospital: tables of EBIOS RM and ISO/IEC 27005."),
    "playbooks": ("safecare.cli.playbooks", "Procedures as CACAO 2.0: list, show, check, import, export."),
    "scenario": ("safecare.cli.scenario", "Play a scripted attack through the real doors and score it."),
}
"""Command (one word or several, as in ``detect network``), the module that holds its Typer `app`, its line of help.

In the order of the help: running the platform, judging by hand, rules, medical files, what breaks next, being ready.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with the command's exit code (2 for a wrong call)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] in (["--version"], ["-V"]):
        from safecare import __version__

        print(__version__)
        return
    name = _longest(words)
    if name:
        rest = words[len(name.split()) :]
        importlib.import_module(COMMANDS[name][0]).app(args=rest, prog_name=f"safecare {name}")
        return
    asked = [word for word in words if word not in HELP]
    group = asked[0] if asked and any(one.startswith(f"{asked[0]} ") for one in COMMANDS) else ""
    if not asked or (group and asked == [group]):
        print(usage(group))
        return
    print(f"safecare: no command is called {' '.join(asked[:2] if group else asked[:1])}\n", file=sys.stderr)
    print(usage(group), file=sys.stderr)
    sys.exit(2)


def _longest(words: Sequence[str]) -> str:
    """Return the longest command that `words` begin with; empty if there is none."""
    beginnings = (" ".join(words[:count]) for count in range(len(words), 0, -1))
    return next((one for one in beginnings if one in COMMANDS), "")


def usage(group: str = "") -> str:
    """Return the help text: of all commands, or of those that begin with the word `group`."""
    shown = {name: text for name, (_, text) in COMMANDS.items() if not group or name.startswith(f"{group} ")}
    width = max(map(len, shown))
    command = f"{group} COMMAND" if group else "COMMAND"
    return "\n".join(
        [
            f"Usage: safecare {command} [OPTIONS]",
            "",
            "Protects hospitals against physical, cyber and combined attacks.",
            "",
            "Commands:",
            *(f"  {name:<{width}} {text}" for name, text in shown.items()),
            "",
            "`safecare COMMAND --help` tells more; `safecare --version` the version.",
        ]
    )
