"""What `POST /checkouts` accepts: the fixed contract and the current additions, types taken literally.

A number is not text and 1.5 is not a whole number; null is refused where the contract does not list it. Rules that need the catalogue
or the customer are in `requests.py` and in the flow.

Source: docs/behaviour/dodo.md#creating-a-session and docs/behaviour/dodo.md#additions-to-the-contract.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from checkstand.dialects.given import GivingModel
from checkstand.domain.address import COUNTRIES
from checkstand.domain.currency import DODO_CURRENCIES
from checkstand.ops.bounds import INT64, MOST_MEMBERS

INT32 = 2_147_483_647
LONGEST_TEXT = 4_096
LONGEST_URL = 2_048
MOST_PRODUCTS = 20
MOST_KEYS = 50
_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_DANGEROUS_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})
_LOCAL_DOMAIN = re.compile(r"(^|\.)(?:localhost|local|invalid)$")

# The 18 of the contract come first; the rest is what current clients may send.
_METHODS = """
    credit debit upi_collect upi_intent apple_pay cashapp google_pay multibanco bancontact_card eps ideal przelewy24
    affirm klarna sepa ach amazon_pay afterpay_clearpay
    alfamart ali_pay ali_pay_hk alma atome bacs becs benefit bizum blik boleto bca_bank_transfer bni_va bri_va
    card_redirect cimb_va classic crypto_currency dana danamon_va duit_now efecty eft fps evoucher giropay givex go_pay
    gcash interac indomaret kakao_pay local_bank_redirect mandiri_va knet mb_way mobile_pay momo momo_atm
    online_banking_thailand online_banking_czech_republic online_banking_finland online_banking_fpx
    online_banking_poland online_banking_slovakia oxxo pago_efectivo permata_bank_transfer open_banking_uk pay_bright
    paypal paze pix pay_safe_card prompt_pay pse red_compra red_pagos samsung_pay sepa_bank_transfer sofort swish
    touch_n_go trustly twint vipps viet_qr venmo walley we_chat_pay seven_eleven lawson mini_stop family_mart seicomart
    pay_easy local_bank_transfer mifinity open_banking_pis direct_carrier_billing instant_bank_transfer billie zip
    revolut_pay naver_pay payco satispay
"""
METHODS = frozenset(_METHODS.split())


def whole(value: object) -> object:
    """JSON has one kind of number: 2.0 is the integer 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _blank_to_none(value: str | None) -> str | None:
    return value.strip() or None if value is not None else None


def _country(value: str) -> str:
    if value not in COUNTRIES:
        raise PydanticCustomError("enum", "Input should be a country code of ISO 3166-1 alpha-2 in upper case")
    return value


def _currency(value: str) -> str:
    if value not in DODO_CURRENCIES:
        raise PydanticCustomError("enum", "Input should be a currency code of ISO 4217 in upper case")
    return value


def _method(value: str) -> str:
    if value not in METHODS:
        raise PydanticCustomError("enum", "Input should be a payment method such as 'credit', 'debit' or 'ideal'")
    return value


def unique(value: list[str]) -> list[str]:
    if len(set(value)) != len(value):
        raise PydanticCustomError("not_unique", "Each value may be there only once")
    return value


def _email(value: str) -> str:
    """An address whose form is right; whether it exists is not looked up. Domains for tests and local shops are fine."""
    local, at, domain = value.strip().rpartition("@")
    # The checker knows no way to allow these names, so it sees one that it allows in their place.
    stand_in = _LOCAL_DOMAIN.sub(r"\1test", domain.lower())
    try:
        found = validate_email(f"{local}{at}{stand_in}", check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise PydanticCustomError(
            "email", "Input should be an e-mail address: {reason}", {"reason": str(error)}
        ) from error
    return found.normalized if stand_in == domain.lower() else f"{found.local_part}@{domain.lower()}"


def _url(value: str | None) -> str | None:
    """An absolute URL: http, https or an app's own scheme. Raises for what a browser must not be sent to.

    Source: docs/behaviour/dodo.md#leaving-the-page.
    """
    text = _blank_to_none(value)
    if text is None:
        return None
    scheme = _SCHEME.match(text)
    if scheme is None or any(character.isspace() or ord(character) < 32 for character in text):
        raise PydanticCustomError("url", "Input should be an absolute URL such as https://example.com/done")
    name = scheme.group(1).lower()
    if name in _DANGEROUS_SCHEMES:
        raise PydanticCustomError(
            "url", "Input should be a URL that a buyer can be sent to; this scheme is not allowed"
        )
    try:
        host = urlsplit(text).hostname
    except ValueError:
        host = None
    if (name in ("http", "https") and not host) or not text[len(name) + 1 :].startswith("//"):
        raise PydanticCustomError("url", "Input should be an absolute URL such as https://example.com/done")
    return text


def _language(value: str | None) -> str | None:
    text = _blank_to_none(value)
    if text is not None and not _LANGUAGE.fullmatch(text):
        raise PydanticCustomError("language", "Input should be a language code such as 'en' or 'pt'")
    return text


def _metadata(value: object) -> object:
    """At most 50 pairs; keys of letters, digits, - and _; texts, numbers and booleans as values.

    Source: docs/behaviour/dodo.md#metadata.
    """
    if not isinstance(value, dict):
        return value
    if len(value) > MOST_KEYS:
        raise PydanticCustomError("maximum_keys", "At most 50 key-value pairs are allowed")
    for key, item in value.items():
        if not _KEY.fullmatch(key):
            raise PydanticCustomError("key", "Keys should be 1 to 40 letters, digits, '-' or '_'")
        if not isinstance(item, str | int | float):
            raise PydanticCustomError(
                "value", "The value of '{key}' should be text, a number or a boolean", {"key": key}
            )
        if isinstance(item, str) and len(item) > 500:
            raise PydanticCustomError("value", "The value of '{key}' should have at most 500 characters", {"key": key})
    return value


Int32 = Annotated[int, Field(ge=-INT32 - 1, le=INT32), BeforeValidator(whole)]
Count = Annotated[int, Field(ge=0, le=INT32), BeforeValidator(whole)]
Id = Annotated[str, StringConstraints(max_length=255)]
Text = Annotated[Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] | None, AfterValidator(_blank_to_none)]
Email = Annotated[str, AfterValidator(_email), Field(json_schema_extra={"format": "email"})]
Url = Annotated[Annotated[str, StringConstraints(max_length=LONGEST_URL)] | None, AfterValidator(_url)]
Country = Annotated[str, AfterValidator(_country), Field(json_schema_extra={"enum": [*sorted(COUNTRIES)]})]
Currency = Annotated[str, AfterValidator(_currency), Field(json_schema_extra={"enum": [*sorted(DODO_CURRENCIES)]})]
Method = Annotated[str, AfterValidator(_method), Field(json_schema_extra={"enum": [*sorted(METHODS)]})]
Language = Annotated[str | None, AfterValidator(_language)]
Metadata = Annotated[dict[str, str | bool | int | float], Field(max_length=MOST_KEYS), BeforeValidator(_metadata)]

Many = Field(max_length=MOST_MEMBERS)


class Base(GivingModel):
    """Types are taken literally; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, defer_build=True)


class AddonIn(Base):
    """An add-on of a subscription. Quantity 0 offers it unselected."""

    addon_id: Id
    quantity: Count


class CreditEntitlementIn(Base):
    """Overrides how many credits a product grants."""

    credit_entitlement_id: Id
    credits_amount: Annotated[str, StringConstraints(max_length=64)]


class CartItemIn(Base):
    """A line of the cart. Quantity 0 leaves the number to the buyer."""

    product_id: Id
    quantity: Count
    addons: Annotated[list[AddonIn], Many] | None = None
    amount: Int32 | None = None
    credit_entitlements: Annotated[list[CreditEntitlementIn], Many] | None = None


class AttachedCustomerIn(Base):
    """A customer that exists. An e-mail beside it is not read."""

    customer_id: Id


class NewCustomerIn(Base):
    """A buyer who is not a customer yet. Current clients send no name: the page asks for it."""

    email: Email
    name: Text = None
    phone_number: Text = None


def _which_customer(value: object) -> str:
    return "attach" if isinstance(value, dict) and value.get("customer_id") is not None else "new"


CustomerIn = Annotated[
    Annotated[AttachedCustomerIn, Tag("attach")] | Annotated[NewCustomerIn, Tag("new")],
    Discriminator(_which_customer),
]


class AddressIn(Base):
    """Where the buyer is billed."""

    country: Country
    city: Text = None
    state: Text = None
    street: Text = None
    zipcode: Text = None


class OnDemandIn(Base):
    """A mandate to be charged later, at will."""

    mandate_only: bool
    adaptive_currency_fees_inclusive: bool | None = None
    product_currency: Currency | None = None
    product_description: Text = None
    product_price: Int32 | None = None


class SubscriptionDataIn(Base):
    """What the session changes about its subscriptions."""

    on_demand: OnDemandIn | None = None
    trial_period_days: Annotated[int, Field(ge=0, le=10_000), BeforeValidator(whole)] | None = None


class CustomizationIn(Base):
    """How the page looks."""

    theme: Literal["dark", "light", "system"] | None = None
    show_order_details: bool = True
    show_on_demand_tag: bool = True
    force_language: Language = None
    theme_config: Annotated[dict[str, object], Many] | None = None


class FlagsIn(Base):
    """What the buyer may and must do on the page."""

    allow_currency_selection: bool = True
    allow_discount_code: bool = True
    allow_phone_number_collection: bool = True
    allow_tax_id: bool = True
    always_create_new_customer: bool = False
    require_phone_number: bool = False
    require_tax_id: bool = False
    require_cardholder_name: bool = False
    redirect_immediately: bool = False
    single_page: bool = False
    allow_editing_addons: bool = False
    allow_customer_editing_business_name: bool = False
    allow_customer_editing_city: bool = False
    allow_customer_editing_country: bool = False
    allow_customer_editing_email: bool = False
    allow_customer_editing_name: bool = False
    allow_customer_editing_state: bool = False
    allow_customer_editing_street: bool = False
    allow_customer_editing_tax_id: bool = False
    allow_customer_editing_zipcode: bool = False

    @model_validator(mode="after")
    def _asked_for_what_is_shown(self) -> FlagsIn:
        for needed, shown in (("phone_number", "allow_phone_number_collection"), ("tax_id", "allow_tax_id")):
            if getattr(self, f"require_{needed}") and not getattr(self, shown):
                raise ValueError(f"require_{needed} needs {shown}")
        return self


class CustomFieldIn(Base):
    """A question of the merchant's own."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    label: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]
    field_type: Literal["text", "number", "email", "url", "date", "dropdown", "boolean"]
    required: bool = False
    placeholder: Text = None
    options: Annotated[list[str], Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _with_options(self) -> CustomFieldIn:
        if self.field_type == "dropdown" and not self.options:
            raise ValueError("A dropdown needs options")
        return self


def check_codes(one: str | None, several: list[str | None] | None) -> None:
    """One code under its old name or several under the new. Raises ValueError."""
    if one is not None and several:
        raise ValueError("Send discount_code or discount_codes, not both")


class CheckoutIn(Base):
    """`POST /checkouts`. `expires_in` (seconds) is ours."""

    product_cart: Annotated[list[CartItemIn], Field(max_length=MOST_PRODUCTS)]
    allowed_payment_method_types: Annotated[list[Method], Many, AfterValidator(unique)] | None = None
    billing_address: AddressIn | None = None
    billing_currency: Currency | None = None
    confirm: bool = False
    customer: CustomerIn | None = None
    customization: CustomizationIn = Field(default_factory=CustomizationIn)
    discount_code: Text = None
    feature_flags: FlagsIn = Field(default_factory=FlagsIn)
    metadata: Metadata | None = None
    return_url: Url = None
    show_saved_payment_methods: bool = False
    subscription_data: SubscriptionDataIn | None = None
    adaptive_currency_fees_inclusive: bool | None = None
    cancel_url: Url = None
    custom_fields: Annotated[list[CustomFieldIn], Field(max_length=5)] | None = None
    customer_business_name: Text = None
    discount_codes: Annotated[list[Text], Field(max_length=20)] | None = None
    force_3ds: bool | None = None
    mandate_min_amount_inr_paise: Annotated[int, Field(ge=1, lt=INT64), BeforeValidator(whole)] | None = None
    minimal_address: bool | None = None
    payment_method_id: Text = None
    product_collection_id: Text = None
    short_link: bool = False
    tax_id: Text = None
    expires_in: Annotated[int, Field(ge=60, le=604_800), BeforeValidator(whole)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> CheckoutIn:
        check_codes(self.discount_code, self.discount_codes)
        if self.product_collection_id is not None and self.product_cart:
            raise ValueError("With product_collection_id, product_cart must be empty")
        if self.payment_method_id is not None:
            attached = isinstance(self.customer, AttachedCustomerIn)
            if not (self.confirm and attached):
                raise ValueError("payment_method_id needs confirm: true and customer.customer_id")
        keys = [item.key for item in self.custom_fields or ()]
        if len(set(keys)) != len(keys):
            raise ValueError("The keys of custom_fields must differ")
        return self

    @property
    def codes(self) -> tuple[str, ...]:
        """The discount codes asked for, blank ones left out."""
        return tuple(code for code in (self.discount_code, *(self.discount_codes or ())) if code)

    @property
    def asks_minimal_address(self) -> bool:
        """On by default when everything is on a single page."""
        return self.feature_flags.single_page if self.minimal_address is None else self.minimal_address
