"""Writes an ONNX model: the few messages of its protobuf that a network of convolutions needs.

Source: onnx.proto3 of the ONNX project (field numbers), opset 13, IR version 8.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FLOAT, HALF = 1, 10
"""TensorProto.DataType."""
IR_VERSION, OPSET = 8, 13
HALVED_FROM = 16
"""Floats from which a constant is stored as 16-bit ones, as the source has them; chosen: small ones cost nothing."""


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _number(field_: int, value: int) -> bytes:
    return _varint(field_ << 3) + _varint(value)


def _bytes(field_: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field_ << 3 | 2) + _varint(len(raw)) + raw


def _attribute(name: str, value: Any) -> bytes:
    head = _bytes(1, name)
    if isinstance(value, float):
        return head + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return head + _number(3, value) + _number(20, 2)
    if isinstance(value, str):
        return head + _bytes(4, value) + _number(20, 3)
    return head + b"".join(_number(8, one) for one in value) + _number(20, 7)


def _tensor(name: str, value: np.ndarray) -> bytes:
    shape = b"".join(_number(1, size) for size in value.shape)
    kind = HALF if value.dtype == np.float16 else FLOAT
    return shape + _number(2, kind) + _bytes(8, name) + _bytes(9, np.ascontiguousarray(value).tobytes())


def _value(name: str, shape: list[int | str]) -> bytes:
    sizes = b"".join(_bytes(1, _bytes(2, one) if isinstance(one, str) else _number(1, one)) for one in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, FLOAT) + _bytes(2, sizes)))


@dataclass
class Graph:
    """Gathers nodes and constants; names count upwards."""

    _nodes: list[bytes] = field(default_factory=list)
    _constants: dict[str, np.ndarray] = field(default_factory=dict)
    _count: int = 0

    def name(self, letter: str = "t") -> str:
        """Return a new name."""
        self._count += 1
        return f"{letter}{self._count}"

    def node(self, op: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Add an operation and return the name of its output."""
        output = output or self.name()
        self._nodes.append(
            b"".join(_bytes(1, one) for one in inputs)
            + _bytes(2, output)
            + _bytes(3, output)
            + _bytes(4, op)
            + b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())
        )
        return output

    def constant(self, value: np.ndarray, letter: str = "w") -> str:
        """Add a constant and return its name; large ones are stored as 16-bit floats."""
        name = self.name(letter)
        if value.size > HALVED_FROM:
            self._constants[f"{name}h"] = value.astype(np.float16)
            return self.node("Cast", [f"{name}h"], name, to=FLOAT)
        self._constants[name] = np.asarray(value, np.float32)
        return name

    def fixed(self, value: float) -> str:
        """Return the name of a constant that is used again and again."""
        name = f"c{int(value)}"
        self._constants[name] = np.array(value, np.float32)
        return name

    def write(self, inputs: dict[str, list[int | str]], outputs: dict[str, list[int | str]]) -> bytes:
        """Return the model's bytes."""
        graph = b"".join(_bytes(1, one) for one in self._nodes) + _bytes(2, "g")
        graph += b"".join(_bytes(5, _tensor(name, value)) for name, value in self._constants.items())
        graph += b"".join(_bytes(11, _value(name, shape)) for name, shape in inputs.items())
        graph += b"".join(_bytes(12, _value(name, shape)) for name, shape in outputs.items())
        opset = _bytes(8, _bytes(1, "") + _number(2, OPSET))
        return _number(1, IR_VERSION) + _bytes(2, "safecare") + _bytes(7, graph) + opset
