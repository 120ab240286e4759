"""Organizations: as buyers and as their own keys see them. Much of it is fixed here, and there since clients require it."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Empty, Minor, Moment, Url, Uuid
from checkstand.dialects.polar.answers.common import CurrencyCode
from checkstand.domain.organization import DefaultTaxBehavior


class FeatureSettings(TypedDict):
    """What is switched on."""

    issue_funding_enabled: bool
    seat_based_pricing_enabled: bool
    unit_based_pricing_enabled: bool
    wallets_enabled: bool
    member_model_enabled: bool
    checkout_localization_enabled: bool
    overview_metrics: None
    reset_proration_behavior_enabled: bool
    off_session_charges_enabled: bool
    meter_cycling_enabled: bool
    slack_benefit_enabled: bool
    preview_access_enabled: bool
    disputes_enabled: bool
    sso_enabled: bool
    dispute_auto_accept_enabled: bool
    compass_enabled: bool
    merchant_migration_enabled: bool


class SubscriptionSettings(TypedDict):
    """How subscriptions are changed."""

    allow_multiple_subscriptions: bool
    allow_customer_updates: bool
    proration_behavior: Literal["prorate"]
    benefit_revocation_grace_period: int
    prevent_trial_abuse: bool


class CustomerEmailSettings(TypedDict):
    """Which e-mails customers get: none is sent here."""

    order_confirmation: bool
    payment_method_expiration_reminder: bool
    subscription_cancellation: bool
    subscription_confirmation: bool
    subscription_cycled: bool
    subscription_cycled_after_trial: bool
    subscription_past_due: bool
    subscription_paused: bool
    subscription_resumed: bool
    subscription_renewal_reminder: bool
    subscription_revoked: bool
    subscription_trial_conversion_reminder: bool
    subscription_uncanceled: bool
    subscription_updated: bool


class ProfileSettings(TypedDict):
    """Whether there is a public profile."""

    enabled: bool


class NotificationSettings(TypedDict):
    """What the merchant is told by e-mail."""

    new_order: bool
    new_subscription: bool
    chargeback_prevention: bool
    subscription_renewal: bool


class CheckoutOrganization(TypedDict):
    """The organization as buyers see it."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    name: str
    slug: str
    avatar_url: None
    proration_behavior: Literal["prorate"]
    allow_customer_updates: bool
    bio: None
    company: None
    blog: None
    location: None
    twitter_username: None
    pledge_minimum_amount: Minor
    pledge_badge_show_amount: bool
    default_upfront_split_to_contributors: None
    email: str | None
    website: Url | None
    socials: Empty
    status: Literal["active"]
    details_submitted_at: Moment
    feature_settings: FeatureSettings
    subscription_settings: SubscriptionSettings
    customer_email_settings: CustomerEmailSettings
    profile_settings: ProfileSettings
    notification_settings: NotificationSettings


class PortalUsage(TypedDict):
    """Whether usage is shown."""

    show: bool


class PortalSubscription(TypedDict):
    """What may be done with a subscription."""

    update_seats: bool
    update_plan: bool
    pause: bool


class PortalCustomer(TypedDict):
    """What customers may change of themselves."""

    allow_email_change: bool


class CustomerPortalSettings(TypedDict):
    """What customers may do by themselves."""

    usage: PortalUsage
    subscription: PortalSubscription
    customer: PortalCustomer


class DisputeSettings(TypedDict):
    """Which disputes are accepted unasked: none."""

    auto_accept_below_amount: None


class OrganizationCapabilities(TypedDict):
    """What the organization may do."""

    checkout_payments: bool
    subscription_renewals: bool
    payouts: bool
    refunds: bool
    api_access: bool
    dashboard_access: bool


class Organization(CheckoutOrganization):
    """The organization as its own keys see it. `country` is a code of ISO 3166-1 alpha-2."""

    onboarding_resubmission_requested_at: None
    sso_enforced: bool
    default_presentment_currency: CurrencyCode
    default_tax_behavior: DefaultTaxBehavior
    customer_portal_settings: CustomerPortalSettings
    dispute_settings: DisputeSettings
    embed_hosts: list[str]
    embed_hosts_enforced: bool
    country: str | None
    account_id: None
    payout_account_id: None
    capabilities: OrganizationCapabilities
