"""Parsers of panels, nurse calls, cameras, tags and tables of badges, and good inputs for them."""

from __future__ import annotations

from datetime import UTC, datetime

from safecare.formats.alarm import dc09, espa
from safecare.formats.camera_words import CameraWordError, read_notifications
from safecare.formats.fhir_rtls import RtlsError, read_rtls
from safecare.formats.field import FieldError, read_field
from safecare.formats.frigate import FrigateError, read_review, read_tracked
from safecare.formats.isapi import read_isapi
from safecare.formats.isapi_stream import Alerts
from safecare.formats.mapping import MappingError, RowError, read_mapping, read_row, ready, rows_of_csv, rows_of_json
from safecare.formats.onvif_subscription import read_subscription
from safecare.testing.device_server import alert, notification
from safecare.testing.fuzz_target import Target

NOW = datetime(2026, 3, 17, 12, tzinfo=UTC)
KEYS = dc09.read_keys({"5678": "0123456789abcdef0123456789abcdef"})
_CONTROLLER = (
    b'{"eventType": "AccessControllerEvent", "dateTime": "2026-03-17T13:00:05+01:00", "AccessControllerEvent": '
    b'{"majorEventType": 5, "subEventType": 1, "doorNo": 1, "cardNo": "04A1"}}'
)
_CALL = espa.framed("1", {"1": "0123", "2": "Bed 12", "4": "3", "6": "1"})
_TABLE = ready()["generic"].encode()
_ROWS = b"time;door;event;badge;direction;reason;number\n2026-03-17T12:00:00;d;granted;B1;in;;7\n"
_TRACKED = (
    b'{"type":"new","after":{"id":"1.0-a","camera":"c","frame_time":1.5,"start_time":1,"label":"person",'
    b'"box":[1,2,3,4],"current_zones":[]}}'
)
_REVIEW = (
    b'{"type":"new","after":{"id":"1.0-a","camera":"c","severity":"alert","start_time":1,'
    b'"data":{"objects":["person"],"zones":["desk"]}}}'
)
_DURESS_XML = (
    b'<Bundle><timestamp value="2026-03-02T07:00:00Z"/><entry><resource><MessageHeader><eventCoding>'
    b'<code value="staff-duress"/></eventCoding></MessageHeader></resource></entry><entry><fullUrl value="urn:d"/>'
    b'<resource><Device><identifier><value value="B002"/></identifier><location><reference value="#l"/></location>'
    b'<contained><Location><id value="l"/></Location></contained></Device></resource></entry></Bundle>'
)
_SUBSCRIBED = (
    b'<R xmlns:a="urn:a"><SubscriptionReference><a:Address>http://h/s?i=1</a:Address><a:ReferenceParameters>'
    b'<d:Id xmlns:d="urn:d" k="v">7<d:In/></d:Id></a:ReferenceParameters></SubscriptionReference></R>'
)
_DURESS = (
    b'{"resourceType":"Parameters","parameter":[{"name":"event","valueCoding":{"code":"staff-duress"}},'
    b'{"name":"device","resource":{"resourceType":"Device","identifier":[{"value":"7"}]}},'
    b'{"name":"timestamp","valueInstant":"2026-03-17T12:00:00.1234567Z"}]}'
)


def _dc09(body: bytes) -> object:
    """Read `body` in a frame whose checks hold: bent bytes would never pass them."""
    return dc09.read(dc09.framed(body.decode("latin-1"))[1:-1], lambda account: dc09.key_for(account, KEYS), NOW)


def _sealed(text: bytes) -> object:
    return _dc09(b'"*SIA-DCS"0001L0#5678[' + dc09.encrypted(text.decode("latin-1"), KEYS["5678"]).encode())


def _dc09_stream(raw: bytes) -> object:
    decoder = dc09.Decoder()
    return [dc09.read(one, lambda _: None, NOW) for one in decoder.feed(raw)]


def _espa(raw: bytes) -> object:
    tokens = list(espa.Decoder().feed(raw))
    return [espa.read_block(one.raw) for one in tokens if isinstance(one, espa.Block)]


def _table(raw: bytes) -> None:
    mapping = read_mapping(_TABLE)
    for _, row in rows_of_csv(mapping, raw.decode("utf-8", "replace").splitlines(keepends=True)):
        if isinstance(row, dict):
            read_row(mapping, row, NOW, UTC)


def _posted(raw: bytes) -> None:
    mapping = read_mapping(ready()["generic-json"].encode())
    for row in rows_of_json(mapping, raw):
        if isinstance(row, dict):
            read_row(mapping, row, NOW, UTC)


TARGETS: tuple[Target, ...] = (
    Target(
        "dc09",
        _dc09,
        (b'"SIA-DCS"0001L0#1234[#1234|Nri1/BA007/TA1]_12:00:00,03-17-2026', b'"ADM-CID"0001L0#1234[#1234|1130 01 015]'),
        (dc09.Dc09Error,),
    ),
    Target("dc09-sealed", _sealed, (b"#5678|NBA1]_12:00:00,03-17-2026",), (dc09.Dc09Error,)),
    Target("dc09-stream", _dc09_stream, (dc09.framed('"NULL"0001L0#1234[]') * 3,), (dc09.Dc09Error,)),
    Target("espa", _espa, (b"1\x052\x05" + _CALL + b"\x04",), (espa.EspaError,)),
    Target("isapi", lambda raw: read_isapi(raw, UTC), (alert("fielddetection"),), (CameraWordError,)),
    Target("isapi-json", lambda raw: read_isapi(raw, UTC), (_CONTROLLER,), (CameraWordError,)),
    Target("isapi-stream", lambda raw: list(Alerts().feed(raw)), (b"--b\r\n\r\n" + alert("VMD") * 2 + _CONTROLLER,)),
    Target(
        "onvif",
        read_notifications,
        (notification("tns1:RuleEngine/CellMotionDetector/Motion", {"IsMotion": "true"}),),
        (CameraWordError,),
    ),
    Target("rtls", read_rtls, (_DURESS,), (RtlsError,)),
    Target("rtls-xml", read_rtls, (_DURESS_XML,), (RtlsError,)),
    Target("onvif-subscription", read_subscription, (_SUBSCRIBED,), (CameraWordError,)),
    Target("frigate", read_tracked, (_TRACKED,), (FrigateError,)),
    Target("frigate-review", read_review, (_REVIEW,), (FrigateError,)),
    Target(
        "field",
        read_field,
        (b'{"alarm":"panic","active":true,"badge":"B1","at":"2026-03-17T12:00:00Z"}',),
        (FieldError,),
    ),
    Target("mapping", read_mapping, (_TABLE, ready()["espa"].encode()), (MappingError,)),
    Target("badge-table", _table, (_ROWS,), (RowError,)),
    Target("badge-post", _posted, (b'[{"time":"2026-03-17T12:00:00Z","door":"d","event":"granted"}]',), (RowError,)),
)
