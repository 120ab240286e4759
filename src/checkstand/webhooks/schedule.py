"""When a failed delivery is tried again, and when it is given up.

Polar: ten tries; before try n+1 it waits 2 s x 2^n times a random factor between 1 and 2, at most 20 minutes.
Dodo: eight retries, each a fixed time after the failure before it; the first follows at once.

    >>> [wait_after("dodo", tries, chance=0.0) for tries in (1, 2, 9)]
    [datetime.timedelta(0), datetime.timedelta(seconds=5), None]
    >>> [wait_after("polar", tries, chance=0.5) for tries in (1, 2, 10)]
    [datetime.timedelta(seconds=6), datetime.timedelta(seconds=12), None]

Times are the organization's: the test clock makes retries due.

Source: docs/behaviour/polar.md#deliveries and docs/behaviour/dodo.md#deliveries.
"""

from __future__ import annotations

from datetime import timedelta

from checkstand.domain.profile import Dialect, profile_of


def wait_after(dialect: Dialect, tries: int, *, chance: float) -> timedelta | None:
    """How long to wait after `tries` failures (1 or more); None when that was the last. `chance` is between 0 and 1."""
    assert tries >= 1, "a delivery that was never tried has no failure to wait after"
    return profile_of(dialect).webhooks.retries.after(tries, chance=chance)
