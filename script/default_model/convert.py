"""Turns graphs of convolutions from TensorFlow.js into ONNX, channels first: CenterNet-MobileNetV3 and MoveNet.

The graph is walked back from its heads; what chooses the best centres or joints behind them is left to the platform.
CenterNet: people only, any size; input RGB, 0-255, height and width in steps of 32 pixels: then "SAME" padding is the
same at every size. MoveNet: RGB, -1 to 1, 192 x 192. Sources: TensorFlow's own padding, and hard-swish as MobileNetV3
has it (Howard et al., 2019).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from default_model.onnx import Graph
from default_model.tfjs import Node, read

INPUT, HEAT, SIDES = "tower_0/images", "tower_0/keypoints", "tower_0/wh"
SIZE = 512
"""Pixels for which padding is worked out; any multiple of 32 gives the same."""
POSE = "StatefulPartitionedCall/"
POSE_INPUT, POSE_SIZE = f"{POSE}sub_1", 192
"""Where MoveNet's graph has the picture as numbers from -1 to 1, and its height and width."""
POSE_HEADS = {
    "points": f"{POSE}Sigmoid",
    "centre": f"{POSE}Sigmoid_1",
    "reach": f"{POSE}kpt_regress_0/conv2d_6/BiasAdd",
    "offset": f"{POSE}kpt_offset_0/conv2d_7/BiasAdd",
}
PERSON = [0]
"""Channels of the heat that are kept: people come first among the 80 classes of COCO."""


class Map(NamedTuple):
    """A tensor while it is built: its name, channels, height and width."""

    name: str
    channels: int
    high: int
    wide: int


@dataclass
class Converter:
    """Converts `nodes` into `graph`, each once."""

    nodes: dict[str, Node]
    graph: Graph = field(default_factory=Graph)
    _done: dict[str, Map] = field(default_factory=dict)

    def model(self) -> bytes:
        """Return the ONNX model. Raises `ValueError` for an operation that is not known here."""
        self._done[INPUT] = Map("images", 3, SIZE, SIZE)
        heat = self._build(HEAT, PERSON)
        self.graph.node("Identity", [heat.name], "heat")
        sides = self._build(SIDES, None)
        self.graph.node("Identity", [sides.name], "wh")
        outputs: dict[str, list[int | str]] = {
            "heat": [1, heat.channels, "h4", "w4"],
            "wh": [1, sides.channels, "h4", "w4"],
        }
        return self.graph.write({"images": [1, 3, "h", "w"]}, outputs)

    def pose(self) -> bytes:
        """Return the ONNX model of MoveNet. Raises `ValueError` for an operation that is not known here."""
        self._done[POSE_INPUT] = Map("image", 3, POSE_SIZE, POSE_SIZE)
        outputs: dict[str, list[int | str]] = {}
        for head, name in POSE_HEADS.items():
            built = self._build(name, None)
            self.graph.node("Identity", [built.name], head)
            outputs[head] = [1, built.channels, built.high, built.wide]
        return self.graph.write({"image": [1, 3, POSE_SIZE, POSE_SIZE]}, outputs)

    def _build(self, name: str, keep: list[int] | None) -> Map:
        """Return the output of node `name`; `keep`: the channels that are wanted of it, None for all."""
        if keep is None and name in self._done:
            return self._done[name]
        node = self.nodes[name]
        match node.op:
            case "Identity":
                built = self._build(node.inputs[0], keep)
            case "Conv2D" | "_FusedConv2D" | "DepthwiseConv2dNative" | "FusedDepthwiseConv2dNative":
                built = self._convolution(node, keep)
            case "Relu" | "Relu6" | "Sigmoid":
                built = self._activation(node.op, self._build(node.inputs[0], keep))
            case "Add" | "AddV2" | "Mul":
                built = self._arithmetic(node, keep)
            case "Mean":
                inner = self._build(node.inputs[0], None)
                built = Map(self.graph.node("GlobalAveragePool", [inner.name]), inner.channels, 1, 1)
            case "ConcatV2":
                parts = [self._build(one, None) for one in node.inputs[:-1]]
                joined = self.graph.node("Concat", [one.name for one in parts], axis=1)
                built = Map(joined, sum(one.channels for one in parts), parts[0].high, parts[0].wide)
            case "ResizeBilinear":
                how = "half_pixel" if node.attributes.get("half_pixel_centers") else "asymmetric"
                built = self._doubled(self._build(node.inputs[0], None), how)
            case _:
                raise ValueError(f"{name}: operation {node.op} is not known here")
        if keep is None:
            self._done[name] = built
        return built

    def _constant(self, name: str) -> np.ndarray | None:
        node = self.nodes[name]
        while node.op == "Identity":
            node = self.nodes[node.inputs[0]]
        return node.value if node.op == "Const" else None

    def _convolution(self, node: Node, keep: list[int] | None) -> Map:
        inner = self._build(node.inputs[0], None)
        weights = self._constant(node.inputs[1])
        if weights is None:
            raise ValueError(f"{node.name}: its weights are no constant")
        bias = self._constant(node.inputs[2]) if len(node.inputs) > 2 else None
        if keep is not None:
            weights, bias = weights[..., keep], None if bias is None else bias[keep]
        depthwise = "epthwise" in node.op
        high, wide = weights.shape[:2]
        kernel = (
            weights.transpose(2, 3, 0, 1).reshape(-1, 1, high, wide) if depthwise else weights.transpose(3, 2, 0, 1)
        )
        _, down, right, _ = node.attributes["strides"]
        rows, top, low = _padding(inner.high, high, down, node.attributes["padding"])
        columns, left, far = _padding(inner.wide, wide, right, node.attributes["padding"])
        inputs = [inner.name, self.graph.constant(kernel.astype(np.float32))]
        if bias is not None:
            inputs.append(self.graph.constant(bias.astype(np.float32), "b"))
        made = self.graph.node(
            "Conv",
            inputs,
            kernel_shape=[high, wide],
            strides=[down, right],
            pads=[top, left, low, far],
            group=inner.channels if depthwise else 1,
        )
        built = Map(made, kernel.shape[0], rows, columns)
        for name in node.attributes.get("fused_ops", [])[1:]:
            built = self._activation(name, built)
        return built

    def _activation(self, op: str, inner: Map) -> Map:
        if op == "Relu6":
            made = self.graph.node("Clip", [inner.name, self.graph.fixed(0.0), self.graph.fixed(6.0)])
        else:
            made = self.graph.node(op, [inner.name])
        return inner._replace(name=made)

    def _arithmetic(self, node: Node, keep: list[int] | None) -> Map:
        op = "Mul" if node.op == "Mul" else "Add"
        one, other = node.inputs
        first, second = self._constant(one), self._constant(other)
        if first is not None or second is not None:
            value = np.asarray(second if first is None else first, np.float32)
            inner = self._build(one if first is None else other, keep)
            shaped = value.reshape(1, -1, 1, 1) if value.size > 1 else value.reshape(())
            return inner._replace(name=self.graph.node(op, [inner.name, self.graph.constant(shaped)]))
        swished = self._hard_swish(node) if op == "Mul" else None
        if swished is not None:
            inner = self._build(swished, None)
            gate = self.graph.node("HardSigmoid", [inner.name], alpha=1 / 6, beta=0.5)
            return inner._replace(name=self.graph.node("Mul", [inner.name, gate]))
        a, b = self._build(one, None), self._build(other, None)
        return Map(self.graph.node(op, [a.name, b.name]), a.channels, max(a.high, b.high), max(a.wide, b.wide))

    def _hard_swish(self, node: Node) -> str | None:
        """Return x if `node` is x * relu6(x + 3) / 6, written as (x / 6) * relu6(x + 3)."""
        scaled, bent = (self.nodes[name] for name in node.inputs)
        if scaled.op == "Relu6":
            scaled, bent = bent, scaled
        if scaled.op != "Mul" or bent.op != "Relu6":
            return None
        shifted = self.nodes[bent.inputs[0]]
        if shifted.op not in ("Add", "AddV2"):
            return None
        (x, sixth), (again, three) = self._split(scaled), self._split(shifted)
        fits = x == again and abs(sixth - 1 / 6) < 1e-3 and abs(three - 3) < 1e-3
        return x if fits else None

    def _split(self, node: Node) -> tuple[str, float]:
        """Return the input that varies and the constant one of an operation with one of each; NaN if it has none."""
        constants = {name: self.nodes[name].value for name in node.inputs if self.nodes[name].op == "Const"}
        varying = [name for name in node.inputs if name not in constants]
        [value] = constants.values() if len(constants) == 1 else [None]
        number = float(value) if value is not None and value.size == 1 else float("nan")
        return (varying or [""])[0], number

    def _doubled(self, inner: Map, how: str) -> Map:
        scales = self.graph.constant(np.array([1, 1, 2, 2], np.float32))
        made = self.graph.node("Resize", [inner.name, "", scales], mode="linear", coordinate_transformation_mode=how)
        return Map(made, inner.channels, inner.high * 2, inner.wide * 2)


def _padding(size: int, kernel: int, stride: int, kind: str) -> tuple[int, int, int]:
    """Return the output's size and the padding before and after; TensorFlow puts the odd pixel after."""
    if kind != "SAME":
        return (size - kernel) // stride + 1, 0, 0
    out = -(-size // stride)
    all_ = max((out - 1) * stride + kernel - size, 0)
    return out, all_ // 2, all_ - all_ // 2


def convert(path: Path) -> bytes:
    """Return the model at `path` (``centernet.json``) as ONNX."""
    return Converter(read(path)).model()


def convert_pose(path: Path) -> bytes:
    """Return the model at `path` (``movenet-lightning.json``) as ONNX."""
    return Converter(read(path)).pose()
