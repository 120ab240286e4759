"""The session's state machine, trials, and what is asked of the buyer."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from checkstand.domain.address import Address
from checkstand.domain.catalog import Fixed, Interval, Span
from checkstand.domain.checkout import (
    ALLOWED_MOVES,
    Buyer,
    Checkout,
    CheckoutStatus,
    Line,
    Options,
    Redirects,
    TrialChoice,
    active_trial,
    move,
    require_open,
    trial_end,
)
from checkstand.domain.errors import Expired, IllegalMove, NotOpen
from checkstand.domain.pricing import quote
from checkstand.domain.trial import add_span
from tests.domain.test_pricing import NOW, ORG, product
from tests.tables import table

FINAL = {CheckoutStatus.EXPIRED, CheckoutStatus.SUCCEEDED, CheckoutStatus.FAILED}


def session(**changes: object) -> Checkout:
    item = product(1, Fixed(amount_minor=1000), "USD")
    line = Line(product_id=item.id, price_id=item.prices[0].id)
    made = Checkout(
        id=UUID(int=9),
        organization_id=ORG,
        dialect="polar",
        status=CheckoutStatus.OPEN,
        client_secret="polar_c_x",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=24),
        products=(item,),
        offers=(item.id,),
        lines=(line,),
        currency="USD",
        quote=quote([line], [item], currency="USD", place=None),
        buyer=Buyer(),
        options=Options(),
        redirects=Redirects(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_ten_thousand_random_walks_never_leave_the_state_machine() -> None:
    chance = random.Random(7)
    for _ in range(10_000):
        current = session()
        trail = [current.status]
        for step in range(12):
            wanted = chance.choice(list(CheckoutStatus))
            try:
                current = move(current, wanted, now=NOW + timedelta(minutes=step))
            except IllegalMove:
                assert wanted not in ALLOWED_MOVES[trail[-1]]
                continue
            assert wanted in ALLOWED_MOVES[trail[-1]]
            assert trail[-1] not in FINAL, trail
            trail.append(wanted)


def test_final_states_are_final_and_only_confirmed_sessions_succeed() -> None:
    assert {status for status, moves in ALLOWED_MOVES.items() if not moves} == FINAL
    reaching = {status for status, moves in ALLOWED_MOVES.items() if CheckoutStatus.SUCCEEDED in moves}
    assert reaching == {CheckoutStatus.CONFIRMED}


def test_the_clock_is_tested_before_the_status() -> None:
    late = NOW + timedelta(hours=24)
    with pytest.raises(Expired):
        require_open(session(status=CheckoutStatus.CONFIRMED), late)
    with pytest.raises(NotOpen):
        require_open(session(status=CheckoutStatus.CONFIRMED), NOW)
    with pytest.raises(NotOpen):
        require_open(session(status=CheckoutStatus.SUCCEEDED), late)


@table(
    ("start", "span", "expected"),
    [
        ("2026-01-31", Span(interval=Interval.MONTH, count=1), "2026-02-28"),
        ("2024-01-31", Span(interval=Interval.MONTH, count=1), "2024-02-29"),
        ("2024-02-29", Span(interval=Interval.YEAR, count=1), "2025-02-28"),
        ("2026-11-30", Span(interval=Interval.MONTH, count=3), "2027-02-28"),
        ("2026-12-31", Span(interval=Interval.WEEK, count=2), "2027-01-14"),
        ("2026-12-31", Span(interval=Interval.DAY, count=14), "2027-01-14"),
    ],
)
def test_calendar_arithmetic_clamps_month_ends(start: str, span: Span, expected: str) -> None:
    begun = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert add_span(begun, span).date().isoformat() == expected


def test_a_trial_needs_a_repeating_product_and_consent_and_the_sessions_own_wins() -> None:
    month = Span(interval=Interval.MONTH, count=1)
    own, theirs = Span(interval=Interval.DAY, count=7), Span(interval=Interval.DAY, count=14)
    once = product(1, Fixed(amount_minor=1), "USD")
    repeating = replace(once, recurrence=month, trial=theirs)
    assert active_trial(once, TrialChoice(span=own)) is None
    assert active_trial(repeating, TrialChoice()) == theirs
    assert active_trial(repeating, TrialChoice(span=own)) == own
    assert active_trial(repeating, TrialChoice(allow=False)) is None
    assert trial_end([once, repeating], TrialChoice(), NOW) == NOW + timedelta(days=14)


@table(
    ("changes", "line1", "state"),
    [
        ({}, "disabled", "disabled"),
        ({"buyer": Buyer(address=Address(country="US"))}, "required", "required"),
        ({"buyer": Buyer(address=Address(country="CA"))}, "disabled", "required"),
        ({"options": Options(require_billing_address=True)}, "required", "optional"),
        ({"buyer": Buyer(is_business=True)}, "required", "optional"),
        ({"payment_method": "upi"}, "required", "optional"),
    ],
)
def test_which_parts_of_the_address_are_asked(changes: dict[str, object], line1: str, state: str) -> None:
    fields = session(**changes).address_fields
    assert (fields.line1, fields.state, fields.country) == (line1, state, "required")
