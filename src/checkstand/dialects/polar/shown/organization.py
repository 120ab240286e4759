"""Organizations to Polar's JSON: as buyers and as their own keys see them. What is not kept here has the same value for all."""

from __future__ import annotations

from checkstand.dialects.polar.answers import organization as answers
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain.organization import Organization


def checkout_organization(value: Organization) -> answers.CheckoutOrganization:
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
        "feature_settings": _feature_settings(value),
        "subscription_settings": {
            "allow_multiple_subscriptions": False,
            "allow_customer_updates": True,
            "proration_behavior": "prorate",
            "benefit_revocation_grace_period": 0,
            "prevent_trial_abuse": False,
        },
        "customer_email_settings": _customer_email_settings(),
        "profile_settings": {"enabled": True},
        "notification_settings": {
            "new_order": True,
            "new_subscription": True,
            "chargeback_prevention": True,
            "subscription_renewal": False,
        },
    }


def organization(value: Organization) -> answers.Organization:
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
        "capabilities": {
            "checkout_payments": True,
            "subscription_renewals": True,
            "payouts": True,
            "refunds": True,
            "api_access": True,
            "dashboard_access": True,
        },
    }


def _feature_settings(value: Organization) -> answers.FeatureSettings:
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


def _customer_email_settings() -> answers.CustomerEmailSettings:
    return {
        "order_confirmation": False,
        "payment_method_expiration_reminder": False,
        "subscription_cancellation": False,
        "subscription_confirmation": False,
        "subscription_cycled": False,
        "subscription_cycled_after_trial": False,
        "subscription_past_due": False,
        "subscription_paused": False,
        "subscription_resumed": False,
        "subscription_renewal_reminder": False,
        "subscription_revoked": False,
        "subscription_trial_conversion_reminder": False,
        "subscription_uncanceled": False,
        "subscription_updated": False,
    }
