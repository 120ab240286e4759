"""Payment methods: the 18 of the Dodo contract, who may use each of them, and in which order a place sees them.

Rule: a method is offered when the buyer's country, the currency, the amount due and the kind of purchase all fit one row of the table
below; what a merchant allows is a ceiling and never adds one. What is kept for later charges (a subscription, a trial) needs a method
that can be charged again. What each country pays with at home comes first, then cards, then wallets, then the rest.

    >>> [str(one) for one in eligible(PaymentNeed(country="NL", currency="EUR", due_minor=1000))][:3]
    ['ideal', 'credit', 'debit']
    >>> eligible(PaymentNeed(country="DE", currency="EUR", due_minor=1000, allowed=("ideal",)))
    ()

What a method's page looks like is the gateway's business; which method was used is told by an instrument (`payment.py`).

Source: docs/behaviour/dodo.md#allowed-payment-methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from checkstand.domain.checkout import Checkout
from checkstand.domain.payment import Instrument


class Method(StrEnum):
    """The names of the Dodo contract."""

    CREDIT = "credit"
    DEBIT = "debit"
    UPI_COLLECT = "upi_collect"
    UPI_INTENT = "upi_intent"
    APPLE_PAY = "apple_pay"
    GOOGLE_PAY = "google_pay"
    AMAZON_PAY = "amazon_pay"
    CASHAPP = "cashapp"
    AFFIRM = "affirm"
    KLARNA = "klarna"
    AFTERPAY_CLEARPAY = "afterpay_clearpay"
    IDEAL = "ideal"
    BANCONTACT_CARD = "bancontact_card"
    EPS = "eps"
    PRZELEWY24 = "przelewy24"
    MULTIBANCO = "multibanco"
    SEPA = "sepa"
    ACH = "ach"


class MethodKind(StrEnum):
    """How a buyer pays: what has to be typed, where they are sent, and how long it takes."""

    CARD = "card"
    WALLET = "wallet"
    REDIRECT = "redirect"
    UPI = "upi"
    VOUCHER = "voucher"
    DEBIT = "debit"
    PAY_LATER = "pay_later"


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodMarket:
    """Where a method works, in which currencies: smallest and largest amount of each, None for no limit of the method's own.

    `countries` and `limits` None: everywhere, in every currency.
    """

    countries: frozenset[str] | None = None
    limits: Mapping[str, tuple[int | None, int | None]] | None = None

    def takes(self, country: str | None, currency: str, due_minor: int) -> bool:
        """Whether an amount fits; 0 (only a method is kept) is within every limit. No country is nowhere in particular."""
        if self.countries is not None and country not in self.countries:
            return False
        if self.limits is None:
            return True
        if currency not in self.limits:
            return False
        least, most = self.limits[currency]
        return due_minor == 0 or ((least or 0) <= due_minor and (most is None or due_minor <= most))


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRule:
    """One method of the table. `home`: the country whose buyers look for it first. `again`: it can be charged later."""

    kind: MethodKind
    markets: tuple[MethodMarket, ...] = (MethodMarket(),)
    never_in: frozenset[str] = field(default_factory=frozenset)
    again: bool = False
    home: str | None = None


def _countries(text: str) -> frozenset[str]:
    return frozenset(text.split())


EURO_AREA: Final = _countries("AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK")
_INDIA: Final = _countries("IN")
_KLARNA_EURO: Final = _countries("AT BE CZ DE DK ES FI FR GR IE IT NL NO PL PT RO SE CH")
# Klarna starts above 50 US dollars; elsewhere at a round amount of about that much.
_KLARNA_AT_HOME: Final[Mapping[str, tuple[str, int]]] = {
    "DK": ("DKK", 335_00),
    "NO": ("NOK", 520_00),
    "SE": ("SEK", 500_00),
    "CZ": ("CZK", 1100_00),
    "RO": ("RON", 225_00),
    "PL": ("PLN", 190_00),
    "CH": ("CHF", 42_00),
}
_UPI: Final = (MethodMarket(countries=_INDIA, limits={"INR": (1_00, 100_000_00)}),)


def _in(country: str, currency: str, least: int | None = 50, most: int | None = None) -> MethodMarket:
    return MethodMarket(countries=frozenset({country}), limits={currency: (least, most)})


RULES: Final[Mapping[Method, MethodRule]] = {
    Method.CREDIT: MethodRule(kind=MethodKind.CARD, again=True),
    Method.DEBIT: MethodRule(kind=MethodKind.CARD, again=True),
    Method.UPI_COLLECT: MethodRule(kind=MethodKind.UPI, markets=_UPI, home="IN"),
    Method.UPI_INTENT: MethodRule(kind=MethodKind.UPI, markets=_UPI, home="IN"),
    Method.APPLE_PAY: MethodRule(kind=MethodKind.WALLET, never_in=_INDIA, again=True),
    Method.GOOGLE_PAY: MethodRule(kind=MethodKind.WALLET, never_in=_INDIA, again=True),
    Method.AMAZON_PAY: MethodRule(
        kind=MethodKind.WALLET, markets=(MethodMarket(limits={"USD": (50, None)}),), never_in=_INDIA
    ),
    Method.CASHAPP: MethodRule(kind=MethodKind.WALLET, markets=(_in("US", "USD", 50, 2_000_00),)),
    Method.KLARNA: MethodRule(
        kind=MethodKind.PAY_LATER,
        markets=(
            _in("US", "USD", 50_01),
            MethodMarket(countries=_KLARNA_EURO, limits={"EUR": (45_00, None), "GBP": (40_00, None)}),
            _in("GB", "GBP", 40_00),
            *(_in(country, code, least) for country, (code, least) in _KLARNA_AT_HOME.items()),
        ),
    ),
    Method.AFFIRM: MethodRule(kind=MethodKind.PAY_LATER, markets=(_in("US", "USD", 50_00, 30_000_00),)),
    Method.AFTERPAY_CLEARPAY: MethodRule(
        kind=MethodKind.PAY_LATER,
        markets=(_in("US", "USD", 50_01, 4_000_00), _in("GB", "GBP", 50_01, 1_200_00)),
    ),
    Method.IDEAL: MethodRule(kind=MethodKind.REDIRECT, markets=(_in("NL", "EUR"),), home="NL"),
    Method.BANCONTACT_CARD: MethodRule(kind=MethodKind.REDIRECT, markets=(_in("BE", "EUR"),), home="BE"),
    Method.EPS: MethodRule(kind=MethodKind.REDIRECT, markets=(_in("AT", "EUR"),), home="AT"),
    Method.PRZELEWY24: MethodRule(
        kind=MethodKind.REDIRECT, markets=(_in("PL", "PLN", 2_00), _in("PL", "EUR")), home="PL"
    ),
    Method.MULTIBANCO: MethodRule(kind=MethodKind.VOUCHER, markets=(_in("PT", "EUR", 50, 99_999_00),), home="PT"),
    Method.SEPA: MethodRule(
        kind=MethodKind.DEBIT, markets=(MethodMarket(countries=EURO_AREA, limits={"EUR": (50, None)}),)
    ),
    Method.ACH: MethodRule(kind=MethodKind.DEBIT, markets=(_in("US", "USD"),)),
}
CARDS: Final = (Method.CREDIT, Method.DEBIT)
_ORDER: Final = (
    *CARDS,
    *(method for method in RULES if method not in CARDS and RULES[method].kind is not MethodKind.UPI),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentNeed:
    """What has to be paid, and where. `again`: the method is kept and charged later. `allowed` None: whatever is eligible."""

    country: str | None
    currency: str
    due_minor: int
    again: bool = False
    allowed: tuple[str, ...] | None = None


def kind_of(name: str) -> MethodKind | None:
    """How a method is paid with: `ideal` is a redirect, `card` a card; None for a name that is not ours.

    >>> str(kind_of("card")), str(kind_of("multibanco")), kind_of("barter")
    ('card', 'voucher', None)
    """
    if name == "card":
        return MethodKind.CARD
    return RULES[Method(name)].kind if name in set(Method) else None


def eligible(need: PaymentNeed) -> tuple[Method, ...]:
    """The methods that can pay this, the likeliest first. While the country is unknown: those that work nearly everywhere."""
    fitting = [method for method, rule in RULES.items() if _fits(method, rule, need)]
    at_home = [method for method in fitting if RULES[method].home is not None]
    return (*at_home, *(method for method in _ORDER if method in fitting and method not in at_home))


def _fits(method: Method, rule: MethodRule, need: PaymentNeed) -> bool:
    if need.allowed is not None and method not in need.allowed:
        return False
    if need.country in rule.never_in or (need.again and not rule.again):
        return False
    return any(market.takes(need.country, need.currency, need.due_minor) for market in rule.markets)


def need_of(checkout: Checkout, *, country: str | None = None) -> PaymentNeed:
    """What a session has to be paid with; `country`: another one than its address says."""
    address = checkout.buyer.address
    return PaymentNeed(
        country=country or (address.country if address else None),
        currency=checkout.currency,
        due_minor=checkout.quote.due_minor,
        again=checkout.is_recurring,
        allowed=checkout.options.allowed_methods,
    )


def eligible_for(checkout: Checkout, *, country: str | None = None) -> tuple[Method, ...]:
    """The methods that can pay a session as it stands."""
    return eligible(need_of(checkout, country=country))


def may_pay(checkout: Checkout, instrument: Instrument) -> bool:
    """Whether an instrument is of a kind that this session takes: a credit card where only debit is allowed is not.

    A method that the table does not know (a gateway may have more) is as good as the merchant's own list says.
    """
    allowed = checkout.options.allowed_methods
    if instrument.method == "card":
        offered = eligible_for(checkout)
        return any(method in offered for method in CARDS if instrument.funding in (None, method.value))
    if kind_of(instrument.method) is None:
        return allowed is None or instrument.method in allowed
    return instrument.method in eligible_for(checkout)
