"""To which items and taxes an amount belongs that goes back, in the currency that was paid and in the price's own."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkstand.domain.errors import Invalid
from checkstand.domain.order import Order
from checkstand.domain.refund import AskedItem, Refund, RefundBalance, RefundRequest
from checkstand.domain.refund_shares import parts_of, whole
from checkstand.domain.refunding import make_refund
from checkstand.domain.tax import TaxShare
from tests.domain.test_refund import NOW, attempt, give_back, order

A, B = UUID(int=7), UUID(int=8)


def taxed(bought: Order, *taxes: tuple[TaxShare, ...]) -> Order:
    return replace(
        bought, items=tuple(replace(item, taxes=each) for item, each in zip(bought.items, taxes, strict=True))
    )


def vat(rate_percent: int, amount: int) -> tuple[TaxShare, ...]:
    return (TaxShare(name="VAT", rate_ppm=rate_percent * 10_000, amount_minor=amount),)


# 100.00 with 20 % on it and 100.00 with none.
MIXED = taxed(order((10_000, 2000), (10_000, 0), products=[A, B]), vat(20, 2000), vat(0, 0))
UNTAXED_ITEM = RefundRequest(items=(AskedItem(product_id=B),))


def test_what_is_left_after_an_untaxed_item_brings_the_tax_of_the_taxed_one() -> None:
    after, first = give_back(MIXED, [], UNTAXED_ITEM)
    assert (first.net_minor, first.tax_minor) == (10_000, 0)
    _, half = give_back(after, [first], RefundRequest(net_minor=5000))
    assert (half.net_minor, half.tax_minor) == (5000, 1000)
    _, gross = give_back(after, [first], RefundRequest(total_minor=6000))
    assert (gross.net_minor, gross.tax_minor) == (5000, 1000)


def test_an_amount_of_the_whole_order_brings_each_items_own_tax() -> None:
    _, half = give_back(MIXED, [], RefundRequest(net_minor=10_000))
    assert [(item.net_minor, item.tax_minor) for item in half.items] == [(5000, 1000), (5000, 0)]


def test_two_taxes_of_one_item_go_back_one_by_one_to_the_cent() -> None:
    both = (
        TaxShare(name="GST", rate_ppm=50_000, amount_minor=50),
        TaxShare(name="QST", rate_ppm=99_750, amount_minor=100),
    )
    bought, earlier = taxed(order((1000, 150)), both), list[Refund]()
    for net in (333, 333, 334):
        bought, made = give_back(bought, earlier, RefundRequest(net_minor=net))
        earlier.append(made)
        assert sum(share.amount_minor for share in made.items[0].taxes) == made.tax_minor
    assert [share.amount_minor for share in earlier[0].items[0].taxes] == [17, 33]
    for number, name in enumerate(("GST", "QST")):
        gone = [made.items[0].taxes[number] for made in earlier]
        assert {share.name for share in gone} == {name}
        assert sum(share.amount_minor for share in gone) == both[number].amount_minor


def settled(bought: Order, *prices: tuple[int, int]) -> dict[UUID, RefundBalance]:
    return {
        item.id: RefundBalance(net_minor=net, tax_minor=tax)
        for item, (net, tax) in zip(bought.items, prices, strict=True)
    }


def settle_back(
    bought: Order, earlier: list[Refund], prices: dict[UUID, RefundBalance], *items: AskedItem
) -> tuple[Order, Refund]:
    made = make_refund(
        bought, attempt(bought.total_minor), earlier, (), RefundRequest(items=items), new_id=lambda: UUID(int=99),
        now=NOW, settled=prices,
    )  # fmt: skip
    made = replace(made, status="succeeded")
    after = replace(
        bought,
        refunded_minor=bought.refunded_minor + made.total_minor,
        refunded_tax_minor=bought.refunded_tax_minor + made.tax_minor,
    )
    return after, made


def test_the_whole_price_of_an_item_is_what_was_paid_for_it_in_another_currency() -> None:
    yen = replace(order((545, 0), (1270, 0), products=[A, B]), currency="JPY")
    prices = settled(yen, (333, 0), (777, 0))
    _, made = settle_back(yen, [], prices, AskedItem(product_id=B, amount_minor=777, is_settled=True))
    assert made.total_minor == 1270
    with pytest.raises(Invalid) as refused:
        settle_back(yen, [], prices, AskedItem(product_id=B, amount_minor=778, is_settled=True))
    assert refused.value.problems[0].code == "refund_item_too_high"


@given(
    st.tuples(st.integers(1, 10**6), st.integers(0, 10**5)),
    st.tuples(st.integers(1, 10**6), st.integers(0, 10**5)),
    st.lists(st.integers(1, 10**5), max_size=6),
    st.booleans(),
)
def test_an_item_given_back_by_its_price_in_any_pieces_is_given_back_exactly(
    paid: tuple[int, int], price: tuple[int, int], pieces: list[int], with_tax: bool
) -> None:
    bought, earlier = order(paid, (500, 0), products=[A, B]), list[Refund]()
    prices = settled(bought, price, (300, 0))
    left = RefundBalance(net_minor=price[0], tax_minor=price[1])
    for piece in [*pieces, 10**9]:
        amount = min(piece, left.left if with_tax else left.net_left)
        if amount < 1 or parts_of(bought, earlier)[0].left == 0:
            break
        asked = AskedItem(product_id=A, amount_minor=amount, tax_inclusive=with_tax, is_settled=True)
        bought, made = settle_back(bought, earlier, prices, asked)
        earlier.append(made)
        item = made.items[0]
        assert item.settled_net_minor is not None
        assert item.settled_tax_minor is not None
        left = replace(
            left,
            refunded_net_minor=left.refunded_net_minor + item.settled_net_minor,
            refunded_tax_minor=left.refunded_tax_minor + item.settled_tax_minor,
        )
    assert parts_of(bought, earlier)[0].left == 0
    assert whole(bought).left == 500


KRONUR = replace(order((547_900, 131_500)), currency="ISK")


def test_what_goes_back_in_kronur_is_whole_kronur_with_its_tax() -> None:
    _, made = give_back(KRONUR, [], RefundRequest(net_minor=100_000))
    assert (made.net_minor, made.tax_minor) == (100_000, 24_000)
    _, gross = give_back(KRONUR, [], RefundRequest(total_minor=100_000))
    assert (gross.net_minor, gross.tax_minor) == (80_600, 19_400)


@pytest.mark.parametrize("asked", [RefundRequest(net_minor=100_050), RefundRequest(total_minor=1)])
def test_half_a_krona_is_not_given_back(asked: RefundRequest) -> None:
    with pytest.raises(Invalid) as refused:
        give_back(KRONUR, [], asked)
    assert refused.value.problems[0].code == "amount_off_step"
    assert refused.value.problems[0].params == {"step": "ISK 1", "currency": "ISK"}


def test_an_order_from_before_steps_is_given_back_to_its_last_unit() -> None:
    odd = replace(order((547_955, 131_545)), currency="ISK")
    after, made = give_back(odd, [], RefundRequest(net_minor=100_050))
    assert made.net_minor == 100_050
    assert give_back(after, [made], RefundRequest())[0].status == "refunded"


def test_taxes_that_an_old_refund_did_not_tell_apart_are_taken_in_proportion() -> None:
    both = (
        TaxShare(name="GST", rate_ppm=50_000, amount_minor=50),
        TaxShare(name="QST", rate_ppm=99_750, amount_minor=100),
    )
    bought = taxed(order((1000, 150)), both)
    after, made = give_back(bought, [], RefundRequest(net_minor=500))
    old = replace(made, items=tuple(replace(item, taxes=()) for item in made.items))
    _, rest = give_back(after, [old], RefundRequest())
    assert [share.amount_minor for share in rest.items[0].taxes] == [25, 50]
