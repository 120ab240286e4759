"""Change an open session: the buyer's data, the choice, the amount, the merchant's settings; then price it again.

The steps and their order are polar.md 5.3. A change is saved under the version that was read, so that of two at the same time one
is told `Locked` and loses nothing of the other's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from checkstand.domain.address import Address
from checkstand.domain.catalog import (
    Custom,
    Metadata,
    Price,
    Product,
    amount_params,
    check_custom_amount,
    choose_currency,
    in_currency,
    is_free,
)
from checkstand.domain.checkout import (
    Buyer,
    Checkout,
    CheckoutStatus,
    Line,
    Options,
    TrialChoice,
    move,
    require_open,
    trial_end,
)
from checkstand.domain.discount import Discount, why_not
from checkstand.domain.errors import Expired, Invalid, Locked, NotOpen, Problem
from checkstand.domain.facts import FactType
from checkstand.domain.organization import Organization
from checkstand.domain.pricing import quote
from checkstand.flows import tax_ids
from checkstand.flows.create_checkout import Counts
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import checkouts, discounts
from checkstand.store.database import Executor

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutChanges:
    """What a caller sent. `given` names the fields that were present, so that null can mean something."""

    given: frozenset[str] = frozenset()
    product_id: UUID | None = None
    price_id: UUID | None = None
    currency: str | None = None
    amount_minor: int | None = None
    quantities: Mapping[int, int] = field(default_factory=dict)
    amounts: Mapping[int, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    discount_id: UUID | None = None
    discount_code: str | None = None
    allow_discount_codes: bool | None = None
    require_billing_address: bool | None = None
    allow_trial: bool | None = None
    trial: TrialChoice | None = None
    is_business: bool | None = None
    name: str | None = None
    email: str | None = None
    ip_address: str | None = None
    billing_name: str | None = None
    address: Address | None = None
    tax_id: str | None = None
    phone: str | None = None
    customer_metadata: Metadata | None = None
    metadata: Metadata | None = None
    success_url: str | None = None
    back_url: str | None = None
    embed_origin: str | None = None
    locale: str | None = None
    payment_method: str | None = None

    def gives(self, name: str) -> bool:
        """True when the caller sent this field, null included."""
        return name in self.given


async def update_checkout(
    ports: Ports, organization: Organization, checkout: Checkout, changes: CheckoutChanges, *, by_merchant: bool
) -> Checkout:
    """The session after the change, priced again and stored. Raises Expired, NotOpen, Invalid, Locked."""
    now = ports.now(organization)
    require_editable(checkout, now, by_merchant=by_merchant)
    changed = await apply_changes(ports, organization, checkout, changes, now=now)
    if now >= changed.expires_at:
        # A merchant's late write is accepted and flips the session (polar.md 4.2).
        changed = move(changed, CheckoutStatus.EXPIRED, now=now)
    await store_change(ports, checkout, changed, FactType.CHECKOUT_UPDATED, now=now)
    return changed


def require_editable(checkout: Checkout, now: datetime, *, by_merchant: bool) -> None:
    """Raises Expired for a buyer who is late, NotOpen for anybody when the session has moved on."""
    if not by_merchant:
        require_open(checkout, now)
    elif checkout.status is not CheckoutStatus.OPEN:
        raise NotOpen(checkout.id, checkout.status)


async def store_change(ports: Ports, seen: Checkout, changed: Checkout, kind: FactType, *, now: datetime) -> None:
    """Save under the version that was read. Raises what the winner left behind: NotOpen, else Locked."""
    tell = await fact_writer(ports, changed.organization_id, now)
    fact = tell(kind, changed.id, checkout_id=changed.id, shows=changed)
    if not await checkouts.save(ports.db, changed, [fact], seen=seen.version):
        await raise_loss(ports.db, seen)
    ports.wake()


async def raise_loss(db: Executor, seen: Checkout) -> None:
    """Say why a guarded update changed nothing: the session moved on, or somebody is at it right now.

    Inside a transaction `db` must be that transaction: waiting for a second connection while holding one could stall the pool.
    """
    current = await checkouts.by_id(db, seen.organization_id, seen.id)
    if current is not None and current.status is not CheckoutStatus.OPEN:
        raise NotOpen(current.id, current.status)
    raise Locked


async def apply_changes(
    ports: Ports, organization: Organization, checkout: Checkout, changes: CheckoutChanges, *, now: datetime
) -> Checkout:
    """The session with the changes in it, priced again; nothing is stored. Raises Invalid."""
    changed = _choose(organization, checkout, changes)
    changed = _set_amounts(changed, changes)
    changed = replace(changed, options=_options(changed.options, changes), trial=_trial(changed.trial, changes))
    changed = replace(changed, buyer=_buyer(changed, changes))
    changed = replace(
        changed,
        metadata=_or_keep(changes.metadata, changed.metadata),
        redirects=replace(
            changed.redirects,
            success_url=changes.success_url if changes.gives("success_url") else changed.redirects.success_url,
            back_url=changes.back_url if changes.gives("back_url") else changed.redirects.back_url,
            embed_origin=changes.embed_origin if changes.gives("embed_origin") else changed.redirects.embed_origin,
        ),
        payment_method=changes.payment_method if changes.gives("payment_method") else changed.payment_method,
        version=checkout.version + 1,
        modified_at=now,
    )
    discount = await _discount(ports, changed, changes, now)
    return reprice(organization, changed, discount, now=now)


def reprice(organization: Organization, checkout: Checkout, discount: Discount | None, *, now: datetime) -> Checkout:
    """The session with its trial and quote worked out again."""
    ends = trial_end(checkout.selected, checkout.trial, now)
    priced = quote(
        checkout.lines,
        checkout.products,
        currency=checkout.currency,
        country=checkout.buyer.address.country if checkout.buyer.address else None,
        default_tax_behavior=organization.settings.default_tax_behavior,
        discount=discount,
        in_trial=ends is not None,
    )
    repriced = replace(checkout, quote=priced, trial_end=ends, discount=discount)
    if repriced.is_payment_form_required:
        return repriced
    buyer = repriced.buyer
    if not repriced.options.require_billing_address:
        buyer = replace(buyer, is_business=False, tax_id=None, billing_name=None)
    return replace(repriced, payment_method=None, buyer=buyer)


def _choose(organization: Organization, checkout: Checkout, changes: CheckoutChanges) -> Checkout:
    """Another product, price or currency. The session's own price list counts, ad-hoc prices included."""
    if changes.product_id is not None:
        if changes.product_id not in checkout.offers:
            raise Invalid.single("product_not_offered", "product_id", given=str(changes.product_id))
        product = checkout.product(changes.product_id)
        price = _chosen_price(organization, checkout, product, changes)
    elif changes.currency is not None and changes.currency != checkout.currency:
        product = checkout.selected
        offered = in_currency(product.prices, changes.currency)
        if not offered:
            raise Invalid.single("currency_unavailable", "currency", given=changes.currency.lower())
        price = offered[0]
    else:
        return checkout
    line = Line(product_id=product.id, price_id=price.id)
    return replace(checkout, lines=(line,), currency=price.currency)


def _chosen_price(organization: Organization, checkout: Checkout, product: Product, changes: CheckoutChanges) -> Price:
    if product.is_archived:
        raise Invalid.single("product_archived", "product_id", given=str(product.id))
    if changes.price_id is not None:
        price = product.price(changes.price_id)
        if price is None or price.is_archived:
            raise Invalid.single("price_not_offered", "product_price_id", given=str(changes.price_id))
        return price
    if changes.currency is not None:
        wanted = [changes.currency]
    else:
        wanted = [checkout.currency, organization.settings.default_currency]
    currency = choose_currency(product.active_prices, wanted=wanted)
    if currency is None:
        raise Invalid.single("currency_unavailable", "currency", given=(changes.currency or checkout.currency).lower())
    return in_currency(product.prices, currency)[0]


def _set_amounts(checkout: Checkout, changes: CheckoutChanges) -> Checkout:
    """Pay-what-you-want amounts and cart quantities. An amount for any other price is ignored."""
    for noun, value in (("seats", changes.counts.seats), ("units", changes.counts.units)):
        if value is not None:
            raise Invalid.single(f"{noun}_not_applicable", noun, given=value)
    amounts = dict(changes.amounts)
    if changes.amount_minor is not None:
        amounts.setdefault(0, changes.amount_minor)
    lines = []
    for position, line in enumerate(checkout.lines):
        quantity = changes.quantities.get(position, line.quantity)
        if not 0 <= quantity <= 2**31 - 1:
            raise Invalid.single("quantity_out_of_range", "quantity", position, given=quantity)
        terms = checkout.product(line.product_id).price(line.price_id)
        amount = amounts.get(position)
        if terms is None or amount is None or not isinstance(terms.terms, Custom):
            lines.append(replace(line, quantity=quantity))
            continue
        code = check_custom_amount(terms.terms, amount, checkout.currency)
        if code:
            raise Invalid([Problem(code, ("amount",), amount, amount_params(terms.terms, checkout.currency))])
        lines.append(replace(line, quantity=quantity, chosen_minor=amount))
    return replace(checkout, lines=tuple(lines))


def _options(options: Options, changes: CheckoutChanges) -> Options:
    return replace(
        options,
        allow_discount_codes=_or_keep(changes.allow_discount_codes, options.allow_discount_codes),
        require_billing_address=_or_keep(changes.require_billing_address, options.require_billing_address),
    )


def _trial(trial: TrialChoice, changes: CheckoutChanges) -> TrialChoice:
    span = changes.trial.span if changes.trial is not None else trial.span
    allow = changes.allow_trial if changes.gives("allow_trial") else trial.allow
    return TrialChoice(allow=allow, span=span)


def _or_keep(new: T | None, old: T) -> T:
    return old if new is None else new


def _buyer(checkout: Checkout, changes: CheckoutChanges) -> Buyer:
    """The buyer's data with the tax id checked again against the country (polar.md 5.3 step 8)."""
    buyer = checkout.buyer
    linked = checkout.is_email_locked
    if changes.gives("email") and not linked and changes.email != buyer.email:
        buyer = replace(buyer, customer_id=None)
    buyer = replace(
        buyer,
        email=changes.email if changes.gives("email") and not linked else buyer.email,
        name=changes.name if changes.gives("name") else buyer.name,
        ip_address=changes.ip_address if changes.gives("ip_address") else buyer.ip_address,
        billing_name=changes.billing_name if changes.gives("billing_name") else buyer.billing_name,
        address=_or_keep(changes.address, buyer.address) if changes.address is not None else buyer.address,
        phone=changes.phone if changes.gives("phone") else buyer.phone,
        is_business=_or_keep(changes.is_business, buyer.is_business),
        metadata=_or_keep(changes.customer_metadata, buyer.metadata),
    )
    if changes.is_business is False:
        return replace(buyer, tax_id=None, billing_name=None)
    if changes.gives("tax_id") and changes.tax_id is None:
        return replace(buyer, tax_id=None)
    number = changes.tax_id or buyer.tax_id
    if number is None:
        return buyer
    if buyer.address is None:
        raise Invalid.single("tax_id_needs_country", "customer_billing_address")
    normal = tax_ids.normalize(number, buyer.address.country)
    if normal is None:
        raise Invalid.single("tax_id_invalid", "customer_tax_id", given=number)
    return replace(buyer, tax_id=normal)


async def _discount(ports: Ports, checkout: Checkout, changes: CheckoutChanges, now: datetime) -> Discount | None:
    """The discount after the change: a new one must fit, the present one is dropped silently when it no longer does."""
    organization_id = checkout.organization_id
    bought = frozenset(line.product_id for line in checkout.lines)
    wanted: Discount | None = None
    field_name: str | None = None
    given: str | None = None
    if changes.discount_id is not None:
        field_name, given = "discount_id", str(changes.discount_id)
        wanted = await discounts.by_id(ports.db, organization_id, changes.discount_id)
    elif changes.discount_code and checkout.options.allow_discount_codes:
        field_name, given = "discount_code", changes.discount_code
        wanted = await discounts.by_code(ports.db, organization_id, changes.discount_code)
    if field_name is not None:
        if all(is_free(price) for price in checkout.selected.active_prices):
            raise Invalid.single("discount_on_free_product", field_name, given=given)
        if wanted is None:
            raise Invalid.single("discount_unknown", field_name, given=given)
        reason = why_not(wanted, product_ids=bought, currency=checkout.currency, now=now)
        if reason:
            raise Invalid.single(reason, field_name, given=given)
        return wanted
    clears_code = changes.gives("discount_code") and checkout.options.allow_discount_codes
    if changes.gives("discount_id") or (clears_code and not changes.discount_code) or checkout.discount_id is None:
        return None
    present = await discounts.by_id(ports.db, organization_id, checkout.discount_id)
    if present is None or why_not(present, product_ids=bought, currency=checkout.currency, now=now) in (
        "discount_other_product",
        "discount_other_currency",
    ):
        return None
    return present


async def extend_checkout(ports: Ports, organization: Organization, checkout: Checkout) -> Checkout:
    """More time for the buyer, once, by the session's original length (hosted-page.md 1.4 R). Raises Expired, NotOpen, Locked."""
    now = ports.now(organization)
    require_open(checkout, now)
    original = checkout.expires_at - checkout.created_at
    if checkout.carried.get("extended"):
        raise Expired
    changed = replace(
        checkout,
        expires_at=checkout.expires_at + original,
        carried={**checkout.carried, "extended": True},
        version=checkout.version + 1,
        modified_at=now,
    )
    await store_change(ports, checkout, changed, FactType.CHECKOUT_UPDATED, now=now)
    return changed
