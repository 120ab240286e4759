"""From the domain to Polar's wire: products, prices, checkouts, organizations. Every key of both SDK generations is sent.

Nothing is decided here; deprecated keys are the union that polar.md 13.3 asks for. Requests are read in `requests.py`.
"""

from __future__ import annotations

from checkstand.dialects.polar import prices
from checkstand.dialects.polar.translate_fields import attached_custom_fields
from checkstand.dialects.polar.translate_media import medias
from checkstand.dialects.polar.wire import Json, address, moment, uuid
from checkstand.domain.catalog import Metadata, Product, is_free
from checkstand.domain.checkout import Checkout, active_trial
from checkstand.domain.discount import Discount, Percentage
from checkstand.domain.organization import Organization

CHECKOUT_ID = "{CHECKOUT_ID}"
RENDERED_PRODUCTS = 256


def bare_product(value: Product) -> Json:
    """What every form of a product has."""
    recurrence, trial = value.recurrence, value.trial
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "trial_interval": str(trial.interval) if trial else None,
        "trial_interval_count": trial.count if trial else None,
        "name": value.name,
        "description": value.description,
        "visibility": str(value.visibility),
        "recurring_interval": str(recurrence.interval) if recurrence else None,
        "recurring_interval_count": recurrence.count if recurrence else None,
        "meter_interval": None,
        "meter_interval_count": None,
        "is_recurring": recurrence is not None,
        "is_archived": value.is_archived,
        "is_deletable": False,
        "organization_id": str(value.organization_id),
    }


def checkout_product(value: Product, public_url: str) -> Json:
    """A product inside a checkout: no metadata, no custom fields."""
    return {
        **bare_product(value),
        "prices": [prices.shown(item, value) for item in value.active_prices],
        "benefits": [],
        "medias": medias(value, public_url),
    }


IGNORED_EXTERNAL_ID = (
    "The external customer ID '{}' was not given to the customer: one with this email address was there already. "
    "Set it with PATCH /v1/customers/{{id}} if they are the same person."
)
_rendered: dict[int, tuple[Product, Json]] = {}


def _rendered_product(value: Product, public_url: str) -> Json:
    """The same, made once for a product that many sessions share: by identity, since products are never changed in place."""
    kept = _rendered.get(id(value))
    if kept is not None and kept[0] is value:
        return kept[1]
    if len(_rendered) >= RENDERED_PRODUCTS:
        _rendered.clear()
    shown = checkout_product(value, public_url)
    _rendered[id(value)] = (value, shown)
    return shown


def product(value: Product, public_url: str) -> Json:
    """A product of the catalogue."""
    return {
        **checkout_product(value, public_url),
        "metadata": dict(value.metadata),
        "attached_custom_fields": attached_custom_fields(value.fields),
    }


def discount(value: Discount | None) -> Json | None:
    """The reduced form that checkouts and orders embed (polar.md 3.7)."""
    if value is None:
        return None
    shown: Json = {
        "id": str(value.id),
        "name": value.name,
        "type": value.takes.kind,
        "duration": value.duration,
        "code": value.code,
    }
    if isinstance(value.takes, Percentage):
        shown["basis_points"] = value.takes.basis_points
    else:
        amounts = {code.lower(): amount for code, amount in value.takes.amounts.items()}
        first = next(iter(amounts))
        shown |= {"amounts": amounts, "currency": first, "amount": amounts[first]}
    if value.duration == "repeating":
        shown["duration_in_months"] = value.duration_months
    return shown


def full_discount(value: Discount | None, organization: Organization) -> Json | None:
    """The form that orders embed."""
    reduced = discount(value)
    if reduced is None or value is None:
        return None
    return {
        **reduced,
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "metadata": dict(value.metadata),
        "starts_at": moment(value.starts_at),
        "ends_at": moment(value.ends_at),
        "max_redemptions": value.max_redemptions,
        "max_redemptions_per_customer": value.max_per_customer,
        "redemptions_count": value.redemptions_count,
        "organization_id": str(organization.id),
    }


def checkout(value: Checkout, *, public_url: str, publishable_key: str) -> Json:
    """The merchant's representation (polar.md 3.2)."""
    buyer, span = value.buyer, value.trial.span
    return {
        **_common(value, public_url=public_url, publishable_key=publishable_key),
        "metadata": dict(value.metadata),
        "customer_metadata": _without_fractions(buyer.metadata),
        "external_customer_id": buyer.external_id,
        "customer_external_id": buyer.external_id,
        "subscription_id": None,
        "trial_interval": str(span.interval) if span else None,
        "trial_interval_count": span.count if span else None,
        **_tax_note(value),
        **({"hint": IGNORED_EXTERNAL_ID.format(value.ignored_external_id)} if value.ignored_external_id else {}),
    }


def _tax_note(value: Checkout) -> Json:
    """Why no tax is charged, where an invoice has to say so (two keys of ours, which clients skip); nothing elsewhere."""
    note = value.reverse_charge_note
    return {"tax_reason": "reverse_charge", "tax_note": note} if note else {}


def _without_fractions(metadata: Metadata) -> dict[str, str | int | bool]:
    """What the other API may have written: clients know no fractions here (polar.md 13.1), so these are texts."""
    return {key: str(value) if isinstance(value, float) else value for key, value in metadata.items()}


def client_checkout(value: Checkout, organization: Organization, *, public_url: str, publishable_key: str) -> Json:
    """The buyer's representation: no metadata, the organization instead."""
    return {
        **_common(value, public_url=public_url, publishable_key=publishable_key),
        "organization": checkout_organization(organization),
        **_tax_note(value),
    }


def _common(value: Checkout, *, public_url: str, publishable_key: str) -> Json:
    buyer, quote = value.buyer, value.quote
    selected, chosen = value.selected, value.selected_price
    trial = active_trial(selected, value.trial)
    products = {item.id: _rendered_product(item, public_url) for item in value.products}
    offers = value.offers or tuple(products)
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "custom_field_data": dict(value.custom_field_data),
        "payment_processor": "stripe",
        "status": str(value.status),
        "client_secret": value.client_secret,
        "url": f"{public_url}/checkout/{value.client_secret}",
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
        "tax_amount": quote.tax_minor,
        "tax_behavior": quote.tax_behavior,
        "total_amount": quote.total_minor,
        "subtotal_amount": quote.net_minor,
        "currency": value.currency.lower(),
        "allow_trial": value.trial.allow,
        "active_trial_interval": str(trial.interval) if trial else None,
        "active_trial_interval_count": trial.count if trial else None,
        "trial_end": moment(value.trial_end),
        "organization_id": str(value.organization_id),
        "product_id": str(selected.id),
        "product_price_id": str(chosen.id),
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
        **_address_fields(value),
        "products": [products[product_id] for product_id in offers],
        "product": products[selected.id],
        "product_price": prices.shown(chosen, selected),
        "prices": {str(item.id): products[item.id]["prices"] for item in value.products},
        "discount": discount(value.discount),
        "attached_custom_fields": attached_custom_fields(value.fields),
    }


def _address_fields(value: Checkout) -> Json:
    fields = value.address_fields
    return {"customer_billing_address_fields": fields.required(), "billing_address_fields": fields.modes()}


def success_url(value: Checkout, public_url: str) -> str:
    """The merchant's address with the session's id in it, else our own confirmation page."""
    if value.redirects.success_url is None:
        return f"{public_url}/checkout/{value.client_secret}/confirmation"
    return value.redirects.success_url.replace(CHECKOUT_ID, str(value.id))


def processor_metadata(value: Checkout, publishable_key: str) -> dict[str, str]:
    """Strings only (polar.md 3.5). `next_action_url` is ours: where a buyer without the page finishes the bank's check."""
    known = {"publishable_key": publishable_key}
    payment = value.payment
    if payment is None or not payment.intent_secret:
        return known
    known["intent_client_secret"] = payment.intent_secret
    known["intent_status"] = "processing" if payment.intent_status == "started" else payment.intent_status
    if payment.action_url and payment.intent_status == "requires_action":
        known["next_action_url"] = payment.action_url
    return known


def checkout_organization(value: Organization) -> Json:
    """The organization as buyers see it, with the keys that old SDKs require."""
    return {
        "id": str(value.id),
        "created_at": moment(value.created_at),
        "modified_at": moment(value.modified_at),
        "name": value.name,
        "slug": value.slug,
        "avatar_url": None,
        "proration_behavior": "prorate",
        "allow_customer_updates": True,
        "bio": None,
        "company": None,
        "blog": None,
        "location": None,
        "twitter_username": None,
        "pledge_minimum_amount": 0,
        "pledge_badge_show_amount": False,
        "default_upfront_split_to_contributors": None,
        "email": value.settings.email,
        "website": value.settings.website,
        "socials": [],
        "status": "active",
        "details_submitted_at": moment(value.created_at),
        "feature_settings": feature_settings(value),
        "subscription_settings": subscription_settings(),
        "customer_email_settings": customer_email_settings(),
        "profile_settings": {"enabled": True},
        "notification_settings": {
            "new_order": True,
            "new_subscription": True,
            "chargeback_prevention": True,
            "subscription_renewal": False,
        },
    }


def organization(value: Organization) -> Json:
    """The organization as its own keys see it."""
    settings = value.settings
    return {
        **checkout_organization(value),
        "onboarding_resubmission_requested_at": None,
        "sso_enforced": False,
        "default_presentment_currency": settings.default_currency.lower(),
        "default_tax_behavior": settings.default_tax_behavior,
        "customer_portal_settings": {
            "usage": {"show": True},
            "subscription": {"update_seats": True, "update_plan": True, "pause": False},
            "customer": {"allow_email_change": False},
        },
        "dispute_settings": {"auto_accept_below_amount": None},
        "embed_hosts": list(settings.embed_hosts),
        "embed_hosts_enforced": True,
        "country": settings.country,
        "account_id": None,
        "payout_account_id": None,
        "capabilities": dict.fromkeys(
            (
                "checkout_payments",
                "subscription_renewals",
                "payouts",
                "refunds",
                "api_access",
                "dashboard_access",
            ),
            True,
        ),
    }


def feature_settings(value: Organization) -> Json:
    return {
        "issue_funding_enabled": False,
        "seat_based_pricing_enabled": value.settings.seat_pricing,
        "unit_based_pricing_enabled": value.settings.unit_pricing,
        "wallets_enabled": False,
        "member_model_enabled": False,
        "checkout_localization_enabled": False,
        "overview_metrics": None,
        "reset_proration_behavior_enabled": False,
        "off_session_charges_enabled": False,
        "meter_cycling_enabled": False,
        "slack_benefit_enabled": False,
        "preview_access_enabled": False,
        "disputes_enabled": False,
        "sso_enabled": False,
        "dispute_auto_accept_enabled": False,
        "compass_enabled": False,
        "merchant_migration_enabled": False,
    }


def subscription_settings() -> Json:
    return {
        "allow_multiple_subscriptions": False,
        "allow_customer_updates": True,
        "proration_behavior": "prorate",
        "benefit_revocation_grace_period": 0,
        "prevent_trial_abuse": False,
    }


def customer_email_settings() -> Json:
    return dict.fromkeys(
        (
            "order_confirmation",
            "payment_method_expiration_reminder",
            "subscription_cancellation",
            "subscription_confirmation",
            "subscription_cycled",
            "subscription_cycled_after_trial",
            "subscription_past_due",
            "subscription_paused",
            "subscription_resumed",
            "subscription_renewal_reminder",
            "subscription_revoked",
            "subscription_trial_conversion_reminder",
            "subscription_uncanceled",
            "subscription_updated",
        ),
        False,
    )
