"""Every code that a `Problem` may have: the whole list of what can be wrong with one field of a request.

A rule or a flow names the code. Each API has a sentence for it in its own table (`problem_words.py`), and the page in its
`problems.py`: a client never reads the code itself. Codes of one API alone are here too. A problem has one type, so mypy knows every
code wherever one is named, and what one API says first, another may say later.

    >>> ProblemCode("amount_below_minimum") is ProblemCode.AMOUNT_BELOW_MINIMUM
    True

`tests/dialects/test_problem_codes.py` holds that each has its sentence in each API, or a reason why that API can never tell it. Why a
payment cannot be refunded at all is `RefundRefusal` (`refund.py`); why one is declined, a decline code (`payment.py`).
"""

from __future__ import annotations

from enum import StrEnum


class ProblemCode(StrEnum):
    """What is wrong, grouped by what it is about."""

    # A product that is asked for
    PRODUCT_UNKNOWN = "product_unknown"
    PRODUCT_ARCHIVED = "product_archived"
    PRODUCT_DRAFT = "product_draft"
    PRODUCT_NOT_OFFERED = "product_not_offered"  # it exists, but not in this checkout
    AD_HOC_PRODUCT_NOT_OFFERED = "ad_hoc_product_not_offered"  # prices were given for a product that is not asked for
    COLLECTION_UNKNOWN = "collection_unknown"
    BRANDS_DIFFER = "brands_differ"  # the products of one cart must be of one brand
    CART_EMPTY = "cart_empty"

    # A price that is asked for, and its currency
    PRICE_UNKNOWN = "price_unknown"
    PRICE_ARCHIVED = "price_archived"
    PRICE_NOT_OFFERED = "price_not_offered"  # it exists, but not in this checkout
    PRICE_MISSING = "price_missing"  # the product has none
    CURRENCY_UNAVAILABLE = "currency_unavailable"  # the product has no price in it
    CURRENCY_NOT_CHARGEABLE = "currency_not_chargeable"  # no rate leads to it, so nothing can be charged in it

    # An amount that the buyer chooses, or the merchant sets
    AMOUNT_MISSING = "amount_missing"
    AMOUNT_BELOW_MINIMUM = "amount_below_minimum"  # of the price
    AMOUNT_ABOVE_MAXIMUM = "amount_above_maximum"  # of the price
    AMOUNT_BELOW_PROCESSOR_MINIMUM = "amount_below_processor_minimum"  # more than nothing, less than is charged
    AMOUNT_ABOVE_CURRENCY_MAXIMUM = "amount_above_currency_maximum"
    AMOUNT_OFF_STEP = "amount_off_step"  # half a krona, the last digit of a dinar

    # Quantities, seats and units
    QUANTITY_REQUIRED = "quantity_required"
    QUANTITY_OUT_OF_RANGE = "quantity_out_of_range"
    QUANTITY_NOT_ONE = "quantity_not_one"  # what is billed by usage is sold once
    QUANTITY_ZERO = "quantity_zero"  # with an immediate confirm nobody can choose one later
    SEATS_NOT_APPLICABLE = "seats_not_applicable"  # no price of the product counts seats
    UNITS_NOT_APPLICABLE = "units_not_applicable"
    TOO_FEW_SEATS = "too_few_seats"
    TOO_FEW_UNITS = "too_few_units"
    TOO_MANY_SEATS = "too_many_seats"
    TOO_MANY_UNITS = "too_many_units"
    BOUNDS_NEED_SEATS = "bounds_need_seats"  # a session's bounds of seats, where no price counts them
    BOUNDS_NEED_UNITS = "bounds_need_units"
    MIN_SEATS_TOO_LOW = "min_seats_too_low"  # a session's bound lies outside of the price's
    MIN_UNITS_TOO_LOW = "min_units_too_low"
    MAX_SEATS_TOO_HIGH = "max_seats_too_high"
    MAX_UNITS_TOO_HIGH = "max_units_too_high"

    # What a checkout comes to
    TOTAL_BELOW_FLOOR = "total_below_floor"  # more than nothing, less than is charged
    TOTAL_TOO_LARGE = "total_too_large"
    RENEWAL_TOO_LARGE = "renewal_too_large"  # the later payments, once a discount has ended
    SUBTOTAL_TOO_LARGE = "subtotal_too_large"  # before discounts
    TOTAL_CHANGED = "total_changed"  # since it was shown to the buyer

    # A discount that is asked for
    DISCOUNT_UNKNOWN = "discount_unknown"
    DISCOUNT_NOT_STARTED = "discount_not_started"
    DISCOUNT_ENDED = "discount_ended"
    DISCOUNT_USED_UP = "discount_used_up"
    DISCOUNT_OTHER_PRODUCT = "discount_other_product"  # it is for none of those in the cart
    DISCOUNT_OTHER_CURRENCY = "discount_other_currency"  # it takes no amount off in this one
    DISCOUNT_ON_FREE_PRODUCT = "discount_on_free_product"
    DISCOUNT_MINIMUM_SUBTOTAL = "discount_minimum_subtotal"  # too little is bought
    DISCOUNT_TWICE = "discount_twice"
    DISCOUNT_CUSTOMER_LIMIT = "discount_customer_limit"  # this customer has used it as often as one customer may
    DISCOUNT_NOT_ELIGIBLE = "discount_not_eligible"  # it is for other customers
    DISCOUNT_NO_LONGER_REDEEMABLE = "discount_no_longer_redeemable"  # somebody else was faster

    # Who buys, where, and how they pay
    CUSTOMER_UNKNOWN = "customer_unknown"
    SUBSCRIPTION_UNKNOWN = "subscription_unknown"
    FIELD_REQUIRED = "field_required"  # something about the buyer is missing at the confirm
    FULL_ADDRESS_REQUIRED = "full_address_required"
    COUNTRY_UNSUPPORTED = "country_unsupported"
    TAX_ID_INVALID = "tax_id_invalid"
    TAX_ID_NEEDS_COUNTRY = "tax_id_needs_country"
    TAX_PLACE_MISSING = "tax_place_missing"  # the address does not say which tax is due, and has no state
    TAX_PLACE_UNKNOWN = "tax_place_unknown"  # the same, with a state
    TOKEN_REQUIRED = "token_required"  # of a card  # noqa: S105
    CONFIRM_INCOMPLETE = "confirm_incomplete"  # `confirm: true` without all that it needs
    NO_METHOD = "no_method"  # no way to pay is left
    PAYMENT_METHOD_UNKNOWN = "payment_method_unknown"
    ON_DEMAND_DISABLED = "on_demand_disabled"

    # The answer to a custom field
    FIELD_MISSING = "field_missing"
    FIELD_NOT_TEXT = "field_not_text"
    FIELD_TOO_SHORT = "field_too_short"
    FIELD_TOO_LONG = "field_too_long"
    FIELD_NOT_NUMBER = "field_not_number"
    FIELD_NUMBER_UNREADABLE = "field_number_unreadable"
    FIELD_NUMBER_FRACTION = "field_number_fraction"
    FIELD_NUMBER_TOO_LARGE = "field_number_too_large"
    FIELD_BELOW_MINIMUM = "field_below_minimum"  # a number or a date
    FIELD_ABOVE_MAXIMUM = "field_above_maximum"
    FIELD_NOT_DATE = "field_not_date"
    FIELD_DATE_UNREADABLE = "field_date_unreadable"
    FIELD_DATE_OUT_OF_RANGE = "field_date_out_of_range"  # of the years 1 to 9999
    FIELD_NOT_CHECKBOX = "field_not_checkbox"
    FIELD_CHECKBOX_UNREADABLE = "field_checkbox_unreadable"
    FIELD_NOT_TICKED = "field_not_ticked"
    FIELD_NOT_AN_OPTION = "field_not_an_option"
    FIELD_NOT_EMAIL = "field_not_email"
    FIELD_NOT_URL = "field_not_url"

    # A product as the merchant defines it: its prices
    PRICE_REQUIRED = "price_required"
    ONE_FIXED_PRICE_ONLY = "one_fixed_price_only"  # in one currency, as the next three
    ONE_CUSTOM_PRICE_ONLY = "one_custom_price_only"
    ONE_SEAT_PRICE_ONLY = "one_seat_price_only"
    ONE_UNIT_PRICE_ONLY = "one_unit_price_only"
    SEATS_OR_UNITS = "seats_or_units"  # not both
    CUSTOM_PRICE_STANDS_ALONE = "custom_price_stands_alone"
    SAME_PRICE_TYPES_PER_CURRENCY = "same_price_types_per_currency"
    ONE_TAX_BEHAVIOR_PER_CURRENCY = "one_tax_behavior_per_currency"
    DEFAULT_CURRENCY_REQUIRED = "default_currency_required"  # one price must be in the organization's own
    SUGGESTED_BELOW_MINIMUM = "suggested_below_minimum"
    FRACTION_OF_PERCENT = "fraction_of_percent"  # a price's own discount
    SEAT_PRICING_DISABLED = "seat_pricing_disabled"
    UNIT_PRICING_DISABLED = "unit_pricing_disabled"
    UNIT_PRICING_ON_ONE_TIME = "unit_pricing_on_one_time"

    # A product as the merchant defines it: how it renews, and what comes with it
    RECURRING_INTERVAL_FIXED = "recurring_interval_fixed"
    SPAN_TOO_LONG = "span_too_long"  # a billing period or a subscription's length
    TRIAL_ON_ONE_TIME = "trial_on_one_time"
    PAID_TRIAL_DISABLED = "paid_trial_disabled"
    METER_UNKNOWN = "meter_unknown"
    METER_TWICE = "meter_twice"  # within one price
    METER_USED_TWICE = "meter_used_twice"  # by two prices
    METERED_ON_ONE_TIME = "metered_on_one_time"
    UNIT_PRICE_MISSING = "unit_price_missing"  # of a meter
    CREDIT_ENTITLEMENT_UNKNOWN = "credit_entitlement_unknown"
    ADDON_UNKNOWN = "addon_unknown"  # or not one of the product's
    ADDON_TWICE = "addon_twice"
    ADDON_ON_ONE_TIME = "addon_on_one_time"
    ADDON_ON_METERED = "addon_on_metered"
    BRAND_UNKNOWN = "brand_unknown"
    IMAGE_UNKNOWN = "image_unknown"
    MEDIA_UNKNOWN = "media_unknown"  # one of a product's images
    FILE_UNNAMED = "file_unnamed"
    TOO_MANY_FILES = "too_many_files"

    # A custom field as the merchant defines it
    CUSTOM_FIELD_UNKNOWN = "custom_field_unknown"
    CUSTOM_FIELD_SLUG_TAKEN = "custom_field_slug_taken"
    CUSTOM_FIELD_KIND_FIXED = "custom_field_kind_fixed"

    # A discount as the merchant defines it
    DISCOUNT_CODE_TAKEN = "discount_code_taken"
    DISCOUNT_PRODUCT_UNKNOWN = "discount_product_unknown"
    DISCOUNT_CUSTOMER_UNKNOWN = "discount_customer_unknown"
    DISCOUNT_TYPE_UNSUPPORTED = "discount_type_unsupported"
    DISCOUNT_TYPE_FIXED = "discount_type_fixed"
    DISCOUNT_DURATION_FIXED = "discount_duration_fixed"
    DISCOUNT_ALREADY_REDEEMED = "discount_already_redeemed"  # so what it takes off cannot be changed
    DISCOUNT_PERCENTAGE_INVALID = "discount_percentage_invalid"
    DISCOUNT_DATES_ORDER = "discount_dates_order"
    DISCOUNT_LIMITS_ORDER = "discount_limits_order"
    DISCOUNT_OPTIONS_MISSING = "discount_options_missing"  # an amount for at least one currency
    DISCOUNT_DEFAULT_MISSING = "discount_default_missing"  # the currency that others are converted from

    # A checkout link
    LINK_DISCOUNT_UNFIT = "link_discount_unfit"  # it does not fit all of the link's products
    LINK_WITHOUT_PRODUCTS = "link_without_products"  # none that may still be sold
    LINK_SEATS_NOT_EVERYWHERE = "link_seats_not_everywhere"  # not every product counts them
    LINK_UNITS_NOT_EVERYWHERE = "link_units_not_everywhere"
    LINK_SEATS_OUT_OF_BOUNDS = "link_seats_out_of_bounds"
    LINK_UNITS_OUT_OF_BOUNDS = "link_units_out_of_bounds"

    # A customer, its members and its wallet
    CUSTOMER_EMAIL_TAKEN = "customer_email_taken"
    CUSTOMER_EXTERNAL_ID_TAKEN = "customer_external_id_taken"
    CUSTOMER_EXTERNAL_ID_FIXED = "customer_external_id_fixed"
    CUSTOMER_ADDRESS_FIXED = "customer_address_fixed"  # it cannot be removed
    CUSTOMER_KIND_FIXED = "customer_kind_fixed"  # a team stays one
    CUSTOMER_TAX_ID_INVALID = "customer_tax_id_invalid"
    MEMBER_EMAIL_TAKEN = "member_email_taken"
    MEMBER_EXTERNAL_ID_TAKEN = "member_external_id_taken"
    OWNER_NEEDED = "owner_needed"
    WALLET_SHORT = "wallet_short"
    WALLET_FULL = "wallet_full"
    WALLET_KEY_REUSED = "wallet_key_reused"

    # An order, its refunds and its disputes
    BILLING_COUNTRY_FIXED = "billing_country_fixed"
    BILLING_STATE_FIXED = "billing_state_fixed"
    REFUND_ORDER_UNKNOWN = "refund_order_unknown"
    REFUND_PAYMENT_UNKNOWN = "refund_payment_unknown"
    REFUND_CURRENCY = "refund_currency"  # not the payment's
    REFUND_EXCEEDS = "refund_exceeds"
    REFUND_ITEM_UNKNOWN = "refund_item_unknown"
    REFUND_ITEM_TWICE = "refund_item_twice"
    REFUND_ITEM_REFUNDED = "refund_item_refunded"
    REFUND_ITEM_TOO_LOW = "refund_item_too_low"
    REFUND_ITEM_TOO_HIGH = "refund_item_too_high"
    DISPUTE_EXCEEDS = "dispute_exceeds"

    # The organization: webhooks, hosts that buyers are sent back to, tokens, the test clock's bank
    WEBHOOK_URL_NOT_HTTPS = "webhook_url_not_https"
    WEBHOOK_URL_ODD = "webhook_url_odd"  # a user, a backslash or port 0 in it
    WEBHOOK_URL_NOT_PUBLIC = "webhook_url_not_public"
    WEBHOOK_URL_RESERVED = "webhook_url_reserved"
    TOO_MANY_HEADERS = "too_many_headers"
    REDIRECT_HOST_UNREADABLE = "redirect_host_unreadable"
    REDIRECT_HOSTS_TOO_MANY = "redirect_hosts_too_many"
    ORGANIZATION_WITH_TOKEN = "organization_with_token"  # the token says which one it is  # noqa: S105
    TOKEN_EXISTS = "token_exists"  # noqa: S105
    PART_OF_AMOUNT = "part_of_amount"  # of a payment of the test bank that arrives in parts
