"""What each problem is called on the wire and said in words. How they are put into an answer: `errors.py`.

Source: docs/behaviour/dodo.md#refusals.
"""

from __future__ import annotations

from collections.abc import Mapping

from checkstand.domain.problem_codes import ProblemCode

BODY, PARAMETERS, QUERY = "INVALID_REQUEST_BODY", "INVALID_REQUEST_PARAMETERS", "INVALID_QUERY_PARAMS"

# problem code -> (status, CODE, message). {where}, {given} and the problem's parameters are filled in.
PROBLEMS: Mapping[ProblemCode, tuple[int, str, str]] = {
    ProblemCode.CART_EMPTY: (422, "PRODUCT_CART_EMTPY", "{where}: the cart is empty. Add at least one product."),
    ProblemCode.PRODUCT_UNKNOWN: (422, "NOT_FOUND", "{where}: product {given} does not exist"),
    ProblemCode.PRODUCT_ARCHIVED: (422, "PRODUCT_IS_DELETED", "{where}: product {given} is archived"),
    ProblemCode.PRODUCT_DRAFT: (422, "MISSING_PRODUCT_INFORMATION", "{where}: product {given} is a draft"),
    ProblemCode.PRODUCT_NOT_OFFERED: (422, "NOT_FOUND", "{where}: product {given} is not part of this session"),
    ProblemCode.COLLECTION_UNKNOWN: (422, "NOT_FOUND", "{where}: product collection {given} does not exist"),
    ProblemCode.PRICE_UNKNOWN: (422, "MISSING_PRODUCT_INFORMATION", "{where}: the price does not exist"),
    ProblemCode.PRICE_ARCHIVED: (422, "MISSING_PRODUCT_INFORMATION", "{where}: the price is no longer offered"),
    ProblemCode.PRICE_NOT_OFFERED: (
        422,
        "MISSING_PRODUCT_INFORMATION",
        "{where}: the price is not part of this session",
    ),
    ProblemCode.PRICE_MISSING: (422, "MISSING_PRODUCT_INFORMATION", "{where}: product {given} has no price"),
    ProblemCode.CURRENCY_UNAVAILABLE: (
        422,
        "EXCHANGE_RATE_NOT_FOUND",
        "{where}: {given} has no price in the currency that the rest of the cart is priced in",
    ),
    ProblemCode.CURRENCY_NOT_CHARGEABLE: (422, "UNSUPPORTED_CURRENCY", "{where}: {given} cannot be charged"),
    ProblemCode.QUANTITY_NOT_ONE: (
        422,
        "INVALID_QUANTITY",
        "{where}: a usage-based product is sold once, with quantity 1",
    ),
    ProblemCode.QUANTITY_ZERO: (422, "INVALID_QUANTITY", "{where}: confirmed at once, the quantity must be at least 1"),
    ProblemCode.QUANTITY_REQUIRED: (422, "INVALID_QUANTITY", "{where}: the quantity must be at least 1"),
    ProblemCode.QUANTITY_OUT_OF_RANGE: (
        422,
        "INVALID_QUANTITY",
        "{where}: the quantity must be between 0 and 2147483647",
    ),
    ProblemCode.AMOUNT_MISSING: (
        422,
        "PAY_AS_YOU_WANT_AMOUNT_REQUIRED",
        "{where}: confirmed at once, a pay-what-you-want product needs an amount",
    ),
    ProblemCode.AMOUNT_BELOW_MINIMUM: (
        422,
        "REQUEST_AMOUNT_BELOW_MINIMUM",
        "{where}: {given} is below the product's minimum, {minimum}",
    ),
    ProblemCode.AMOUNT_BELOW_PROCESSOR_MINIMUM: (
        422,
        "REQUEST_AMOUNT_BELOW_MINIMUM",
        "{where}: the amount must be 0 or at least {smallest}",
    ),
    ProblemCode.AMOUNT_OFF_STEP: (422, PARAMETERS, "{where}: an amount of {currency} must be a multiple of {step}"),
    ProblemCode.AMOUNT_ABOVE_MAXIMUM: (422, PARAMETERS, "{where}: the amount must be at most {maximum}"),
    ProblemCode.AMOUNT_ABOVE_CURRENCY_MAXIMUM: (422, PARAMETERS, "{where}: the amount must be at most {largest}"),
    ProblemCode.TOTAL_TOO_LARGE: (
        422,
        PARAMETERS,
        "The total is more than {maximum}. Please choose a smaller quantity.",
    ),
    ProblemCode.RENEWAL_TOO_LARGE: (
        422,
        PARAMETERS,
        "The total once the discount has ended is more than {maximum}. Please choose a smaller quantity.",
    ),
    ProblemCode.SUBTOTAL_TOO_LARGE: (
        422,
        PARAMETERS,
        "The subtotal, before discounts, is more than {maximum}. Please choose a smaller quantity.",
    ),
    ProblemCode.TOTAL_BELOW_FLOOR: (
        422,
        "TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT",
        "Minimum amount of {minimum} is required to process payment",
    ),
    ProblemCode.TOTAL_CHANGED: (
        422,
        PARAMETERS,
        "The total is {total} now. Nothing was charged: send the request again to pay it.",
    ),
    ProblemCode.FILE_UNNAMED: (422, PARAMETERS, "{where}: a file's name, such as guide.pdf, is required"),
    ProblemCode.TOO_MANY_FILES: (422, PARAMETERS, "{where}: a product has at most {given} files"),
    ProblemCode.ADDON_ON_ONE_TIME: (
        422,
        PARAMETERS,
        "{where}: add-ons are only valid when the product is a subscription, and {given} is not one",
    ),
    ProblemCode.ADDON_UNKNOWN: (422, "MISSING_ADDON_IDS", "{where}: One or more product IDs do not exist: {given}"),
    ProblemCode.ADDON_TWICE: (422, "DUPLICATE_ADDON_IDS_IN_REQUEST", "{where}: add-on {given} is there twice"),
    ProblemCode.ADDON_ON_METERED: (
        422,
        "ADDONS_IN_USAGE_BASED_BILLING_NOT_SUPPORTED",
        "{where}: add-ons cannot come with a usage-based price, and {given} has one",
    ),
    ProblemCode.BRANDS_DIFFER: (422, "BRAND_MISMATCH", "{where}: all products of a cart must be of one brand"),
    ProblemCode.ON_DEMAND_DISABLED: (
        422,
        "ON_DEMAND_SUBSCRIPTIONS_NOT_ENABLED",
        "{where}: on-demand subscriptions are not enabled for this business",
    ),
    ProblemCode.PAID_TRIAL_DISABLED: (422, PARAMETERS, "{where}: a paid trial is not enabled for this business"),
    ProblemCode.SPAN_TOO_LONG: (422, PARAMETERS, "{where}: {given} is too long. At most 100 years are possible."),
    ProblemCode.FRACTION_OF_PERCENT: (
        422,
        PARAMETERS,
        "{where}: a discount must be a whole percent (a multiple of 100)",
    ),
    ProblemCode.SUGGESTED_BELOW_MINIMUM: (
        422,
        "INVALID_SUGGESTED_PRICE",
        "{where}: the suggested price is below the minimum, price",
    ),
    ProblemCode.BRAND_UNKNOWN: (422, "NOT_FOUND", "{where}: brand {given} does not exist"),
    ProblemCode.IMAGE_UNKNOWN: (422, "NOT_FOUND", "{where}: image {given} does not exist. Upload it first."),
    ProblemCode.METER_UNKNOWN: (422, "NOT_FOUND", "{where}: meter {given} does not exist, or is archived"),
    ProblemCode.METER_TWICE: (422, PARAMETERS, "{where}: meter {given} is there twice"),
    ProblemCode.UNIT_PRICE_MISSING: (422, PARAMETERS, "{where}: a meter needs a price per unit above zero"),
    ProblemCode.CREDIT_ENTITLEMENT_UNKNOWN: (422, "NOT_FOUND", "{where}: credit entitlement {given} does not exist"),
    ProblemCode.PAYMENT_METHOD_UNKNOWN: (422, "NOT_FOUND", "{where}: payment method {given} does not exist"),
    ProblemCode.NO_METHOD: (
        422,
        "NO_ELIGIBLE_PAYMENT_METHODS",
        "{where}: none of these payment methods can pay this order here. Add credit and debit.",
    ),
    ProblemCode.COUNTRY_UNSUPPORTED: (422, "UNSUPPORTED_COUNTRY", "{where}: Country {given} currently not supported"),
    ProblemCode.CONFIRM_INCOMPLETE: (422, BODY, "to be confirmed at once this needs {given}"),
    ProblemCode.DISCOUNT_UNKNOWN: (422, "INVALID_DISCOUNT_CODE", "{where}: discount code {given} does not exist"),
    ProblemCode.DISCOUNT_NOT_STARTED: (
        422,
        "DISCOUNT_NOT_YET_ACTIVE",
        "{where}: discount code {given} is not active yet",
    ),
    ProblemCode.DISCOUNT_ENDED: (422, "DISCOUNT_CODE_EXPIRED", "Discount code expired"),
    ProblemCode.DISCOUNT_USED_UP: (
        422,
        "DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED",
        "{where}: discount code {given} has been used as often as allowed",
    ),
    ProblemCode.DISCOUNT_OTHER_PRODUCT: (
        422,
        "DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT",
        "{where}: discount code {given} is not for any product of the cart",
    ),
    ProblemCode.DISCOUNT_OTHER_CURRENCY: (
        422,
        "INVALID_DISCOUNT_CODE",
        "{where}: discount code {given} has no amount in the session's currency",
    ),
    ProblemCode.DISCOUNT_ON_FREE_PRODUCT: (
        422,
        "INVALID_DISCOUNT_CODE",
        "{where}: there is nothing to take a discount from",
    ),
    ProblemCode.DISCOUNT_TWICE: (422, PARAMETERS, "{where}: discount code {given} is there twice"),
    ProblemCode.DISCOUNT_NO_LONGER_REDEEMABLE: (
        503,
        "DISCOUNT_CONCURRENT_REDEMPTION",
        "The discount code was used by somebody else at the same moment. Please try again.",
    ),
    ProblemCode.TAX_ID_NEEDS_COUNTRY: (422, BODY, "tax_id: a tax id needs billing_address.country"),
    ProblemCode.TAX_ID_INVALID: (422, "INVALID_TAX_ID", "{where}: {given} is not a valid tax id of that country"),
    ProblemCode.TAX_PLACE_MISSING: (422, PARAMETERS, "{where}: the tax depends on the state, which is missing"),
    ProblemCode.TAX_PLACE_UNKNOWN: (
        422,
        PARAMETERS,
        "{where}: the tax depends on the state, and the one that was given is not known",
    ),
    ProblemCode.CUSTOMER_UNKNOWN: (422, "NOT_FOUND", "{where}: customer {given} does not exist"),
    ProblemCode.SUBSCRIPTION_UNKNOWN: (422, "NOT_FOUND", "{where}: subscription {given} does not exist"),
    ProblemCode.SEATS_NOT_APPLICABLE: (422, PARAMETERS, "{where}: no product here is sold by seat"),
    ProblemCode.UNITS_NOT_APPLICABLE: (422, PARAMETERS, "{where}: no product here is sold by unit"),
    ProblemCode.BOUNDS_NEED_SEATS: (422, PARAMETERS, "{where}: no product here is sold by seat"),
    ProblemCode.BOUNDS_NEED_UNITS: (422, PARAMETERS, "{where}: no product here is sold by unit"),
    ProblemCode.AD_HOC_PRODUCT_NOT_OFFERED: (422, PARAMETERS, "{where}: the product is not part of this session"),
    ProblemCode.FIELD_REQUIRED: (422, BODY, "{where}: is required"),
    ProblemCode.FIELD_MISSING: (422, BODY, "{where}: is required"),
    ProblemCode.TOKEN_REQUIRED: (422, BODY, "{where}: is required"),
    ProblemCode.PRICE_REQUIRED: (422, BODY, "price: is required"),
    ProblemCode.ONE_FIXED_PRICE_ONLY: (422, PARAMETERS, "price: there is a price in this currency already"),
    ProblemCode.ONE_CUSTOM_PRICE_ONLY: (422, PARAMETERS, "price: there is a price in this currency already"),
    ProblemCode.CUSTOM_PRICE_STANDS_ALONE: (
        422,
        PARAMETERS,
        "price: pay what you want cannot be combined with other prices",
    ),
    ProblemCode.ONE_TAX_BEHAVIOR_PER_CURRENCY: (
        422,
        PARAMETERS,
        "price: tax_inclusive must be the same for one currency",
    ),
    ProblemCode.SAME_PRICE_TYPES_PER_CURRENCY: (422, PARAMETERS, "price: the type must be the same in every currency"),
    ProblemCode.DEFAULT_CURRENCY_REQUIRED: (
        422,
        PARAMETERS,
        "price: this product was made with prices in several currencies and needs one in the business's own",
    ),
    ProblemCode.WALLET_SHORT: (
        400,
        "INSUFFICIENT_WALLET_FUNDS",
        "{where}: the wallet holds {balance}, which is less than {given}",
    ),
    ProblemCode.WALLET_FULL: (422, PARAMETERS, "{where}: the balance would be larger than can be counted"),
    ProblemCode.WALLET_KEY_REUSED: (
        422,
        "IDEMPOTENCY_KEY_REUSED",
        "{where}: it was used for another entry. Use a new key for a new entry.",
    ),
    ProblemCode.WEBHOOK_URL_NOT_HTTPS: (422, BODY, "{where}: must be a public https address in live mode"),
    ProblemCode.WEBHOOK_URL_ODD: (
        422,
        BODY,
        "{where}: must be a plain web address, without a user in it, such as https://example.com/webhooks",
    ),
    ProblemCode.WEBHOOK_URL_NOT_PUBLIC: (
        422,
        BODY,
        "{where}: must be public, not localhost or private. CHECKSTAND_PRIVATE_WEBHOOKS lets test organizations have local ones",
    ),
    ProblemCode.WEBHOOK_URL_RESERVED: (
        422,
        BODY,
        "{where}: must be public, or of this machine or its private network. This is {kind}",
    ),
    ProblemCode.TOO_MANY_HEADERS: (422, BODY, "{where}: would be {given} in all; an endpoint has at most {most}"),
    ProblemCode.DISCOUNT_MINIMUM_SUBTOTAL: (
        422,
        "DISCOUNT_MINIMUM_SUBTOTAL_NOT_MET",
        "{where}: the cart is too small for discount code {given}",
    ),
    ProblemCode.DISCOUNT_CUSTOMER_LIMIT: (
        422,
        "DISCOUNT_PER_CUSTOMER_USAGE_LIMIT_EXCEEDED",
        "{where}: this customer has used discount code {given} as often as one customer may",
    ),
    ProblemCode.DISCOUNT_NOT_ELIGIBLE: (
        422,
        "DISCOUNT_CUSTOMER_NOT_ELIGIBLE",
        "{where}: discount code {given} is not for this customer",
    ),
    ProblemCode.DISCOUNT_CODE_TAKEN: (
        422,
        "DISCOUNT_CODE_ALREADY_EXISTS",
        "code: discount code {given} exists already. Choose another one, or delete the old discount.",
    ),
    ProblemCode.DISCOUNT_PRODUCT_UNKNOWN: (422, "NOT_FOUND", "{where}: product {given} does not exist"),
    ProblemCode.DISCOUNT_CUSTOMER_UNKNOWN: (422, "NOT_FOUND", "{where}: customer {given} does not exist"),
    ProblemCode.DISCOUNT_TYPE_UNSUPPORTED: (
        422,
        "UNSUPPORTED_DISCOUNT_TYPE",
        "type: {given} is not supported. Use percentage or flat.",
    ),
    ProblemCode.DISCOUNT_PERCENTAGE_INVALID: (
        422,
        "INVALID_PERCENTAGE",
        "amount: a percentage is given in basis points, from 1 to 10000 (10000 is 100%)",
    ),
    ProblemCode.DISCOUNT_DATES_ORDER: (422, PARAMETERS, "starts_at: must be before expires_at"),
    ProblemCode.DISCOUNT_LIMITS_ORDER: (422, PARAMETERS, "per_customer_usage_limit: must not be more than usage_limit"),
    ProblemCode.DISCOUNT_OPTIONS_MISSING: (
        422,
        PARAMETERS,
        "currency_options: a flat discount needs at least one, and each with max_amount_possible: the amount it takes off",
    ),
    ProblemCode.DISCOUNT_DEFAULT_MISSING: (
        422,
        PARAMETERS,
        "currency_options: one must be the default (is_default: true) that other currencies are converted from",
    ),
    ProblemCode.REFUND_PAYMENT_UNKNOWN: (422, "NOT_FOUND", "{where}: payment {given} does not exist"),
    ProblemCode.REFUND_EXCEEDS: (
        422,
        "REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT",
        "{where}: {given} is more than is left of the payment",
    ),
    ProblemCode.REFUND_ITEM_TWICE: (
        422,
        "DUPLICATE_LINE_ITEMS_IN_REQUEST",
        "{where}: each item may be there only once",
    ),
    ProblemCode.REFUND_ITEM_UNKNOWN: (422, "LINE_ITEM_NOT_FOUND", "{where}: {given} is not part of the payment"),
    ProblemCode.REFUND_ITEM_REFUNDED: (
        422,
        "LINE_ITEM_FULLY_REFUNDED",
        "{where}: the item has been refunded in full already",
    ),
    ProblemCode.REFUND_ITEM_TOO_LOW: (422, "LINE_ITEM_REFUND_AMOUNT_TOO_LOW", "{where}: must be at least 1"),
    ProblemCode.REFUND_ITEM_TOO_HIGH: (
        422,
        "LINE_ITEM_REFUND_AMOUNT_TOO_HIGH",
        "{where}: {given} is more than is left of the item",
    ),
    ProblemCode.REFUND_CURRENCY: (
        422,
        "UNSUPPORTED_CURRENCY",
        "{where}: the payment was made in {paid}, not in {given}",
    ),
}
