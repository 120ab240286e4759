"""What is said of each problem that a rule finds, by its code: Polar's `type` and `msg`, and a hint where those keep the reason.

The table is docs/behaviour/polar.md#refusals; how a problem becomes an answer is in `errors.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from checkstand.domain.problem_codes import ProblemCode

# code -> (type, msg). `{name}` is filled from the problem's parameters.
PROBLEMS: Mapping[ProblemCode, tuple[str, str]] = {
    ProblemCode.PRODUCT_UNKNOWN: ("value_error", "Product does not exist."),
    ProblemCode.PRODUCT_ARCHIVED: ("value_error", "Product is archived."),
    ProblemCode.PRODUCT_DRAFT: ("value_error", "Product is a draft."),
    ProblemCode.PRODUCT_NOT_OFFERED: ("value_error", "Product is not available in this checkout."),
    ProblemCode.PRICE_UNKNOWN: ("value_error", "Price does not exist."),
    ProblemCode.PRICE_ARCHIVED: ("value_error", "Price is archived."),
    ProblemCode.PRICE_NOT_OFFERED: ("value_error", "Price is not available in this checkout."),
    ProblemCode.CURRENCY_UNAVAILABLE: ("value_error", "Product is not available in the specified currency."),
    ProblemCode.AD_HOC_PRODUCT_NOT_OFFERED: ("value_error", "Product is not set on that checkout."),
    ProblemCode.PRICE_REQUIRED: ("too_short", "At least one price is required."),
    ProblemCode.ONE_FIXED_PRICE_ONLY: ("value_error", "Only one fixed price is allowed."),
    ProblemCode.ONE_CUSTOM_PRICE_ONLY: ("value_error", "Only one custom price is allowed."),
    ProblemCode.CUSTOM_PRICE_STANDS_ALONE: (
        "value_error",
        "A custom price cannot be combined with a fixed, seat-based or unit-based price.",
    ),
    ProblemCode.ONE_TAX_BEHAVIOR_PER_CURRENCY: (
        "value_error",
        "All prices for the same currency must have the same tax behavior.",
    ),
    ProblemCode.SAME_PRICE_TYPES_PER_CURRENCY: (
        "value_error",
        "All price currencies must define the same set of price types.",
    ),
    ProblemCode.DEFAULT_CURRENCY_REQUIRED: (
        "value_error",
        "The organization's default presentment currency must be present in the prices.",
    ),
    ProblemCode.SEAT_PRICING_DISABLED: ("value_error", "Seat-based pricing is not enabled for this organization."),
    ProblemCode.UNIT_PRICING_DISABLED: ("value_error", "Unit-based pricing is not enabled for this organization."),
    ProblemCode.METERED_ON_ONE_TIME: ("value_error", "Metered pricing is not supported on one-time products."),
    ProblemCode.METER_UNKNOWN: ("value_error", "Meter does not exist."),
    ProblemCode.MEDIA_UNKNOWN: ("value_error", "File does not exist or is not yet uploaded."),
    ProblemCode.CUSTOM_FIELD_UNKNOWN: ("value_error", "Custom field does not exist."),
    ProblemCode.CUSTOM_FIELD_SLUG_TAKEN: ("value_error", "Custom field with this slug already exists."),
    ProblemCode.CUSTOM_FIELD_KIND_FIXED: ("value_error", "The type of a custom field can't be changed."),
    ProblemCode.FIELD_MISSING: ("missing", "Field required"),
    ProblemCode.FIELD_NOT_TEXT: ("string_type", "Input should be a valid string"),
    ProblemCode.FIELD_TOO_SHORT: ("string_too_short", "String should have at least {limit} {characters}"),
    ProblemCode.FIELD_TOO_LONG: ("string_too_long", "String should have at most {limit} {characters}"),
    ProblemCode.FIELD_NOT_NUMBER: ("int_type", "Input should be a valid integer"),
    ProblemCode.FIELD_NUMBER_UNREADABLE: (
        "int_parsing",
        "Input should be a valid integer, unable to parse string as an integer",
    ),
    ProblemCode.FIELD_NUMBER_FRACTION: (
        "int_from_float",
        "Input should be a valid integer, got a number with a fractional part",
    ),
    ProblemCode.FIELD_NUMBER_TOO_LARGE: (
        "int_parsing_size",
        "Unable to parse input string as an integer, exceeded maximum size",
    ),
    ProblemCode.FIELD_BELOW_MINIMUM: ("greater_than_equal", "Input should be greater than or equal to {limit}"),
    ProblemCode.FIELD_ABOVE_MAXIMUM: ("less_than_equal", "Input should be less than or equal to {limit}"),
    ProblemCode.FIELD_NOT_DATE: ("datetime_type", "Input should be a valid datetime"),
    ProblemCode.FIELD_DATE_UNREADABLE: (
        "datetime_from_date_parsing",
        "Input should be a valid datetime or date, {reason}",
    ),
    ProblemCode.FIELD_DATE_OUT_OF_RANGE: ("datetime_parsing", "Input should be a valid datetime, {reason}"),
    ProblemCode.FIELD_NOT_CHECKBOX: ("bool_type", "Input should be a valid boolean"),
    ProblemCode.FIELD_CHECKBOX_UNREADABLE: (
        "bool_parsing",
        "Input should be a valid boolean, unable to interpret input",
    ),
    ProblemCode.FIELD_NOT_TICKED: ("literal_error", "Input should be True"),
    ProblemCode.FIELD_NOT_AN_OPTION: ("literal_error", "Input should be {options}"),
    ProblemCode.FIELD_NOT_EMAIL: ("value_error", "value is not a valid email address"),
    ProblemCode.FIELD_NOT_URL: ("url_parsing", "Input should be a valid URL"),
    ProblemCode.RECURRING_INTERVAL_FIXED: ("value_error", "Recurring interval cannot be changed."),
    ProblemCode.TRIAL_ON_ONE_TIME: ("value_error", "Trial configuration is only supported on recurring products."),
    ProblemCode.AMOUNT_BELOW_MINIMUM: ("greater_than_equal", "Amount is below minimum."),
    ProblemCode.AMOUNT_BELOW_PROCESSOR_MINIMUM: ("invalid_amount", "Amount must be 0 or at least {smallest}."),
    ProblemCode.AMOUNT_OFF_STEP: ("multiple_of", "An amount of {currency} must be a multiple of {step}."),
    ProblemCode.AMOUNT_ABOVE_MAXIMUM: ("less_than_equal", "Amount is above maximum."),
    ProblemCode.AMOUNT_ABOVE_CURRENCY_MAXIMUM: ("less_than_equal", "Amount must be at most {largest}."),
    ProblemCode.TOTAL_TOO_LARGE: ("less_than_equal", "Total amount must be at most {maximum}."),
    ProblemCode.RENEWAL_TOO_LARGE: (
        "less_than_equal",
        "Total amount once the discount has ended must be at most {maximum}.",
    ),
    ProblemCode.SUBTOTAL_TOO_LARGE: ("less_than_equal", "Amount before discounts must be at most {maximum}."),
    ProblemCode.TOTAL_BELOW_FLOOR: ("invalid_amount", "Amount must be 0 or at least {minimum}."),
    ProblemCode.TOTAL_CHANGED: (
        "value_error",
        "The total is {total} now. Nothing was charged: confirm again to pay it.",
    ),
    ProblemCode.DISCOUNT_UNKNOWN: ("value_error", "Discount does not exist."),
    ProblemCode.DISCOUNT_NOT_STARTED: ("value_error", "Discount does not exist."),
    ProblemCode.DISCOUNT_ENDED: ("value_error", "Discount does not exist."),
    ProblemCode.DISCOUNT_USED_UP: ("value_error", "Discount does not exist."),
    ProblemCode.DISCOUNT_OTHER_PRODUCT: ("value_error", "Discount does not exist."),
    ProblemCode.DISCOUNT_OTHER_CURRENCY: ("value_error", "Discount does not exist."),
    ProblemCode.DISCOUNT_ON_FREE_PRODUCT: ("value_error", "Discounts are not applicable to this product."),
    ProblemCode.DISCOUNT_NO_LONGER_REDEEMABLE: ("value_error", "Discount is no longer redeemable."),
    ProblemCode.TAX_ID_NEEDS_COUNTRY: ("missing", "Country is required to validate tax ID."),
    ProblemCode.TAX_ID_INVALID: ("value_error", "Invalid tax ID."),
    ProblemCode.BOUNDS_NEED_SEATS: ("value_error", "{field} can only be set for seat-based pricing."),
    ProblemCode.BOUNDS_NEED_UNITS: ("value_error", "{field} can only be set for unit-based pricing."),
    ProblemCode.MIN_SEATS_TOO_LOW: ("greater_than_equal", "min_seats must be at least {number}."),
    ProblemCode.MAX_SEATS_TOO_HIGH: ("less_than_equal", "max_seats must be at most {number}."),
    ProblemCode.TOO_FEW_SEATS: ("greater_than_equal", "Minimum {number} seats required."),
    ProblemCode.TOO_MANY_SEATS: ("less_than_equal", "Maximum {number} seats allowed."),
    ProblemCode.MIN_UNITS_TOO_LOW: ("greater_than_equal", "min_units must be at least {number}."),
    ProblemCode.MAX_UNITS_TOO_HIGH: ("less_than_equal", "max_units must be at most {number}."),
    ProblemCode.TOO_FEW_UNITS: ("greater_than_equal", "Minimum {number} units required."),
    ProblemCode.TOO_MANY_UNITS: ("less_than_equal", "Maximum {number} units allowed."),
    ProblemCode.ONE_SEAT_PRICE_ONLY: ("value_error", "Only one seat-based price is allowed."),
    ProblemCode.ONE_UNIT_PRICE_ONLY: ("value_error", "Only one unit-based price is allowed."),
    ProblemCode.SEATS_OR_UNITS: ("value_error", "A seat-based price cannot be combined with a unit-based price."),
    ProblemCode.UNIT_PRICING_ON_ONE_TIME: ("value_error", "Unit-based pricing is not supported on one-time products."),
    ProblemCode.METER_USED_TWICE: ("value_error", "Meter is already used for another price."),
    ProblemCode.DISCOUNT_TWICE: ("value_error", "Discount does not exist."),
    ProblemCode.CURRENCY_NOT_CHARGEABLE: ("value_error", "Product is not available in the specified currency."),
    ProblemCode.SEATS_NOT_APPLICABLE: ("value_error", "Seats can only be set for seat-based pricing."),
    ProblemCode.UNITS_NOT_APPLICABLE: ("value_error", "Units can only be set for unit-based pricing."),
    ProblemCode.SUBSCRIPTION_UNKNOWN: ("value_error", "Subscription does not exist."),
    ProblemCode.CUSTOMER_UNKNOWN: ("value_error", "Customer does not exist."),
    ProblemCode.FIELD_REQUIRED: ("missing", "Field is required."),
    ProblemCode.FULL_ADDRESS_REQUIRED: ("value_error", "Full billing address is required."),
    ProblemCode.TAX_PLACE_MISSING: ("value_error", "Required tax location information is missing."),
    ProblemCode.TAX_PLACE_UNKNOWN: (
        "value_error",
        "We could not determine the customer's tax location based on the provided customer address.",
    ),
    ProblemCode.TOKEN_REQUIRED: ("missing", "Confirmation token is required."),
    ProblemCode.QUANTITY_REQUIRED: ("greater_than_equal", "Quantity must be at least 1."),
    ProblemCode.QUANTITY_OUT_OF_RANGE: ("greater_than_equal", "Quantity must be between 0 and 2147483647."),
    ProblemCode.ORGANIZATION_WITH_TOKEN: (
        "organization_token",
        "Setting organization_id is disallowed when using an organization token.",
    ),
    ProblemCode.CUSTOMER_EMAIL_TAKEN: ("value_error", "A customer with this email address already exists."),
    ProblemCode.CUSTOMER_TAX_ID_INVALID: ("invalid", "Invalid tax ID."),
    ProblemCode.CUSTOMER_EXTERNAL_ID_FIXED: ("value_error", "Customer external ID cannot be updated."),
    ProblemCode.CUSTOMER_ADDRESS_FIXED: ("value_error", "Customer billing address cannot be reset to null once set."),
    ProblemCode.CUSTOMER_KIND_FIXED: ("value_error", "Customer type cannot be downgraded from 'team' to 'individual'."),
    ProblemCode.MEMBER_EMAIL_TAKEN: ("value_error", "A member with this email address already exists."),
    ProblemCode.MEMBER_EXTERNAL_ID_TAKEN: ("value_error", "A member with this external ID already exists."),
    ProblemCode.OWNER_NEEDED: (
        "value_error",
        "A customer must have exactly one owner. Make another member the owner first.",
    ),
    ProblemCode.CUSTOMER_EXTERNAL_ID_TAKEN: ("value_error", "A customer with this external ID already exists."),
    ProblemCode.WEBHOOK_URL_NOT_HTTPS: ("url_scheme", "URL scheme should be 'https'"),
    ProblemCode.WEBHOOK_URL_ODD: ("url_parsing", "Input should be a valid URL"),
    ProblemCode.WEBHOOK_URL_NOT_PUBLIC: (
        "value_error",
        "Webhook URLs cannot point to localhost or private IP addresses.",
    ),
    ProblemCode.WEBHOOK_URL_RESERVED: ("value_error", "Webhook URLs cannot point to {kind}."),
    ProblemCode.DISCOUNT_MINIMUM_SUBTOTAL: ("value_error", "Discount does not exist."),
    ProblemCode.DISCOUNT_NOT_ELIGIBLE: ("value_error", "Discount does not exist."),
    ProblemCode.DISCOUNT_CODE_TAKEN: ("value_error", "Discount with this code already exists."),
    ProblemCode.DISCOUNT_PRODUCT_UNKNOWN: ("value_error", "Product not found."),
    ProblemCode.DISCOUNT_DURATION_FIXED: ("value_error", "Duration cannot be changed."),
    ProblemCode.DISCOUNT_TYPE_FIXED: ("value_error", "Type cannot be changed."),
    ProblemCode.DISCOUNT_ALREADY_REDEEMED: (
        "value_error",
        "This field cannot be changed because the discount has already been redeemed.",
    ),
    ProblemCode.DISCOUNT_DATES_ORDER: ("value_error", "starts_at must be before ends_at"),
    ProblemCode.LINK_DISCOUNT_UNFIT: ("value_error", "Discount does not exist or is not applicable to this product."),
    ProblemCode.LINK_SEATS_NOT_EVERYWHERE: (
        "value_error",
        "Seats can only be preconfigured when all products use seat-based pricing.",
    ),
    ProblemCode.LINK_UNITS_NOT_EVERYWHERE: (
        "value_error",
        "Units can only be preconfigured when all products use unit-based pricing.",
    ),
    ProblemCode.LINK_SEATS_OUT_OF_BOUNDS: ("value_error", "Product '{product}' allows between {min} and {max} seats."),
    ProblemCode.LINK_UNITS_OUT_OF_BOUNDS: (
        "value_error",
        "Product '{product}' allows between {min} and {max} units for {currency}.",
    ),
    ProblemCode.LINK_WITHOUT_PRODUCTS: ("value_error", "No valid products."),
    ProblemCode.REFUND_ORDER_UNKNOWN: ("value_error", "Order not found"),
    ProblemCode.REFUND_EXCEEDS: ("value_error", "Refund amount exceeds refundable amount"),
    ProblemCode.BILLING_COUNTRY_FIXED: ("value_error", "Country cannot be changed"),
    ProblemCode.BILLING_STATE_FIXED: ("value_error", "State cannot be changed"),
}
# What the original keeps to itself is told in an extra key.
HINTS: Mapping[ProblemCode, str] = {
    ProblemCode.DISCOUNT_NOT_STARTED: "The discount has not started yet.",
    ProblemCode.DISCOUNT_ENDED: "The discount has ended.",
    ProblemCode.DISCOUNT_USED_UP: "The discount has been redeemed as often as allowed.",
    ProblemCode.DISCOUNT_OTHER_PRODUCT: "The discount does not apply to the selected product.",
    ProblemCode.DISCOUNT_OTHER_CURRENCY: "The discount has no amount in the session's currency.",
    ProblemCode.DISCOUNT_MINIMUM_SUBTOTAL: "The order is too small for the discount.",
    ProblemCode.DISCOUNT_NOT_ELIGIBLE: "The discount is not for this customer.",
    ProblemCode.WEBHOOK_URL_ODD: "Name a plain web address, without a user, a backslash or port 0 in it, such as https://example.com/webhooks.",
    ProblemCode.WEBHOOK_URL_NOT_PUBLIC: (
        "Name a public https address. CHECKSTAND_PRIVATE_WEBHOOKS lets test organizations have local ones."
    ),
    ProblemCode.WEBHOOK_URL_RESERVED: "Name a public address, or one of this machine or its private network.",
}

# How the original and its processor tell of a refused card; of anything else our own sentence is told. Our advice is the hint.
_REFUSED_CARD = "Your card was declined."
DECLINES: Mapping[str, str] = {
    "generic_decline": _REFUSED_CARD,
    "card_declined": _REFUSED_CARD,
    "lost_card": _REFUSED_CARD,
    "stolen_card": _REFUSED_CARD,
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "incorrect_number": "Your card number is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "card_velocity_exceeded": (
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit."
    ),
}
