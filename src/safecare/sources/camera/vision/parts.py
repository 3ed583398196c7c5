"""The words of the vision pipeline, and its two slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[np.uint8]
    Clothes = NDArray[np.float32]
else:
    Image = Clothes = Any


class Box(NamedTuple):
    """A person's upright box in pixels of the reduced picture; `score` 0-1."""

    x: float
    y: float
    width: float
    height: float
    score: float = 1.0

    @property
    def foot(self) -> tuple[float, float]:
        """Where the person stands: the middle of the lower edge."""
        return self.x + self.width / 2, self.y + self.height

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Picture:
    """One frame: `small` (BGR) is reduced for the vision, `colour` gives the full picture (BGR) when it is needed.

    `scale` turns pixels of the reduced picture into those of the camera's own.
    """

    small: Image
    scale: float
    colour: Callable[[], Image]


class Tracked(NamedTuple):
    """A person followed over time. `since` and `seen` are seconds; `seen` is when a box last confirmed it.

    `way`: (seconds, x, y) of the foot points from before the track was sure enough to be told, with its first telling.
    """

    track: int
    box: Box
    since: float
    seen: float
    way: tuple[tuple[float, float, float], ...] = ()


class Finder(Protocol):
    """Finds people in one picture."""

    @property
    def moving(self) -> Image | None:
        """What moved in the last picture, in its reduced pixels (0: nothing); None where that is not known."""
        ...

    def find(self, picture: Picture, at: float, tracked: Sequence[Tracked]) -> list[Box]:
        """Return boxes of people at time `at` (seconds); `tracked` is who was there a moment ago."""
        ...

    def careful(self, colour: Image) -> list[Box] | None:
        """Return boxes of all who may be in the full picture `colour`, in its pixels, however faint.

        None where who does not move can't be found.
        """
        ...


class Tracker(Protocol):
    """Joins boxes of successive pictures into tracks."""

    def follow(
        self,
        boxes: Sequence[Box],
        at: float,
        looks: Sequence[Clothes] = (),
        size: tuple[float, float] | None = None,
    ) -> list[Tracked]:
        """Take the boxes seen at `at` (seconds, growing) in a picture of `size`, and the looks of those in them.

        Returns the people who are there now.
        """
        ...
