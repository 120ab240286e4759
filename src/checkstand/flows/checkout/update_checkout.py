"""Change an open session: the buyer's data, the choice, the amount, the merchant's settings; then price it again.

The steps and their order are Polar's. A change is saved under the version that was read, so that of two at the same time one
is told `Locked` and loses nothing of the other's.

Source: docs/behaviour/polar.md#changing-a-checkout.
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
)
from checkstand.domain.changes import Given, with_given
from checkstand.domain.checkout import (
    Buyer,
    Checkout,
    CheckoutStatus,
    TrialChoice,
    move,
    require_open,
)
from checkstand.domain.discount import Discount
from checkstand.domain.errors import Invalid, Locked, NotOpen, Problem
from checkstand.domain.facts import FactType
from checkstand.domain.fields import check_answers, merge
from checkstand.domain.lines import Counts, charged_prices, count_problems, offer_lines
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.terms import LARGEST_COUNT, SeatBased, UnitBased, named_amount
from checkstand.flows import tax_ids
from checkstand.flows.checkout.apply_discounts import (
    current_discounts,
    find_discounts,
    fitting_discounts,
    is_redeemable,
)
from checkstand.flows.checkout.check_discounts import check_customer_limits
from checkstand.flows.checkout.current_prices import at_current_prices, bounds_that_fit
from checkstand.flows.checkout.price_checkout import reprice
from checkstand.flows.ports import Ports, fact_writer
from checkstand.store import checkouts
from checkstand.store.executor import Executor

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutChanges:
    """What a caller sent. `given` names the fields that were present, so that null can mean something; `options` and `redirects` are
    the fields that were given of these two.

    `at_current_prices`: a price that is no longer sold gives way to the one that followed it.
    """

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
    removed_discount_id: UUID | None = None
    options: Given = field(default_factory=dict)
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
    redirects: Given = field(default_factory=dict)
    locale: str | None = None
    payment_method: str | None = None
    answers: Mapping[str, object] | None = None
    replaces_answers: bool = False
    at_current_prices: bool = False

    def gives(self, name: str) -> bool:
        """True when the caller sent this field, null included."""
        return name in self.given


async def update_checkout(
    ports: Ports,
    organization: Organization,
    checkout: Checkout,
    changes: CheckoutChanges,
    *,
    by_merchant: bool,
    as_shown: bool = False,
) -> Checkout:
    """The session after the change, priced again and stored. Raises Expired, NotOpen, Invalid, Locked.

    `as_shown`: as for `apply_changes`.
    """
    now = ports.now(organization)
    require_editable(checkout, now, by_merchant=by_merchant)
    changed = await apply_changes(ports, organization, checkout, changes, now=now, as_shown=as_shown)
    if not by_merchant:
        await check_customer_limits(ports.db, changed, fingerprint=None)
    if now >= changed.expires_at:
        # A merchant's late write is accepted and flips the session.
        changed = move(changed, CheckoutStatus.EXPIRED, now=now)
    await store_change(ports, checkout, changed, FactType.CHECKOUT_UPDATED, now=now)
    return changed


def require_editable(checkout: Checkout, now: datetime, *, by_merchant: bool) -> None:
    """Raises Expired for a buyer who is late, NotOpen for both when the session has moved on."""
    if not by_merchant:
        require_open(checkout, now)
    elif checkout.status is not CheckoutStatus.OPEN:
        raise NotOpen(checkout.id, checkout.status)


async def store_change(ports: Ports, seen: Checkout, changed: Checkout, kind: FactType, *, now: datetime) -> None:
    """Save under the version that was read. Raises what the winner left behind: NotOpen, else Locked."""
    tell = await fact_writer(ports, changed.organization_id, now)
    fact = tell(kind, changed.id, checkout_id=changed.id, shows=changed)
    if not await checkouts.save(ports.db, changed, [fact], seen=seen.version):
        await raise_conflict(ports.db, seen)
    ports.wake()


async def raise_conflict(db: Executor, seen: Checkout) -> None:
    """Say why a guarded update changed nothing: NotOpen where the session moved on, Locked where another change came first.

    Inside a transaction `db` must be that transaction: waiting for a second connection while holding one could stall the pool.
    """
    current = await checkouts.by_id(db, seen.organization_id, seen.id)
    if current is not None and current.status is not CheckoutStatus.OPEN:
        raise NotOpen(current.id, current.status)
    raise Locked


async def apply_changes(
    ports: Ports,
    organization: Organization,
    checkout: Checkout,
    changes: CheckoutChanges,
    *,
    now: datetime,
    as_shown: bool = False,
) -> Checkout:
    """The session with the changes in it, priced again; nothing is stored. Raises Invalid.

    `as_shown`: its discounts stay as the session shows them, for somebody who has its total in front of them; else they are as the
    merchant has them today.
    """
    await _require_offered(ports, checkout, changes)
    sold = await at_current_prices(ports, checkout) if changes.at_current_prices else checkout
    changed = _choose(organization, sold, changes)
    changed = _set_amounts(changed, changes)
    changed = replace(
        changed, options=with_given(changed.options, changes.options), trial=_trial(changed.trial, changes)
    )
    changed = replace(changed, buyer=_located(ports, _buyer(changed, changes), checkout))
    changed = _answered(changed, changes)
    changed = replace(
        changed,
        metadata=_or_keep(changes.metadata, changed.metadata),
        redirects=with_given(changed.redirects, changes.redirects),
        payment_method=changes.payment_method if changes.gives("payment_method") else changed.payment_method,
        version=checkout.version + 1,
        modified_at=now,
    )
    changed = replace(changed, discounts=await _discounts(ports, changed, changes, now, as_shown=as_shown))
    changed = await _priced_again(ports, organization, changed, now)
    undated = replace(changed, version=checkout.version, modified_at=checkout.modified_at)
    is_same = _with_named_amounts(undated) == _with_named_amounts(checkout)
    return replace(changed, modified_at=checkout.modified_at) if is_same else changed


def _with_named_amounts(checkout: Checkout) -> Checkout:
    """The session with each amount that a buyer may name written out. Naming the one that stands there already changes nothing that
    is shown, but is kept: it holds where the merchant proposes another one later.
    """
    lines = [
        replace(line, chosen_minor=named_amount(terms, line.chosen_minor)) if isinstance(terms, Custom) else line
        for line in checkout.lines
        for terms in (checkout.price_of(line).terms,)
    ]
    return replace(checkout, lines=tuple(lines))


async def _priced_again(ports: Ports, organization: Organization, checkout: Checkout, now: datetime) -> Checkout:
    """The session priced again; where nothing is to be paid, what only a payment needs is dropped."""
    repriced = await reprice(ports, organization, checkout, now=now)
    if repriced.is_payment_form_required:
        return repriced
    buyer = repriced.buyer
    if not repriced.options.require_billing_address:
        buyer = replace(buyer, is_business=False, tax_id=None, billing_name=None)
    return replace(repriced, payment_method=None, buyer=buyer)


async def _require_offered(ports: Ports, checkout: Checkout, changes: CheckoutChanges) -> None:
    """The product that is chosen has to be one of the session's, and still be sold. Raises Invalid."""
    wanted = changes.product_id
    if wanted is None:
        return
    if wanted not in checkout.offers:
        raise Invalid.single(ProblemCode.PRODUCT_NOT_OFFERED, "product_id", given=str(wanted))
    current = (await ports.cache.products(checkout.organization_id, [wanted])).get(wanted)
    if current is None or current.is_archived:
        raise Invalid.single(ProblemCode.PRODUCT_ARCHIVED, "product_id", given=str(wanted))


def _choose(organization: Organization, checkout: Checkout, changes: CheckoutChanges) -> Checkout:
    """Another product, price or currency. The session's own price list counts, ad-hoc prices included."""
    if changes.product_id is not None:
        product = checkout.product(changes.product_id)
        prices = _chosen_prices(organization, checkout, product, changes)
    elif changes.currency is not None and changes.currency != checkout.price_currency:
        if checkout.profile.converts_currency:
            return replace(checkout, wanted_currency=changes.currency)
        prices = in_currency(checkout.selected.prices, changes.currency)
        if not prices:
            raise Invalid.single(ProblemCode.CURRENCY_UNAVAILABLE, "currency", given=changes.currency.lower())
    elif changes.currency is not None:
        return replace(checkout, wanted_currency=changes.currency)
    else:
        return checkout
    charged = charged_prices(prices)
    fitting = bounds_that_fit(charged, checkout.counts)
    lines = offer_lines(charged, Counts(bounds=fitting))
    return replace(checkout, lines=lines, currency=charged[0].currency, exchange=None)


def _chosen_prices(
    organization: Organization, checkout: Checkout, product: Product, changes: CheckoutChanges
) -> tuple[Price, ...]:
    if changes.price_id is not None:
        price = product.price(changes.price_id)
        if price is None or price.is_archived:
            raise Invalid.single(ProblemCode.PRICE_NOT_OFFERED, "product_price_id", given=str(changes.price_id))
        return in_currency(product.prices, price.currency)
    if changes.currency is not None:
        wanted = [changes.currency]
    else:
        wanted = [checkout.price_currency, organization.settings.default_currency]
    currency = choose_currency(product.active_prices, wanted=wanted)
    if currency is None:
        raise Invalid.single(
            ProblemCode.CURRENCY_UNAVAILABLE, "currency", given=(changes.currency or checkout.currency).lower()
        )
    return in_currency(product.prices, currency)


def _set_amounts(checkout: Checkout, changes: CheckoutChanges) -> Checkout:
    """Pay-what-you-want amounts, seats, units and cart quantities. An amount for any other price is ignored."""
    counts = replace(changes.counts, bounds=bounds_that_fit(_prices(checkout), checkout.counts))
    if problems := count_problems(_prices(checkout), counts):
        raise Invalid(problems)
    amounts = dict(changes.amounts)
    if changes.amount_minor is not None:
        amounts.setdefault(0, changes.amount_minor)
    lines = []
    for position, line in enumerate(checkout.lines):
        quantity = _quantity(checkout, position, changes)
        terms = checkout.price_of(line).terms
        amount = amounts.get(position)
        if amount is None or not isinstance(terms, Custom):
            lines.append(replace(line, quantity=quantity))
            continue
        code = check_custom_amount(terms, amount, checkout.price_currency)
        if code:
            raise Invalid([Problem(code, ("amount",), amount, amount_params(terms, checkout.price_currency))])
        lines.append(replace(line, quantity=quantity, chosen_minor=amount))
    return replace(checkout, lines=tuple(lines))


def _prices(checkout: Checkout) -> tuple[Price, ...]:
    return tuple(checkout.price_of(line) for line in checkout.lines) if checkout.offers else ()


def _quantity(checkout: Checkout, position: int, changes: CheckoutChanges) -> int:
    line = checkout.lines[position]
    terms = checkout.price_of(line).terms
    wanted = changes.quantities.get(position)
    if checkout.offers and isinstance(terms, SeatBased) and changes.counts.seats is not None:
        wanted = changes.counts.seats
    elif checkout.offers and isinstance(terms, UnitBased) and changes.counts.units is not None:
        wanted = changes.counts.units
    if wanted is None:
        return line.quantity
    if not 0 <= wanted <= LARGEST_COUNT:
        raise Invalid.single(ProblemCode.QUANTITY_OUT_OF_RANGE, "quantity", position, given=wanted)
    return wanted


def _trial(trial: TrialChoice, changes: CheckoutChanges) -> TrialChoice:
    span = changes.trial.span if changes.trial is not None else trial.span
    allow = changes.allow_trial if changes.gives("allow_trial") else trial.allow
    return TrialChoice(allow=allow, span=span)


def _answered(checkout: Checkout, changes: CheckoutChanges) -> Checkout:
    """The session with answers to its questions, merged key by key.

    Answers that replace the stored ones are a confirm's: only then is asked for what is required, and none sent are none given
    (docs/behaviour/polar.md#confirming). What is stored is kept all the same where nothing was sent and nothing is required.
    """
    if changes.answers is None:
        return checkout
    answers, problems = check_answers(checkout.fields, changes.answers, confirming=changes.replaces_answers)
    if problems:
        raise Invalid(problems)
    is_new = changes.replaces_answers and changes.gives("custom_field_data")
    return replace(checkout, custom_field_data=answers if is_new else merge(checkout.custom_field_data, answers))


def _located(ports: Ports, buyer: Buyer, checkout: Checkout) -> Buyer:
    """The country of the buyer's network address, while nothing better is known."""
    if not checkout.profile.locates_buyer or buyer.address is not None or buyer.ip_address is None:
        return buyer
    country = ports.places.country_of(buyer.ip_address)
    return replace(buyer, address=Address(country=country)) if country else buyer


def _or_keep(new: T | None, old: T) -> T:
    return old if new is None else new


def _buyer(checkout: Checkout, changes: CheckoutChanges) -> Buyer:
    """The buyer's data with the tax id checked again against the country."""
    buyer = checkout.buyer
    linked = checkout.is_email_locked
    if changes.gives("email") and not linked and changes.email != buyer.email:
        buyer = replace(buyer, customer_id=None, is_new=False)
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
        raise Invalid.single(ProblemCode.TAX_ID_NEEDS_COUNTRY, "customer_billing_address")
    normal = tax_ids.normalize(number, buyer.address.country)
    if normal is None:
        raise Invalid.single(ProblemCode.TAX_ID_INVALID, "customer_tax_id", given=number)
    return replace(buyer, tax_id=normal)


async def _discounts(
    ports: Ports, checkout: Checkout, changes: CheckoutChanges, now: datetime, *, as_shown: bool
) -> tuple[Discount, ...]:
    """The discounts after the change: a new one must fit, present ones are dropped silently when they no longer do."""
    code = changes.discount_code if checkout.options.allow_discount_codes else None
    codes = [code] if code is not None else []
    if changes.discount_id is not None or codes:
        return await find_discounts(
            ports,
            checkout.organization_id,
            discount_id=changes.discount_id,
            codes=codes,
            lines=checkout.lines,
            products=checkout.products,
            currency=checkout.price_currency,
            now=now,
        )
    clears_code = changes.gives("discount_code") and checkout.options.allow_discount_codes
    if changes.gives("discount_id") or clears_code:
        return ()
    kept = await _without_removed(ports, checkout, changes, now)
    return fitting_discounts(
        kept if as_shown else await current_discounts(ports.db, kept),
        lines=checkout.lines,
        products=checkout.products,
        currency=checkout.price_currency,
        now=now,
    )


async def _without_removed(
    ports: Ports, checkout: Checkout, changes: CheckoutChanges, now: datetime
) -> tuple[Discount, ...]:
    """The session's discounts less the one that the buyer takes away: one that can be typed, or one that can no longer be used."""
    removed = next((one for one in checkout.discounts if one.id == changes.removed_discount_id), None)
    if removed is None:
        return checkout.discounts
    is_typed = removed.code is not None and checkout.options.allow_discount_codes
    if not is_typed and await is_redeemable(ports.db, removed, now=now):
        return checkout.discounts
    return tuple(one for one in checkout.discounts if one is not removed)
