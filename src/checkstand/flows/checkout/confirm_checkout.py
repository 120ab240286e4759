"""Confirm: check that everything needed is there and that the payer agreed to the total, reserve, commit, and only then charge.

A guarded update moves the session from open to confirmed; whoever comes second is told so. The attempt and its gateway key are
committed in the same transaction, before the gateway hears of anything.

Source: docs/behaviour/polar.md#confirming.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from checkstand.domain import ids
from checkstand.domain.address import AddressFields, missing_fields
from checkstand.domain.checkout import Checkout, CheckoutStatus, PaymentState, move, require_open
from checkstand.domain.consent import require_consent, total_of
from checkstand.domain.customer import Customer, same_email
from checkstand.domain.discount import Discount
from checkstand.domain.errors import (
    CustomerDeleted,
    ExternalIdTaken,
    Invalid,
    PaymentDeclined,
    PaymentNotReady,
    Problem,
    TotalChanged,
)
from checkstand.domain.facts import FactType
from checkstand.domain.fields import check_answers, purge
from checkstand.domain.methods import may_pay
from checkstand.domain.organization import Organization, collects_tax_in
from checkstand.domain.payment import Attempt, AttemptStatus, Declined, Instrument, Succeeded, Verdict, decline
from checkstand.domain.pricing import below_floor
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.checkout.check_discounts import check_customer_limits
from checkstand.flows.checkout.choose_method import PaymentChoice, PaymentMeans, choose_payment_means, usable_method
from checkstand.flows.checkout.current_prices import archived_price_problems
from checkstand.flows.checkout.price_checkout import reprice
from checkstand.flows.checkout.update_checkout import CheckoutChanges, apply_changes, raise_conflict, store_change
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.flows.ports import Ports
from checkstand.flows.steps import Step
from checkstand.store import checkouts
from checkstand.store.catalogue import discounts
from checkstand.store.catalogue.discounts import DISCOUNTS
from checkstand.store.executor import Executor
from checkstand.store.people import customers
from checkstand.store.people.customers import CUSTOMERS
from checkstand.store.sales import payments

MOST_DECLINES = 5
TOKEN_ALONE = PaymentChoice()


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What confirming came to. `confirmed` is the session as it was accepted, `settled` as it is after the verdict."""

    confirmed: Checkout
    settled: Checkout
    attempt: Attempt
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedConfirmation:
    """A session that is about to be confirmed: as it was read, and priced with the payer's changes in it."""

    seen: Checkout
    changed: Checkout


async def confirm_checkout(
    ports: Ports,
    organization: Organization,
    checkout: Checkout,
    changes: CheckoutChanges,
    *,
    confirmation_token: str | None,
    return_url: str,
    pay_with: PaymentChoice = TOKEN_ALONE,
    agreed: str | None = None,
) -> Confirmed:
    """Reserve, commit, then charge. `pay_with`: a saved method in place of the token, or that the new one is saved.

    `agreed`: the mark of the total that the payer had in front of them, where the request says so (`domain.consent`).

    Raises what `domain.errors` has for a session: Expired, NotOpen, Locked, Invalid, TotalChanged, PaymentNotReady,
    ExternalIdTaken, CustomerDeleted, PaymentDeclined.
    """
    prepared = await prepare_confirmation(ports, organization, checkout, changes)
    return await confirm_prepared(
        ports,
        organization,
        prepared,
        confirmation_token=confirmation_token,
        return_url=return_url,
        pay_with=pay_with,
        agreed=agreed,
    )


async def prepare_confirmation(
    ports: Ports, organization: Organization, checkout: Checkout, changes: CheckoutChanges
) -> PreparedConfirmation:
    """The session as it would be confirmed with these changes, not stored. Raises Expired, NotOpen, Invalid, PaymentDeclined."""
    ports.reached(Step.CONFIRM_ASKED)
    now = ports.now(organization)
    require_open(checkout, now)
    if await is_locked(ports, checkout):
        locked = decline("too_many_declines")
        raise PaymentDeclined(locked.code, locked.message, locked.advice)
    changed = await apply_changes(ports, organization, checkout, changes, now=now, as_shown=True)
    # Answers to what another product asked are of no use from here on (docs/behaviour/polar.md#answers-to-custom-fields).
    purged = replace(changed, custom_field_data=purge(changed.fields, changed.custom_field_data))
    return PreparedConfirmation(seen=checkout, changed=purged)


async def confirm_prepared(
    ports: Ports,
    organization: Organization,
    prepared: PreparedConfirmation,
    *,
    confirmation_token: str | None,
    return_url: str,
    pay_with: PaymentChoice = TOKEN_ALONE,
    agreed: str | None = None,
    by_page: bool = False,
) -> Confirmed:
    """The second half of `confirm_checkout`, for a page that looked at the prepared session first: it is priced once.

    `by_page`: our own page asks for no more of an address than is needed. Raises what `confirm_checkout` does.
    """
    checkout, changed = prepared.seen, prepared.changed
    now = ports.now(organization)
    if changed.is_payment_form_required and not ports.gateway.serves(organization.mode):
        raise PaymentNotReady  # a test card must never pay for something real, nor real money for a test
    problems = tax_problems(organization, changed)
    is_paid_with_saved = pay_with.method_id is not None
    problems += missing_problems(
        changed,
        confirmation_token="saved" if is_paid_with_saved else confirmation_token,
        fields=fields_of_page(organization, changed) if by_page else changed.address_fields,
    )
    problems += await archived_price_problems(ports, changed)
    if problems:
        raise Invalid(problems)
    await _require_consent(ports, organization, checkout, changed, agreed, now)
    await _check_customer(ports, changed)
    means = await choose_payment_means(ports, organization, changed, pay_with)
    fingerprint = await _card_fingerprint(ports, changed, confirmation_token, means)
    modified_before = checkout.modified_at if _is_as_seen(changed, checkout) else now
    claimed, attempt = _claim(
        ports, changed, confirmation_token, means, now, return_url=return_url, modified_before=modified_before
    )
    ports.reached(Step.CONFIRM_CHECKED)
    async with ports.db.transaction() as tx:
        if not await checkouts.save(tx, claimed, [], seen=checkout.version):
            await raise_conflict(tx, checkout)
        ports.reached(Step.SESSION_CLAIMED)
        if means.method is not None:  # held, so that it is removed before this or after
            await usable_method(ports, tx, organization, claimed, means.method.id, hold=True)
        # In one order for all, so that two buyers with the same codes never wait for each other in a circle.
        for discount in sorted(claimed.discounts, key=lambda one: one.id):
            await _reserve_discount(ports, tx, claimed, discount)
        await check_customer_limits(tx, claimed, fingerprint=fingerprint)
        ports.reached(Step.REDEMPTION_RESERVED)
        await payments.add(tx, attempt)
        ports.reached(Step.ATTEMPT_STORED)
    ports.reached(Step.CLAIM_COMMITTED)
    if claimed.discounts:
        ports.cache.forget_discounts(organization.id)
    verdict = await charge(ports, claimed, attempt)
    ports.reached(Step.CHARGE_ANSWERED)
    settled = await settle_payment(ports, attempt, verdict)
    if isinstance(verdict, Declined):
        raise PaymentDeclined(verdict.code, verdict.message, verdict.advice)
    return Confirmed(confirmed=claimed, settled=settled, attempt=attempt, verdict=verdict)


async def _require_consent(
    ports: Ports, organization: Organization, checkout: Checkout, changed: Checkout, agreed: str | None, now: datetime
) -> None:
    """Raises TotalChanged where the payer was shown another total than the one about to be charged.

    A request that names no total agrees to what the session shows, and to what its own changes make of that: so the session
    without them must still come to what it shows. Where it does not, it shows the new total from now on.
    """
    if agreed is not None:
        require_consent(changed.quote, shown=agreed)
        return
    today = await reprice(ports, organization, checkout, now=now)
    try:
        require_consent(today.quote, shown=total_of(checkout.quote).mark)
    except TotalChanged:
        shown = replace(today, version=checkout.version + 1, modified_at=now)
        await store_change(ports, checkout, shown, FactType.CHECKOUT_UPDATED, now=now)
        raise


async def is_locked(ports: Ports, checkout: Checkout) -> bool:
    """Whether so many payments were declined here that no further one is tried: it may be a trial of stolen cards."""
    if checkout.last_decline is None:
        return False
    return await payments.declines(ports.db, checkout.organization_id, checkout.id) >= MOST_DECLINES


async def charge(ports: Ports, checkout: Checkout, attempt: Attempt) -> Verdict:
    """The gateway's verdict, outside any transaction; what costs nothing and needs no method is granted at once.

    A method that this session does not take is declined before the gateway hears of it.

    Source: docs/behaviour/dodo.md#allowed-payment-methods.
    """
    if attempt.gateway == "none":
        return Succeeded(reference=f"free_{attempt.id}", instrument=Instrument(method="none"))
    if attempt.saves is not None and attempt.gateway_customer is None:
        # The gateway could not say for whom to keep the method, and was asked for nothing else.
        return decline("processing_error")
    instrument = attempt.instrument
    if attempt.gateway_method is None:
        instrument = await ports.gateway.instrument(attempt.organization_id, attempt.confirmation_token or "")
    if instrument is not None and not may_pay(checkout, instrument):
        return decline("payment_method_unsupported", instrument=instrument)
    return await ports.gateway.charge(attempt, return_url=attempt.return_url or f"{ports.public_url()}/")


def tax_problems(organization: Organization, checkout: Checkout) -> list[Problem]:
    """A tax that the buyer's address leaves open, where one has to be known (docs/behaviour/polar.md#taxes).

    Without any address that is what is missing. Where the merchant wants the least possible form, no more can be asked than it has.
    """
    address = checkout.buyer.address
    is_open = checkout.quote.tax_minor is None and bool(organization.settings.tax_registrations)
    can_be_asked = checkout.is_payment_form_required and not checkout.options.minimal_address
    if address is None or not is_open or not can_be_asked:
        return []
    code = ProblemCode.TAX_PLACE_UNKNOWN if address.state else ProblemCode.TAX_PLACE_MISSING
    return [Problem(code, ("customer_billing_address",))]


def fields_of_page(organization: Organization, checkout: Checkout) -> AddressFields:
    """Which parts of the address our own page asks this buyer for."""
    country = checkout.buyer.address.country if checkout.buyer.address else None
    return checkout.page_fields_in(country, collects_tax=collects_tax_in(organization.settings, country))


def missing_problems(checkout: Checkout, *, confirmation_token: str | None, fields: AddressFields) -> list[Problem]:
    """Everything a buyer still has to give before paying; empty when nothing is."""
    problems = [
        Problem(ProblemCode.QUANTITY_REQUIRED, ("quantity", position), line.quantity)
        for position, line in enumerate(checkout.lines)
        if line.quantity < 1 and line.part_of is None
    ]
    problems += [Problem(ProblemCode.FIELD_REQUIRED, where) for where in _missing_fields(checkout, fields)]
    if fields.line1 == "required" and _lacks_full_address(checkout):
        where = ("customer_billing_address",)
        problems.append(Problem(ProblemCode.FULL_ADDRESS_REQUIRED, where, checkout.buyer.address))
    if checkout.is_payment_form_required and not confirmation_token:
        problems.append(Problem(ProblemCode.TOKEN_REQUIRED, ("confirmation_token_id",)))
    floor = below_floor(checkout.quote.due_minor, checkout.currency)
    if floor:
        problems.append(
            Problem(ProblemCode.TOTAL_BELOW_FLOOR, ("amount",), checkout.quote.due_minor, {"minimum": floor})
        )
    problems += check_answers(checkout.fields, checkout.custom_field_data, confirming=True)[1]
    return problems


def _missing_fields(checkout: Checkout, fields: AddressFields) -> Iterator[tuple[str, ...]]:
    """The paths of required fields that are empty."""
    buyer, options = checkout.buyer, checkout.options
    if buyer.customer_id is None and not buyer.email:
        yield ("customer_email",)
    if options.require_name and not (buyer.name or buyer.billing_name):
        yield ("customer_name",)
    if buyer.is_business and not buyer.billing_name:
        yield ("customer_billing_name",)
    if options.require_phone_number and not buyer.phone:
        yield ("customer_phone",)
    if options.require_tax_id and not buyer.tax_id:
        yield ("customer_tax_id",)
    if not (checkout.is_payment_form_required or buyer.is_business):
        return
    if buyer.address is None:
        yield ("customer_billing_address",)
        yield ("customer_billing_address", "country")
        return
    for name in missing_fields(buyer.address, fields):
        yield ("customer_billing_address", name)


def _lacks_full_address(checkout: Checkout) -> bool:
    """Polar tells of a whole address that is wanted and of which only the country is there."""
    address = checkout.buyer.address
    is_wanted = checkout.address_fields_in(None).line1 == "required"
    if not checkout.profile.names_lacking_address_whole or address is None or not is_wanted:
        return False
    return not (address.line1 or address.line2 or address.city or address.postal_code)


async def _check_customer(ports: Ports, checkout: Checkout) -> None:
    """Raises Invalid, before any money moves, for what could not be settled: a deleted customer, an external id of another one."""
    buyer = checkout.buyer
    organization_id = checkout.organization_id
    if buyer.customer_id is not None:
        if await CUSTOMERS.living(ports.db, organization_id, buyer.customer_id) is None:
            raise CustomerDeleted
        return
    if buyer.external_id is None or buyer.email is None:
        return
    owner: Customer | None = await customers.by_external_id(ports.db, organization_id, buyer.external_id)
    if owner is None or same_email(owner.email, buyer.email):
        return
    if await customers.newest_by_email(ports.db, organization_id, buyer.email) is None:
        raise ExternalIdTaken


async def _card_fingerprint(ports: Ports, checkout: Checkout, token: str | None, means: PaymentMeans) -> str | None:
    """Which card it is, asked for only where a limit per customer depends on it."""
    if means.method is not None:
        return means.method.instrument.fingerprint
    if token is None or all(discount.max_per_customer is None for discount in checkout.discounts):
        return None
    instrument = await ports.gateway.instrument(checkout.organization_id, token)
    return instrument.fingerprint if instrument else None


async def _reserve_discount(ports: Ports, tx: Executor, checkout: Checkout, wanted: Discount) -> None:
    discount = await DISCOUNTS.living(tx, checkout.organization_id, wanted.id)
    buyer, now = checkout.buyer, checkout.modified_at
    if discount is None or not await discounts.reserve(
        tx, discount, ports.new_id(), checkout.id, customer_id=buyer.customer_id, email=buyer.email, now=now
    ):
        raise Invalid.single(ProblemCode.DISCOUNT_NO_LONGER_REDEEMABLE, "discount_id", given=str(wanted.id))


def _is_as_seen(changed: Checkout, seen: Checkout) -> bool:
    """Whether the request changed nothing of the session; a trial's end slides by itself."""
    return replace(changed, modified_at=seen.modified_at, version=seen.version, trial_end=seen.trial_end) == seen


def _claim(
    ports: Ports,
    checkout: Checkout,
    confirmation_token: str | None,
    means: PaymentMeans,
    now: datetime,
    *,
    return_url: str,
    modified_before: datetime | None,
) -> tuple[Checkout, Attempt]:
    """The confirmed session and the attempt that it waits for."""
    attempt_id = ports.new_id()
    order_id: UUID = checkout.order_id or ports.new_id()
    needs_form, saved = checkout.is_payment_form_required, means.method
    attempt = Attempt(
        id=attempt_id,
        organization_id=checkout.organization_id,
        checkout_id=checkout.id,
        order_id=order_id,
        purpose="setup" if needs_form and not checkout.is_payment_required else "payment",
        status=AttemptStatus.STARTED,
        gateway=ports.gateway.name if needs_form else "none",
        gateway_key=ports.new_id(),
        confirmation_token=confirmation_token if needs_form and saved is None else None,
        instrument=saved.instrument if saved else None,
        amount_minor=checkout.quote.due_minor,
        currency=checkout.currency,
        created_at=now,
        return_url=return_url,
        saves=means.saves,
        method_id=saved.id if saved else None,
        gateway_method=saved.gateway_method if saved else None,
        gateway_customer=means.gateway_customer,
    )
    secret = ids.secret("tint_", random_bytes=ports.random_bytes) if needs_form else ""
    state = PaymentState(
        attempt_id=attempt_id, intent_secret=secret, intent_status="started", modified_before=modified_before
    )
    claimed = move(checkout, CheckoutStatus.CONFIRMED, now=now)
    return replace(claimed, payment=state, order_id=order_id, last_decline=None), attempt
