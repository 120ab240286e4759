"""Create a checkout session: load what the request names, price it, store one row and the fact that it happened.

The order of checks is polar.md 2.4; Dodo's carts go through the same steps. A refusal lists every problem of the step that
found one, and nothing is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.catalog import (
    Custom,
    Metadata,
    Price,
    PriceDefinition,
    Product,
    Visibility,
    amount_params,
    check_composition,
    check_custom_amount,
    choose_currency,
    in_currency,
)
from checkstand.domain.checkout import (
    Buyer,
    Checkout,
    CheckoutStatus,
    Line,
    Options,
    Redirects,
    TrialChoice,
    trial_end,
)
from checkstand.domain.customer import Customer, prefill
from checkstand.domain.discount import Discount, why_not
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.facts import FactType
from checkstand.domain.organization import Dialect, Organization
from checkstand.domain.pricing import below_floor, quote
from checkstand.flows import tax_ids
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import checkouts, customers, discounts, products

Where = tuple[str | int, ...]
DEFAULT_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A product the request names, where it names it, and how much of it."""

    product_id: UUID
    where: Where
    quantity: int = 1
    chosen_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Seat and unit numbers of a request. Kept with the field they came from, to be refused by name where they cannot apply."""

    seats: int | None = None
    min_seats: int | None = None
    max_seats: int | None = None
    units: int | None = None
    min_units: int | None = None
    max_units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """A session as asked for, neutral. `choose_one`: the products are alternatives (Polar), else all are bought (Dodo).

    `reserves_order`: everything is final, so the order's id is known before the first confirm (Dodo's `confirm: true`).
    """

    dialect: Dialect
    wanted: tuple[Wanted, ...]
    choose_one: bool
    price_id: UUID | None = None
    ad_hoc: Mapping[UUID, tuple[PriceDefinition, ...]] = field(default_factory=dict)
    currency: str | None = None
    amount_minor: int | None = None
    counts: Counts = field(default_factory=Counts)
    buyer: Buyer = field(default_factory=Buyer)
    customer_id: UUID | None = None
    business_mentioned: bool = False
    options: Options = field(default_factory=Options)
    trial: TrialChoice = field(default_factory=TrialChoice)
    redirects: Redirects = field(default_factory=Redirects)
    metadata: Metadata = field(default_factory=dict)
    discount_id: UUID | None = None
    discount_code: str | None = None
    subscription_id: UUID | None = None
    enforce_floor: bool = False
    reserves_order: bool = False
    lifetime: timedelta = DEFAULT_LIFETIME
    carried: Mapping[str, object] = field(default_factory=dict)


async def create_checkout(ports: Ports, organization: Organization, request: CheckoutRequest) -> Checkout:
    """A new open session. Raises Invalid with every problem of the first step that found one."""
    now = ports.now(organization)
    chosen = await _load_products(ports, organization, request)
    chosen = _with_ad_hoc_prices(ports, organization, request, chosen, now)
    currency = _currency(organization, request, chosen)
    lines = _lines(request, chosen, currency)
    discount = await _discount(ports, organization, request, lines, currency, now)
    buyer = _checked_tax_id(request.buyer)
    _check_counts(request.counts)
    _check_subscription(request)
    buyer, options = await _buyer(ports, organization, request, buyer)
    country = buyer.address.country if buyer.address else None
    ends = trial_end(_product(chosen, lines[0].product_id), request.trial, now)
    priced = quote(
        lines,
        chosen,
        currency=currency,
        country=country,
        default_tax_behavior=organization.settings.default_tax_behavior,
        discount=discount,
        in_trial=ends is not None,
    )
    if request.enforce_floor and ends is None and (floor := below_floor(priced.total_minor, currency)):
        raise Invalid.single("total_below_floor", "amount", given=priced.total_minor, minimum=floor)
    checkout = Checkout(
        id=ports.new_id(),
        organization_id=organization.id,
        dialect=request.dialect,
        status=CheckoutStatus.OPEN,
        client_secret=ids.secret("polar_c_", random_bytes=ports.random_bytes),
        created_at=now,
        expires_at=now + request.lifetime,
        products=tuple(chosen),
        offers=tuple(product.id for product in chosen) if request.choose_one else (),
        lines=lines,
        currency=currency,
        quote=priced,
        buyer=buyer,
        options=options,
        trial=request.trial,
        trial_end=ends,
        redirects=request.redirects,
        metadata=request.metadata,
        discount=discount,
        order_id=ports.new_id() if request.reserves_order else None,
        carried=request.carried,
    )
    tell = await fact_writer(ports, organization.id, now)
    fact = tell(FactType.CHECKOUT_CREATED, checkout.id, checkout_id=checkout.id, shows=checkout)
    await checkouts.create(ports.db, checkout, [fact])
    ports.wake()
    return checkout


def _product(chosen: Sequence[Product], product_id: UUID) -> Product:
    return next(product for product in chosen if product.id == product_id)


async def _load_products(ports: Ports, organization: Organization, request: CheckoutRequest) -> list[Product]:
    """The products in the order asked for, each once. One problem per product that cannot be sold."""
    if request.price_id is not None:
        return [await _product_of_price(ports, organization, request.price_id)]
    found = await ports.cache.products(organization.id, [item.product_id for item in request.wanted])
    problems: list[Problem] = []
    chosen: dict[UUID, Product] = {}
    for item in request.wanted:
        product = found.get(item.product_id)
        code = _why_not_sold(product)
        if code or product is None:
            problems.append(Problem(code or "product_unknown", item.where, str(item.product_id)))
        else:
            chosen[product.id] = product
    if problems:
        raise Invalid(problems)
    return list(chosen.values())


def _why_not_sold(product: Product | None) -> str | None:
    if product is None:
        return "product_unknown"
    if product.is_archived:
        return "product_archived"
    return "product_draft" if product.visibility is Visibility.DRAFT else None


async def _product_of_price(ports: Ports, organization: Organization, price_id: UUID) -> Product:
    """The product of a price, narrowed to exactly that price (the oldest form of the API)."""
    product = await products.by_price_id(ports.db, organization.id, price_id)
    price = product.price(price_id) if product else None
    if product is None or price is None:
        raise Invalid.single("price_unknown", "product_price_id", given=str(price_id))
    if product.is_archived:
        raise Invalid.single("product_archived", "product_price_id", given=str(price_id))
    if price.is_archived:
        raise Invalid.single("price_archived", "product_price_id", given=str(price_id))
    return replace(product, prices=(price, *(other for other in product.active_prices if other.id != price_id)))


def _with_ad_hoc_prices(
    ports: Ports, organization: Organization, request: CheckoutRequest, chosen: list[Product], now: datetime
) -> list[Product]:
    """Replace the prices of products that the request prices itself, for this session only."""
    if not request.ad_hoc:
        return chosen
    known = {product.id for product in chosen}
    problems = [
        Problem("ad_hoc_product_not_offered", ("prices", str(product_id)), str(product_id))
        for product_id in request.ad_hoc
        if product_id not in known
    ]
    for product_id, definitions in request.ad_hoc.items():
        for problem in check_composition(definitions, default_currency=organization.settings.default_currency):
            problems.append(replace(problem, where=("prices", str(product_id))))
    if problems:
        raise Invalid(problems)
    return [
        replace(product, prices=_ad_hoc(ports, product, request.ad_hoc[product.id], now))
        if product.id in request.ad_hoc
        else product
        for product in chosen
    ]


def _ad_hoc(ports: Ports, product: Product, definitions: Sequence[PriceDefinition], now: datetime) -> tuple[Price, ...]:
    return tuple(
        Price(
            id=ports.new_id(),
            product_id=product.id,
            currency=definition.currency,
            terms=definition.terms,
            tax_behavior=definition.tax_behavior,
            discount_percent=definition.discount_percent,
            source="ad_hoc",
            created_at=now,
        )
        for definition in definitions
    )


def _currency(organization: Organization, request: CheckoutRequest, chosen: Sequence[Product]) -> str:
    """The session's currency: the wanted one, else the organization's, else (for carts) what the first product is sold in."""
    first = request.wanted[0] if request.wanted else None
    where: Where = first.where if first else ("product_price_id",)
    given = str(first.product_id) if first else str(request.price_id)
    if request.price_id is not None:
        return chosen[0].prices[0].currency
    default = organization.settings.default_currency
    wanted = [request.currency] if request.currency and request.choose_one else [request.currency or default, default]
    offered = [price.currency for price in chosen[0].active_prices]
    if not request.choose_one:
        wanted += offered
    currency = choose_currency(chosen[0].active_prices, wanted=wanted)
    if currency is None:
        raise Invalid.single("currency_unavailable", *where, given=given)
    others = chosen if not request.choose_one else chosen[:1]
    problems = [
        Problem("currency_unavailable", item.where, str(item.product_id), {"currency": currency})
        for item in request.wanted
        for product in others
        if product.id == item.product_id and not in_currency(product.prices, currency)
    ]
    if problems:
        raise Invalid(problems)
    return currency


def _lines(request: CheckoutRequest, chosen: Sequence[Product], currency: str) -> tuple[Line, ...]:
    """What will be charged: the first offer, or every item of the cart."""
    if request.choose_one:
        first = chosen[0]
        price = in_currency(first.prices, currency)[0]
        amount = _checked_amount(price, request.amount_minor, ("amount",))
        return (Line(product_id=first.id, price_id=price.id, chosen_minor=amount),)
    lines = []
    for item in request.wanted:
        price = in_currency(_product(chosen, item.product_id).prices, currency)[0]
        amount = _checked_amount(price, item.chosen_minor, (*item.where[:-1], "amount"))
        lines.append(
            Line(
                product_id=item.product_id,
                price_id=price.id,
                quantity=item.quantity,
                buyer_sets_quantity=item.quantity == 0,
                chosen_minor=amount,
            )
        )
    return tuple(lines)


def _checked_amount(price: Price, amount_minor: int | None, where: Where) -> int | None:
    """The chosen amount where the buyer may choose one; ignored elsewhere."""
    if amount_minor is None or not isinstance(price.terms, Custom):
        return None
    code = check_custom_amount(price.terms, amount_minor, price.currency)
    if code:
        raise Invalid([Problem(code, where, amount_minor, amount_params(price.terms, price.currency))])
    return amount_minor


async def _discount(
    ports: Ports,
    organization: Organization,
    request: CheckoutRequest,
    lines: Sequence[Line],
    currency: str,
    now: datetime,
) -> Discount | None:
    """The discount asked for by id or code, usable now. Raises Invalid with the reason."""
    if request.discount_id is not None:
        found = await discounts.by_id(ports.db, organization.id, request.discount_id)
        where, given = "discount_id", str(request.discount_id)
    elif request.discount_code:
        found = await discounts.by_code(ports.db, organization.id, request.discount_code)
        where, given = "discount_code", request.discount_code
    else:
        return None
    reason = "discount_unknown"
    if found is not None:
        bought = frozenset(line.product_id for line in lines)
        reason = why_not(found, product_ids=bought, currency=currency, now=now) or ""
    if reason or found is None:
        raise Invalid.single(reason, where, given=given)
    return found


def _checked_tax_id(buyer: Buyer) -> Buyer:
    if buyer.tax_id is None:
        return buyer
    if buyer.address is None:
        raise Invalid.single("tax_id_needs_country", "customer_billing_address")
    number = tax_ids.normalize(buyer.tax_id, buyer.address.country)
    if number is None:
        raise Invalid.single("tax_id_invalid", "customer_tax_id", given=buyer.tax_id)
    return replace(buyer, tax_id=number)


def _check_counts(counts: Counts) -> None:
    """No price here is sold by seat or unit: numbers for them are refused by name, never dropped."""
    for noun in ("seats", "units"):
        problems = [
            Problem(f"bounds_need_{noun}", (name,), getattr(counts, name))
            for name in (f"min_{noun}", f"max_{noun}")
            if getattr(counts, name) is not None
        ]
        if problems:
            raise Invalid(problems)
        if getattr(counts, noun) is not None:
            raise Invalid.single(f"{noun}_not_applicable", noun, given=getattr(counts, noun))


def _check_subscription(request: CheckoutRequest) -> None:
    """There is nothing to upgrade until subscriptions exist."""
    if request.subscription_id is not None:
        raise Invalid.single("subscription_unknown", "subscription_id", given=str(request.subscription_id))


async def _buyer(
    ports: Ports, organization: Organization, request: CheckoutRequest, buyer: Buyer
) -> tuple[Buyer, Options]:
    """The buyer, filled from a known customer; and what follows from the address the request itself gave (polar.md 2.7)."""
    options = request.options
    address = buyer.address
    if address is not None and not options.minimal_address:
        detailed = address.line1 or address.line2 or address.city or address.postal_code
        if detailed or (address.state and address.country not in ("US", "CA")):
            options = replace(options, require_billing_address=True)
    customer: Customer | None = None
    if request.customer_id is not None:
        customer = await customers.by_id(ports.db, organization.id, request.customer_id)
        if customer is None:
            raise Invalid.single("customer_unknown", "customer_id", given=str(request.customer_id))
    elif buyer.external_id is not None:
        customer = await customers.by_external_id(ports.db, organization.id, buyer.external_id)
    if customer is None:
        return buyer, options
    filled = prefill(buyer, customer)
    known = customer.address
    has_place = known is not None and (known.line1 or known.line2 or known.city or known.postal_code)
    if not request.business_mentioned and customer.billing_name and has_place:
        filled = replace(filled, is_business=True)
    return filled, options
