"""A network of a few bytes in the form of CenterNet, so that tests need no model file.

It sees a person where the picture is bright red: heat is red minus green in cells of four pixels, every box is 16
pixels wide and 40 high.
"""

from __future__ import annotations

import struct

HALF_WIDTH, HALF_HEIGHT = 8.0, 20.0
"""Pixels of the network's input."""


def tiny_centernet() -> bytes:
    """Return the ONNX model (opset 13): one strided mean of red minus green, and a constant map of distances."""
    kernel = [1 / 16 / 255] * 16 + [-1 / 16 / 255] * 16 + [0.0] * 16
    heat = _node("Conv", ["images", "k"], "heat", {"kernel_shape": [4, 4], "strides": [4, 4]})
    flat = _node("Mul", ["heat", "zero"], "flat", {})
    sides = _node("Add", ["flat", "d"], "wh", {})
    distances = [HALF_WIDTH, HALF_HEIGHT, HALF_WIDTH, HALF_HEIGHT]
    graph = b"".join(_bytes(1, one) for one in (heat, flat, sides)) + _bytes(2, "tiny")
    for name, shape, values in (("k", [1, 3, 4, 4], kernel), ("zero", [1], [0.0]), ("d", [1, 4, 1, 1], distances)):
        raw = struct.pack(f"<{len(values)}f", *values)
        sizes = b"".join(_number(1, size) for size in shape)
        graph += _bytes(5, sizes + _number(2, 1) + _bytes(8, name) + _bytes(9, raw))
    graph += _bytes(11, _value("images", 3)) + _bytes(12, _value("heat", 1)) + _bytes(12, _value("wh", 4))
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13))


def _value(name: str, channels: int) -> bytes:
    sizes = _bytes(1, _number(1, 1)) + _bytes(1, _number(1, channels))
    sizes += _bytes(1, _bytes(2, f"{name}-h")) + _bytes(1, _bytes(2, f"{name}-w"))
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, 1) + _bytes(2, sizes)))


def _node(op: str, inputs: list[str], output: str, attributes: dict[str, list[int]]) -> bytes:
    found = b"".join(_bytes(1, one) for one in inputs) + _bytes(2, output) + _bytes(4, op)
    for name, values in attributes.items():
        found += _bytes(5, _bytes(1, name) + b"".join(_number(8, one) for one in values) + _number(20, 7))
    return found


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw
