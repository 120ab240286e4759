"""The real shop beside the model: each call goes to the product's own flows, and what the database then says is compared.

`World.look` is one statement that reads everything that matters of one organization; `World.expected` says the same from the model.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from checkstand.domain.catalog import Fixed, Price, Product
from checkstand.domain.checkout import Checkout
from checkstand.domain.discount import AmountOff, Discount, Percentage
from checkstand.domain.errors import CheckstandError, Invalid, PaymentDeclined
from checkstand.domain.methods import Method
from checkstand.domain.refund import RefundRefused
from checkstand.flows.organizations.authenticate import Authenticator
from checkstand.flows.organizations.change_settings import change_settings
from checkstand.flows.ports import Ports
from checkstand.gateways.testbank.cards import CardDetails
from checkstand.gateways.testbank.methods import ROUTING, MethodDetails
from checkstand.store import checkouts, organizations
from checkstand.store.catalogue import discounts, products
from checkstand.testing.demo import DemoShop, open_demo_shop
from tests.machine.bank import BadLine, ProcessDied
from tests.machine.model import Model
from tests.machine.tariff import DISCOUNTS, PAYING, REDEMPTIONS

T = TypeVar("T")
START = datetime(2027, 1, 4, 9, tzinfo=UTC)
_TYPED = {
    "refund_fails": "4000000000005126",
    "refund_pends": "4000000000007726",
    "3ds_then_declined": "4000008260003178",
}
_ACCOUNTS = {
    "ach_fails": MethodDetails(method=Method.ACH, account="000222222227", routing=ROUTING),
    "ach_never": MethodDetails(method=Method.ACH, account="000000000009", routing=ROUTING),
    "sepa_fails": MethodDetails(method=Method.SEPA, account="DE62370400440532013001"),
}
_LOOK = """
SELECT json_build_object(
    'sessions', (SELECT json_object_agg(id, status) FROM checkouts WHERE organization_id = $1),
    'attempts', (
        SELECT json_object_agg(id, json_build_array(checkout_id, status, amount_minor, decline_code))
        FROM payment_attempts WHERE organization_id = $1
    ),
    'orders', (
        SELECT json_object_agg(
            id, json_build_array(checkout_id, status, net_minor, tax_minor, refunded_minor, refunded_tax_minor))
        FROM orders WHERE organization_id = $1
    ),
    'refunds', (
        SELECT json_object_agg(id, json_build_array(order_id, status, net_minor, tax_minor))
        FROM refunds WHERE organization_id = $1
    ),
    'disputes', (
        SELECT json_object_agg(id, json_build_array(order_id, status, amount_minor))
        FROM disputes WHERE organization_id = $1
    ),
    'ledger', (
        SELECT json_agg(json_build_array(order_id, account, total))
        FROM (
            SELECT order_id, account, sum(amount_minor) AS total
            FROM ledger_entries WHERE organization_id = $1
            GROUP BY order_id, account, currency HAVING sum(amount_minor) <> 0
        ) AS balance
    ),
    'uneven', (
        SELECT count(*) FROM (
            SELECT 1 FROM ledger_entries WHERE organization_id = $1
            GROUP BY transaction_id, currency HAVING sum(amount_minor) <> 0
        ) AS movement
    ),
    'redemptions', (
        SELECT json_object_agg(code, json_build_array(redemptions_count, (
            SELECT count(*) FROM redemptions
            WHERE redemptions.organization_id = $1 AND redemptions.discount_id = discounts.id)))
        FROM discounts WHERE organization_id = $1
    ),
    'charges', (
        SELECT json_object_agg(coalesce(payment_attempts.id, charges.id), json_build_array(state, charges.amount_minor, charges.decline_code))
        FROM test_gateway_charges AS charges
        LEFT JOIN payment_attempts
            ON payment_attempts.organization_id = $1 AND payment_attempts.gateway_key = charges.id
        WHERE charges.organization_id = $1
    ),
    'returns', (
        SELECT json_object_agg(coalesce(refunds.id, returned.id), json_build_array(state, amount_minor))
        FROM test_gateway_refunds AS returned
        LEFT JOIN refunds ON refunds.organization_id = $1 AND refunds.gateway_key = returned.id
        WHERE returned.organization_id = $1
    ),
    'told', (
        SELECT json_object_agg(type, times)
        FROM (SELECT type, count(*) AS times FROM facts WHERE organization_id = $1 GROUP BY type) AS told
    )
)::text
"""
_TOLD = (
    "order.paid", "payment.succeeded", "checkout.succeeded", "payment.declined", "checkout.expired", "refund.created",
    "refund.succeeded", "refund.failed", "dispute.opened", "dispute.won", "dispute.lost", "dispute.cancelled",
)  # fmt: skip


@dataclass(slots=True)
class World:
    """One organization, its model, and the time that both live in."""

    ports: Ports
    bank: BadLine
    demo: DemoShop
    model: Model
    goods: dict[str, Product]
    discounts: dict[str, Discount]
    clock: Clock
    tokens: dict[str, str] = field(default_factory=dict)
    created: dict[str, Checkout] = field(default_factory=dict)
    refusal: CheckstandError | None = None

    @property
    def organization_id(self) -> UUID:
        return self.demo.organization.id

    async def checkout(self, session_id: str) -> Checkout:
        found = await checkouts.by_id(self.ports.db, self.organization_id, UUID(session_id))
        assert found is not None
        return found

    async def outcome(
        self, call: Awaitable[T], *, lost: str | None = None, kills: bool = False
    ) -> tuple[str, T | None]:
        """What a call came to: `ok` and its result, or how it was refused. `lost`: see `BadLine`."""
        self.bank.lost, self.bank.kills = lost, kills
        try:
            return "ok", await call
        except ProcessDied:
            return "died", None
        except Invalid as error:
            self.refusal = error
            return f"Invalid:{error.problems[0].code}", None
        except (RefundRefused, PaymentDeclined) as error:
            code = error.code if isinstance(error, RefundRefused) else error.decline_code
            return f"{type(error).__name__}:{code}", None
        except CheckstandError as error:
            return type(error).__name__, None
        finally:
            self.bank.lost, self.bank.kills = None, False

    async def tick(self) -> None:
        """A millisecond passes between two steps."""
        self.clock.real += timedelta(milliseconds=1)
        self.model.now += timedelta(milliseconds=1)

    async def advance(self, by: timedelta) -> None:
        """The organization's clock is set ahead, as the test controls do."""
        organization = await self.ports.cache.organization(self.organization_id)
        offset_us = organization.clock_offset_us + by // timedelta(microseconds=1)
        await organizations.set_clock(self.ports.db, self.organization_id, offset_us)
        await self.ports.cache.changed(self.ports.db, self.organization_id)
        self.model.now += by

    async def look(self) -> dict[str, Any]:
        """Everything that matters, as the database has it."""
        seen = json.loads(await self.ports.db.fetchval(_LOOK, self.organization_id))
        told = seen["told"] or {}
        ledger: dict[str, dict[str, int]] = {}
        for order_id, account, total in seen["ledger"] or ():
            ledger.setdefault(order_id, {})[account] = total
        assert seen["uneven"] == 0, "a ledger transaction does not sum to zero"
        return {
            **{name: seen[name] or {} for name in _COMPARED},
            "ledger": ledger,
            "told": {name: told[name] for name in _TOLD if name in told},
        }

    def expected(self) -> dict[str, Any]:
        """The same from the model."""
        model = self.model
        return {
            "sessions": {one.id: one.status for one in model.sessions},
            "attempts": {one.id: [one.session.id, one.status, one.price.due, one.code] for one in model.attempts},
            "orders": {
                one.id: [
                    one.attempt.session.id,
                    one.status,
                    one.net,
                    one.tax,
                    one.total - sum(one.left),
                    one.tax - one.left[1],
                ]
                for one in model.orders
            },
            "refunds": {one.id: [one.order.id, one.status, one.net, one.tax] for one in model.refunds},
            "disputes": {one.id: [one.order.id, one.status, one.amount] for one in model.disputes},
            "redemptions": {code: [model.used(code)] * 2 for code in self.discounts},
            "charges": {
                one.id: [one.charge.state, one.charge.amount, one.charge.code] for one in model.attempts if one.charge
            },
            "returns": {one.id: [one.booked.state, one.booked.amount] for one in model.refunds if one.booked},
            "ledger": {one.id: one.ledger() for one in model.orders if one.ledger()},
            "told": {name: model.told[name] for name in _TOLD if model.told[name]},
        }


_COMPARED = ("sessions", "attempts", "orders", "refunds", "disputes", "redemptions", "charges", "returns")


@dataclass(slots=True)
class Clock:
    """The machine's time, the same for all: it stands still within a step."""

    real: datetime = START

    def __call__(self) -> datetime:
        return self.real


@dataclass(slots=True)
class Tally:
    """What all worlds together have seen."""

    steps: int = 0
    seen: Counter[str] = field(default_factory=Counter)


async def open_world(ports: Ports, authenticator: Authenticator, bank: BadLine, clock: Clock) -> World:
    """A shop of its own, with the goods, the discounts and the ways to pay of the model's tables."""
    demo = await open_demo_shop(ports, authenticator, slug=f"machine-{uuid4().hex[:12]}")
    organization_id = demo.organization.id
    await change_settings(
        ports,
        organization_id,
        lambda settings: replace(settings, tax_registrations=("DE",), adaptive_currency=False),
    )
    goods = dict(demo.products)
    for label, amount, currency, on_top in (("net", 1999, "USD", True), ("euro", 7500, "EUR", False)):
        goods[label] = _product(demo, label, amount, currency, on_top)
        async with ports.db.transaction() as tx:
            await products.add(tx, goods[label])
    offered = {code: _discount(demo, code) for code in DISCOUNTS}
    for discount in offered.values():
        assert await discounts.add(ports.db, discount)
    world = World(ports, bank, demo, Model(now=clock.real), goods, {**offered, "WELCOME20": demo.discount}, clock)
    for name in PAYING:
        world.tokens[name] = f"ctoken_{name}"
    for name, number in _TYPED.items():
        card = CardDetails(number=number, exp_month=12, exp_year=2034, cvc="123")
        world.tokens[name] = str(await bank.tokenize(organization_id, card, now=clock.real))
    for name, details in _ACCOUNTS.items():
        world.tokens[name] = str(await bank.tokenize_method(organization_id, details, now=clock.real))
    return world


def _product(demo: DemoShop, label: str, amount: int, currency: str, on_top: bool) -> Product:
    product_id = uuid4()
    price = Price(
        id=uuid4(),
        product_id=product_id,
        currency=currency,
        terms=Fixed(amount_minor=amount),
        tax_behavior="exclusive" if on_top else None,
        created_at=START,
    )
    return replace(demo.products["one_time"], id=product_id, name=label, prices=(price,))


def _discount(demo: DemoShop, code: str) -> Discount:
    takes = DISCOUNTS[code]
    return Discount(
        id=uuid4(),
        organization_id=demo.organization.id,
        name=code,
        code=code,
        takes=Percentage(basis_points=takes.percent * 100)
        if takes.percent
        else AmountOff(amounts={"USD": takes.amount}),
        max_redemptions=REDEMPTIONS.get(code),
        created_at=START,
    )
