"""From `POST /checkouts` to a neutral request: the buyer, the page's options, what confirming at once needs.

What has no effect yet is carried with the session as it was given, never dropped. What would change the price or the promise made to
a buyer and cannot be kept (a mandate, a stored method) is refused by its own code instead. The cart is read in `cart.py`.

Source: docs/behaviour/dodo.md#creating-a-session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from checkstand.dialects.dodo.checkout import cart
from checkstand.dialects.dodo.checkout.cart import CartLine
from checkstand.dialects.dodo.wire.models import (
    AddressIn,
    AttachedCustomerIn,
    CheckoutIn,
    NewCustomerIn,
)
from checkstand.dialects.dodo.wire.words import named
from checkstand.domain.address import CA_SUBDIVISIONS, EMBARGOED, US_STATES, Address, InvalidState, normalize_state
from checkstand.domain.catalog import Interval, Span
from checkstand.domain.checkout import Buyer, Options, Redirects, TrialChoice
from checkstand.domain.customer import Customer
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.fields import AttachedField, inline_field
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.checkout.checkout_request import DEFAULT_LIFETIME, CheckoutRequest
from checkstand.flows.ports import Ports
from checkstand.store.people import payment_methods
from checkstand.store.people.customers import CUSTOMERS

CONFIRMED_LIFETIME = timedelta(minutes=15)
_OPTION_FLAGS = frozenset(
    {
        "allow_currency_selection",
        "allow_discount_code",
        "allow_phone_number_collection",
        "allow_tax_id",
        "always_create_new_customer",
        "allow_editing_addons",
        "require_phone_number",
        "require_tax_id",
        "redirect_immediately",
    }
)
_CARRIED = frozenset(
    {
        "adaptive_currency_fees_inclusive",
        "force_3ds",
        "mandate_min_amount_inr_paise",
        "short_link",
    }
)
_SUBDIVISIONS = {"US": US_STATES, "CA": CA_SUBDIVISIONS}


async def create_request(ports: Ports, organization: Organization, body: CheckoutIn) -> CheckoutRequest:
    """What the body asks for. Raises Invalid; the flow finds what is wrong beyond this."""
    lines = await cart.read_cart(ports, organization, body)
    customer_id = _customer_id(body)
    currency = cart.price_currency(organization, body, lines)
    _check(organization, body, lines)
    if body.confirm:
        _check_confirmed_cart(body, lines, currency)
        known = await CUSTOMERS.living(ports.reads, organization.id, customer_id) if customer_id else None
        _check_confirmed_details(body, known)
        await _check_method(ports, organization, body, customer_id)
    new = body.customer if isinstance(body.customer, NewCustomerIn) else None
    return CheckoutRequest(
        dialect="dodo",
        wanted=tuple(cart.wanted(line) for line in lines),
        choose_one=False,
        currency=currency,
        wanted_currency=body.billing_currency if organization.settings.adaptive_currency else None,
        buyer=_buyer(body, new),
        customer_id=customer_id,
        business_mentioned=body.tax_id is not None or body.customer_business_name is not None,
        options=_options(body, is_attached=customer_id is not None),
        trial=_trial(body),
        redirects=Redirects(success_url=body.return_url, back_url=body.cancel_url),
        metadata=body.metadata or {},
        discount_codes=body.codes,
        questions=_questions(ports, organization, body),
        enforce_floor=all(cart.is_decided(line, currency) for line in lines),
        reserves_order=body.confirm,
        lifetime=_lifetime(body),
        carried=_carried(body),
    )


def _customer_id(body: CheckoutIn) -> UUID | None:
    if not isinstance(body.customer, AttachedCustomerIn):
        return None
    found = named(DodoPrefix.CUSTOMER, body.customer.customer_id)
    if found is None:
        raise Invalid.single(ProblemCode.CUSTOMER_UNKNOWN, "customer_id", given=body.customer.customer_id)
    return found


def method_id_of(body: CheckoutIn) -> UUID | None:
    """The saved method that is to be charged at once."""
    return named(DodoPrefix.PAYMENT_METHOD, body.payment_method_id) if body.payment_method_id is not None else None


async def _check_method(ports: Ports, organization: Organization, body: CheckoutIn, customer_id: UUID | None) -> None:
    """A saved method is one of the customer's own. Raises Invalid."""
    if body.payment_method_id is None:
        return
    method_id = method_id_of(body)
    found = None
    if method_id is not None and customer_id is not None:
        found = await payment_methods.by_id(ports.reads, organization.id, customer_id, method_id)
    if found is None:
        raise Invalid.single(ProblemCode.PAYMENT_METHOD_UNKNOWN, "payment_method_id", given=body.payment_method_id)


def _trial(body: CheckoutIn) -> TrialChoice:
    """0 means no trial, null and absent keep the product's (docs/behaviour/dodo.md#trials)."""
    days = body.subscription_data.trial_period_days if body.subscription_data else None
    if days is None:
        return TrialChoice()
    return TrialChoice(span=Span(interval=Interval.DAY, count=days)) if days else TrialChoice(allow=False)


def _check(organization: Organization, body: CheckoutIn, lines: Sequence[CartLine]) -> None:
    """What holds for every session. Raises Invalid with all problems of the cart, then of the rest."""
    problems = cart.cart_problems(lines)
    if body.subscription_data is not None and body.subscription_data.on_demand is not None:
        problems.append(Problem(ProblemCode.ON_DEMAND_DISABLED, ("subscription_data", "on_demand")))
    if body.allowed_payment_method_types == []:
        problems.append(Problem(ProblemCode.NO_METHOD, ("allowed_payment_method_types",)))
    country = body.billing_address.country if body.billing_address else None
    if organization.mode == "live" and country in EMBARGOED:
        problems.append(Problem(ProblemCode.COUNTRY_UNSUPPORTED, ("billing_address", "country"), country))
    if problems:
        raise Invalid(problems)


def _check_confirmed_cart(body: CheckoutIn, lines: Sequence[CartLine], currency: str) -> None:
    """`confirm: true`: nothing about the cart may be left to the buyer (docs/behaviour/dodo.md#confirming-at-once)."""
    problems = [
        Problem(ProblemCode.QUANTITY_ZERO, line.where("quantity"), 0) for line in lines if line.item.quantity == 0
    ]
    problems += [
        Problem(ProblemCode.AMOUNT_MISSING, line.where("amount")) for line in lines if cart.lacks_amount(line, currency)
    ]
    if problems:
        raise Invalid(problems)


def _check_confirmed_details(body: CheckoutIn, known: Customer | None) -> None:
    """`confirm: true`: who buys and where they live must be complete, from the body or from the customer it names."""
    missing: list[str] = []
    new = body.customer if isinstance(body.customer, NewCustomerIn) else None
    if body.customer is None:
        missing.append("customer")
    if new is not None and new.name is None:
        missing.append("customer.name")
    address = _address(body.billing_address) or (known.address if known else None)
    if address is None:
        missing.append("billing_address")
    else:
        missing += [f"billing_address.{name}" for name in _missing_of(address, minimal=body.asks_minimal_address)]
    phone = new.phone_number if new else known.phone if known else None
    if body.feature_flags.require_phone_number and phone is None:
        missing.append("customer.phone_number")
    if body.feature_flags.require_tax_id and body.tax_id is None and (known is None or known.tax_id is None):
        missing.append("tax_id")
    if missing:
        raise Invalid.single(ProblemCode.CONFIRM_INCOMPLETE, "confirm", given=", ".join(missing))


def _missing_of(address: Address, *, minimal: bool) -> list[str]:
    given = {
        "street": address.line1,
        "city": address.city,
        "state": address.state,
        "zipcode": address.postal_code,
    }
    return [name for name, value in given.items() if not value and (name == "zipcode" or not minimal)]


def _buyer(body: CheckoutIn, new: NewCustomerIn | None) -> Buyer:
    business = body.customer_business_name
    return Buyer(
        email=new.email if new else None,
        name=new.name if new else None,
        phone=new.phone_number if new else None,
        billing_name=business,
        address=_address(body.billing_address),
        tax_id=body.tax_id,
        is_business=business is not None and body.tax_id is not None,
        locale=body.customization.force_language,
    )


def _address(given: AddressIn | None) -> Address | None:
    if given is None:
        return None
    return Address(
        country=given.country,
        line1=given.street,
        city=given.city,
        state=_state(given.country, given.state),
        postal_code=given.zipcode,
    )


def _state(country: str, given: str | None) -> str | None:
    """The state as the domain keeps it: Dodo's clients write `NY`, `ny` or `New York`. An unknown one is left to the page."""
    if given is None:
        return None
    try:
        return normalize_state(country, given)
    except InvalidState:
        wanted = given.casefold()
        for code, name in _SUBDIVISIONS[country].items():
            if wanted in (code.casefold(), name.casefold(), f"{country}-{code}".casefold()):
                return f"{country}-{code}"
        return given


def _questions(ports: Ports, organization: Organization, body: CheckoutIn) -> tuple[AttachedField, ...]:
    """The merchant's own questions of this one session."""
    now = ports.now(organization)
    return tuple(
        inline_field(
            field_id=ports.new_id(),
            organization_id=organization.id,
            key=asked.key,
            label=asked.label,
            field_type=asked.field_type,
            required=asked.required,
            placeholder=asked.placeholder,
            options=asked.options or (),
            created_at=now,
        )
        for asked in body.custom_fields or ()
    )


def _options(body: CheckoutIn, *, is_attached: bool) -> Options:
    """The session's options. Stored methods are shown to a named customer alone (docs/behaviour/dodo.md#buyer)."""
    flags = body.feature_flags
    allowed = body.allowed_payment_method_types
    return Options(
        allow_discount_codes=flags.allow_discount_code,
        require_billing_address=body.confirm and not body.asks_minimal_address,
        allow_currency_selection=flags.allow_currency_selection,
        allow_phone_number=flags.allow_phone_number_collection,
        require_phone_number=flags.require_phone_number,
        allow_tax_id=flags.allow_tax_id,
        require_tax_id=flags.require_tax_id,
        edit_addons=flags.allow_editing_addons,
        minimal_address=body.asks_minimal_address,
        require_name=True,
        show_saved_methods=body.show_saved_payment_methods and is_attached,
        always_create_customer=flags.always_create_new_customer,
        redirect_immediately=flags.redirect_immediately,
        theme=body.customization.theme,
        show_order_details=body.customization.show_order_details,
        allowed_methods=None if allowed is None else tuple(allowed),
    )


def _lifetime(body: CheckoutIn) -> timedelta:
    if body.expires_in is not None:
        return timedelta(seconds=body.expires_in)
    return CONFIRMED_LIFETIME if body.confirm else DEFAULT_LIFETIME


def _carried(body: CheckoutIn) -> Mapping[str, object]:
    """Given fields without an effect yet, under the names and in the shapes they came in."""
    carried = body.model_dump(include=set(_CARRIED), exclude_unset=True, exclude_none=True)
    flags = body.feature_flags.model_dump(exclude=set(_OPTION_FLAGS), exclude_unset=True)
    if flags:
        carried["feature_flags"] = flags
    look = body.customization.model_dump(include={"show_on_demand_tag", "theme_config"}, exclude_unset=True)
    if look:
        carried["customization"] = look
    entitlements = {
        str(position): [entry.model_dump() for entry in item.credit_entitlements]
        for position, item in enumerate(body.product_cart)
        if item.credit_entitlements
    }
    if entitlements:
        carried["credit_entitlements"] = entitlements
    return carried
