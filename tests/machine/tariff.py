"""What the model's shop sells, for how much, and what each way to pay does: tables, and the arithmetic of one cart.

Prices: USD in the whole world, EUR in one case; Germany takes 19 %, contained in the price unless the product says otherwise. All
rounding is half away from zero, per line. Kept apart from the product's own tables on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

GERMAN_PERCENT = 19


@dataclass(frozen=True, slots=True)
class Goods:
    """`lines`: (label, unit price, quantity, whether tax comes on top)."""

    lines: tuple[tuple[str, int, int, bool], ...]
    currency: str = "USD"
    dialect: str = "polar"
    is_deferred: bool = False
    minimum: int = 0


GOODS = {
    "fixed": Goods((("one_time", 1000, 1, False),)),
    "net": Goods((("net", 1999, 1, True),)),
    "euro": Goods((("euro", 7500, 1, False),), currency="EUR"),
    "trial": Goods((("trial", 2000, 1, False),), is_deferred=True),
    "free": Goods((("free", 0, 1, False),)),
    "tip": Goods((("pay_what_you_want", 1500, 1, False),), minimum=500),
    "cart": Goods((("one_time", 1000, 2, False), ("net", 1999, 1, True)), dialect="dodo"),
}


@dataclass(frozen=True, slots=True)
class Takes:
    percent: int = 0
    amount: int = 0
    currency: str | None = None


DISCOUNTS = {"QUARTER": Takes(percent=25), "THREE": Takes(amount=300, currency="USD"), "ALL": Takes(percent=100)}
REDEMPTIONS = {"QUARTER": 3, "ALL": 2}


@dataclass(frozen=True, slots=True)
class Price:
    """A cart's price. `due` is taken today; `needs_form`: the buyer has to say how to pay. `items`: what each product is sold for."""

    net: int
    tax: int
    due: int
    needs_form: bool
    items: tuple[tuple[str, int], ...]


def half_away(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def price_of(goods: str, country: str, discount: str | None, *, chosen: int, quantity: int) -> Price:
    sold = GOODS[goods]
    percent = GERMAN_PERCENT if country == "DE" else 0
    items, nets, taxes = [], 0, 0
    for position, (label, unit, count, tax_on_top) in enumerate(sold.lines):
        unit = chosen if goods == "tip" else unit
        gross = unit * (quantity if goods == "cart" and position == 0 else count)
        takes = DISCOUNTS[discount] if discount else Takes()
        gross -= min(gross, half_away(gross * takes.percent, 100) + takes.amount)
        tax = half_away(gross * percent, 100 if tax_on_top else 100 + percent)
        net = gross if tax_on_top else gross - tax
        items.append((label, net + tax))
        nets, taxes = nets + net, taxes + tax
    due = 0 if sold.is_deferred else nets + taxes
    return Price(nets, taxes, due, due > 0 or sold.is_deferred, tuple(items))


@dataclass(frozen=True, slots=True)
class Paying:
    """A way to pay: what the bank does with it, and where it may be used at all."""

    behaviour: str
    countries: tuple[str, ...] | None = None
    currency: str | None = None
    again: bool = True
    takes: int = 0


_US = {"countries": ("US",), "currency": "USD", "again": False}
_SEPA = {"countries": ("DE", "NL", "PT"), "currency": "EUR", "again": False, "takes": 6}
PAYING = {
    "visa": Paying("succeed"),
    "debit": Paying("succeed"),
    "apple_pay": Paying("succeed"),
    "refund_fails": Paying("succeed:refund_fails"),
    "refund_pends": Paying("succeed:refund_pends"),
    "3ds": Paying("challenge"),
    "3ds_then_declined": Paying("challenge:insufficient_funds"),
    "declined": Paying("decline:generic_decline"),
    "insufficient_funds": Paying("decline:insufficient_funds"),
    "processing": Paying("process"),
    "unknown": Paying("decline:unknown_token"),
    "cashapp": Paying("ask", **_US),
    "ach": Paying("later", takes=4, **_US),
    "ach_fails": Paying("later:insufficient_funds", takes=4, **_US),
    "ach_never": Paying("later:never", **_US),
    "ideal": Paying("ask", ("NL",), "EUR", again=False),
    "sepa": Paying("later", **_SEPA),
    "sepa_fails": Paying("later:insufficient_funds", **_SEPA),
    "multibanco": Paying("voucher", ("PT",), "EUR", again=False),
}


def accepts(token: str, country: str, goods: str) -> bool:
    """Whether a session takes this way to pay."""
    way, sold = PAYING[token], GOODS[goods]
    here = way.countries is None or (country in way.countries and sold.currency == way.currency)
    return here and (way.again or not sold.is_deferred)


def bank_starts(token: str, at: datetime) -> tuple[str, str | None, datetime | None, str | None]:
    """(state, code, decided at, declined then with) of a new charge."""
    way = PAYING[token]
    kind, _, code = way.behaviour.partition(":")
    if kind in ("succeed", "decline"):
        return ("succeeded", None, None, None) if kind == "succeed" else ("declined", code, None, None)
    if kind in ("challenge", "ask"):
        return "requires_action", None, at + timedelta(hours=1), "authentication_timeout"
    if kind == "voucher":
        return "processing", None, at + timedelta(days=3), "voucher_expired"
    if kind == "later" and code != "never":
        return "processing", None, working_days_after(at, way.takes), code or None
    return "processing", None, None, None


def working_days_after(at: datetime, days: int) -> datetime:
    while days:
        at += timedelta(days=1)
        days -= at.isoweekday() <= 5
    return at
