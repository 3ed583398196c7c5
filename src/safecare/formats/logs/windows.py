"""Windows events under the field names that rules for Windows use, whatever tool wrote them as JSON.

Known forms: ``{"Event": {"System": ..., "EventData": ...}}`` of EVTX readers (attributes under ``#attributes``, beside
under ``<name>_attributes``, or with ``@`` in front), Winlogbeat (``winlog.event_data``), Wazuh
(``win.eventdata``), and flat ones as NXLog writes them.
Source: Microsoft, "Event Schema"; Elastic, "Winlogbeat: exported fields"; Wazuh, "windows events".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safecare.formats.logs.record import ELEMENTS, FIELDS, Fields, Value, flat, flatten, plain

RENAMED = {
    "winlog.channel": "Channel",
    "winlog.event_id": "EventID",
    "winlog.provider_name": "Provider_Name",
    "winlog.computer_name": "Computer",
    "winlog.record_id": "EventRecordID",
    "event.code": "EventID",
}
"""Winlogbeat's names of what stands in ``System``."""
FORMS = frozenset({"Event", "System", "winlog", "win", "data", "EventID"})
"""Names of which every form has one."""
ATTRIBUTES = {"TimeCreated": "SystemTime", "Security": "UserID"}
"""Elements of ``System`` whose only attribute has a name of its own."""
DATA = ("winlog.event_data.", "winlog.user_data.")
WAZUH = {
    "channel": "Channel",
    "eventID": "EventID",
    "providerName": "Provider_Name",
    "computer": "Computer",
    "eventRecordID": "EventRecordID",
    "level": "Level",
    "keywords": "Keywords",
    "systemTime": "SystemTime",
}
"""Wazuh's names of the same."""


def windows_fields(value: Mapping[str, Any]) -> Fields | None:
    """Return the flat fields of a Windows event; None if `value` is none."""
    if FORMS.isdisjoint(value):
        return None
    event = value.get("Event")
    if isinstance(event, dict) and isinstance(event.get("System"), dict):
        return _event(event)
    if isinstance(value.get("System"), dict) and ("EventData" in value or "UserData" in value):
        return _event(value)
    if isinstance(value.get("winlog"), dict):
        return _winlogbeat(value)
    win = value.get("win") or (value["data"].get("win") if isinstance(value.get("data"), dict) else None)
    if isinstance(win, dict) and isinstance(win.get("system"), dict):
        return _wazuh(win)
    if "EventID" in value and ("SourceName" in value or "ProviderName" in value) and "Provider_Name" not in value:
        fields = flat(value)  # NXLog, Snare, Event Tracing tools
        fields["Provider_Name"] = fields.get("ProviderName", fields.get("SourceName"))
        return fields
    return None


def _event(event: Mapping[str, Any]) -> Fields:
    fields: Fields = {}
    system = event["System"]
    for name, value in system.items():
        if name.endswith("_attributes"):
            _attributes(name.removesuffix("_attributes"), value, fields)
        elif isinstance(value, dict):
            _attributes(name, _given(value), fields)
            if "#text" in value:
                fields[name] = plain(value["#text"])
        else:
            fields.setdefault(name, plain(value))
    if fields.get("EventID") is None:
        fields.pop("EventID", None)
    for part in ("EventData", "UserData", "ProcessingErrorData", "RenderingInfo"):
        data = event.get(part)
        if isinstance(data, dict):
            _data(data, fields, named=part == "EventData")
        elif isinstance(data, list):
            for one in data[:ELEMENTS]:
                if isinstance(one, dict):
                    _data(one, fields, named=True)
    if len(fields) > FIELDS:
        raise ValueError(f"{len(fields)} fields are over the limit of {FIELDS}")
    return fields


def _given(element: Mapping[str, Any]) -> Any:
    """Return the attributes of an element: under ``#attributes``, or each with an ``@`` in front."""
    if "#attributes" in element:
        return element["#attributes"]
    return {name[1:]: value for name, value in element.items() if name.startswith("@")}


def _attributes(name: str, value: Any, fields: Fields) -> None:
    """Attributes of one element of ``System``: the provider's name, the time, the ids of process and user."""
    if not isinstance(value, dict):
        return
    for key, one in value.items():
        fields[ATTRIBUTES.get(name, f"{name}_{key}")] = plain(one)


def _data(data: Mapping[str, Any], fields: Fields, *, named: bool) -> None:
    """Add what an event tells of itself. Names with blanks also stand without, as rules write them."""
    for name, value in data.items():
        if name in ("#attributes", "xmlns") or name.endswith("_attributes") or name.startswith("@"):
            continue
        if name == "Data":
            _unnamed(value, fields)
        elif isinstance(value, dict):
            if "#text" in value:
                fields[name] = _content(value["#text"])
            else:
                _data(value, fields, named=named)
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            flatten(name, value, fields, 1)
        else:
            content = _content(value)
            fields[name] = content
            if " " in name:
                fields.setdefault(name.replace(" ", ""), content)
                fields.setdefault(name.replace(" ", "_"), content)


def _unnamed(value: Any, fields: Fields) -> None:
    """Put ``Data`` elements without names into one field of several values, those with names into their own."""
    some = value if isinstance(value, list) else [value]
    texts: list[str | int | None] = []
    for one in some[:ELEMENTS]:
        if isinstance(one, dict):
            given = _given(one)
            name = given.get("Name") if isinstance(given, dict) else None
            content = one.get("#text")
            for item in content if isinstance(content, list) else [content]:
                if isinstance(name, str):
                    fields[name] = _content(item)
                else:
                    texts.append(plain(item))
        else:
            texts.append(plain(one))
    if texts:
        fields["Data"] = tuple(texts) if len(texts) > 1 else texts[0]


def _content(value: Any) -> Value:
    """Return an element's content; an empty element is empty text, for XML does not tell the two apart."""
    if isinstance(value, list):
        return tuple(plain(one) for one in value[:ELEMENTS])
    return "" if value is None else plain(value)


def _winlogbeat(value: Mapping[str, Any]) -> Fields:
    fields: Fields = {}
    for name, one in flat(value).items():
        known = RENAMED.get(name)
        if known:
            fields.setdefault(known, one)
            continue
        for prefix in DATA:
            if name.startswith(prefix):
                fields[name.removeprefix(prefix)] = one
                break
        else:
            fields[name] = one
    number = fields.get("EventID")
    if isinstance(number, str) and number.isdecimal():
        fields["EventID"] = int(number[:9])
    return fields


def _wazuh(win: Mapping[str, Any]) -> Fields:
    fields: Fields = {}
    for name, one in flat(win["system"]).items():
        fields[WAZUH.get(name, name[:1].upper() + name[1:])] = one
    data = win.get("eventdata")
    if isinstance(data, dict):
        for name, one in flat(data).items():
            fields[name[:1].upper() + name[1:]] = one
    return fields
