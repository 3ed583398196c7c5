"""A network's session in onnxruntime: one thread, and no more memory for long than its usual input needs.

onnxruntime takes memory in regions that double in size, keeps each for good, and takes more for each larger input.
People who are small in the picture are looked at in inputs of up to four usual ones: measured with CenterNet in a
worker, 48 MB more, kept for hours because of three looks. They are given back once such looks have ended.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safecare.sources.camera.models import ModelCard

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGE = 1.5
"""Times the usual input's pixels from which an input is large; chosen: the shape of a picture alone makes it 1.1."""
KEPT = 20
"""Runs after a large one in which none is large, until its memory is given back. Chosen: small people are looked at
every half second, ten runs or so; taking the memory anew is 11 to 25 ms (measured), of 35 for the large one itself."""
SHRINK = ("memory.enable_memory_arena_shrinkage", "cpu:0")
"""onnxruntime's own setting for a run that gives back, at its end, what regions are empty."""


class Session:
    """Runs a network: takes what onnxruntime's session takes. `usual`: pixels of its usual input."""

    def __init__(self, session: Any, usual: int) -> None:
        """Use onnxruntime's `session`."""
        self._session = session
        self._large = LARGE * usual
        self._runs_left = 1
        """Runs until what a large one, or loading, took is given back; 0: there was none."""

    def get_inputs(self) -> list[Any]:
        """Return what the network takes."""
        found: list[Any] = self._session.get_inputs()
        return found

    def get_outputs(self) -> list[Any]:
        """Return what the network gives."""
        found: list[Any] = self._session.get_outputs()
        return found

    def run(self, outputs: Sequence[str] | None, inputs: Mapping[str, NDArray[np.float32]]) -> list[Any]:
        """Return `outputs` (all of them if None) for `inputs`, pictures of (1, colours, rows, columns)."""
        if any(one.shape[2] * one.shape[3] > self._large for one in inputs.values()):
            self._runs_left = KEPT
        elif self._runs_left:
            self._runs_left -= 1
            if not self._runs_left:
                return self._last(outputs, inputs)
        given: list[Any] = self._session.run(outputs, inputs)
        return given

    def _last(self, outputs: Sequence[str] | None, inputs: Mapping[str, NDArray[np.float32]]) -> list[Any]:
        """Run, and give back all that is not needed until the next run."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.add_run_config_entry(*SHRINK)
        given: list[Any] = self._session.run(outputs, inputs, options)
        give_back()
        return given


def opened(card: ModelCard, raw: bytes) -> Session:
    """Return a session of the model file `raw`. Raises `ValueError`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # made for inputs of one shape; measured with many: 10 MB more, and no faster
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ValueError(f"{card.name}: onnxruntime can't load it: {str(error)[:200]}") from error
    return Session(session, card.width * card.height)


def give_back() -> None:
    """Give freed memory back to the system, where the C library can (glibc: malloc_trim(3)); takes 0.8 ms (measured).

    Measured, seven clips of 720p: 115 MB and level instead of 135, since pictures lie between packets.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
