"""Checkout sessions to Polar's JSON. Every key of both SDK generations is sent.

Nothing is decided here; deprecated keys are the union that both generations of clients ask for. Requests are read in
`requests.py`.

Source: docs/behaviour/polar.md#checkout-object and docs/behaviour/polar.md#generations-of-clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from uuid import UUID

from checkstand.answers import only
from checkstand.dialects.polar.answers import checkout as answers
from checkstand.dialects.polar.answers.price import Price
from checkstand.dialects.polar.answers.product import CheckoutProduct
from checkstand.dialects.polar.shown.discounts import checkout_discount
from checkstand.dialects.polar.shown.fields import attached_custom_fields
from checkstand.dialects.polar.shown.organization import checkout_organization
from checkstand.dialects.polar.shown.prices import price
from checkstand.dialects.polar.shown.products import checkout_product
from checkstand.dialects.polar.wire.words import address, moment, uuid
from checkstand.domain.address import AddressFields
from checkstand.domain.catalog import Metadata, Product, is_free
from checkstand.domain.checkout import Checkout, active_trial
from checkstand.domain.organization import Organization

CHECKOUT_ID = "{CHECKOUT_ID}"
SHOWN_PRODUCTS = 256


IGNORED_EXTERNAL_ID = (
    "The external customer ID '{}' was not given to the customer: one with this email address was there already. "
    "Set it with PATCH /v1/customers/{{id}} if they are the same person."
)


@dataclass(frozen=True, slots=True)
class _ShownProduct:
    """A product of a session as it is shown, and each of its prices."""

    of: Product
    whole: CheckoutProduct
    prices: Mapping[UUID, Price]


_shown: dict[int, _ShownProduct] = {}


def _shown_product(value: Product, public_url: str) -> _ShownProduct:
    """A product, shown once for all sessions that share it: by identity, since products are never changed in place."""
    kept = _shown.get(id(value))
    if kept is not None and kept.of is value:
        return kept
    if len(_shown) >= SHOWN_PRODUCTS:
        _shown.clear()
    prices = {item.id: price(item, value) for item in value.prices}
    shown = _shown[id(value)] = _ShownProduct(value, checkout_product(value, public_url), prices)
    return shown


def _in_catalogue(value: Checkout, product: Product, public_url: str) -> CheckoutProduct:
    """A product of a session at the catalogue's prices, also where the session has others."""
    listed = tuple(price for price in value.listed_prices if price.product_id == product.id)
    if not listed:
        return _shown_product(product, public_url).whole
    return checkout_product(replace(product, prices=listed), public_url)


@cache
def _asked(fields: AddressFields) -> tuple[answers.RequiredAddressFields, answers.AddressFieldModes]:
    """What is asked of the address in both forms, which are few."""
    return only(answers.RequiredAddressFields, fields.required()), only(answers.AddressFieldModes, fields.modes())


def checkout(value: Checkout, organization: Organization, *, public_url: str, publishable_key: str) -> answers.Checkout:
    """The merchant's representation."""
    buyer, span = value.buyer, value.trial.span
    return {
        **_common(value, organization, public_url=public_url, publishable_key=publishable_key),
        "metadata": dict(value.metadata),
        "customer_metadata": _without_fractions(buyer.metadata),
        "external_customer_id": buyer.external_id,
        "customer_external_id": buyer.external_id,
        "subscription_id": None,
        "trial_interval": span.interval if span else None,
        "trial_interval_count": span.count if span else None,
        **_tax_note(value),
        **_hint(value),
    }


def _hint(value: Checkout) -> answers.CheckoutHint:
    return {"hint": IGNORED_EXTERNAL_ID.format(value.ignored_external_id)} if value.ignored_external_id else {}


def _tax_amount(value: Checkout) -> int | None:
    """The tax; null while a payment form is needed and no address is known, also where a discount leaves nothing to tax today."""
    return None if value.is_payment_form_required and value.buyer.address is None else value.quote.tax_minor


def _tax_note(value: Checkout) -> answers.TaxNote:
    """Why no tax is charged, where an invoice has to say so (two keys of ours, which clients skip); nothing elsewhere."""
    note = value.reverse_charge_note
    return {"tax_reason": "reverse_charge", "tax_note": note} if note else {}


def _without_fractions(metadata: Metadata) -> dict[str, str | int | bool]:
    """What the other API may have written: clients know no fractions here, so these are texts."""
    return {key: str(value) if isinstance(value, float) else value for key, value in metadata.items()}


def client_checkout(
    value: Checkout, organization: Organization, *, public_url: str, publishable_key: str
) -> answers.ClientCheckout:
    """The buyer's representation: no metadata, the organization instead."""
    return {
        **_common(value, organization, public_url=public_url, publishable_key=publishable_key),
        "organization": checkout_organization(organization),
        **_tax_note(value),
    }


def _common(
    value: Checkout, organization: Organization, *, public_url: str, publishable_key: str
) -> answers.CheckoutParts:
    buyer, quote, selected = value.buyer, value.quote, value.selected
    required, modes = _asked(value.address_fields)
    trial = active_trial(selected, value.trial)
    products = {item.id: _shown_product(item, public_url) for item in value.products}
    in_catalogue = {one.id: _in_catalogue(value, one, public_url) for one in value.products}
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "custom_field_data": dict(value.custom_field_data),
        "payment_processor": "stripe",
        "status": value.status,
        "client_secret": value.client_secret,
        "url": public_url + value.page_path,
        "expires_at": moment(value.expires_at),
        "success_url": success_url(value, public_url),
        "return_url": value.redirects.back_url,
        "embed_origin": value.redirects.embed_origin,
        "amount": quote.subtotal_minor,
        "seats": value.seats,
        "min_seats": value.counts.min_seats,
        "max_seats": value.counts.max_seats,
        "units": value.units,
        "min_units": value.counts.min_units,
        "max_units": value.counts.max_units,
        "discount_amount": quote.discount_minor,
        "net_amount": quote.net_minor,
        "tax_amount": _tax_amount(value),
        "tax_behavior": quote.tax_behavior if value.is_payment_form_required else None,
        "total_amount": quote.total_minor,
        "subtotal_amount": quote.net_minor,
        "currency": value.currency.lower(),
        "allow_trial": value.trial.allow,
        "active_trial_interval": trial.interval if trial else None,
        "active_trial_interval_count": trial.count if trial else None,
        "trial_end": moment(value.trial_end),
        "organization_id": str(value.organization_id),
        "product_id": str(selected.id),
        "product_price_id": str(value.lines[0].price_id),
        "discount_id": uuid(value.discount_id),
        "allow_discount_codes": value.options.allow_discount_codes,
        "require_billing_address": value.options.require_billing_address,
        "is_discount_applicable": any(not is_free(item) for item in selected.active_prices),
        "is_free_product_price": value.is_free,
        "is_payment_required": value.is_payment_required,
        "is_payment_setup_required": value.is_payment_setup_required,
        "is_payment_form_required": value.is_payment_form_required,
        "customer_id": uuid(buyer.customer_id),
        "is_business_customer": buyer.is_business,
        "customer_name": buyer.name,
        "customer_email": buyer.email,
        "customer_ip_address": buyer.ip_address,
        "customer_billing_name": buyer.billing_name,
        "customer_billing_address": address(buyer.address),
        "customer_tax_id": buyer.tax_id,
        "locale": buyer.locale,
        "payment_method_type": value.payment_method,
        "payment_processor_metadata": processor_metadata(value, publishable_key),
        "customer_billing_address_fields": required,
        "billing_address_fields": modes,
        "products": [in_catalogue[product_id] for product_id in value.offers or products],
        "product": in_catalogue[selected.id],
        "product_price": products[selected.id].prices[value.lines[0].price_id],
        "prices": {str(one): shown.whole["prices"] for one, shown in products.items()},
        "discount": checkout_discount(value.discount, organization),
        "attached_custom_fields": attached_custom_fields(value.fields),
    }


def success_url(value: Checkout, public_url: str) -> str:
    """The merchant's address with the session's id in it, else our own confirmation page."""
    if value.redirects.success_url is None:
        return f"{public_url}{value.page_path}/confirmation"
    return value.redirects.success_url.replace(CHECKOUT_ID, str(value.id))


def processor_metadata(value: Checkout, publishable_key: str) -> answers.PaymentProcessorMetadata:
    """Strings only. `next_action_url` is ours: where a buyer without the page finishes the bank's check."""
    known: answers.PaymentProcessorMetadata = {"publishable_key": publishable_key}
    payment = value.payment
    if payment is None or not payment.intent_secret:
        return known
    known["intent_client_secret"] = payment.intent_secret
    known["intent_status"] = "processing" if payment.intent_status == "started" else payment.intent_status
    if payment.action_url and payment.intent_status == "requires_action":
        known["next_action_url"] = payment.action_url
    return known
