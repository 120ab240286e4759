"""What the test gateway does with methods other than cards: what is typed, where the buyer is sent, how long the money takes.

A behaviour is one of `test_cards`, or `ask` (the buyer answers on a page of the bank's, within an hour), `later` (decided by the
clock: a UPI request within a minute, a debit after business days), `later:CODE` (declined then), `later:never`, or `voucher` (a
reference that can be paid until it expires). What is typed is judged here and forgotten: of an account only its end is kept.

    >>> business_days_after(datetime(2026, 1, 2), 4).isoformat()  # from a Friday
    '2026-01-08T00:00:00'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from checkstand.domain.methods import Method, MethodKind, kind_of
from checkstand.domain.payment import Instrument, Voucher
from checkstand.gateways.testbank.cards import TOKENS, instrument_of

ANSWER_WITHIN: Final = timedelta(hours=1)
UPI_TAKES: Final = timedelta(minutes=1)
VOUCHER_LIVES: Final = timedelta(days=3)
DEBIT_DAYS: Final = {Method.SEPA: 6, Method.ACH: 4}
ROUTING: Final = "110000000"
# The account numbers of Stripe's tests, which Dodo's documents list too, and what becomes of a debit from each.
ACCOUNTS: Final[Mapping[Method, Mapping[str, str]]] = {
    Method.ACH: {
        "000123456789": "later",
        "000222222227": "later:insufficient_funds",
        "000111111113": "later:invalid_account",
        "000111111116": "later:invalid_account",
        "000333333335": "later:mandate_invalid",
        "000444444440": "later:invalid_account",
        "000555555559": "later",
        "000000000009": "later:never",
    },
    Method.SEPA: {
        "DE89370400440532013000": "later",
        "AT611904300234573201": "later",
        "FR1420041010050500013M02606": "later",
        "NL39RABO0300065264": "later",
        "DE62370400440532013001": "later:insufficient_funds",
    },
}
FIRST_ACCOUNT: Final = {method: next(iter(accounts)) for method, accounts in ACCOUNTS.items()}
_UPI_IDS: Final = {"success@upi": "later", "failure@upi": "later:transaction_not_approved"}
_UPI_ID: Final = re.compile(r"^[a-z0-9.\-_]{2,256}@[a-z]{2,64}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodDetails:
    """What a form asks for besides the method: a UPI id, an IBAN, an account with its routing number. Lives for one request."""

    method: Method
    account: str = ""
    routing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a charge begins: its state, and what the bank does by itself, when."""

    state: str
    code: str | None = None
    due_at: datetime | None = None
    due_code: str | None = None
    voucher: Voucher | None = None


def listed_token(name: str) -> tuple[str, Instrument] | None:
    """A well-known confirmation token: what it does and what it stands for. `ctoken_ideal` and its like name a method."""
    if name in TOKENS:
        behaviour, number = TOKENS[name]
        return behaviour, instrument_of(number)
    return _METHOD_TOKENS.get(name)


def behaviour_of(details: MethodDetails) -> tuple[str, Instrument] | str:
    """What paying with these details does, and what may be kept of them; or the code of a refusal."""
    method, account = details.method, "".join(details.account.split())
    if method is Method.UPI_COLLECT:
        account = account.lower()
        if account and not _UPI_ID.match(account):
            return "invalid_upi_id"
        return _UPI_IDS.get(account, "ask"), _instrument(method)
    if method in ACCOUNTS:
        account = account.upper()
        behaviour = ACCOUNTS[method].get(account)
        if behaviour is None or (method is Method.ACH and details.routing.strip() != ROUTING):
            return "account_not_for_tests"
        return behaviour, _instrument(method, account)
    return "voucher" if kind_of(method) is MethodKind.VOUCHER else "ask", _instrument(method)


def start_of(behaviour: str, method: str, now: datetime, random_bytes: Callable[[int], bytes]) -> Start:
    """The first state of a charge, by what the method of payment does. `now` is the organization's time."""
    kind, _, code = behaviour.partition(":")
    if kind == "decline":
        return Start(state="declined", code=code)
    if kind == "succeed":
        return Start(state="succeeded")
    if kind in ("ask", "challenge"):
        return Start(state="requires_action", due_at=now + ANSWER_WITHIN, due_code="authentication_timeout")
    if kind == "voucher":
        until = now + VOUCHER_LIVES
        return Start(
            state="processing",
            due_at=until,
            due_code="voucher_expired",
            voucher=Voucher(entity="21 312", reference=_reference(random_bytes), expires_at=until),
        )
    if kind == "later" and code != "never":
        days = next((days for one, days in DEBIT_DAYS.items() if one == method), 0)
        due_at = business_days_after(now, days) if days else now + UPI_TAKES
        return Start(state="processing", due_at=due_at, due_code=code or None)
    return Start(state="processing")


def business_days_after(start: datetime, days: int) -> datetime:
    """The same time of day so many working days later, Monday to Friday; banks' holidays are not known."""
    moment = start
    while days:
        moment += timedelta(days=1)
        days -= moment.weekday() < 5
    return moment


def _reference(random_bytes: Callable[[int], bytes]) -> str:
    digits = f"{int.from_bytes(random_bytes(6), 'big') % 10**9:09d}"
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def _instrument(method: Method, account: str = "") -> Instrument:
    """What is shown of a method. Behind a phone's wallet is a card."""
    if method in (Method.APPLE_PAY, Method.GOOGLE_PAY):
        return Instrument(method=method, brand="visa", last_four="4242", country="US", funding="credit")
    if account:
        country = account[:2] if method is Method.SEPA else "US"
        return Instrument(method=method, last_four=account[-4:], country=country)
    return Instrument(method=method)


def _method_token(method: Method) -> tuple[str, Instrument]:
    """The token of a method. A phone's wallet has asked its owner before there is one; all others ask afterwards."""
    if method in (Method.APPLE_PAY, Method.GOOGLE_PAY):
        return "succeed", _instrument(method)
    found = behaviour_of(MethodDetails(method=method, account=FIRST_ACCOUNT.get(method, ""), routing=ROUTING))
    assert not isinstance(found, str), "the details of a listed token are good"
    return found


_METHOD_TOKENS: Final[Mapping[str, tuple[str, Instrument]]] = {
    "ctoken_credit": ("succeed", instrument_of("4242424242424242")),
    "ctoken_debit": ("succeed", instrument_of("4000056655665556")),
    **{f"ctoken_{method}": _method_token(method) for method in Method if kind_of(method) is not MethodKind.CARD},
}
