"""How long to wait before something that failed is tried again, and after how many tries it is given up.

>>> [FixedWaits.of_seconds(0, 5).after(tries, chance=0.0) for tries in (1, 2, 3)]
[datetime.timedelta(0), datetime.timedelta(seconds=5), None]
>>> [GrowingWaits(tries=10, base_s=2.0, longest_base_s=600.0).after(tries, chance=0.5) for tries in (1, 2, 10)]
[datetime.timedelta(seconds=6), datetime.timedelta(seconds=12), None]
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self


@dataclass(frozen=True, slots=True)
class FixedWaits:
    """A retry for each wait, which begins with the failure before it."""

    waits: tuple[timedelta, ...]

    @classmethod
    def of_seconds(cls, *seconds: int) -> Self:
        return cls(tuple(timedelta(seconds=each) for each in seconds))

    def after(self, tries: int, *, chance: float) -> timedelta | None:
        """How long to wait after `tries` failures (1 or more); None when that was the last."""
        del chance
        return self.waits[tries - 1] if tries <= len(self.waits) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingWaits:
    """`tries` in all; before try n+1 it waits `base_s` x 2^n, at most `longest_base_s`, times a random factor between 1 and 2."""

    tries: int
    base_s: float
    longest_base_s: float

    def after(self, tries: int, *, chance: float) -> timedelta | None:
        """How long to wait after `tries` failures (1 or more); None when that was the last. `chance` is between 0 and 1."""
        if tries >= self.tries:
            return None
        return timedelta(seconds=min(self.base_s * 2**tries, self.longest_base_s) * (1.0 + chance))


Retries = FixedWaits | GrowingWaits
