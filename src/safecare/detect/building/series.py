"""One series of readings, judged point by point: level, jump, shift, spread, standstill, hour of the day.

Source: extremes as in `safecare.detect.building.tail`. All features are in the reading's own unit, so that a change of
level is seen: methods that normalise each window (z-normalised matrix profile) hide it, and are worse than chance on
failures of climate plants. Chosen once, on made series; the same for every series.
"""

from __future__ import annotations

import math

import msgspec

from safecare.detect.building.tail import Tail

SHORT, LONG, SPREAD = 12, 96, 24
"""Points of the present, of the past that it is compared with, and of the spread (at 5 minutes: 1 h, 8 h, 2 h)."""
STILL = 12
"""Readings exactly alike from which a standstill is looked at (at 5 minutes: an hour)."""
BUCKETS = 48
"""Parts of the day that have a usual value of their own: half hours; once more for working days and for weekends."""
DAY = 86_400.0
"""Seconds at the beginning of a series in which nothing is told: until a day is over, its extremes are not known."""
DAYS = 4
"""Days after which the usual value of a half hour counts (chosen: a weekend and two working days at least)."""
SEASONAL = 0.5
"""Share of the spread that must be left by the hour's usual value at most, for the hour to count; and of that, by the
hour's value in working days or at weekends, for the week to count (chosen: half)."""
COMMON = 0.5
"""Share of the spread around all hours' usual values that is added to an hour's own (chosen: half, so that an hour that
happened to be alike for some days is not sure of itself)."""
SLOW = 1.0 / 2000.0
"""Weight of a new reading in running means (at 5 minutes: a week)."""
FORGET = 8.0
"""Days over which the usual value is taken."""
DELAY = 96
"""Readings after which a feature is learned (at 5 minutes: 8 hours): a slow drift must not get used to itself."""
CERTAIN = 9.6
"""Decimal places of the chance at which the score is 1. At half of them (1 in 63,000) there is an alert. On 25 made
series of noise with a daily swing: 0.13 false ones in 1,000 readings, and all jumps, drifts and standstills told. With
1 in 10,000 it was 0.45, and they hid one jump in 25."""
ALERT = 0.5
RARE = 10.0 ** -(ALERT * CERTAIN)
"""The chance at which there is an alert."""
REST = 120
"""Points after an alert in which what goes on is not told again (chosen: 10 hours at 5 minutes)."""
STAYS = 40
"""Readings at the end of that time: if most of them are odd by themselves (not by what was before), it stays."""
PASSED = 3
"""Oddities that passed by themselves and are not learned, one after the other; the next one is (chosen: what comes for
the fourth time is usual). On 58 made series in the manner of monitored machines this raised NAB's standard score, at
one common level, from 58 to 80."""
OFTEN = 7 * DAY
"""Seconds within which an oddity that comes again for the same reason is usual (chosen: what happens every week belongs
to the work of the building; failures come more seldom)."""
CONTINUED = 0.4
"""Factor on scores in that time. Chosen: they stay below an alert."""


class Season(msgspec.Struct):
    """A part of the day: its usual value, how far readings are off it, how many and of how many days, the last day."""

    mean: float = 0.0
    off: float = 0.0
    count: int = 0
    days: int = 0
    day: int = -1


class Judged(msgspec.Struct, frozen=True):
    """Score (0-1) of a point; `reason` is its rarest feature, `chance` how rare, `new` whether it is told."""

    score: float
    reason: str
    chance: float
    new: bool
    usual: float
    """What was usual: value the reading is compared with, in its own unit."""


class Series(msgspec.Struct):
    """State of one series; in constant memory."""

    began: float | None = None
    """Seconds since 1970 of the first reading."""
    recent: list[float] = []
    run: int = 0
    """How many readings in a row were exactly alike."""
    rest: int = 0
    odd: int = 0
    """Odd readings at the end of the time after an alert."""
    passed: int = 0
    """Oddities in a row that passed and were not learned."""
    mean: float = 0.0
    spread: float = 0.0
    """Mean square of the distance from the running mean; below from the usual value of the hour, and of the hour in
    working days or at the weekend. All over some days."""
    seasonal: float = 0.0
    weekly: float = 0.0
    told: dict[str, float] = {}
    """By reason: when an oddity was told last (seconds since 1970)."""
    often: bool = False
    """What goes on was told for the same reason not long ago."""
    pending: list[dict[str, float]] = []
    """Features that are not learned yet."""
    tails: dict[str, Tail] = {}
    seasons: dict[int, Season] = {}

    def step(self, seconds: float, value: float) -> Judged:
        """Judge one reading taken at `seconds` since 1970, then learn it. `value` must be finite."""
        features = self._features(seconds, value)
        best, reason, usual, now = 1.0, "", value, 1.0
        for name, (size, expected) in features.items():
            tail = self.tails.setdefault(name, Tail())
            chance = 1.0 if name == "season" and tail.count < self._whole_day(seconds) else tail.rarity(size)
            now = min(now, chance if name != "shift" else 1.0)
            if chance < best:
                best, reason, usual = chance, name, expected
        self._learn(seconds, value)
        self.pending.append({name: size for name, (size, _) in features.items() if name != "stuck"})
        score = max(0.0, min(1.0, -math.log10(max(best, 1e-300)) / CERTAIN))
        new = False
        self.began = seconds if self.began is None else min(self.began, seconds)
        if seconds - self.began < DAY:  # what a whole day brings is not known yet
            score *= CONTINUED
        elif self.rest > 0:
            self.rest -= 1
            if self.rest < STAYS:
                self.odd += now < RARE
            if self.rest == 0:
                self._over(stays=2 * self.odd > STAYS)
            score *= CONTINUED
        elif score >= ALERT:
            self.rest, self.odd, new = REST, 0, True
            self.often = seconds - self.told.get(reason, -math.inf) < OFTEN
            self.told[reason] = seconds
        if self.rest == 0 and len(self.pending) > DELAY:
            self._remember(self.pending.pop(0))
        return Judged(score, reason, best, new, usual)

    def _whole_day(self, seconds: float) -> float:
        """Return about how many readings a day has: before all hours were seen once, none of them is odd."""
        season = self.seasons[_part_of_day(seconds)]
        return BUCKETS * season.count / season.days

    def _over(self, *, stays: bool) -> None:
        """End the time after an alert: what stays or comes often is usual from now on; what has passed is odd again."""
        forgotten = not stays and not self.often and self.passed < PASSED
        self.passed = self.passed + 1 if forgotten else 0
        for one in self.pending[: len(self.pending) - (REST + 1 if forgotten else 0)]:
            self._remember(one)
        self.pending = []

    def _remember(self, features: dict[str, float]) -> None:
        for name, size in features.items():
            self.tails[name].add(size)

    def _features(self, seconds: float, value: float) -> dict[str, tuple[float, float]]:
        """Return by name how large each feature is, and the value that was to be expected."""
        recent = self.recent
        found = {"high": (value, value), "low": (-value, value)}
        if len(recent) >= 3:
            middle = sorted(recent[-3:])[1]
            found["jump"] = (abs(value - middle), middle)
            if value == recent[-1] and self.run + 1 >= STILL:
                found["stuck"] = (float(self.run + 1), value)
        if len(recent) >= SHORT + LONG - 1:
            present = (sum(recent[-SHORT + 1 :]) + value) / SHORT
            past = sum(recent[-SHORT - LONG + 1 : -SHORT + 1]) / LONG
            found["shift"] = (abs(present - past), past)
        if len(recent) >= SPREAD - 1:
            window = [*recent[-SPREAD + 1 :], value]
            mean = sum(window) / SPREAD
            spread = math.sqrt(sum((one - mean) ** 2 for one in window) / SPREAD)
            found["loud"], found["quiet"] = (spread, mean), (-spread, mean)
        weekly = self.weekly < SEASONAL * self.seasonal
        season = self.seasons.get(_part_of_week(seconds) if weekly else _part_of_day(seconds))
        around = min(self.weekly, self.seasonal)
        if season is not None and season.days >= DAYS and around < SEASONAL * self.spread:
            room = season.off + COMMON * math.sqrt(around)  # hours of change are less sure than nights
            found["season"] = (abs(value - season.mean) / room if room else 0.0, season.mean)
        return found

    def _learn(self, seconds: float, value: float) -> None:
        if self.recent and value == self.recent[-1]:
            self.run += 1
        else:
            self.tails.setdefault("stuck", Tail()).add(float(self.run))
            self.run = 0
        self.recent.append(value)
        if len(self.recent) > 2 * (SHORT + LONG):
            del self.recent[: SHORT + LONG]
        self.mean += SLOW * (value - self.mean) if self.recent[1:] else value
        self.spread += SLOW * ((value - self.mean) ** 2 - self.spread)
        self.seasonal += SLOW * (self._season(_part_of_day(seconds), seconds, value) - self.seasonal)
        self.weekly += SLOW * (self._season(_part_of_week(seconds), seconds, value) - self.weekly)

    def _season(self, part: int, seconds: float, value: float) -> float:
        """Learn the usual value of a part of the day or week; return the square of how far the reading was from it."""
        season = self.seasons.setdefault(part, Season(mean=value))
        far = (value - season.mean) ** 2
        day = int(seconds // DAY)
        if day != season.day:
            season.days, season.day = season.days + 1, day
        season.count += 1
        weight = max(1.0 / season.count, season.days / (season.count * FORGET))
        season.off += (abs(value - season.mean) - season.off) * weight
        season.mean += (value - season.mean) * weight
        return far


def _part_of_day(seconds: float) -> int:
    return int(seconds % DAY // (DAY / BUCKETS))


def _part_of_week(seconds: float) -> int:
    """Return the half hour, of working days and of Saturdays and Sundays apart (1 January 1970 was a Thursday)."""
    weekend = (int(seconds // DAY) + 3) % 7 >= 5
    return _part_of_day(seconds) + BUCKETS * (2 if weekend else 1)
