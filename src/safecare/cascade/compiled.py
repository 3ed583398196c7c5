"""Functions compiled by numba when they are first called; kept on disk where that can be written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Return `function` compiled, without the interpreter's lock; without a place to keep it, anew in each process.

    What is kept is renewed when the file of the function changes, not when one that it calls does: whoever changes
    one kernel removes what is kept of all (``__pycache__/*.nb?``), as ``script/bootstrap`` does.
    """
    try:
        return cast("Function", njit(cache=True, nogil=True)(function))
    except RuntimeError:  # neither the package nor the user has a folder for it
        return cast("Function", njit(nogil=True)(function))
