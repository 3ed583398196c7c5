"""CDA documents, FHIR resources in XML, and fragments of either: embedded files, and what acts when they are shown.

Expat reads without namespaces and without following anything; entities in text are never expanded. What is not
well-formed is read as far as possible, as lenient readers do. Source: CDA R2 4.3.1 (nonXMLBody), data type ED; FHIR R4
Narrative (txt-1); XML 1.0 section 4 (entities); XInclude 1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from xml.parsers import expat

from safecare.formats.astray import leads_astray
from safecare.formats.embedded import Embedded, from_base64, from_letters, from_url
from safecare.formats.wide import is_wide, narrowed

MAX_DEPTH = 256
"""Elements within elements (as libxml2)."""
MOST = 2000
"""Embedded files, and remarks, of one document. Chosen."""
_ACTIVE = frozenset({"script", "iframe", "object", "embed", "form", "applet", "base", "frame", "meta"})
"""Elements that the narrative of both standards forbids, and that act."""
_HOLDERS = frozenset({"ED.5", "Document", "InlineBinary"})
"""Elements whose text is a file: HL7 v2 in XML (data of ED), IHE XDS.b (document of a submission), DICOM in XML."""
_SAID = frozenset({"B64", "BASE64", "HEX"})
"""Representations of ED that mean letters for bytes; the standard's, and what others write."""
MOST_MEANT = 1 << 20
"""Letters of entities that are read into coded texts. Chosen: a honest record has none."""
_RISKY = re.compile(
    r"(?i)[^?#]*\.(?:exe|dll|scr|bat|cmd|ps1|vbs|jse?|hta|msi|lnk|jar)(?:[?#]|$)|(?:\.\./)+(?:etc|proc|windows)/"
)
_SHARE = re.compile(r"(?:\\\\|smb://|file://)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}[\\/]")
"""A share on a host by its full name or number: who asks for it signs in there. Those of the house have one word."""
_REACHED = frozenset({"reference", "url", "attachment", "img", "linkhtml", "a", "bulkdata"})
"""Elements whose address a reader follows."""
_CODED = re.compile(r"[A-Za-z0-9+/=\s]{64,}")
_LINKS = frozenset({"href", "src", "value", "url", "xlink:href", "action", "data", "poster", "formaction", "uri"})
_NAMES = frozenset({"family", "given", "prefix", "suffix", "NameID", "AttributeValue"})
"""Elements whose text names somebody: names of CDA, subjects and attributes of an assertion (SAML 2.0, IHE XUA)."""
SUBMITTED = frozenset({"URI", "sourcePatientInfo", "sourcePatientId"})
"""Slots of a submission (IHE XDS): where the file lies, whom it is about."""
_ACTING = frozenset({"php", "asp", "jsp", "mso-application"})
"""Instructions that a program acts on: server pages; the one that makes an office program open the file."""
_NUMBERED = [[one, "identifier"] for one in ("Patient", "Person", "RelatedPerson", "Practitioner")]
"""Where the number of a person stands in FHIR."""
SPLIT = "\x01"
"""Stands where a comment stood in a name: no letter of XML 1.0."""
_LOOSE = re.compile(rb"(?i)representation\s*=\s*[\"']B64[\"'][^>]{0,400}>([A-Za-z0-9+/=\s]{16,})")


@dataclass
class ClinicalXml:
    """What was found. `remarks` are (kind, detail, offset) of what acts, `damage` where it is not well-formed."""

    embedded: list[Embedded] = field(default_factory=list)
    remarks: list[tuple[str, str, int]] = field(default_factory=list)
    said: list[tuple[str, str, int]] = field(default_factory=list)
    """(element, text, offset) of what names somebody, and of where a file of a submission lies (``URI``)."""
    patients: list[list[tuple[str, str]]] = field(default_factory=list)
    """(authority, number) of each patient of a CDA document."""
    persons: list[list[tuple[str, str]]] = field(default_factory=list)
    """(element, text) of names and ``birthTime`` of each patient of a CDA document or a submission."""
    damage: tuple[str, int] | None = None
    deep: int = -1
    """Offset where nesting went beyond the limit; -1 if it did not."""

    def remark(self, kind: str, detail: str, offset: int) -> None:
        """Keep a remark, up to the limit."""
        if len(self.remarks) < MOST:
            self.remarks.append((kind, detail[:120], offset))


def read_clinical_xml(raw: bytes) -> ClinicalXml:
    """Read a document or a fragment of one; what is wrong with it stands in the result. Never raises."""
    wide = is_wide(raw) != ""
    raw = narrowed(raw) if wide else raw
    first = _read(raw, b"", encoding="utf-8" if wide else None)  # whatever its declaration says
    if first.damage is None or first.deep >= 0:
        return first
    declared = re.match(rb"\s*(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}\?>", raw)
    start = declared.end() if declared else 0
    second = _read(raw[start:], b"<fragment>", start)  # several roots: examples and extracts are written so
    best = second if second.damage is None else first
    if best.damage is not None:
        for found in _LOOSE.finditer(raw, max(0, best.damage[1] - 65536)):
            known = any(one.start <= found.start(1) < one.end for one in best.embedded)
            if not known and len(best.embedded) < MOST:
                best.embedded.append(Embedded("text", "", from_base64(found.group(1)), *found.span(1)))
    return best


def _read(raw: bytes, before: bytes, shift: int = 0, encoding: str | None = None) -> ClinicalXml:
    reader = _Reader(shift - len(before), encoding)
    try:
        reader.parser.Parse(before, False)
        reader.parser.Parse(raw, False)
        reader.parser.Parse(b"</fragment>" if before else b"", True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code) or "not well-formed"
        offset = max(0, reader.parser.ErrorByteIndex + reader.shift)
        reader.flush(offset)
        if "amplification" in reason:
            reader.found.remark("bomb", reason, offset)
        reader.found.damage = (reason, offset)
    except (LookupError, ValueError) as error:  # a character set that nobody knows: read as most readers would
        if encoding is None:
            return _read(raw, before, shift, "utf-8")
        reader.found.damage = (str(error)[:80], 0)
    except _TooDeepError:
        reader.found.deep = reader.offset
        reader.found.damage = ("nested too deeply", reader.offset)
    return reader.found


class _TooDeepError(Exception):
    pass


class _Coded(NamedTuple):
    """Text that is being collected; `sure` where the document says that it is Base64."""

    depth: int
    media: str
    packed: str
    start: int
    letters: list[str]
    sure: bool
    plain: bool = False
    """Whether the text itself is the file unless it looks coded: a body that does not say how it is represented."""
    said: str = ""
    """Element whose text is kept as it is: one that names somebody."""


class _Reader:
    """Expat's handlers and their state."""

    def __init__(self, shift: int, encoding: str | None) -> None:
        self.shift = shift
        self.found = ClinicalXml()
        self.parser = parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.buffer_size = 1 << 18
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.DefaultHandler = self._reference  # also keeps entities in text from being expanded
        self._path: list[str] = []
        self._narrative = 0
        self._coded: _Coded | None = None
        self._entities: dict[str, int] = {}
        self._meant: dict[str, str] = {}
        self._room = MOST_MEANT
        self._slot = ""

    @property
    def offset(self) -> int:
        return self.parser.CurrentByteIndex + self.shift

    def flush(self, offset: int) -> None:
        """Take what was read of a coded text that never ended."""
        if self._coded:
            self._finish(offset)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        path = self._path
        path.append(name)
        if len(path) > MAX_DEPTH:
            raise _TooDeepError
        local = name.rpartition(":")[2]
        low = local.lower()
        if local in ("text", "div"):
            self._narrative += 1
        if (self._narrative and low in _ACTIVE) or low == "script":
            self.found.remark("active", local, self.offset)
        if self._coded and not self._coded.sure:
            self._drop()
        if (local in _NAMES or (local == "Value" and self._slot in SUBMITTED)) and not self._coded:
            said = self._slot if local == "Value" else local
            self._collect(_Coded(len(path), "", "", self.offset, [], sure=False, said=said))
        elif local in _HOLDERS and not self._coded:
            self._collect(_Coded(len(path), "", "", self.offset, [], sure=False))
        elif local == "text" and len(path) > 1 and path[-2].endswith("nonXMLBody"):
            media = attributes.get("mediaType", "")
            self._collect(_Coded(len(path), media, "", self.offset, [], sure=False, plain=True))
        elif local == "recordTarget" and len(self.found.patients) < MOST:
            self.found.patients.append([])
            self.found.persons.append([])
        if attributes:
            self._attributes(local, attributes)

    def _attributes(self, local: str, attributes: dict[str, str]) -> None:
        if local == "birthTime" and self._of_patient():
            self.found.persons[-1].append((local, attributes.get("value", "")))
        if local == "Slot":
            self._slot = attributes.get("name", "")
        elif local == "id" and self.found.patients and len(self._path) > 1 and self._path[-2].endswith("patientRole"):
            self._patient(attributes)
        said = attributes.get("representation", "").upper()
        if said in _SAID:
            media, packed = attributes.get("mediaType", ""), attributes.get("compression", "")
            self._collect(_Coded(len(self._path), media, packed, self.offset, [], sure=True))
        for name, value in attributes.items():
            if name[:2] in ("on", "On", "oN", "ON") and name.isalpha() and len(name) > 4:
                self.found.remark("handler", name, self.offset)
            elif name in ("style", "styleCode") and ("javascript:" in value.lower() or "expression(" in value.lower()):
                self.found.remark("script", f"{name}={value}", self.offset)
            elif name.endswith("schemaLocation"):
                share = _SHARE.search(value)
                if share:
                    self.found.remark("address", share.group(), self.offset)
            elif name in _LINKS or (name[:5] == "xmlns"):
                self._link(local, name, value)

    def _patient(self, attributes: dict[str, str]) -> None:
        known, number = self.found.patients[-1], attributes.get("extension", "")
        if len(known) < MOST:
            known.append((attributes.get("root", ""), number))
            self._keep("id", number)

    def _of_patient(self) -> bool:
        """Tell whether the element stands in what a document says of its patient, not of somebody with him."""
        path = self._path
        return bool(self.found.persons) and any(one.endswith("patientRole") for one in path) and "guardian" not in path

    def _keep(self, element: str, text: str) -> None:
        """Keep a text that names somebody."""
        if text and len(self.found.said) < MOST:
            self.found.said.append((element, text[:400], self.offset))

    def _link(self, local: str, name: str, value: str) -> None:
        if name == "value" and len(value) >= 16 and (local == "data" or local.endswith("Base64Binary")):
            if len(self.found.embedded) < MOST:
                at = self.offset
                raw = from_base64(value.encode("ascii", "ignore"))
                self.found.embedded.append(Embedded("/".join(self._path[-3:]), "", raw, at, at + len(value)))
            return
        if name == "value" and (local in _NAMES or self._path[-3:-1] in _NUMBERED):
            self._keep(local, value)
        head = "".join(value[:200].split()).lower()
        if head.startswith(("javascript:", "vbscript:", "data:text/html")):
            self.found.remark("script", f"{name}={value}", self.offset)
        elif head.startswith("data:") and len(value) > 64 and len(self.found.embedded) < MOST:
            media, raw = from_url(value)
            self.found.embedded.append(Embedded("/".join(self._path[-3:]), media, raw, self.offset, self.offset))
        elif "2001/xinclude" in head:
            self.found.remark("include", value, self.offset)
        elif local.lower() in _REACHED and (
            head.startswith(("file:", "\\\\", "smb:")) or _RISKY.match(head) or leads_astray(head)
        ):
            self.found.remark("address", value, self.offset)

    def _end(self, name: str) -> None:
        if self._coded and len(self._path) == self._coded.depth:
            self._finish(self.offset)
        if name.rpartition(":")[2] in ("text", "div"):
            self._narrative -= 1
        self._path.pop()

    def _collect(self, coded: _Coded) -> None:
        self._coded = coded
        self.parser.CharacterDataHandler = coded.letters.append

    def _drop(self) -> None:
        self._coded = None
        self.parser.CharacterDataHandler = None

    def _finish(self, end: int) -> None:
        """Decode what was collected."""
        coded = self._coded
        self._drop()
        if coded is None or len(self.found.embedded) >= MOST:
            return
        text = "".join(coded.letters)
        if coded.said:
            if coded.said in ("family", "given") and self._of_patient() and len(self.found.persons[-1]) < MOST:
                self.found.persons[-1].append((coded.said, text[:400]))
            self._keep(coded.said, text)
            return
        looks = coded.sure or _CODED.fullmatch(text)
        if not looks and not coded.plain:
            return
        letters = text.encode("utf-8", "replace")
        raw = from_letters(letters) if looks else letters.strip()
        if raw:
            place = "/".join(self._path[-3:])
            self.found.embedded.append(Embedded(place, coded.media, raw, coded.start, end, coded.packed))

    def _instruction(self, target: str, data: str) -> None:
        if target == "xml-stylesheet":
            href = re.search(r"href\s*=\s*[\"']([^\"']{0,400})", data)
            if href and re.match(r"\s*(?:[a-z][a-z0-9+.-]*:|//|\\\\)", href.group(1), re.IGNORECASE):
                self.found.remark("stylesheet", href.group(1), self.offset)

        elif target.lower() in _ACTING and "InfoPath" not in data:
            self.found.remark("instruction", f"<?{target} {data}", self.offset)

    def _doctype(self, name: str, system: str | None, public: str | None, internal: int) -> None:
        if system and re.match(r"[a-z][a-z0-9+.-]*:|//|\\\\", system, re.IGNORECASE):
            self.found.remark("doctype", system, self.offset)

    def _entity(self, name: str, parameter: int, value: str | None, base: Any, system: str | None, *_: Any) -> None:
        if system is not None:
            self.found.remark("entity", f"{name} = {system}", self.offset)
        elif value is not None:
            inner = sum(self._entities.get(one, 0) for one in re.findall(r"&([^;&\s]{1,100});", value))
            self._entities[name] = min(len(value) + inner, 1 << 60)
            self._meant[name] = value[:MOST_MEANT] if len(self._meant) < MOST else ""
            if len(value) + inner > 1 << 16 or len(self._entities) > 1000 or (inner and len(value) + inner > 4096):
                self.found.remark("bomb", f"{name}: {self._entities[name]} letters", self.offset)
            elif len(value) > 1024:
                self.found.remark("bomb", f"{name}: {len(value)} letters", self.offset)

    def _reference(self, text: str) -> None:
        """Take what has no handler of its own; what an entity means where a coded text is collected."""
        if self._coded and self._coded.said and text[:4] == "<!--":
            self._coded.letters.append(SPLIT)
            return
        meant = self._meant.get(text[1:-1], "") if self._coded and text[:1] == "&" else ""
        if self._coded and 0 < len(meant) <= self._room:
            self._room -= len(meant)
            self._coded.letters.append(meant)
