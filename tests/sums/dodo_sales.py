"""Random carts through the Dodo API, charged in the buyer's own currency, and what everything that tells of one says."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any
from uuid import UUID

from checkstand.domain import ids
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.testing.demo import DemoShop
from tests.dialects.dodo_place import DodoShop
from tests.server import RunningServer
from tests.sums.arithmetic import Account, Code, Item, Left, Sale, converted, priced, rounded
from tests.sums.polar_sales import FILES, check_page, check_taxes, check_units, expected_steps, steps_of
from tests.sums.reading import Papers, numbers_in, numbers_of, rows_of
from tests.sums.world import COINS, SPOTS, Spot, factor, spelled

BUYER = CheckoutChanges(given=frozenset({"email", "name"}), email="ada@example.com", name="Ada Byron")


@dataclass(frozen=True)
class Goods:
    """Something that is sold, with what is known of it here."""

    id: str
    price: int
    percent: int = 0
    inclusive: bool | None = None
    is_book: bool = False
    trial: int = 0
    addon: str | None = None
    addon_price: int = 0

    @property
    def unit(self) -> int:
        return rounded(Fraction(self.price * (100 - self.percent), 100))


@dataclass
class Told:
    """What a payment's webhooks have to say."""

    payment_id: str
    total: int
    tax: int
    refunds: dict[str, int] = field(default_factory=dict)


class DodoSales:
    """A shop whose prices are in dollars and whose buyers pay in their own money."""

    def __init__(self, server: RunningServer, shop: DemoShop, random: Random) -> None:
        self.server, self.shop, self.random = server, shop, random
        self.dodo = DodoShop(server, shop)
        self.dodo.settle_on(tax_registrations=("*",), adaptive_currency=True, adaptive_fee=True)
        self.papers = Papers(server, shop.organization.id)
        self.told: list[Told] = []
        self.checked = 0
        self.goods = [self._make(number) for number in range(10)]

    def same(self, what: str, found: object, expected: object) -> None:
        assert found == expected, f"{what}: {found}, by hand {expected}"
        self.checked += 1

    def _make(self, number: int) -> Goods:
        """A one-time product, or (every third) a subscription with an add-on, and every sixth of them with a trial."""
        random = self.random
        price, percent = random.randint(300, 40_000), random.choice((0, 0, random.randint(1, 60)))
        inclusive, is_book = random.choice((None, True, False)), number % 4 == 1
        body: dict[str, object] = {
            "type": "one_time_price",
            "currency": "USD",
            "price": price,
            "discount": percent,
            "tax_inclusive": inclusive,
            "purchasing_power_parity": False,
        }
        more: dict[str, object] = {}
        addon, addon_price, trial = None, 0, 0
        if number % 3 == 0:
            addon_price, trial = random.randint(100, 5000), 14 if number % 6 == 0 else 0
            seat = {"name": "Seat", "price": addon_price, "currency": "USD", "tax_category": "saas"}
            addon = str(self._ok(self.dodo.http.post("/addons", json=seat))["id"])
            more = {"addons": [addon]}
            every = {f"{name}_count": 1 for name in ("payment_frequency", "subscription_period")}
            every |= {f"{name}_interval": "Month" for name in ("payment_frequency", "subscription_period")}  # type: ignore[dict-item]
            body |= {"type": "recurring_price", "trial_period_days": trial, **every}
        category = "e_book" if is_book else "digital_products"
        made = self.dodo.http.post(
            "/products", json={"name": f"Goods {number}", "tax_category": category, "price": body, **more}
        )
        return Goods(self._ok(made)["product_id"], price, percent, inclusive, is_book, trial, addon, addon_price)

    def _ok(self, answer: Any) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sell(self) -> None:
        """One sale from the preview to the last refund."""
        place = self.random.choice(SPOTS)
        cart, items = self._cart(place)
        names, codes = self._codes(cart)
        body = {
            "product_cart": cart,
            "billing_address": place.dodo_address,
            "customer": {"email": "ada@example.com", "name": "Ada Byron"},
            **({"discount_codes": names} if names else {}),
        }
        base = priced([self._applied(item, cart) for item in items], codes)
        if sum(line.total for line in base.due) < COINS["USD"].least:
            return
        charged, currency = self._charged(base, place)
        self._preview(body, charged, currency)
        session = str(self._ok(self.dodo.http.post("/checkouts", json=body))["session_id"])
        check_page(self, self.dodo.http.get(f"/session/{session}").text, charged, currency)
        explained = self._ok(self.dodo.http.get(f"/checkouts/{session}/explain"))
        self.same("explain", steps_of(explained), expected_steps(base, charged))
        self.dodo.pay(session, buyer=BUYER)
        self._payment(session, base, charged, currency)

    def _cart(self, place: Spot) -> tuple[list[dict[str, object]], list[Item]]:
        random = self.random
        cart: list[dict[str, object]] = []
        items: list[Item] = []
        for goods in random.sample(self.goods, random.randint(1, 3)):
            quantity, root = random.randint(1, 4), len(items)
            inclusive = goods.inclusive if goods.inclusive is not None else not place.adds_tax
            taxes = place.books if goods.is_book else place.taxes
            items.append(
                Item(goods.id, goods.unit, quantity, root, inclusive, taxes, frozenset(), is_deferred=goods.trial > 0)
            )
            line: dict[str, object] = {"product_id": goods.id, "quantity": quantity}
            if goods.addon and random.random() < 0.6:
                count = random.randint(1, 3)
                line["addons"] = [{"addon_id": goods.addon, "quantity": count}]
                items.append(
                    Item(
                        goods.addon,
                        goods.addon_price,
                        count,
                        root,
                        inclusive,
                        taxes,
                        frozenset(),
                        items[root].is_deferred,
                    )
                )
            cart.append(line)
        return cart, items

    def _applied(self, item: Item, cart: list[dict[str, object]]) -> Item:
        """The item with the codes that may touch it: one for a single product takes from that one and its add-ons."""
        root = next(one for one in cart if item.product == one["product_id"] or _has_addon(one, item.product))
        numbers = {number for number, only in enumerate(self._only) if only is None or only == root["product_id"]}
        return Item(
            item.product, item.unit, item.quantity, item.group, item.is_inclusive, item.taxes, frozenset(numbers),
            item.is_deferred,
        )  # fmt: skip

    def _codes(self, cart: list[dict[str, object]]) -> tuple[list[str], list[Code]]:
        """No code, one or two; some for one product alone, some percentages with a cap."""
        random, names, codes = self.random, [], []
        self._only: list[object] = []
        for _ in range(random.choice((0, 1, 1, 2))):
            name = f"OFF{random.randrange(10**12)}"
            only = random.choice((None, None, cart[0]["product_id"]))
            body: dict[str, object] = {
                "code": name,
                "type": "percentage",
                **({"restricted_to": [only]} if only else {}),
            }
            if random.random() < 0.7:
                points = random.randint(1, 90) * 100 + random.choice((0, random.randint(0, 99)))
                most = random.choice((None, random.randint(1, 3000)))
                body |= {"amount": points}
                if most is not None:
                    body |= {"currency_options": [{"currency": "USD", "max_amount_possible": most}]}
                codes.append(Code(points=points, most=most))
            else:
                amount = random.randint(1, 1000)
                options = [{"currency": "USD", "is_default": True, "max_amount_possible": amount}]
                body |= {"type": "flat", "amount": amount, "currency_options": options}
                codes.append(Code(amount=amount))
            self._ok(self.dodo.http.post("/discounts", json=body))
            names.append(name)
            self._only.append(only)
        return names, codes

    def _charged(self, base: Sale, place: Spot) -> tuple[Sale, str]:
        """What is charged: the buyer's own currency where Dodo has it and the total can be charged in it."""
        if place.coin in ("USD", "ISK"):
            return base, "USD"
        coin = COINS[place.coin]
        other = converted(base, factor(place.coin, base.total), coin.step)
        can_be_charged = other.total <= coin.most and sum(line.total for line in other.due) >= coin.least
        fits = can_be_charged and sum(line.subtotal for line in other.lines) < 2**31  # what a client reads
        return (other, place.coin) if fits else (base, "USD")

    def _preview(self, body: dict[str, object], sale: Sale, currency: str) -> None:
        shown = self._ok(self.dodo.http.post("/checkouts/preview", json=body))
        found = (shown["currency"], shown["total_price"], shown["total_tax"])
        self.same("preview", found, (currency, sale.total, sale.tax))
        now = shown["current_breakup"]
        subtotal, discount = sale.sums(sale.due, without_tax=True)
        expected = (subtotal, discount, sum(line.tax for line in sale.due), sum(line.total for line in sale.due))
        self.same("breakup", tuple(now[name] for name in ("subtotal", "discount", "tax", "total_amount")), expected)
        lines = [one for root in shown["product_cart"] for one in (root, *(root["addons"] or []))]
        chosen = [line for line in lines if line["quantity"]]
        self.same("lines", [line["tax"] for line in chosen], [line.tax for line in sale.lines])
        self.same(
            "prices", [line["discounted_price"] for line in chosen], [one.subtotal - one.discount for one in sale.lines]
        )

    def _payment(self, session: str, base: Sale, charged: Sale, code: str) -> None:
        payment = self.dodo.payment_of(session)
        total, tax = sum(line.total for line in charged.due), sum(line.tax for line in charged.due)
        settled, settled_tax = sum(line.total for line in base.due), sum(line.tax for line in base.due)
        names = ("currency", "total_amount", "tax", "settlement_amount", "settlement_tax")
        expected = (code, total, tax, settled, settled_tax)
        self.same("payment", tuple(payment[name] for name in names), expected)
        told = Told(payment["payment_id"], total, tax)
        self.told.append(told)
        listed = self._ok(self.dodo.http.get(f"/payments/{told.payment_id}/line-items"))["items"]
        due = [(0, 0) if line.item.is_deferred else (line.net, line.tax) for line in charged.lines]
        self.same("line items", [(item["amount"], item["tax"]) for item in listed], due)
        order_id = ids.parse_short_id("pay", told.payment_id)
        assert order_id is not None
        self._invoice(told.payment_id, order_id, charged, code)
        account = Account(
            [
                Left(line.item.taxes if not line.item.is_deferred else (), sold)
                for line, sold in zip(charged.lines, due, strict=True)
            ],
            step=COINS[code].step,
        )
        self._refunds(told, base, charged, account, code)

    def _invoice(self, payment_id: str, order_id: UUID, sale: Sale, code: str) -> None:
        html, total = self.papers.page("invoice", order_id), spelled(sum(line.total for line in sale.due), code)
        self.same("invoice", total in numbers_of(html), True)
        if len(self.told) % FILES == 1:
            numbers = numbers_in(self.dodo.http.get(f"/invoices/payments/{payment_id}").content)
            self.same("invoice file", ({total} | {amount for _, amount in rows_of(html)}) - numbers, set())
        check_units(self, html, sale, code)
        if len(sale.due) == len(sale.lines):
            check_taxes(self, "invoice", rows_of(html), sale, code)

    def _refunds(self, told: Told, base: Sale, charged: Sale, account: Account, code: str) -> None:
        """An item by its price in dollars, an item by an amount of what was paid, then perhaps all that is left."""
        random = self.random
        places = {line.item.product: [at for at, one in enumerate(charged.lines) if one.item.product == line.item.product]
                  for line in charged.due}  # fmt: skip
        product = random.choice(list(places))
        for kind in random.sample(("price", "amount", "rest"), random.randint(0, 3)):
            mine = places[product]
            left = sum(account.items[at].net + account.items[at].tax for at in mine)
            everything = sum(item.net + item.tax for item in account.items)
            body: dict[str, object] = {"payment_id": told.payment_id}
            if kind == "rest":
                if not everything:
                    return
                back = account.all_of()
            elif left < account.step:
                continue
            elif kind == "price":
                price = sum(base.lines[at].total for at in mine)
                if any(account.items[at].gone != (0, 0) for at in mine) or not price:
                    continue
                body["items"] = [{"item_id": product, "amount": price}]
                back = account.all_of(mine)
            else:
                amount = random.randint(account.step, left) // account.step * account.step
                body |= {"items": [{"item_id": product, "amount": amount}], "currency": code}
                back = account.by_total(amount, mine)
            made = self._ok(self.dodo.http.post("/refunds", json=body))
            self.same(f"refund of {kind}", (made["amount"], made["currency"]), (sum(back), code))
            told.refunds[made["refund_id"]] = sum(back)
            self._credit_note(made["refund_id"], back, code)

    def _credit_note(self, refund_id: str, back: tuple[int, int], code: str) -> None:
        found = ids.parse_short_id("ref", refund_id)
        assert found is not None
        total = spelled(sum(back), code)
        self.same("credit note", total in numbers_of(self.papers.page("credit_note", found)), True)
        if len(self.told) % FILES == 1:
            file = self.dodo.http.get(f"/invoices/refunds/{refund_id}").content
            self.same("credit note's file", total in numbers_in(file), True)


def _has_addon(line: dict[str, object], addon_id: str) -> bool:
    addons = line.get("addons")
    return isinstance(addons, list) and any(one["addon_id"] == addon_id for one in addons)
