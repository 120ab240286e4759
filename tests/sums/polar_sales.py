"""Random sales through the Polar API, and what everything that tells of one says: each amount beside the one worked out by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any
from uuid import UUID

from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import Polar, decide
from tests.server import RunningServer
from tests.sums.arithmetic import Account, Code, Item, Left, Sale, priced
from tests.sums.reading import Papers, numbers_in, numbers_of, rows_of, units_of
from tests.sums.world import COINS, SPOTS, Spot, read, spelled

CURRENCIES = ("USD", "EUR", "JPY", "ISK", "UGX")
SESSION = ("amount", "discount_amount", "net_amount", "tax_amount", "total_amount")
FILES = 25  # of one sale in so many the PDF files are read as well: to print one takes longer than all the rest
# About half a dollar, to make prices of every size from.
UNITS = {"USD": 50, "EUR": 50, "JPY": 80, "ISK": 7000, "UGX": 200_000}


@dataclass
class Told:
    """What a sale's webhooks have to say, by the type of the event."""

    checkout_id: str
    checkout: dict[str, int]
    order_id: str
    order: dict[str, int]
    refunds: dict[str, tuple[int, int]] = field(default_factory=dict)
    refunded: list[tuple[int, int]] = field(default_factory=list)  # in all, after each refund


class PolarSales:
    """A shop that sells random goods to random buyers, through Polar's API."""

    def __init__(self, server: RunningServer, shop: DemoShop, random: Random) -> None:
        self.server, self.shop, self.random = server, shop, random
        self.polar = Polar(server, shop)
        self.papers = Papers(server, shop.organization.id)
        self.told: list[Told] = []
        self.checked = 0
        decide(server, shop, tax_registrations=("*",))

    def same(self, what: str, found: object, expected: object) -> None:
        assert found == expected, f"{what}: {found}, by hand {expected}"
        self.checked += 1

    def sell(self) -> None:
        """One sale from the session to the last refund."""
        random, code = self.random, self.random.choice(CURRENCIES)
        place = random.choice(SPOTS)
        behavior = random.choice((None, "inclusive", "exclusive"))
        items, product_id, asked = self._goods(code, place, behavior)
        off, codes = self._discount(code)
        sale = priced(items, codes, COINS[code].step)
        if sale.total < COINS[code].least:
            return
        body = {
            "products": [product_id],
            "currency": code.lower(),
            "customer_email": "ada@example.com",
            "customer_name": "Ada Byron",
            "customer_billing_address": place.address,
            **off,
            **asked,
        }
        made = self.polar.client.post("/v1/checkouts/", json=body)
        assert made.status_code == 201, made.text
        session = made.json()
        self._session(session, sale)
        self._page(session, sale, code)
        self._explained(session, sale)
        paid = self.polar.confirm(session["client_secret"], confirmation_token_id="ctoken_visa")
        assert paid.status_code == 200, paid.text
        found = self.polar.client.get(f"/v1/orders/?checkout_id={session['id']}").json()["items"][0]
        self._order(session["id"], found, sale, code)

    def _goods(self, code: str, place: Spot, behavior: str | None) -> tuple[list[Item], str, dict[str, object]]:
        """A product of a set price, of seats, or of both; what it comes to, its id, what the session asks for."""
        random, unit = self.random, UNITS[code]
        inclusive = behavior == "inclusive" if behavior else not place.adds_tax
        prices: list[dict[str, object]] = []
        items: list[Item] = []
        common = {"price_currency": code.lower(), "tax_behavior": behavior}
        kind, seats = random.choice(("fixed", "seats", "both")), random.randint(1, 12)
        step = COINS[code].step

        def amount(most: int) -> int:
            return random.randint(unit, unit * most) // step * step

        def item(price: int, quantity: int) -> Item:
            return Item("product", price, quantity, 0, inclusive, place.taxes, frozenset({0}))

        if kind != "seats":
            price = amount(300)
            prices.append({"amount_type": "fixed", "price_amount": price, **common})
            items.append(item(price, 1))
        if kind != "fixed":
            few, many = amount(40), amount(20)
            tiers = [
                {"min_seats": 1, "max_seats": 4, "price_per_seat": few},
                {"min_seats": 5, "max_seats": None, "price_per_seat": many},
            ]
            prices.append({"amount_type": "seat_based", "seat_tiers": {"tiers": tiers}, **common})
            items.append(item(many if seats > 4 else few, seats))
        if code != "USD":  # a product always has a price in the organization's own currency
            prices += [{**price, "price_currency": "usd", **_in_dollars(price)} for price in prices]
        product_id = self.polar.selling(*prices)
        return items, product_id, {"seats": seats} if kind != "fixed" else {}

    def _discount(self, code: str) -> tuple[dict[str, object], list[Code]]:
        random = self.random
        kind = random.choice(("none", "percentage", "fixed"))
        if kind == "none":
            return {}, []
        body: dict[str, object] = {"name": "OFF", "duration": "once"}
        if kind == "percentage":
            points = random.randint(1, 9000)
            body |= {"type": "percentage", "basis_points": points}
            worth = Code(points=points)
        else:
            step = COINS[code].step
            amount = random.randint(1, UNITS[code]) // step * step or step
            body |= {"type": "fixed", "amounts": {code.lower(): amount}}
            worth = Code(amount=amount)
        made = self.polar.client.post("/v1/discounts/", json=body)
        assert made.status_code == 201, made.text
        return {"discount_id": made.json()["id"]}, [worth]

    def _session(self, session: dict[str, Any], sale: Sale) -> None:
        subtotal, discount = sale.sums()
        expected = (subtotal, discount, sale.total - sale.tax, sale.tax, sale.total)
        self.same("session", tuple(session[name] for name in SESSION), expected)

    def _page(self, session: dict[str, Any], sale: Sale, code: str) -> None:
        check_page(self, self.polar.client.get(session["url"]).text, sale, code)

    def _explained(self, session: dict[str, Any], sale: Sale) -> None:
        account = self.polar.client.get(f"/v1/checkouts/{session['id']}/explain").json()
        self.same("explain", steps_of(account), expected_steps(sale))

    def _order(self, checkout_id: str, order: dict[str, Any], sale: Sale, code: str) -> None:
        subtotal, discount = sale.sums()
        names = ("subtotal_amount", "discount_amount", "net_amount", "tax_amount", "total_amount")
        expected = (subtotal, discount, sale.total - sale.tax, sale.tax, sale.total)
        self.same("order", tuple(order[name] for name in names), expected)
        self.same("items", [item["amount"] for item in order["items"]], [line.subtotal for line in sale.lines])
        self.same("taxes of items", [item["tax_amount"] for item in order["items"]], [line.tax for line in sale.lines])
        checkout = dict(zip(SESSION, expected, strict=True))
        told = Told(checkout_id, checkout, order["id"], dict(zip(names, expected, strict=True)))
        self.told.append(told)
        html = self.papers.page("invoice", UUID(order["id"]))
        self.same("invoice", spelled(sale.total, code) in numbers_of(html), True)
        if len(self.told) % FILES == 1:
            self._invoice_file(order["id"], html, code, sale)
        check_taxes(self, "invoice", rows_of(html), sale, code)
        check_units(self, html, sale, code)
        account = Account([Left(line.item.taxes, (line.net, line.tax)) for line in sale.lines], step=COINS[code].step)
        self._refund(order["id"], account, told, code)

    def _invoice_file(self, order_id: str, html: str, code: str, sale: Sale) -> None:
        """The file, which Polar's API has the address of, tells the numbers of the page and those worked out by hand."""
        self.polar.client.post(f"/v1/orders/{order_id}/invoice")
        url = self.polar.client.get(f"/v1/orders/{order_id}/invoice").json()["url"]
        numbers = numbers_in(self.polar.client.get(url).content)
        taxes = {spelled(amount, code) for amount in sale.taxes.values() if amount}
        self.same("invoice file", ({spelled(sale.total, code)} | taxes) - numbers, set())
        self.same("invoice file and page", {amount for _, amount in rows_of(html)} - numbers, set())

    def _refund(self, order_id: str, account: Account, told: Told, code: str) -> None:
        """Some of it once or twice, then perhaps the rest."""
        random, step = self.random, account.step
        for _ in range(random.randint(0, 3)):
            left = sum(item.net for item in account.items)
            if left < step:
                return
            amount = random.choice((left, random.randint(step, left) // step * step))
            made = self.polar.client.post(
                "/v1/refunds/", json={"order_id": order_id, "reason": "other", "amount": amount}
            )
            assert made.status_code == 201, made.text
            back = account.by_net(amount)
            refund = made.json()
            self.same("refund", (refund["amount"], refund["tax_amount"]), back)
            told.refunds[refund["id"]] = back
            told.refunded.append((sum(one[0] for one in account.returned), sum(one[1] for one in account.returned)))
            expected = {spelled(sum(back), code)}
            if back[1] and len(account.items[0].taxes) == 1:
                expected.add(spelled(back[1], code))
            note = UUID(refund["id"])
            self.same("credit note", expected - numbers_of(self.papers.page("credit_note", note)), set())
            if len(self.told) % FILES == 1:
                self.same("credit note's file", expected - numbers_in(self.papers.file("credit_note", note)), set())
        order = self.polar.client.get(f"/v1/orders/{order_id}").json()
        gone = [sum(one[at] for one in account.returned) for at in (0, 1)]
        self.same("refunded", [order["refunded_amount"], order["refunded_tax_amount"]], gone)


def _in_dollars(price: dict[str, object]) -> dict[str, object]:
    """The same kind of price in the organization's currency."""
    if price["amount_type"] == "fixed":
        return {"price_amount": 1000}
    tiers = [
        {"min_seats": 1, "max_seats": 4, "price_per_seat": 1000},
        {"min_seats": 5, "max_seats": None, "price_per_seat": 900},
    ]
    return {"seat_tiers": {"tiers": tiers}}


def check_page(sales: Any, page: str, sale: Sale, code: str) -> None:
    """The rows of a payment page: the total, and where a code is applied the subtotal and what all codes take off."""
    rows = rows_of(page)
    shown = {amount for _, amount in rows}
    subtotal, discount = sale.sums()
    sales.same("page", spelled(sale.total, code) in shown, True)
    if discount:
        named = [amount for label, amount in rows if label.startswith("Subtotal")]
        sales.same("page: subtotal", named, [spelled(subtotal, code)])
        off = [amount for label, amount in rows if label.startswith("OFF")]
        sales.same("page: discounts", sum(read(amount, code) for amount in off), discount)
    check_taxes(sales, "page", rows, sale, code)
    check_units_of_page(sales, rows)


def check_taxes(sales: Any, what: str, rows: list[tuple[str, str]], sale: Sale, code: str) -> None:
    """Each tax that comes to something has a row that begins with its name and ends with its sum."""
    for (name, _), amount in sale.taxes.items():
        if amount:
            found = [shown for label, shown in rows if label.startswith(name)]
            sales.same(f"{what}: {name}", spelled(amount, code) in found, True)


def check_units(sales: Any, html: str, sale: Sale, code: str) -> None:
    """Every line of an invoice tells a price of one without tax that makes the line's amount, to what can be paid."""
    lines = units_of(html)
    sales.same("invoice: lines", len(lines), len(sale.lines))
    smallest = Fraction(1, 10 ** len(spelled(1, code).partition(".")[2]))
    for name, quantity, unit, rate, amount in lines:
        made = unit * quantity * (1 + rate)
        sales.same(f"invoice: {quantity} of {name} at {unit} with {rate}", abs(made - amount) <= smallest / 2, True)


def check_units_of_page(sales: Any, rows: list[tuple[str, str]]) -> None:
    """Where the page says what one costs, so many make the row's amount."""
    for label, amount in rows:
        if found := re.search(r"(\d+) × Goods \d+\D+([\d,.]+) each|(\d+) seats at \D+([\d,.]+) each", label):
            quantity, unit = (text.replace(",", "") for text in found.groups() if text)
            smallest = Fraction(1, 10 ** len(amount.partition(".")[2]))
            made = Fraction(unit) * int(quantity)
            sales.same(f"page: {label}", abs(made - Fraction(amount.replace(",", ""))) <= smallest / 2, True)


def steps_of(account: dict[str, Any]) -> dict[str, int]:
    """The sums of an account's steps by their kind."""
    found = {"line": 0, "subtotal": 0, "discount": 0, "tax": 0}
    for step in account["steps"]:
        if step["kind"] in found:
            found[step["kind"]] += step["amount_minor"] or 0
    return {**found, "total": account["total_minor"], "due": account["due_minor"]}


def expected_steps(sale: Sale, charged: Sale | None = None) -> dict[str, int]:
    """The same by hand; `charged` where that is in another currency than the prices."""
    subtotal, discount = sale.sums()
    paid = charged or sale
    return {
        "line": sum(line.subtotal for line in sale.lines),
        "subtotal": subtotal,
        "discount": -discount,
        "tax": sale.tax,
        "total": paid.total,
        "due": sum(line.total for line in paid.due),
    }
