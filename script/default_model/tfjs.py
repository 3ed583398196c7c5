"""Reads a TensorFlow.js graph model: ``<name>.json`` with the nodes, and the file of weights beside it.

Source: the format as the tensorflow/tfjs project writes it (``modelTopology``, ``weightsManifest``).
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Node:
    """One operation: its inputs by name, its attributes, and for a constant its value."""

    name: str
    op: str
    inputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)
    value: np.ndarray | None = None


def read(path: Path) -> dict[str, Node]:
    """Return the nodes of the model at `path`, by name. Raises `ValueError` if weights are missing."""
    model = json.loads(path.read_text("utf-8"))
    weights = _weights(model["weightsManifest"], path.parent)
    nodes = {}
    for raw in model["modelTopology"]["node"]:
        attributes = {name: _attribute(value) for name, value in raw.get("attr", {}).items() if value}
        inputs = [one.split(":")[0].lstrip("^") for one in raw.get("input", [])]
        value = weights.get(raw["name"]) if raw["op"] == "Const" else None
        if raw["op"] == "Const" and value is None:
            raise ValueError(f"the weights of {raw['name']} are missing")
        nodes[raw["name"]] = Node(raw["name"], raw["op"], inputs, attributes, value)
    return nodes


def _weights(manifest: list[Any], folder: Path) -> dict[str, np.ndarray]:
    found = {}
    for group in manifest:
        raw = b"".join((folder / Path(name).name).read_bytes() for name in group["paths"])
        place = 0
        for one in group["weights"]:
            stored = np.dtype(one.get("quantization", {}).get("dtype", one["dtype"]))
            if stored.kind not in "fi":
                raise ValueError(f"weights of type {stored} are not known here")
            count = math.prod(one["shape"])
            values = np.frombuffer(raw, stored, count, place)
            place += count * stored.itemsize
            found[one["name"]] = values.astype(one["dtype"]).reshape(one["shape"])
    return found


def _attribute(value: dict[str, Any]) -> Any:
    kind, content = next(iter(value.items()))
    if kind == "s":
        return base64.b64decode(content).decode()
    if kind == "i":
        return int(content)
    if kind == "list":
        texts = [base64.b64decode(one).decode() for one in content.get("s", [])]
        return texts or [int(one) for one in content.get("i", [])]
    return content
