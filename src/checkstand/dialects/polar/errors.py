"""Polar's error bodies: one table from problem codes to `type` and `msg`, one from exceptions to status and name (polar.md 1.7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from pydantic import ValidationError
from starlette.responses import Response

from checkstand.domain.errors import (
    CheckstandError,
    CustomerDeleted,
    DiscountLimitReached,
    EmbedNotAllowed,
    Expired,
    ExternalIdTaken,
    Invalid,
    Locked,
    NotFound,
    NotOpen,
    NotPermitted,
    PaymentDeclined,
    PaymentNotReady,
    Problem,
)
from checkstand.http import BadBody, echo, encode, json_response
from checkstand.ops.bounds import (
    LARGEST_REFUSAL,
    LONGEST_NAME,
    LONGEST_SENTENCE,
    LONGEST_TEXT,
    MOST_ERRORS,
    MOST_MEMBERS,
    MOST_VALUES,
)

# code -> (type, msg). `{name}` is filled from the problem's parameters.
PROBLEMS: Mapping[str, tuple[str, str]] = {
    "product_unknown": ("value_error", "Product does not exist."),
    "product_archived": ("value_error", "Product is archived."),
    "product_draft": ("value_error", "Product is a draft."),
    "product_not_offered": ("value_error", "Product is not available in this checkout."),
    "price_unknown": ("value_error", "Price does not exist."),
    "price_archived": ("value_error", "Price is archived."),
    "price_not_offered": ("value_error", "Price is not available in this checkout."),
    "currency_unavailable": ("value_error", "Product is not available in the specified currency."),
    "ad_hoc_product_not_offered": ("value_error", "Product is not set on that checkout."),
    "price_required": ("too_short", "At least one price is required."),
    "one_fixed_price_only": ("value_error", "Only one fixed price is allowed."),
    "one_custom_price_only": ("value_error", "Only one custom price is allowed."),
    "custom_price_stands_alone": (
        "value_error",
        "A custom price cannot be combined with a fixed, seat-based or unit-based price.",
    ),
    "one_tax_behavior_per_currency": (
        "value_error",
        "All prices for the same currency must have the same tax behavior.",
    ),
    "same_price_types_per_currency": ("value_error", "All price currencies must define the same set of price types."),
    "default_currency_required": (
        "value_error",
        "The organization's default presentment currency must be present in the prices.",
    ),
    "seat_pricing_disabled": ("value_error", "Seat-based pricing is not enabled for this organization."),
    "unit_pricing_disabled": ("value_error", "Unit-based pricing is not enabled for this organization."),
    "metered_on_one_time": ("value_error", "Metered pricing is not supported on one-time products."),
    "meter_unknown": ("value_error", "Meter does not exist."),
    "media_unknown": ("value_error", "File does not exist or is not yet uploaded."),
    "custom_field_unknown": ("value_error", "Custom field does not exist."),
    "custom_field_slug_taken": ("value_error", "Custom field with this slug already exists."),
    "custom_field_kind_fixed": ("value_error", "The type of a custom field can't be changed."),
    "field_missing": ("missing", "Field required"),
    "field_not_text": ("string_type", "Input should be a valid string"),
    "field_too_short": ("string_too_short", "String should have at least {limit} {characters}"),
    "field_too_long": ("string_too_long", "String should have at most {limit} {characters}"),
    "field_not_number": ("int_type", "Input should be a valid integer"),
    "field_number_unreadable": (
        "int_parsing",
        "Input should be a valid integer, unable to parse string as an integer",
    ),
    "field_number_fraction": (
        "int_from_float",
        "Input should be a valid integer, got a number with a fractional part",
    ),
    "field_number_too_large": (
        "int_parsing_size",
        "Unable to parse input string as an integer, exceeded maximum size",
    ),
    "field_below_minimum": ("greater_than_equal", "Input should be greater than or equal to {limit}"),
    "field_above_maximum": ("less_than_equal", "Input should be less than or equal to {limit}"),
    "field_not_date": ("datetime_type", "Input should be a valid datetime"),
    "field_date_unreadable": ("datetime_from_date_parsing", "Input should be a valid datetime or date, {reason}"),
    "field_date_out_of_range": ("datetime_parsing", "Input should be a valid datetime, {reason}"),
    "field_not_checkbox": ("bool_type", "Input should be a valid boolean"),
    "field_checkbox_unreadable": (
        "bool_parsing",
        "Input should be a valid boolean, unable to interpret input",
    ),
    "field_not_ticked": ("literal_error", "Input should be True"),
    "field_not_an_option": ("literal_error", "Input should be {options}"),
    "field_not_email": ("value_error", "value is not a valid email address"),
    "field_not_url": ("url_parsing", "Input should be a valid URL"),
    "recurring_interval_fixed": ("value_error", "Recurring interval cannot be changed."),
    "trial_on_one_time": ("value_error", "Trial configuration is only supported on recurring products."),
    "amount_below_minimum": ("greater_than_equal", "Amount is below minimum."),
    "amount_below_processor_minimum": ("invalid_amount", "Amount must be 0 or at least {smallest}."),
    "amount_off_step": ("multiple_of", "An amount of {currency} must be a multiple of {step}."),
    "amount_above_maximum": ("less_than_equal", "Amount is above maximum."),
    "amount_above_currency_maximum": ("less_than_equal", "Amount must be at most {largest}."),
    "total_too_large": ("less_than_equal", "Total amount must be at most {maximum}."),
    "renewal_too_large": ("less_than_equal", "Total amount once the discount has ended must be at most {maximum}."),
    "subtotal_too_large": ("less_than_equal", "Amount before discounts must be at most {maximum}."),
    "total_below_floor": ("invalid_amount", "Amount must be 0 or at least {minimum}."),
    "total_changed": ("value_error", "The total is {total} now. Nothing was charged: confirm again to pay it."),
    "discount_unknown": ("value_error", "Discount does not exist."),
    "discount_not_started": ("value_error", "Discount does not exist."),
    "discount_ended": ("value_error", "Discount does not exist."),
    "discount_used_up": ("value_error", "Discount does not exist."),
    "discount_other_product": ("value_error", "Discount does not exist."),
    "discount_other_currency": ("value_error", "Discount does not exist."),
    "discount_on_free_product": ("value_error", "Discounts are not applicable to this product."),
    "discount_no_longer_redeemable": ("value_error", "Discount is no longer redeemable."),
    "tax_id_needs_country": ("missing", "Country is required to validate tax ID."),
    "tax_id_invalid": ("value_error", "Invalid tax ID."),
    "bounds_need_seats": ("value_error", "{field} can only be set for seat-based pricing."),
    "bounds_need_units": ("value_error", "{field} can only be set for unit-based pricing."),
    "min_seats_too_low": ("greater_than_equal", "min_seats must be at least {number}."),
    "max_seats_too_high": ("less_than_equal", "max_seats must be at most {number}."),
    "too_few_seats": ("greater_than_equal", "Minimum {number} seats required."),
    "too_many_seats": ("less_than_equal", "Maximum {number} seats allowed."),
    "min_units_too_low": ("greater_than_equal", "min_units must be at least {number}."),
    "max_units_too_high": ("less_than_equal", "max_units must be at most {number}."),
    "too_few_units": ("greater_than_equal", "Minimum {number} units required."),
    "too_many_units": ("less_than_equal", "Maximum {number} units allowed."),
    "one_seat_price_only": ("value_error", "Only one seat-based price is allowed."),
    "one_unit_price_only": ("value_error", "Only one unit-based price is allowed."),
    "seats_or_units": ("value_error", "A seat-based price cannot be combined with a unit-based price."),
    "unit_pricing_on_one_time": ("value_error", "Unit-based pricing is not supported on one-time products."),
    "meter_used_twice": ("value_error", "Meter is already used for another price."),
    "discount_twice": ("value_error", "Discount does not exist."),
    "currency_not_chargeable": ("value_error", "Product is not available in the specified currency."),
    "seats_not_applicable": ("value_error", "Seats can only be set for seat-based pricing."),
    "units_not_applicable": ("value_error", "Units can only be set for unit-based pricing."),
    "subscription_unknown": ("value_error", "Subscription does not exist."),
    "customer_unknown": ("value_error", "Customer does not exist."),
    "field_required": ("missing", "Field is required."),
    "full_address_required": ("value_error", "Full billing address is required."),
    "tax_place_missing": ("value_error", "Required tax location information is missing."),
    "tax_place_unknown": (
        "value_error",
        "We could not determine the customer's tax location based on the provided customer address.",
    ),
    "token_required": ("missing", "Confirmation token is required."),
    "quantity_required": ("greater_than_equal", "Quantity must be at least 1."),
    "quantity_out_of_range": ("greater_than_equal", "Quantity must be between 0 and 2147483647."),
    "organization_with_token": (
        "organization_token",
        "Setting organization_id is disallowed when using an organization token.",
    ),
    "customer_email_taken": ("value_error", "A customer with this email address already exists."),
    "customer_tax_id_invalid": ("invalid", "Invalid tax ID."),
    "customer_external_id_fixed": ("value_error", "Customer external ID cannot be updated."),
    "customer_address_fixed": ("value_error", "Customer billing address cannot be reset to null once set."),
    "customer_kind_fixed": ("value_error", "Customer type cannot be downgraded from 'team' to 'individual'."),
    "member_email_taken": ("value_error", "A member with this email address already exists."),
    "member_external_id_taken": ("value_error", "A member with this external ID already exists."),
    "owner_needed": ("value_error", "A customer must have exactly one owner. Make another member the owner first."),
    "customer_external_id_taken": ("value_error", "A customer with this external ID already exists."),
    "webhook_url_not_https": ("url_scheme", "URL scheme should be 'https'"),
    "webhook_url_odd": ("url_parsing", "Input should be a valid URL"),
    "webhook_url_not_public": (
        "value_error",
        "Webhook URLs cannot point to localhost or private IP addresses.",
    ),
    "webhook_url_reserved": ("value_error", "Webhook URLs cannot point to {kind}."),
    "discount_minimum_subtotal": ("value_error", "Discount does not exist."),
    "discount_not_eligible": ("value_error", "Discount does not exist."),
    "discount_code_taken": ("value_error", "Discount with this code already exists."),
    "discount_product_unknown": ("value_error", "Product not found."),
    "discount_duration_fixed": ("value_error", "Duration cannot be changed."),
    "discount_type_fixed": ("value_error", "Type cannot be changed."),
    "discount_already_redeemed": (
        "value_error",
        "This field cannot be changed because the discount has already been redeemed.",
    ),
    "discount_dates_order": ("value_error", "starts_at must be before ends_at"),
    "link_discount_unfit": ("value_error", "Discount does not exist or is not applicable to this product."),
    "link_seats_not_everywhere": (
        "value_error",
        "Seats can only be preconfigured when all products use seat-based pricing.",
    ),
    "link_units_not_everywhere": (
        "value_error",
        "Units can only be preconfigured when all products use unit-based pricing.",
    ),
    "link_seats_out_of_bounds": ("value_error", "Product '{product}' allows between {min} and {max} seats."),
    "link_units_out_of_bounds": (
        "value_error",
        "Product '{product}' allows between {min} and {max} units for {currency}.",
    ),
    "link_without_products": ("value_error", "No valid products."),
    "refund_order_unknown": ("value_error", "Order not found"),
    "refund_exceeds": ("value_error", "Refund amount exceeds refundable amount"),
    "billing_country_fixed": ("value_error", "Country cannot be changed"),
    "billing_state_fixed": ("value_error", "State cannot be changed"),
}
# What the original keeps to itself is told in an extra key (decisions: precise reasons without changing the wire).
HINTS: Mapping[str, str] = {
    "discount_not_started": "The discount has not started yet.",
    "discount_ended": "The discount has ended.",
    "discount_used_up": "The discount has been redeemed as often as allowed.",
    "discount_other_product": "The discount does not apply to the selected product.",
    "discount_other_currency": "The discount has no amount in the session's currency.",
    "discount_minimum_subtotal": "The order is too small for the discount.",
    "discount_not_eligible": "The discount is not for this customer.",
    "webhook_url_odd": "Name a plain web address, without a user, a backslash or port 0 in it, such as https://example.com/webhooks.",
    "webhook_url_not_public": "Name a public https address. CHECKSTAND_PRIVATE_WEBHOOKS lets test organizations have local ones.",
    "webhook_url_reserved": "Name a public address, or one of this machine or its private network.",
}

UNAUTHORIZED = {"error": "Unauthorized", "detail": "Unauthorized"}
INVALID_TOKEN = {
    "error": "invalid_token",
    "error_description": ("The access token provided is expired, revoked, malformed, or invalid for other reasons."),
}
INSUFFICIENT_SCOPE = {
    "error": "insufficient_scope",
    "error_description": "The request requires higher privileges than provided by the access token.",
}
DISCOUNT_LIMIT = "You have already redeemed this discount the maximum number of times allowed per customer."
EXTERNAL_ID_MISMATCH = "A customer with this external ID already exists but with a different email address."


def named(status: int, error: str, detail: object) -> Response:
    """An error under its name."""
    return json_response({"error": error, "detail": detail}, status=status)


def unauthorized() -> Response:
    """No credentials on a protected route."""
    return json_response(UNAUTHORIZED, status=401, headers={"WWW-Authenticate": 'Bearer realm="polar"'})


def invalid_token() -> Response:
    """A bearer token that opens nothing; answered on public routes too."""
    challenge = f'Bearer realm="polar", error="invalid_token", error_description="{INVALID_TOKEN["error_description"]}"'
    headers = {"WWW-Authenticate": challenge, "Cache-Control": "no-store", "Pragma": "no-cache"}
    return json_response(INVALID_TOKEN, status=401, headers=headers)


def insufficient_scope(accepted: Sequence[str]) -> Response:
    """A token that is valid but not for this."""
    challenge = (
        f'Bearer realm="polar", scope="{" ".join(accepted)}", error="insufficient_scope", '
        f'error_description="{INSUFFICIENT_SCOPE["error_description"]}"'
    )
    return json_response(INSUFFICIENT_SCOPE, status=403, headers={"WWW-Authenticate": challenge})


def unknown_version() -> Response:
    """There is no explicit version error."""
    return json_response({"detail": "Not Found"}, status=404)


def _listed(error: str, items: Iterable[Mapping[str, object]]) -> Response:
    """422 with the first errors, as many as may be told, each cut to what may be."""
    told: list[dict[str, object]] = []
    room = LARGEST_REFUSAL
    for item in islice(items, MOST_ERRORS):
        told.append(_cut(item))
        room -= len(encode(told[-1]))
        if room < 0:
            told.pop()
            break
    return named(422, error, told)


def _cut(item: Mapping[str, object]) -> dict[str, object]:
    """An error with what the caller sent in it shortened: a text of theirs may be in any part."""
    kept = dict(item)
    loc, context = kept["loc"], kept.get("ctx")
    if isinstance(loc, list | tuple):
        kept["loc"] = [part[:LONGEST_NAME] if isinstance(part, str) else part for part in loc]
    kept["msg"] = str(kept["msg"])[:LONGEST_SENTENCE]
    kept["input"] = echo(kept["input"])
    if isinstance(context, Mapping):
        kept["ctx"] = {
            name: value[:LONGEST_SENTENCE] if isinstance(value, str) else value for name, value in context.items()
        }
    return kept


def invalid(problems: Sequence[Problem]) -> Response:
    """A business rule failed: items have exactly type, loc, msg and input (and our hint where there is one)."""
    return _listed("PolarRequestValidationError", map(_item, problems))


def _item(problem: Problem) -> dict[str, object]:
    kind, text = PROBLEMS[problem.code]
    where = list(problem.where)
    given = problem.given
    if problem.code.startswith("discount_") and where == ["discount_code"]:
        given = None
    item: dict[str, object] = {
        "type": kind,
        "loc": ["body", *where],
        "msg": text.format(field=where[-1] if where else "", **problem.params),
        "input": given,
    }
    if problem.code in HINTS:
        item["hint"] = HINTS[problem.code]
    return item


def schema(errors: Sequence[Mapping[str, object]], *, prefix: tuple[str | int, ...] = ("body",)) -> Response:
    """The request did not match the declared schema."""
    return _listed("RequestValidationError", (_schema_item(error, prefix) for error in errors))


def _schema_item(error: Mapping[str, object], prefix: tuple[str | int, ...]) -> dict[str, object]:
    item: dict[str, object] = {
        "type": error["type"],
        "loc": [*prefix, *error["loc"]],  # type: ignore[misc]
        "msg": error["msg"],
        "input": error.get("input"),
    }
    context = error.get("ctx")
    if isinstance(context, Mapping):
        item["ctx"] = {key: {} if isinstance(value, Exception) else _plain(value) for key, value in context.items()}
    return item


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def from_validation(error: ValidationError, *, prefix: tuple[str | int, ...] = ("body",)) -> Response:
    """Pydantic's errors as they are, without links to its documentation."""
    return schema(error.errors(include_url=False), prefix=prefix)


def bad_body(error: BadBody) -> Response:
    """A body that never reached the schema."""
    if error.reason == "too_large":
        detail = f"Request body exceeded the maximum allowed size of {error.limit} bytes."
        return named(413, "RequestBodyTooLarge", detail)
    if error.reason in ("not_json", "not_utf8"):
        broken: dict[str, object] = {
            "type": "json_invalid",
            "loc": (error.position,),
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": error.message},
        }
        return schema([broken])
    messages = {
        "too_deep": "Value error, This value is nested too deeply",
        "too_many": f"Value error, Too many values: at most {MOST_MEMBERS} in a list or object and {MOST_VALUES} in all",
        "long_text": f"Value error, This text is longer than {LONGEST_TEXT} characters",
        "bad_text": "Value error, This value contains invalid characters",
        "big_number": "Value error, This number does not fit into 64 bits",
    }
    item: dict[str, object] = {
        "type": "value_error",
        "loc": error.where,
        "msg": messages[error.reason],
        "input": None,
        "ctx": {"error": ValueError()},
    }
    return schema([item])


def of(error: CheckstandError) -> Response:
    """The answer to an error that a rule or flow raised on purpose."""
    if isinstance(error, DiscountLimitReached):
        return named(403, "DiscountRedemptionLimitReached", DISCOUNT_LIMIT)
    if isinstance(error, Invalid):
        return invalid(error.problems)
    if isinstance(error, ExternalIdTaken):
        item: dict[str, object] = {
            "type": "value_error",
            "loc": ["body", "external_customer_id"],
            "msg": EXTERNAL_ID_MISMATCH,
            "input": None,
        }
        return named(422, "CheckoutCustomerExternalIdMismatch", [item])
    if isinstance(error, PaymentDeclined):
        body = {
            "error": "PaymentError",
            "detail": f"The payment failed: {error.message} Please try again with a different payment method.",
            "hint": error.advice,
            "decline_code": error.decline_code,
        }
        return json_response(body, status=400)
    for kind, status, name, detail in _SIMPLE:
        if isinstance(error, kind):
            return named(status, name, detail or str(error))
    raise error


_SIMPLE: tuple[tuple[type[CheckstandError], int, str, str], ...] = (
    (NotFound, 404, "ResourceNotFound", "Not found"),
    (NotPermitted, 403, "NotPermitted", "Not permitted"),
    (PaymentNotReady, 403, "PaymentNotReady", "Organization is not ready to accept payments"),
    (EmbedNotAllowed, 403, "EmbedHostNotAllowed", ""),
    (Expired, 410, "ExpiredCheckoutError", "This checkout session has expired."),
    (NotOpen, 403, "NotOpenCheckout", ""),
    (Locked, 409, "CheckoutLocked", "Checkout is currently being processed. Please try again."),
    (
        CustomerDeleted,
        409,
        "CheckoutCustomerDeleted",
        "The customer associated with this checkout has been deleted.",
    ),
)
