"""What a discount takes off, when it can be used, and by whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from checkstand.domain.discount import (
    AmountOff,
    Discount,
    Eligibility,
    Percentage,
    cap_of,
    customer_problem,
    redemption_problem,
    takes_off,
    unaliased_email,
)
from tests.tables import table

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
GUIDE, MUG, ADA, BOB = (UUID(int=number) for number in range(1, 5))
PLAIN = Discount(
    id=UUID(int=9),
    organization_id=UUID(int=8),
    name="Any",
    code="ANY",
    takes=Percentage(basis_points=1000),
    created_at=NOW,
)


def judged(discount: Discount, *, currency: str = "USD", subtotal_minor: int | None = None) -> str | None:
    bought = frozenset({GUIDE})
    return redemption_problem(discount, product_ids=bought, currency=currency, now=NOW, subtotal_minor=subtotal_minor)


@table(
    ("subtotal", "points", "off"),
    [(1010, 2500, 253), (1, 5000, 1), (999, 2550, 255), (333, 1500, 50), (999, 10_000, 999), (0, 5000, 0), (1, 1, 0)],
)
def test_a_share_is_rounded_half_away_from_zero(subtotal: int, points: int, off: int) -> None:
    """The examples of docs/behaviour/polar.md#discounts."""
    assert takes_off(Percentage(basis_points=points), subtotal_minor=subtotal, currency="USD") == off


def test_a_share_is_never_more_than_its_cap_in_that_currency() -> None:
    rule = Percentage(basis_points=5000, caps={"USD": 300})
    assert takes_off(rule, subtotal_minor=1000, currency="USD") == 300
    assert takes_off(rule, subtotal_minor=500, currency="USD") == 250
    assert takes_off(rule, subtotal_minor=1000, currency="EUR") == 500
    assert (cap_of(rule, currency="USD"), cap_of(rule, currency="EUR")) == (300, None)
    assert cap_of(AmountOff(amounts={"USD": 5}), currency="USD") is None


def test_an_amount_never_takes_a_total_below_zero() -> None:
    rule = AmountOff(amounts={"USD": 700})
    assert takes_off(rule, subtotal_minor=1000, currency="USD") == 700
    assert takes_off(rule, subtotal_minor=500, currency="USD") == 500
    assert takes_off(rule, subtotal_minor=500, currency="EUR") == 0


@table(
    ("changes", "reason"),
    [
        ({}, None),
        ({"starts_at": NOW}, None),
        ({"starts_at": NOW + timedelta(seconds=1)}, "discount_not_started"),
        ({"ends_at": NOW}, None),
        ({"ends_at": NOW - timedelta(seconds=1)}, "discount_ended"),
        ({"max_redemptions": 2, "redemptions_count": 1}, None),
        ({"max_redemptions": 2, "redemptions_count": 2}, "discount_used_up"),
        ({"max_redemptions": 1, "redemptions_count": 2}, "discount_used_up"),
        ({"product_ids": (MUG, GUIDE)}, None),
        ({"product_ids": (MUG,)}, "discount_other_product"),
        ({"takes": AmountOff(amounts={"EUR": 5})}, "discount_other_currency"),
        ({"takes": AmountOff(amounts={"USD": 5})}, None),
    ],
)
def test_a_discount_is_usable_within_its_dates_its_limit_its_products_and_its_currencies(
    changes: dict[str, Any], reason: str | None
) -> None:
    assert judged(replace(PLAIN, **changes)) == reason


def test_a_cart_must_come_to_the_least_of_its_currency() -> None:
    discount = replace(PLAIN, minimum_subtotals={"USD": 1000})
    assert judged(discount, subtotal_minor=999) == "discount_minimum_subtotal"
    assert judged(discount, subtotal_minor=1000) is None
    assert judged(discount, subtotal_minor=1, currency="EUR") is None
    assert judged(discount) is None, "nothing is refused for what is not known yet"


@table(
    ("limit", "uses", "reason"),
    [
        (None, 99, None),
        (1, 0, None),
        (1, 1, "discount_customer_limit"),
        (3, 2, None),
        (3, 4, "discount_customer_limit"),
    ],
)
def test_one_customer_redeems_no_more_often_than_one_may(limit: int | None, uses: int, reason: str | None) -> None:
    discount = replace(PLAIN, max_per_customer=limit)
    assert customer_problem(discount, uses=uses, has_bought=True, customer_id=ADA) == reason


@table(
    ("eligibility", "has_bought", "uses", "customer", "may"),
    [
        ("any", True, 5, None, True),
        ("first_time", False, 0, None, True),
        ("first_time", True, 0, ADA, False),
        ("first_time", False, 1, None, False),  # a first purchase is under way
        ("existing", True, 0, ADA, True),
        ("existing", False, 0, None, False),
        ("specific", True, 0, ADA, True),
        ("specific", True, 0, BOB, False),
        ("specific", False, 0, None, False),
    ],
)
def test_a_code_can_be_for_some_customers_only(
    eligibility: Eligibility, has_bought: bool, uses: int, customer: UUID | None, may: bool
) -> None:
    discount = replace(PLAIN, eligibility=eligibility, customer_ids=(ADA,))
    reason = customer_problem(discount, uses=uses, has_bought=has_bought, customer_id=customer)
    assert reason == (None if may else "discount_not_eligible")


@table(
    ("given", "mailbox"),
    [
        ("ada@e.com", "ada@e.com"),
        (" Ada+x@E.com ", "ada@e.com"),
        ("ada+x+y@e.com", "ada@e.com"),
        ("+x@e.com", "+x@e.com"),
        ("ada@e+x.com", "ada@e+x.com"),
    ],
)
def test_what_follows_a_plus_sign_is_the_same_mailbox(given: str, mailbox: str) -> None:
    assert unaliased_email(given) == mailbox
