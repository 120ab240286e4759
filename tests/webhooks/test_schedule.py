"""Waits between tries, as both APIs document them."""

from __future__ import annotations

import doctest
from datetime import timedelta

import pytest

from checkstand.webhooks import schedule
from checkstand.webhooks.schedule import wait_after


def test_the_examples_hold() -> None:
    assert doctest.testmod(schedule).failed == 0


def test_polar_tries_ten_times_within_an_hour() -> None:
    for chance, minutes in ((0.0, 27), (1.0, 54)):
        waits = [wait_after("polar", tries, chance=chance) for tries in range(1, 11)]
        assert waits[-1] is None
        known = [wait for wait in waits if wait is not None]
        assert len(known) == 9
        assert sum(known, timedelta()) // timedelta(minutes=1) == minutes


def test_polar_waits_double_and_are_capped_at_twenty_minutes() -> None:
    assert [wait_after("polar", tries, chance=0.0) for tries in (1, 2, 3)] == [
        timedelta(seconds=seconds) for seconds in (4, 8, 16)
    ]
    assert wait_after("polar", 9, chance=0.0) == timedelta(minutes=10)
    assert wait_after("polar", 9, chance=1.0) == timedelta(minutes=20)


def test_dodo_retries_eight_times() -> None:
    waits = [wait_after("dodo", tries, chance=0.7) for tries in range(1, 10)]
    seconds = [wait.total_seconds() for wait in waits if wait is not None]
    assert seconds == [0, 5, 300, 1800, 7200, 18000, 36000, 36000]
    assert waits[8] is None


def test_a_delivery_that_was_never_tried_has_no_wait() -> None:
    with pytest.raises(AssertionError):
        wait_after("polar", 0, chance=0.0)
