"""How an amount that goes back divides into net and tax and over items, and what may go back at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkstand.domain.dispute import STATUSES, Dispute, holds_money
from checkstand.domain.errors import Invalid
from checkstand.domain.ledger import charge, dispute, refund, reversal
from checkstand.domain.order import Order, OrderItem
from checkstand.domain.payment import Attempt, AttemptStatus
from checkstand.domain.refund import (
    AskedItem,
    Refund,
    RefundBalance,
    RefundRefused,
    RefundRequest,
    by_net,
    by_total,
    spread,
)
from checkstand.domain.refund_shares import parts_of, whole
from checkstand.domain.refunding import make_refund, returned_of, status_after
from tests.tables import table

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SHOP, BUYER, CHECKOUT, ORDER = (UUID(int=n) for n in range(1, 5))
AMOUNTS = st.integers(0, 10**7)
SALES = st.builds(RefundBalance, net_minor=st.integers(1, 10**7), tax_minor=AMOUNTS)
LINES = st.lists(st.tuples(AMOUNTS, st.integers(0, 10**6)), min_size=1, max_size=6).filter(
    lambda lines: any(net + tax for net, tax in lines)
)


def order(*lines: tuple[int, int], products: list[UUID] | None = None) -> Order:
    """A paid order of these (net, tax) lines."""
    items = tuple(
        OrderItem(
            id=uuid4(), product_id=products[place] if products else uuid4(), price_id=uuid4(), label="Thing", quantity=1,
            amount_minor=net, discount_minor=0, tax_minor=tax, net_minor=net,
        )
        for place, (net, tax) in enumerate(lines)
    )  # fmt: skip
    net, tax = sum(item.net_minor for item in items), sum(item.tax_minor for item in items)
    return Order(
        id=ORDER, organization_id=SHOP, checkout_id=CHECKOUT, customer_id=BUYER, product_id=items[0].product_id,
        discount_id=None, status="paid", billing_reason="purchase", number=1, currency="EUR", subtotal_minor=net,
        discount_minor=0, net_minor=net, tax_minor=tax, total_minor=net + tax, billing_name=None, billing_address=None,
        items=items, created_at=NOW,
    )  # fmt: skip


def attempt(amount: int) -> Attempt:
    return Attempt(
        id=uuid4(), organization_id=SHOP, checkout_id=CHECKOUT, order_id=ORDER, purpose="payment",
        status=AttemptStatus.SUCCEEDED, gateway="test", gateway_key=uuid4(), confirmation_token=None, amount_minor=amount,
        currency="EUR", created_at=NOW,
    )  # fmt: skip


def give_back(
    bought: Order,
    earlier: list[Refund],
    asked: RefundRequest,
    *,
    now: datetime = NOW,
    disputes: tuple[Dispute, ...] = (),
) -> tuple[Order, Refund]:
    """The refund, arrived, and the order after it."""
    made = make_refund(bought, attempt(bought.total_minor), earlier, disputes, asked, new_id=uuid4, now=now)
    made = replace(made, status="succeeded")
    after = replace(
        bought,
        refunded_minor=bought.refunded_minor + made.total_minor,
        refunded_tax_minor=bought.refunded_tax_minor + made.tax_minor,
    )
    return replace(after, status=status_after(after, [*earlier, made])), made


@given(SALES, st.lists(st.integers(1, 10**6), max_size=30))
def test_net_pieces_give_back_exactly_the_tax(sale: RefundBalance, pieces: list[int]) -> None:
    left, tax = sale, 0
    for piece in [*pieces, 10**9]:
        if left.net_left == 0:
            break
        net, more = by_net(left, min(piece, left.net_left))
        assert 0 <= more <= left.tax_left
        tax += more
        left = replace(
            left, refunded_net_minor=left.refunded_net_minor + net, refunded_tax_minor=left.refunded_tax_minor + more
        )
    assert (left.net_left, left.tax_left, tax) == (0, 0, sale.tax_minor)


@given(SALES, st.lists(st.integers(1, 10**6), max_size=30))
def test_gross_pieces_give_back_exactly_net_and_tax_and_never_drift(sale: RefundBalance, pieces: list[int]) -> None:
    left = sale
    for piece in [*pieces, 10**9]:
        if left.left == 0:
            break
        net, tax = by_total(left, min(piece, left.left))
        assert 0 <= net <= left.net_left
        assert 0 <= tax <= left.tax_left
        left = replace(
            left, refunded_net_minor=left.refunded_net_minor + net, refunded_tax_minor=left.refunded_tax_minor + tax
        )
        gone = left.refunded_net_minor + left.refunded_tax_minor
        exact = gone * sale.tax_minor / (sale.net_minor + sale.tax_minor)
        assert abs(left.refunded_tax_minor - exact) <= 0.5 + 1e-6
    assert left.left == 0


def test_a_share_of_the_tax_is_rounded_as_the_original_does() -> None:
    sale = RefundBalance(net_minor=1000, tax_minor=190)
    assert by_net(sale, 333) == (333, 63)
    assert by_net(replace(sale, refunded_net_minor=333, refunded_tax_minor=63), 333) == (333, 63)
    assert by_net(replace(sale, refunded_net_minor=666, refunded_tax_minor=126), 334) == (334, 64)


@given(LINES, st.data())
def test_items_never_give_more_than_they_have_and_nothing_is_lost(
    lines: list[tuple[int, int]], data: st.DataObject
) -> None:
    parts = [RefundBalance(net_minor=net, tax_minor=tax) for net, tax in lines]
    net = data.draw(st.integers(0, sum(net for net, _ in lines)))
    tax = data.draw(st.integers(0, sum(tax for _, tax in lines)))
    shares = spread(net, tax, parts)
    assert (sum(one for one, _ in shares), sum(one for _, one in shares)) == (net, tax)
    assert all(a <= part.net_left and b <= part.tax_left for (a, b), part in zip(shares, parts, strict=True))


@given(LINES, st.data())
def test_an_order_given_back_in_pieces_of_every_kind_ends_refunded_to_the_unit(
    lines: list[tuple[int, int]], data: st.DataObject
) -> None:
    bought, made = order(*lines), list[Refund]()
    for _ in range(data.draw(st.integers(0, 5))):
        left = whole(bought)
        if left.left == 0:
            break
        kind = data.draw(st.sampled_from(["net", "total", "item"]))
        if kind == "net" and left.net_left:
            asked = RefundRequest(net_minor=data.draw(st.integers(1, left.net_left)))
        elif kind == "item":
            place = data.draw(st.integers(0, len(lines) - 1))
            part = parts_of(bought, made)[place]
            if part.left == 0:
                continue
            amount = data.draw(st.integers(1, part.left))
            asked = RefundRequest(items=(AskedItem(product_id=bought.items[place].product_id, amount_minor=amount),))
        else:
            asked = RefundRequest(total_minor=data.draw(st.integers(1, left.left)))
        bought, one = give_back(bought, made, asked)
        made.append(one)
        assert sum(part.left for part in parts_of(bought, made)) == whole(bought).left
    if whole(bought).left:
        bought, one = give_back(bought, made, RefundRequest())
        made.append(one)
    returned = returned_of(made)
    assert (returned.net_minor, returned.tax_minor) == (bought.net_minor, bought.tax_minor)
    assert bought.status == "refunded"
    assert all(part.left == 0 for part in parts_of(bought, made))


@table(
    ("asked", "code"),
    [
        (RefundRequest(net_minor=1001), "refund_exceeds"),
        (RefundRequest(total_minor=1191), "refund_exceeds"),
        (RefundRequest(items=(AskedItem(product_id=UUID(int=9)),)), "refund_item_unknown"),
        (RefundRequest(items=(AskedItem(product_id=UUID(int=7), amount_minor=1191),)), "refund_exceeds"),
        (RefundRequest(items=(AskedItem(product_id=UUID(int=7), amount_minor=700),)), "refund_item_too_high"),
        (RefundRequest(items=(AskedItem(product_id=UUID(int=7), amount_minor=0),)), "refund_item_too_low"),
        (RefundRequest(items=(AskedItem(product_id=UUID(int=7)),) * 2), "refund_item_twice"),
    ],
)
def test_too_much_or_something_else_is_refused(asked: RefundRequest, code: str) -> None:
    bought = order((500, 95), (500, 95), products=[UUID(int=7), UUID(int=8)])
    with pytest.raises(Invalid) as refused:
        give_back(bought, [], asked)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_an_amount_without_tax_brings_the_items_tax() -> None:
    bought = order((500, 95), (500, 0), products=[UUID(int=7), UUID(int=8)])
    asked = AskedItem(product_id=UUID(int=7), amount_minor=100, tax_inclusive=False)
    _, made = give_back(bought, [], RefundRequest(items=(asked,)))
    assert (made.net_minor, made.tax_minor, [item.total_minor for item in made.items]) == (100, 19, [119])


def test_two_lines_of_one_product_are_given_back_as_one() -> None:
    bought = order((300, 30), (700, 70), products=[UUID(int=7), UUID(int=7)])
    asked = RefundRequest(items=(AskedItem(product_id=UUID(int=7), amount_minor=1000),))
    after, made = give_back(bought, [], asked)
    assert (made.total_minor, len(made.items)) == (1000, 2)
    again, rest = give_back(after, [made], RefundRequest(items=(AskedItem(product_id=UUID(int=7)),)))
    assert (rest.total_minor, again.status) == (100, "refunded")


def refusal(bought: Order, asked: RefundRequest | None = None, **more: object) -> str:
    with pytest.raises(RefundRefused) as refused:
        give_back(bought, [], asked or RefundRequest(), **more)  # type: ignore[arg-type]
    return refused.value.code


def test_what_cannot_be_refunded_at_all_is_told_apart() -> None:
    bought = order((1000, 0))
    late = NOW + timedelta(days=90, seconds=1)
    assert refusal(order((0, 0))) == "nothing_to_refund"
    assert refusal(replace(bought, status="refunded", refunded_minor=1000)) == "refunded_already"
    assert refusal(replace(bought, refunded_minor=1000)) == "refund_underway"
    assert refusal(bought, RefundRequest(window=timedelta(days=90)), now=late) == "refund_window_over"
    assert give_back(bought, [], RefundRequest(window=timedelta(days=91)), now=late)[0].status == "refunded"
    assert give_back(bought, [], RefundRequest(), now=late)[0].status == "refunded"


@table("status", STATUSES)
def test_a_payment_whose_money_a_bank_holds_is_not_refunded(status: str) -> None:
    bought = order((1000, 0))
    one = Dispute(
        id=uuid4(), organization_id=SHOP, order_id=ORDER, checkout_id=CHECKOUT, customer_id=BUYER, attempt_id=uuid4(),
        status=status, stage="dispute", amount_minor=1000, currency="EUR", created_at=NOW,  # type: ignore[arg-type]
    )  # fmt: skip
    if holds_money(one.status):
        assert refusal(bought, disputes=(one,)) == "payment_disputed"
    else:
        assert give_back(bought, [], RefundRequest(), disputes=(one,))[0].status == "refunded"


@given(AMOUNTS, AMOUNTS)
def test_every_movement_sums_to_zero(net: int, tax: int) -> None:
    sides = [charge(net_minor=net, tax_minor=tax, currency="EUR"), refund(net_minor=net, tax_minor=tax, currency="EUR")]
    sides.append(dispute(amount_minor=net + tax, currency="EUR"))
    for entries in [*sides, *map(reversal, sides)]:
        assert sum(entry.amount_minor for entry in entries) == 0
