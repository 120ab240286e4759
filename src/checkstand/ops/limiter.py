"""Request limits: fixed windows and blocks, counted in this process's memory.

`serve` limits, `dev` does not unless asked. With several web processes each counts by itself, so the limits are upper bounds
per process. What is limited by which key is each dialect's own rule.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

LARGEST = 50_000


@dataclass(frozen=True, slots=True)
class LimitWindow:
    """How one request stands against its tightest limit: `retry_after_s` 0 means it may go on."""

    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int


@dataclass(slots=True)
class Limiter:
    """Counts requests by identity. Disabled, it lets everything through and counts nothing."""

    enabled: bool
    now: Callable[[], float] = time.time
    _windows: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))
    _blocked: dict[str, float] = field(default_factory=dict)

    def hit(self, identity: str, limits: Sequence[RateLimitItem], *, block_s: int = 0) -> LimitWindow | None:
        """Count one request; None when nothing is limited. Beyond a limit the identity is blocked for `block_s`, if given."""
        if not self.enabled:
            return None
        until = self._blocked.get(identity, 0.0)
        if until > self.now():
            return LimitWindow(limits[0].amount, 0, int(until - self.now()) + 1, int(until - self.now()) + 1)
        windows = [self._count(identity, limit, block_s) for limit in limits]
        return max(windows, key=lambda window: (window.retry_after_s, -window.remaining))

    def give_back(self, identity: str, limits: Sequence[RateLimitItem]) -> None:
        """Uncount one request, which turned out to be none of those that are limited."""
        if self.enabled:
            for limit in limits:
                self._windows.hit(limit, identity, cost=-1)

    def _count(self, identity: str, limit: RateLimitItem, block_s: int) -> LimitWindow:
        allowed = self._windows.hit(limit, identity)
        stats = self._windows.get_window_stats(limit, identity)
        reset_s = max(1, int(stats.reset_time - self.now()) + 1)
        if allowed:
            return LimitWindow(limit.amount, stats.remaining, reset_s, 0)
        if block_s:
            if len(self._blocked) >= LARGEST:
                self._blocked.clear()
            self._blocked[identity] = self.now() + block_s
        return LimitWindow(limit.amount, 0, reset_s, block_s or limit.get_expiry())
