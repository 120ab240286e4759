"""Create a checkout session: load what the request names, price it, store one row and the fact that it happened.

The order of checks is Polar's; Dodo's carts go through the same steps. A refusal lists every problem of the step that found one,
and nothing is stored.

Source: docs/behaviour/polar.md#creating-a-checkout.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from checkstand.domain import ids
from checkstand.domain.address import Address
from checkstand.domain.checkout import Buyer, Checkout, CheckoutStatus, Options
from checkstand.domain.customer import Customer, prefill
from checkstand.domain.discount import Discount
from checkstand.domain.errors import Invalid
from checkstand.domain.facts import FactType
from checkstand.domain.fields import AttachedField, check_answers
from checkstand.domain.lines import count_problems
from checkstand.domain.methods import eligible_for
from checkstand.domain.organization import Organization
from checkstand.domain.pricing import below_floor
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.profile import profile_of
from checkstand.flows import tax_ids
from checkstand.flows.checkout.apply_discounts import find_discounts
from checkstand.flows.checkout.checkout_request import CheckoutRequest
from checkstand.flows.checkout.choose_lines import ChosenLines, choose_lines
from checkstand.flows.checkout.price_checkout import Basket, Priced, price_basket
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import checkouts
from checkstand.store.people import customers, members
from checkstand.store.people.customers import CUSTOMERS


async def create_checkout(ports: Ports, organization: Organization, request: CheckoutRequest) -> Checkout:
    """A new open session. Raises Invalid with every problem of the first step that found one."""
    checkout = await draft_checkout(ports, organization, request)
    tell = await fact_writer(ports, organization.id, checkout.created_at)
    fact = tell(FactType.CHECKOUT_CREATED, checkout.id, checkout_id=checkout.id, shows=checkout)
    await checkouts.create(ports.db, checkout, [fact])
    ports.wake()
    return checkout


async def draft_checkout(ports: Ports, organization: Organization, request: CheckoutRequest) -> Checkout:
    """The session that the request would make: checked and priced, stored nowhere. Raises Invalid."""
    now = ports.now(organization)
    chosen = await choose_lines(ports, organization, request, now)
    applied = await find_discounts(
        ports,
        organization.id,
        discount_id=request.discount_id,
        codes=request.discount_codes,
        lines=chosen.lines,
        products=chosen.products,
        currency=chosen.currency,
        now=now,
    )
    buyer = _checked_tax_id(request.buyer)
    if problems := count_problems(chosen.prices, request.counts) if request.choose_one else []:
        raise Invalid(problems)
    _check_subscription(request)
    buyer, options = await _buyer(ports, organization, request, buyer)
    buyer = _located(ports, request, buyer)
    questions = request.questions or _selected_fields(chosen)
    answers, problems = check_answers(questions, request.answers, confirming=False)
    if problems:
        raise Invalid(problems)
    priced = await _priced(ports, organization, request, chosen, applied, buyer, now)
    draft = Checkout(
        id=ports.new_id(),
        organization_id=organization.id,
        dialect=request.dialect,
        status=CheckoutStatus.OPEN,
        client_secret=ids.secret(profile_of(request.dialect).page.secret_prefix, random_bytes=ports.random_bytes),
        created_at=now,
        expires_at=now + request.lifetime,
        products=chosen.products,
        listed_prices=chosen.listed_prices,
        offers=chosen.offers,
        lines=chosen.lines,
        currency=priced.currency,
        quote=priced.quote,
        buyer=buyer,
        options=options,
        trial=request.trial,
        trial_end=priced.trial_end,
        redirects=request.redirects,
        metadata=request.metadata,
        questions=request.questions,
        custom_field_data=answers,
        discounts=applied,
        counts=request.counts.bounds,
        exchange=priced.exchange,
        base_quote=priced.base_quote,
        wanted_currency=request.wanted_currency,
        order_id=ports.new_id() if request.reserves_order else None,
        carried=request.carried,
    )
    # Where nothing is left to the buyer, there must be a way to pay; else the page says it when it knows.
    # Source: docs/behaviour/dodo.md#allowed-payment-methods.
    if request.reserves_order and draft.is_payment_form_required and not eligible_for(draft):
        raise Invalid.single(ProblemCode.NO_METHOD, "allowed_payment_method_types")
    return draft


async def _priced(
    ports: Ports,
    organization: Organization,
    request: CheckoutRequest,
    chosen: ChosenLines,
    applied: tuple[Discount, ...],
    buyer: Buyer,
    now: datetime,
) -> Priced:
    """What the chosen lines come to. Raises Invalid where that is too much, or less than can be charged."""
    basket = Basket(
        dialect=request.dialect,
        lines=chosen.lines,
        products=chosen.products,
        currency=chosen.currency,
        wanted_currency=request.wanted_currency,
        discounts=applied,
        buyer=buyer,
        trial=request.trial,
    )
    priced = await price_basket(ports, organization, basket, now=now)
    floor = below_floor(priced.quote.due_minor, priced.currency) if request.enforce_floor else None
    if floor:
        raise Invalid.single(ProblemCode.TOTAL_BELOW_FLOOR, "amount", given=priced.quote.due_minor, minimum=floor)
    return priced


def _selected_fields(chosen: ChosenLines) -> tuple[AttachedField, ...]:
    product_id = chosen.lines[0].product_id
    return next(product.fields for product in chosen.products if product.id == product_id)


def _located(ports: Ports, request: CheckoutRequest, buyer: Buyer) -> Buyer:
    """The country of the buyer's network address, while nothing better is known."""
    if not profile_of(request.dialect).locates_buyer or buyer.address is not None or buyer.ip_address is None:
        return buyer
    country = ports.places.country_of(buyer.ip_address)
    return replace(buyer, address=Address(country=country)) if country else buyer


def _checked_tax_id(buyer: Buyer) -> Buyer:
    if buyer.tax_id is None:
        return buyer
    if buyer.address is None:
        raise Invalid.single(ProblemCode.TAX_ID_NEEDS_COUNTRY, "customer_billing_address")
    number = tax_ids.normalize(buyer.tax_id, buyer.address.country)
    if number is None:
        raise Invalid.single(ProblemCode.TAX_ID_INVALID, "customer_tax_id", given=buyer.tax_id)
    return replace(buyer, tax_id=number)


def _check_subscription(request: CheckoutRequest) -> None:
    """There is nothing to upgrade until subscriptions exist."""
    if request.subscription_id is not None:
        raise Invalid.single(ProblemCode.SUBSCRIPTION_UNKNOWN, "subscription_id", given=str(request.subscription_id))


async def _buyer(
    ports: Ports, organization: Organization, request: CheckoutRequest, buyer: Buyer
) -> tuple[Buyer, Options]:
    """The buyer, filled from a known customer; and what follows from the address the request itself gave.

    Source: docs/behaviour/polar.md#buyers-of-new-checkouts.
    """
    options = request.options
    address = buyer.address
    if address is not None and not options.minimal_address:
        detailed = address.line1 or address.line2 or address.city or address.postal_code
        if detailed or (address.state and address.country not in ("US", "CA")):
            options = replace(options, require_billing_address=True)
    customer: Customer | None = None
    if request.customer_id is not None:
        customer = await CUSTOMERS.living(ports.db, organization.id, request.customer_id)
        if customer is None:
            raise Invalid.single(ProblemCode.CUSTOMER_UNKNOWN, "customer_id", given=str(request.customer_id))
    elif buyer.external_id is not None:
        customer = await customers.by_external_id(ports.db, organization.id, buyer.external_id)
    if customer is None:
        return buyer, options
    owner_email: str | None = None
    if customer.email is None:
        owner = await members.owner(ports.db, organization.id, customer.id)
        owner_email = owner.email if owner is not None else None
    filled = prefill(buyer, customer, owner_email=owner_email)
    known = customer.address
    has_place = known is not None and (known.line1 or known.line2 or known.city or known.postal_code)
    if not request.business_mentioned and customer.billing_name and has_place:
        filled = replace(filled, is_business=True)
    return filled, options
