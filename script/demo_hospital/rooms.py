"""Drawing: rooms side by side along corridors, doors on the walls that they share. Metres."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Box = tuple[float, float, float, float]
"""Left, low, right, high."""


@dataclass(frozen=True)
class Room:
    """What a room is, before it has a place. `width` is along the corridor."""

    slug: str
    en: str
    fr: str
    category: str
    width: float = 5.0
    security: str = "staff"
    via: str = ""
    """Slug of the room through which it is entered; empty: from the corridor."""
    crowd_at: int | None = None
    loiter_after: str = ""


@dataclass
class Placed:
    """A room with its place."""

    id: str
    site: str
    level: str
    room: Room
    box: Box
    sector: str = ""
    compartment: str = ""

    def spots(self, count: int) -> list[tuple[float, float]]:
        """Return `count` places, spread evenly over the room."""
        left, low, right, high = self.box
        wide, deep = right - left, high - low
        columns = max(1, min(count, round((count * wide / deep) ** 0.5)))
        rows = -(-count // columns)
        cells = [(number % columns, number // columns) for number in range(count)]
        return [
            (round(left + (column + 0.5) * wide / columns, 2), round(high - (row + 0.5) * deep / rows, 2))
            for column, row in cells
        ]

    def corner(self) -> tuple[float, float]:
        """Return a place high in the corner, where cameras hang."""
        return round(self.box[0] + 0.4, 2), round(self.box[3] - 0.4, 2)


@dataclass
class Door:
    """An opening between two zones: `inner` is the one that it leads into."""

    id: str
    en: str
    fr: str
    outer: str
    inner: str
    line: tuple[tuple[float, float], tuple[float, float]]
    level: str
    kind: str = "door"
    reader: bool = False
    """Opened by badge or code, and its contact is known."""


@dataclass
class Storey:
    """One level of a building, being drawn."""

    id: str
    site: str
    building: str
    ordinal: int
    name: tuple[str, str]
    building_name: tuple[str, str]
    rooms: dict[str, Placed] = field(default_factory=dict)
    doors: list[Door] = field(default_factory=list)

    def place(self, room: Room, box: Box, *, sector: str, compartment: str) -> Placed:
        """Put one room."""
        id = f"{self.site}.{room.slug}"
        placed = Placed(id, self.site, self.id, room, box, sector, compartment)
        if room.slug in self.rooms:
            raise ValueError(f"{self.id}: two rooms are called {room.slug}")
        self.rooms[room.slug] = placed
        return placed

    def row(self, rooms: Iterable[Room], box: Box, corridor: str, *, sector: str, compartment: str) -> None:
        """Put `rooms` side by side into `box`, widths stretched to fill it, each with a door to `corridor`."""
        listed = list(rooms)
        left, low, right, high = box
        scale = (right - left) / sum(room.width for room in listed)
        x = left
        for room in listed:
            end = round(x + room.width * scale, 2)
            self.place(
                room, (x, low, right if room is listed[-1] else end, high), sector=sector, compartment=compartment
            )
            x = end
        for room in listed:
            self.join(room.via or corridor, room.slug)

    def join(
        self, outer: str, inner: str, *, kind: str = "door", id: str = "", names: tuple[str, str] | None = None
    ) -> None:
        """Put a door in the middle of the wall that two rooms share."""
        one, other = self.rooms[outer], self.rooms[inner]
        room = other.room
        size = {
            "exit": 1.6,
            "door": 1.2 if room.category not in ("ward", "theatre", "hall", "vaccination") else 1.6,
        }.get(kind, 2.6)
        en, fr = names or (f"Door: {room.en}", f"Porte : {room.fr}")
        self.doors.append(
            Door(
                id or f"door.{other.id}",
                en,
                fr,
                one.id,
                other.id,
                shared_wall(one.box, other.box, size),
                self.id,
                kind,
                kind == "door" and room.security in ("restricted", "critical"),
            )
        )


def shared_wall(one: Box, other: Box, size: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return a line of `size` in the middle of the wall that two boxes share. Raises `ValueError` if none."""
    low, high = max(one[1], other[1]), min(one[3], other[3])
    left, right = max(one[0], other[0]), min(one[2], other[2])
    if abs(left - right) < 0.01 and high - low > 0.5:
        middle, half = (low + high) / 2, min(size, high - low) / 2
        return (left, round(middle - half, 2)), (left, round(middle + half, 2))
    if abs(low - high) < 0.01 and right - left > 0.5:
        middle, half = (left + right) / 2, min(size, right - left) / 2
        return (round(middle - half, 2), low), (round(middle + half, 2), low)
    raise ValueError(f"{one} and {other} share no wall")


def many(slug: str, en: str, fr: str, category: str, count: int, width: float = 5.0, first: int = 1) -> list[Room]:
    """Return `count` rooms of one kind, numbered from `first`."""
    return [
        Room(f"{slug}.{number}", f"{en} {number}", f"{fr} {number}", category, width)
        for number in range(first, first + count)
    ]
