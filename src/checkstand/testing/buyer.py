"""A buyer without a browser: fills in what a checkout still asks for, pays, and answers the bank's question.

What the tester does not say is made up, so that `{}` buys anything: a name, an e-mail address, a good card, an address that has
the fields the country needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from checkstand.domain.address import Address, normalize_state
from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import Invalid, NotFound, PaymentDeclined
from checkstand.domain.methods import CARDS, RULES, Method
from checkstand.domain.organization import Organization
from checkstand.domain.payment import (
    PENDING_STATUSES,
    Attempt,
    Declined,
    NeedsAction,
    Processing,
    Succeeded,
    Unknown,
    Verdict,
)
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.flows.ports import Ports
from checkstand.gateways.testbank.cards import CardDetails
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.gateways.testbank.methods import FIRST_ACCOUNT, ROUTING, MethodDetails
from checkstand.store.bank_books import charges as books
from checkstand.store.bank_books.charges import BankCharge
from checkstand.store.sales import payments
from checkstand.store.sales.payments import ATTEMPTS

Challenge = Literal["approve", "decline", "leave"]
Outcome = Literal["succeeded", "declined", "processing", "requires_action", "unknown"]
DEBIT_CARD = "4000056655665556"
_STATES = {"US": "NY", "CA": "ON"}
_MADE_UP = {"line1": "1 Test Street", "city": "Testville", "postal_code": "10001"}
_TOLD = ("country", "state", "city", "line1", "postal_code")
_OUTCOMES: dict[type, Outcome] = {
    Succeeded: "succeeded",
    Declined: "declined",
    Processing: "processing",
    NeedsAction: "requires_action",
    Unknown: "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What the tester says of the buyer; None leaves it to us. `token` pays in place of a card, and so does `method`.

    `account`: the IBAN, account number or UPI id that the method is paid from.
    """

    card: str = "4242424242424242"
    token: str | None = None
    method: Method | None = None
    account: str | None = None
    email: str | None = None
    name: str | None = None
    country: str | None = None
    state: str | None = None
    city: str | None = None
    line1: str | None = None
    postal_code: str | None = None
    product_id: UUID | None = None
    discount_code: str | None = None
    amount: int | None = None
    quantity: int | None = None
    exp_month: int = 12
    exp_year: int | None = None
    cvc: str | None = None
    challenge: Challenge = "approve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What came of it. `code` and `message` tell why a payment was declined."""

    outcome: Outcome
    checkout: Checkout
    payment: Attempt | None = None
    code: str | None = None
    message: str | None = None


async def pay(ports: Ports, organization: Organization, checkout: Checkout, purchase: Purchase) -> Bought:
    """Confirm the session as this buyer. Raises what confirming raises, except a decline, which is an outcome."""
    token: str | Declined = purchase.token or await _token(ports, organization, purchase)
    if isinstance(token, Declined):
        return Bought(outcome="declined", checkout=checkout, code=token.code, message=f"{token.message} {token.advice}")
    changes = _changes(checkout, purchase)
    try:
        confirmed = await confirm_checkout(
            ports, organization, checkout, changes, confirmation_token=token, return_url=f"{ports.public_url()}/"
        )
    except PaymentDeclined as declined:
        tries = (await payments.of_checkouts(ports.db, organization.id, [checkout.id])).get(checkout.id, ())
        return Bought(
            outcome="declined",
            checkout=checkout,
            payment=tries[-1] if tries else None,
            code=declined.decline_code,
            message=f"{declined.message} {declined.advice}",
        )
    if isinstance(confirmed.verdict, NeedsAction) and purchase.challenge != "leave":
        return await resolve(ports, confirmed.attempt, approved=purchase.challenge == "approve")
    return await _told(ports, confirmed.settled, confirmed.attempt, confirmed.verdict)


async def _token(ports: Ports, organization: Organization, purchase: Purchase) -> str | Declined:
    """What the test bank gives for the card or the method."""
    gateway, now, method = _bank(ports), ports.now(organization), purchase.method
    if method is None or method in CARDS:
        return await gateway.tokenize(organization.id, _card(ports, organization, purchase), now=now)
    account = FIRST_ACCOUNT.get(method, "") if purchase.account is None else purchase.account
    details = MethodDetails(method=method, account=account, routing=ROUTING)
    return await gateway.tokenize_method(organization.id, details, now=now)


async def resolve(ports: Ports, attempt: Attempt, *, approved: bool, code: str = "authentication_failure") -> Bought:
    """End a payment that waits for the buyer or for time. One that is decided already stays as it is. Raises NotFound."""
    gateway = _bank(ports)
    await gateway.decide(await _charge(ports, attempt), approved=approved, code=code)
    return await _looked_up(ports, attempt)


async def receive(ports: Ports, attempt: Attempt, captured_minor: int) -> Bought:
    """A part of a payment that waits arrives, and the rest does not yet. Raises NotFound, Invalid."""
    gateway, charge = _bank(ports), await _charge(ports, attempt)
    if not 0 < captured_minor < charge.amount_minor:
        raise Invalid.single(ProblemCode.PART_OF_AMOUNT, "amount", given=captured_minor)
    await gateway.receive(charge, captured_minor)
    return await _looked_up(ports, attempt)


async def _charge(ports: Ports, attempt: Attempt) -> BankCharge:
    charge = await books.CHARGES.by_id(ports.db, attempt.organization_id, attempt.gateway_key)
    if charge is None:
        raise NotFound
    return charge


async def _looked_up(ports: Ports, attempt: Attempt) -> Bought:
    verdict = await ports.gateway.lookup(attempt) or Unknown(reason="the bank does not know the charge")
    settled = await settle_payment(ports, attempt, verdict)
    return await _told(ports, settled, attempt, verdict)


def undecided(attempts: tuple[Attempt, ...]) -> Attempt | None:
    """The try that still waits for its end, if any."""
    return next((attempt for attempt in reversed(attempts) if attempt.status in PENDING_STATUSES), None)


async def _told(ports: Ports, checkout: Checkout, attempt: Attempt, verdict: Verdict) -> Bought:
    current = await ATTEMPTS.by_id(ports.db, attempt.organization_id, attempt.id)
    bought = Bought(outcome=_OUTCOMES[type(verdict)], checkout=checkout, payment=current)
    if isinstance(verdict, Declined):
        return replace(bought, code=verdict.code, message=f"{verdict.message} {verdict.advice}")
    return bought


def _bank(ports: Ports) -> TestGateway:
    if not isinstance(ports.gateway, TestGateway):
        raise NoTestBank
    return ports.gateway


class NoTestBank(Exception):
    """The server charges through a real gateway: there is no test bank to decide anything."""


def _card(ports: Ports, organization: Organization, purchase: Purchase) -> CardDetails:
    is_amex = purchase.card.startswith(("34", "37"))
    is_default = purchase.card == Purchase().card
    return CardDetails(
        number=DEBIT_CARD if purchase.method is Method.DEBIT and is_default else purchase.card,
        exp_month=purchase.exp_month,
        exp_year=purchase.exp_year or ports.now(organization).year + 3,
        cvc=purchase.cvc or ("1234" if is_amex else "123"),
        holder=purchase.name,
    )


def _changes(checkout: Checkout, purchase: Purchase) -> CheckoutChanges:
    buyer = checkout.buyer
    changes = CheckoutChanges(
        email=purchase.email or (None if buyer.email or buyer.customer_id else "buyer@example.com"),
        name=purchase.name or (None if buyer.name else "Test Buyer"),
        address=_address(checkout, purchase),
        product_id=purchase.product_id,
        discount_code=purchase.discount_code,
        payment_method="card" if purchase.method in CARDS else purchase.method,
        amount_minor=purchase.amount,
        quantities=_quantities(checkout, purchase),
    )
    named = ("email", "name", "address", "product_id", "discount_code", "payment_method")
    return replace(changes, given=frozenset(name for name in named if getattr(changes, name) is not None))


def place_of(method: Method | None) -> str:
    """A country where a method can be used: the US wherever it can."""
    markets = RULES[method].markets if method else ()
    countries = [market.countries for market in markets if market.countries is not None]
    return "US" if not countries or any("US" in one for one in countries) else min(countries[0])


def _quantities(checkout: Checkout, purchase: Purchase) -> dict[int, int]:
    """The quantity of each line: as told, else 1 where the buyer still has to choose."""
    return {
        position: purchase.quantity or 1
        for position, line in enumerate(checkout.lines)
        if purchase.quantity is not None or line.quantity < 1
    }


def _address(checkout: Checkout, purchase: Purchase) -> Address:
    """The session's address with what the tester tells, and every field that the country needs. Raises InvalidState."""
    before = checkout.buyer.address
    told = {name: getattr(purchase, name) for name in _TOLD if getattr(purchase, name) is not None}
    country = str(told.get("country", before.country if before else place_of(purchase.method))).upper()
    stays = before is not None and before.country == country
    known = replace(before if before and stays else Address(country=country), **{**told, "country": country})
    required = checkout.address_fields_in(country).required()
    missing = {name: text for name, text in _MADE_UP.items() if required[name] and not getattr(known, name)}
    if required["state"] and not known.state:
        missing["state"] = _STATES[country]
    filled = replace(known, **missing)
    return replace(filled, state=normalize_state(country, filled.state))
