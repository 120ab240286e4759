"""Thousands of random carts and refunds through the rules alone, each beside the one that was worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from uuid import UUID, uuid4

import pytest

from checkstand.domain.catalog import Fixed
from checkstand.domain.checkout import Line
from checkstand.domain.conversion import convert
from checkstand.domain.discount import AmountOff, Discount, Percentage
from checkstand.domain.exchange import Exchange
from checkstand.domain.order import Order, OrderItem
from checkstand.domain.pricing import Place, quote
from checkstand.domain.quote import Quote, tax_sums
from checkstand.domain.refund import AskedItem, Refund, RefundRequest
from checkstand.domain.refunding import make_refund
from checkstand.domain.tax import TaxComponent, TaxDecision
from tests.domain.test_pricing import discount, product
from tests.domain.test_refund import NOW, attempt, order
from tests.sums.arithmetic import Account, Code, Item, Left, Sale, converted, priced
from tests.sums.world import COINS, SPOTS, Spot, percent

CATEGORIES = ("digital_products", "e_book")


def taxed(spot: Spot) -> Place:
    def decided(taxes: tuple[tuple[str, Fraction], ...]) -> TaxDecision:
        components = tuple(TaxComponent(name=name, rate_ppm=int(rate * 1_000_000)) for name, rate in taxes)
        return TaxDecision(reason="standard_rated", country=spot.country, components=components)

    return Place(
        country=spot.country, taxes=dict(zip(CATEGORIES, (decided(spot.taxes), decided(spot.books)), strict=True))
    )


def cart(
    random: Random, spot: Spot, code: str
) -> tuple[list[Line], list[object], list[Item], list[Discount], list[Code]]:
    step = COINS[code].step
    lines: list[Line] = []
    products: list[object] = []
    items: list[Item] = []
    codes, discounts = [], []
    for number in range(random.randint(0, 2)):
        if random.random() < 0.6:
            points, most = random.randint(1, 10_000), random.choice((None, random.randint(1, 900) * step))
            codes.append(Code(points=points, most=most))
            rule: Percentage | AmountOff = Percentage(basis_points=points, caps={code: most} if most else {})
        else:
            codes.append(Code(amount=random.randint(1, 900) * step))
            rule = AmountOff(amounts={code: codes[-1].amount})
        discounts.append(replace(discount(rule), id=UUID(int=50 + number)))
    for number in range(random.randint(1, 5)):
        unit, quantity = random.choice((random.randint(1, 9), random.randint(1, 99_999))) * step, random.randint(1, 6)
        behavior, category = random.choice((None, "inclusive", "exclusive")), random.choice(CATEGORIES)
        thing = product(number, Fixed(amount_minor=unit), code)
        price = replace(thing.prices[0], tax_behavior=behavior)  # type: ignore[arg-type]
        thing = replace(thing, tax_category=category, prices=(price,))
        roots = [place for place, line in enumerate(lines) if line.part_of is None]
        root = random.choice(roots) if roots and random.random() < 0.4 else None
        group = number if root is None else root
        inclusive = behavior == "inclusive" if behavior else not spot.adds_tax
        taxes = spot.books if category == "e_book" else spot.taxes
        if root is not None:
            inclusive, taxes = items[root].is_inclusive, items[root].taxes
        lines.append(Line(product_id=thing.id, price_id=price.id, quantity=quantity, part_of=root))
        items.append(Item(str(thing.id), unit, quantity, group, inclusive, taxes, frozenset(range(len(codes)))))
        products.append(thing)
    return lines, products, items, discounts, codes


def agree(found: Quote, sale: Sale) -> None:
    subtotal, off = sale.sums()
    assert (found.subtotal_minor, found.discount_minor) == (subtotal, off)
    assert (found.total_minor, found.tax_minor) == (sale.total, sale.tax)
    assert [(line.discount_minor, line.net_minor, line.tax_minor) for line in found.lines] == [
        (line.discount, line.net, line.tax) for line in sale.lines
    ]
    by_name: dict[tuple[str, Fraction], int] = {}
    for kind, amount in tax_sums(found.lines).items():
        if kind.name:
            named = (kind.name, Fraction(kind.rate_ppm, 1_000_000))
            by_name[named] = by_name.get(named, 0) + amount
    assert by_name == sale.taxes


def give_back(random: Random, found: Quote, sale: Sale) -> int:
    """How many refunds of the sale agreed."""
    lines = [(line.net_minor, line.tax_minor) for line in found.lines]
    bought = replace(order(*lines, products=[UUID(item.item.product) for item in sale.lines]), currency=found.currency)
    bought = replace(
        bought, items=tuple(_with_taxes(item, line) for item, line in zip(bought.items, found.lines, strict=True))
    )
    account = Account([Left(line.item.taxes, (line.net, line.tax)) for line in sale.lines], step=sale.step)
    made: list[Refund] = []
    for _ in range(random.randint(0, 4)):
        net, gross = sum(item.net for item in account.items), sum(item.net + item.tax for item in account.items)
        place = random.randrange(len(account.items))
        mine = account.items[place].net + account.items[place].tax
        kind = random.choice(("net", "gross", "item"))
        most = {"net": net, "gross": gross, "item": mine}[kind]
        if most < sale.step:
            continue
        amount = random.choice((most, random.randint(1, most // sale.step) * sale.step))
        if kind == "net":
            asked, back = RefundRequest(net_minor=amount), account.by_net(amount)
        elif kind == "gross":
            asked, back = RefundRequest(total_minor=amount), account.by_total(amount)
        else:
            item = AskedItem(product_id=UUID(sale.lines[place].item.product), amount_minor=amount)
            asked, back = RefundRequest(items=(item,)), account.by_total(amount, [place])
        bought, one = _refunded(bought, made, asked)
        made.append(one)
        assert (one.net_minor, one.tax_minor) == back, (kind, amount)
    return len(made)


def _with_taxes(item: OrderItem, line: object) -> OrderItem:
    return replace(item, taxes=line.taxes)  # type: ignore[attr-defined]


def _refunded(bought: Order, earlier: list[Refund], asked: RefundRequest) -> tuple[Order, Refund]:
    made = make_refund(bought, attempt(bought.total_minor), earlier, (), asked, new_id=uuid4, now=NOW)
    made = replace(made, status="succeeded")
    after = replace(
        bought,
        refunded_minor=bought.refunded_minor + made.total_minor,
        refunded_tax_minor=bought.refunded_tax_minor + made.tax_minor,
    )
    return after, made


def compare(seed: int, times: int) -> tuple[int, int]:
    """(carts, refunds) that agreed."""
    random, refunds = Random(seed), 0
    for number in range(times):
        spot, code = random.choice(SPOTS), random.choice(sorted(COINS))
        lines, products, items, discounts, codes = cart(random, spot, code)
        try:
            found = quote(lines, products, currency=code, place=taxed(spot), discounts=discounts)  # type: ignore[arg-type]
            sale = priced(items, codes, COINS[code].step)
            agree(found, sale)
            if random.random() < 0.5:
                other, rate = random.choice(sorted(COINS)), random.choice(("0.92", "149.37", "0.30714", "17900.5", "1"))
                exchange = Exchange(base=code, currency=other, rate=rate, fee_ppm=40_000, dated="2026-11-01")
                shift = Fraction(10) ** (COINS[other].decimals - COINS[code].decimals)
                found = convert(found, exchange)
                sale = converted(sale, Fraction(rate) * shift * (1 + percent("4")), COINS[other].step)
                agree(found, sale)
            if found.total_minor:
                refunds += give_back(random, found, sale)
        except AssertionError as wrong:
            raise AssertionError(f"cart {number} of seed {seed}: {wrong}") from wrong
    return times, refunds


def test_random_carts_come_to_what_they_come_to_by_hand() -> None:
    _, refunds = compare(1, 400)
    assert refunds > 300


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(100, 104))
def test_fifty_thousand_carts_come_to_what_they_come_to_by_hand(seed: int) -> None:
    carts, refunds = compare(seed, 12_500)
    print(f"{carts} carts, {refunds} refunds of them: all agree to the unit")
