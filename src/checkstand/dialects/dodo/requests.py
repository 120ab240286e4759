"""From `POST /checkouts` to a neutral request (dodo.md 2.3): the cart against the catalogue, the buyer, the page's options.

What has no effect yet is carried with the session as it was given, never dropped. What would change the price or the promise made to
a buyer and cannot be kept (an add-on, a mandate, two stacked codes) is refused by its own code instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from checkstand.dialects.dodo.models import (
    AddressIn,
    AttachedCustomerIn,
    CartItemIn,
    CheckoutIn,
    NewCustomerIn,
)
from checkstand.dialects.dodo.wire import named
from checkstand.domain.address import CA_SUBDIVISIONS, EMBARGOED, US_STATES, Address, InvalidState, normalize_state
from checkstand.domain.catalog import Custom, Interval, Price, Product, Span, Visibility, in_currency
from checkstand.domain.checkout import Buyer, Options, Redirects, TrialChoice, active_trial
from checkstand.domain.customer import Customer
from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.organization import Organization
from checkstand.flows.checkout_request import DEFAULT_LIFETIME, CheckoutRequest, Wanted
from checkstand.flows.ports import Ports
from checkstand.store import customers

CONFIRMED_LIFETIME = timedelta(minutes=15)
CARDS = frozenset({"credit", "debit"})
_OPTION_FLAGS = frozenset(
    {
        "allow_currency_selection",
        "allow_discount_code",
        "allow_phone_number_collection",
        "allow_tax_id",
        "always_create_new_customer",
        "require_phone_number",
        "redirect_immediately",
    }
)
_CARRIED = frozenset(
    {
        "adaptive_currency_fees_inclusive",
        "custom_fields",
        "force_3ds",
        "mandate_min_amount_inr_paise",
        "short_link",
    }
)
_SUBDIVISIONS = {"US": US_STATES, "CA": CA_SUBDIVISIONS}


@dataclass(frozen=True, slots=True)
class CartLine:
    """An item of the cart with the product it names, if that can be sold."""

    position: int
    item: CartItemIn
    product: Product

    def where(self, field: str) -> tuple[str | int, ...]:
        return ("product_cart", self.position, field)


async def create_request(ports: Ports, organization: Organization, body: CheckoutIn) -> CheckoutRequest:
    """What the body asks for. Raises Invalid; the flow finds what is wrong beyond this."""
    if not body.product_cart:
        raise Invalid([_empty_cart(body)])
    lines = await _cart(ports, organization, body)
    customer_id = _customer_id(body)
    trial = _trial(body)
    currency = _currency(organization, body, lines)
    _check_cart(organization, body, lines, trial)
    if body.confirm:
        _check_confirmed_cart(body, lines, currency)
        known = await customers.by_id(ports.db, organization.id, customer_id) if customer_id else None
        _check_confirmed_details(body, known)
    new = body.customer if isinstance(body.customer, NewCustomerIn) else None
    return CheckoutRequest(
        dialect="dodo",
        wanted=tuple(_wanted(line) for line in lines),
        choose_one=False,
        currency=currency,
        buyer=_buyer(body, new),
        customer_id=customer_id,
        business_mentioned=body.tax_id is not None or body.customer_business_name is not None,
        options=_options(body, is_attached=customer_id is not None),
        trial=trial,
        redirects=Redirects(success_url=body.return_url, back_url=body.cancel_url),
        metadata=body.metadata or {},
        discount_codes=tuple(body.codes),
        enforce_floor=all(_is_decided(line, currency) for line in lines),
        reserves_order=body.confirm,
        lifetime=_lifetime(body),
        carried=_carried(body),
    )


def _empty_cart(body: CheckoutIn) -> Problem:
    if body.product_collection_id is not None:
        return Problem("collection_unknown", ("product_collection_id",), body.product_collection_id)
    return Problem("cart_empty", ("product_cart",))


async def _cart(ports: Ports, organization: Organization, body: CheckoutIn) -> list[CartLine]:
    """Each item with its product. Raises Invalid naming every one that cannot be sold, in the caller's spelling."""
    wanted = [named(DodoPrefix.PRODUCT, item.product_id) for item in body.product_cart]
    found = await ports.cache.products(organization.id, [product_id for product_id in wanted if product_id])
    lines: list[CartLine] = []
    problems: list[Problem] = []
    for position, (item, product_id) in enumerate(zip(body.product_cart, wanted, strict=True)):
        product = found.get(product_id) if product_id else None
        code = _why_not_sold(product)
        if product is None or code:
            problems.append(Problem(code, ("product_cart", position, "product_id"), item.product_id))
        else:
            lines.append(CartLine(position, item, product))
    if problems:
        raise Invalid(problems)
    return lines


def _why_not_sold(product: Product | None) -> str:
    if product is None:
        return "product_unknown"
    if product.is_archived:
        return "product_archived"
    if product.visibility is Visibility.DRAFT:
        return "product_draft"
    return "" if product.active_prices else "price_missing"


def _customer_id(body: CheckoutIn) -> UUID | None:
    if not isinstance(body.customer, AttachedCustomerIn):
        return None
    found = named(DodoPrefix.CUSTOMER, body.customer.customer_id)
    if found is None:
        raise Invalid.single("customer_unknown", "customer_id", given=body.customer.customer_id)
    return found


def _trial(body: CheckoutIn) -> TrialChoice:
    """0 means no trial, null and absent keep the product's (dodo.md 2.3.7)."""
    days = body.subscription_data.trial_period_days if body.subscription_data else None
    if days is None:
        return TrialChoice()
    return TrialChoice(span=Span(interval=Interval.DAY, count=days)) if days else TrialChoice(allow=False)


def _currency(organization: Organization, body: CheckoutIn, lines: Sequence[CartLine]) -> str:
    """One currency for all: `billing_currency` where everything has a price in it, else the business's, else the first product's."""
    offered = [[price.currency for price in line.product.active_prices] for line in lines]
    common = set(offered[0]).intersection(*offered)
    settings = organization.settings
    billing = [body.billing_currency] if body.billing_currency and settings.adaptive_currency else []
    wishes = [*billing, settings.default_currency, *offered[0]]
    return next((code for code in wishes if code in common), offered[0][0])


def _check_cart(organization: Organization, body: CheckoutIn, lines: Sequence[CartLine], trial: TrialChoice) -> None:
    """What holds for every session. Raises Invalid with all problems of the cart, then of the rest."""
    problems = [problem for line in lines for problem in _addon_problems(line)]
    if body.subscription_data is not None and body.subscription_data.on_demand is not None:
        problems.append(Problem("on_demand_disabled", ("subscription_data", "on_demand")))
    if len({active_trial(line.product, trial) for line in lines}) > 1:
        problems.append(Problem("trial_of_part_of_cart", ("product_cart",)))
    if len(body.codes) > 1:
        problems.append(Problem("one_discount_only", ("discount_codes",)))
    if body.payment_method_id is not None:
        problems.append(Problem("payment_method_unknown", ("payment_method_id",), body.payment_method_id))
    if body.allowed_payment_method_types == []:
        problems.append(Problem("no_method", ("allowed_payment_method_types",)))
    country = body.billing_address.country if body.billing_address else None
    if organization.mode == "live" and country in EMBARGOED:
        problems.append(Problem("country_unsupported", ("billing_address", "country"), country))
    if problems:
        raise Invalid(problems)


def _addon_problems(line: CartLine) -> list[Problem]:
    """There is no add-on that a product could have: whatever is named is unknown, or named in the wrong place."""
    addons = line.item.addons or []
    if not addons:
        return []
    where = line.where("addons")
    if line.product.recurrence is None:
        return [Problem("addon_on_one_time", where, line.item.product_id)]
    named_ids = [addon.addon_id for addon in addons]
    twice = next((addon_id for addon_id in named_ids if named_ids.count(addon_id) > 1), None)
    if twice is not None:
        return [Problem("addon_twice", where, twice)]
    return [Problem("addon_unknown", where, ", ".join(named_ids))]


def _price(line: CartLine, currency: str) -> Price | None:
    return next(iter(in_currency(line.product.prices, currency)), None)


def _is_decided(line: CartLine, currency: str) -> bool:
    """True when nobody can change what the line costs: only then is a total judged before the buyer has chosen."""
    price = _price(line, currency)
    is_open = price is not None and isinstance(price.terms, Custom) and line.item.amount is None
    return line.item.quantity > 0 and not is_open


def _check_confirmed_cart(body: CheckoutIn, lines: Sequence[CartLine], currency: str) -> None:
    """`confirm: true`: nothing about the cart may be left to the buyer, and a card must be allowed (dodo.md 2.3.4)."""
    problems = [Problem("quantity_zero", line.where("quantity"), 0) for line in lines if line.item.quantity == 0]
    for line in lines:
        price = _price(line, currency)
        if price is not None and isinstance(price.terms, Custom) and line.item.amount is None:
            problems.append(Problem("amount_missing", line.where("amount")))
    allowed = body.allowed_payment_method_types
    if allowed is not None and not CARDS.intersection(allowed):
        problems.append(Problem("no_method", ("allowed_payment_method_types",)))
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
    if body.feature_flags.require_tax_id and body.tax_id is None:
        missing.append("tax_id")
    if missing:
        raise Invalid.single("confirm_incomplete", "confirm", given=", ".join(missing))


def _missing_of(address: Address, *, minimal: bool) -> list[str]:
    given = {
        "street": address.line1,
        "city": address.city,
        "state": address.state,
        "zipcode": address.postal_code,
    }
    return [name for name, value in given.items() if not value and (name == "zipcode" or not minimal)]


def _wanted(line: CartLine) -> Wanted:
    return Wanted(
        product_id=line.product.id,
        where=line.where("product_id"),
        quantity=line.item.quantity,
        chosen_minor=line.item.amount,
    )


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


def _options(body: CheckoutIn, *, is_attached: bool) -> Options:
    """Stored methods are shown to a named customer alone: an e-mail address proves nothing (dodo.md 2.3.3)."""
    flags = body.feature_flags
    allowed = body.allowed_payment_method_types
    return Options(
        allow_discount_codes=flags.allow_discount_code,
        require_billing_address=body.confirm and not body.asks_minimal_address,
        allow_currency_selection=flags.allow_currency_selection,
        allow_phone_number=flags.allow_phone_number_collection,
        require_phone_number=flags.require_phone_number,
        allow_tax_id=flags.allow_tax_id,
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
