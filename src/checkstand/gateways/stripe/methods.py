"""Our names of payment methods and Stripe's. Wallets that pay with a card are cards there, told apart by the card's wallet.

    >>> TYPES[Method.PRZELEWY24], str(ours("p24")), str(ours("card", wallet="apple_pay")), ours("alipay")
    ('p24', 'przelewy24', 'apple_pay', 'alipay')

Which methods a Stripe account has is set in its dashboard; of those, the page leaves out what does not fit the purchase.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checkstand.domain.methods import Method

# The names of the Payment Element, which knows the card wallets apart from cards.
TYPES: Final[Mapping[Method, str]] = {
    Method.CREDIT: "card",
    Method.DEBIT: "card",
    Method.UPI_COLLECT: "upi",
    Method.UPI_INTENT: "upi",
    Method.APPLE_PAY: "apple_pay",
    Method.GOOGLE_PAY: "google_pay",
    Method.AMAZON_PAY: "amazon_pay",
    Method.CASHAPP: "cashapp",
    Method.AFFIRM: "affirm",
    Method.KLARNA: "klarna",
    Method.AFTERPAY_CLEARPAY: "afterpay_clearpay",
    Method.IDEAL: "ideal",
    Method.BANCONTACT_CARD: "bancontact",
    Method.EPS: "eps",
    Method.PRZELEWY24: "p24",
    Method.MULTIBANCO: "multibanco",
    Method.SEPA: "sepa_debit",
    Method.ACH: "us_bank_account",
}
_OURS: Final = {"upi": str(Method.UPI_INTENT)} | {
    name: str(method) for method, name in TYPES.items() if name not in ("card", "upi")
}
_WALLETS: Final = frozenset({"apple_pay", "google_pay"})


def ours(kind: str, *, wallet: str | None = None) -> str:
    """Our name of what paid: `card`, one of the table's methods, or Stripe's own name where the table has none."""
    if kind == "card":
        return wallet if wallet in _WALLETS else "card"
    return _OURS.get(kind, kind)
