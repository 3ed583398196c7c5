"""Facts of an Office document (OOXML, OLE, RTF) as findings.

Facts come from `safecare.formats.office`; here stands what each one weighs. Encryption alone is no alarm: hospitals
send documents with passwords every day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safecare.examine.api import Context, Finding, Part, analyser
from safecare.formats.office import office_facts
from safecare.model.text import Text, say

FACTS: Mapping[str, tuple[float, Text]] = {
    "office.action.program": (0.65, say("A click or a move of the mouse over a slide starts a program.")),
    "office.external.data": (
        0.6,
        say("A workbook fetches data from a bare number outside of the house, or has a data base run commands."),
    ),
    "office.external.named-share": (0.3, say("A document loads something from a share of a server with a full name.")),
    "office.external.share": (0.6, say("A document loads something from a share at a public address.")),
    "office.dde": (0.7, say("A document starts another program by a field (DDE).")),
    "office.embedded.executable": (0.9, say("A document holds a program or script that a click starts.")),
    "office.embedded.object": (0.1, say("A document holds an embedded object.")),
    "office.encrypted": (0.0, say("A document is encrypted: nothing inside can be judged.")),
    "office.external.link": (0.1, say("A document refers to something outside.")),
    "office.external.object": (0.6, say("A document loads an object from outside when it is opened.")),
    "office.external.starts": (0.65, say("A link in a document starts a program instead of leading to a page.")),
    "office.external.template": (0.7, say("A document loads its template from outside.")),
    "office.limit": (0.5, say("A document is over a limit: judged only in part.")),
    "office.macro": (0.2, say("A document holds a macro.")),
    "office.macro.autoexec": (0.4, say("A document holds a macro that runs by itself.")),
    "office.macro.download": (0.4, say("A macro in a document can fetch files.")),
    "office.macro.shell": (0.6, say("A macro in a document names a program by which attackers run code.")),
    "office.macro.execute": (0.4, say("A macro in a document can start programs.")),
    "office.macro.obfuscated": (0.5, say("A macro in a document hides what it does.")),
    "office.macro.suspicious": (0.2, say("A macro in a document uses calls that attackers use.")),
    "office.macro.write-file": (0.3, say("A macro in a document can write files.")),
    "office.macro.xlm": (0.6, say("A workbook holds an old-style (Excel 4) macro.")),
}
"""Weight and sentence by fact."""

SENT = 0.6
"""Weight of a share with a full name in a document that came by mail: those of a house's own are linked within it."""

ACTS = frozenset({"office.macro.download", "office.macro.execute", "office.macro.obfuscated", "office.macro.shell"})
_BROUGHT = frozenset({"office.macro.download", "office.macro.execute"})
AUTO = Finding(
    "office.macro.acts",
    say("A macro runs by itself, or fetches something, to start or hide something."),
    0.85,
    kind="office.macro-acts",
)


@analyser("document", wants={"ooxml", "ole", "rtf"}, needs=("olefile",))
class Document:
    """Judges macros, fields, relations and objects of a document."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the findings."""
        if part.origin == "zip.member" and part.name.lower().endswith("vbaproject.bin"):
            return  # read with the document that it belongs to
        facts = office_facts(part.raw)
        if "office.broken" in facts:
            yield Finding("office.broken", say("A document is damaged, or is not what it says."))
        for fact in sorted(facts & FACTS.keys()):
            weight, why = FACTS[fact]
            weight = SENT if fact == "office.external.named-share" and context.mail else weight
            kind = "office.macro" if fact.startswith("office.macro") else "office.content"
            yield Finding(fact, why, weight, kind=kind)
        if ("office.macro.autoexec" in facts and facts & ACTS) or len(facts & _BROUGHT) == len(_BROUGHT):
            yield AUTO
