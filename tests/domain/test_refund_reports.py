"""Refunds and disputes that a gateway reports: how they divide, and what its rounding leaves."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkstand.domain.errors import Invalid
from checkstand.domain.ledger import fee
from checkstand.domain.money import to_step
from checkstand.domain.refund import Refund, RefundReport, RefundRequest, RefundSucceeded
from checkstand.domain.refunding import make_refund, reported_refund
from tests.domain.test_refund import NOW, ORDER, SHOP, attempt, order
from tests.tables import table


def report(amount: int, step: int = 1) -> RefundReport:
    return RefundReport(
        organization_id=SHOP, attempt_id=uuid4(), payment_reference="pi_1", refund_id=None, reference="re_1", key=uuid4(),
        amount_minor=amount, currency="EUR", verdict=RefundSucceeded(reference="re_1"), step_minor=step,
    )  # fmt: skip


def made(amount: int, *lines: tuple[int, int], step: int = 1, refunded: int = 0) -> Refund:
    bought = replace(order(*lines), refunded_minor=refunded)
    return reported_refund(bought, attempt(bought.total_minor), (), report(amount, step), new_id=uuid4, now=NOW)


@given(st.integers(1, 1190))
def test_a_reported_refund_divides_as_one_that_was_asked_for_here(amount: int) -> None:
    there = made(amount, (1000, 190))
    bought = order((1000, 190))
    asked = RefundRequest(total_minor=amount)
    here = make_refund(bought, attempt(1190), (), (), asked, new_id=uuid4, now=NOW)
    assert (there.net_minor, there.tax_minor, there.is_partial) == (here.net_minor, here.tax_minor, here.is_partial)
    assert there.total_minor == amount


def test_it_goes_under_the_gateways_own_key_and_name() -> None:
    one = report(500)
    refund = reported_refund(order((1000, 0)), attempt(1000), (), one, new_id=uuid4, now=NOW)
    assert (refund.gateway_key, refund.gateway_reference, refund.order_id) == (one.key, "re_1", ORDER)
    assert refund.status == "pending", "it is settled like any other, with what the gateway says"


@table(
    ("total", "refunded", "amount", "step", "taken"),
    [
        (138_742, 0, 138_700, 100, 138_742),
        (138_742, 50_000, 88_700, 100, 88_742),
        (138_742, 0, 100_000, 100, 100_000),
        (5_125, 0, 5_130, 10, 5_125),
        (20, 0, 100, 100, 20),
        (1_999, 0, 1_998, 1, 1_998),
    ],
)
def test_what_only_the_gateways_rounding_leaves_over_is_given_back_as_well(
    total: int, refunded: int, amount: int, step: int, taken: int
) -> None:
    assert made(amount, (total, 0), step=step, refunded=refunded).total_minor == taken


def test_more_than_what_is_left_is_refused() -> None:
    with pytest.raises(Invalid):
        made(501, (1000, 0), refunded=500)


@given(st.integers(1, 10**9), st.sampled_from([1, 10, 100]))
def test_a_rounded_amount_is_less_than_a_step_away(amount: int, step: int) -> None:
    rounded = to_step(amount, step)
    assert rounded % step == 0
    assert rounded > 0
    assert abs(rounded - amount) < step
    assert abs(rounded - amount) * 2 <= step or amount < step


@given(st.integers(0, 10**9))
def test_a_fee_sums_to_zero_and_is_taken_from_what_the_gateway_owes(amount: int) -> None:
    entries = {entry.account: entry.amount_minor for entry in fee(amount_minor=amount, currency="USD")}
    assert entries == ({"fee": amount, "gateway": -amount} if amount else {})
