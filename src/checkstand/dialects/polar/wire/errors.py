"""Polar's error bodies, and one table from exceptions to status and name. Each problem's words: `problem_words.py`.

Source: docs/behaviour/polar.md#refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice

from pydantic import ValidationError
from starlette.responses import Response

from checkstand.dialects.polar.answers import error as answers
from checkstand.dialects.polar.wire.problem_words import DECLINES, HINTS, PROBLEMS
from checkstand.dialects.polar.wire.words import address
from checkstand.domain.address import Address
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
    TooManyCodes,
)
from checkstand.domain.problem_codes import ProblemCode
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
from checkstand.store.unavailable import RETRY_AFTER_S

VERSIONS = ("2026-04", "2026-10", "2027-01")
DEFAULT_VERSION = VERSIONS[0]
UNAUTHORIZED: answers.Error = {"error": "Unauthorized", "detail": "Unauthorized"}
INVALID_TOKEN: answers.TokenError = {
    "error": "invalid_token",
    "error_description": ("The access token provided is expired, revoked, malformed, or invalid for other reasons."),
}
INSUFFICIENT_SCOPE: answers.TokenError = {
    "error": "insufficient_scope",
    "error_description": "The request requires higher privileges than provided by the access token.",
}
DISCOUNT_LIMIT = "You have already redeemed this discount the maximum number of times allowed per customer."
# Closed lists of words are enumerations in the original, but for these fields.
LITERAL = frozenset({"allow_trial", "custom_field_data", "payment_processor"})
_LENGTH = "invalid length:"
_PLACE = re.compile(r"(invalid character: .* at )(\d+)$", re.DOTALL)
EXTERNAL_ID_MISMATCH = "A customer with this external ID already exists but with a different email address."


def named(status: int, error: str, detail: str, *, hint: str | None = None) -> Response:
    """An error under its name. `hint`: what to do next."""
    body: answers.Error = {"error": error, "detail": detail}
    if hint is not None:
        body["hint"] = hint
    return json_response(body, status=status)


def unauthorized() -> Response:
    """The error of a protected route without credentials."""
    return json_response(UNAUTHORIZED, status=401, headers={"WWW-Authenticate": 'Bearer realm="polar"'})


def invalid_token() -> Response:
    """The error of an unknown bearer token; answered on public routes too."""
    challenge = f'Bearer realm="polar", error="invalid_token", error_description="{INVALID_TOKEN["error_description"]}"'
    headers = {"WWW-Authenticate": challenge, "Cache-Control": "no-store", "Pragma": "no-cache"}
    return json_response(INVALID_TOKEN, status=401, headers=headers)


def forbidden(accepted: Sequence[str]) -> Response:
    """A token that is valid but not for this."""
    challenge = (
        f'Bearer realm="polar", scope="{" ".join(accepted)}", error="insufficient_scope", '
        f'error_description="{INSUFFICIENT_SCOPE["error_description"]}"'
    )
    return json_response(INSUFFICIENT_SCOPE, status=403, headers={"WWW-Authenticate": challenge})


def key_too_long(key: str) -> Response:
    """An Idempotency-Key beyond its bound (ours, as are the next two: the original has no such keys)."""
    item = {"type": "string_too_long", "loc": (), "msg": "String should have at most 255 characters", "input": key}
    return schema([item], prefix=("header", "idempotency-key"))


def key_reused() -> Response:
    """An Idempotency-Key that came with another request before."""
    detail = "This Idempotency-Key was used for another request. Use a new key for a new request."
    return named(422, "IdempotencyKeyReused", detail)


def key_busy() -> Response:
    """An Idempotency-Key whose first request has not ended."""
    return named(409, "IdempotencyKeyBusy", "A request with this Idempotency-Key is at work. Ask again in a moment.")


def unrouted(status: int, detail: str, hint: str) -> Response:
    """The error of a path or method without a route: the original's plain body, with what to do."""
    return json_response({"detail": detail, "hint": hint}, status=status, headers={"Polar-Version": DEFAULT_VERSION})


def unavailable(reference: str) -> Response:
    """The database cannot be used right now."""
    detail = f"Checkstand cannot answer right now. Try again in {RETRY_AFTER_S} seconds. Reference {reference}."
    response = named(503, "ServiceUnavailable", detail)
    response.headers["Polar-Version"] = DEFAULT_VERSION
    return response


def fault(reference: str) -> Response:
    """A fault of ours."""
    return named(500, "InternalServerError", f"Reference {reference}.")


def unknown_version() -> Response:
    """There is no explicit version error."""
    body: answers.UnknownPath = {"detail": "Not Found"}
    return json_response(body, status=404)


def _listed(error: answers.ValidationErrorName, problems: Iterable[answers.Problem]) -> Response:
    """422 with the first problems, as many as may be told, each cut to what may be."""
    told: list[answers.Problem] = []
    room = LARGEST_REFUSAL
    for problem in islice(problems, MOST_ERRORS):
        told.append(_cut(problem))
        room -= len(encode(told[-1]))
        if room < 0:
            told.pop()
            break
    body: answers.ValidationError = {"error": error, "detail": told}
    return json_response(body, status=422)


def _cut(problem: answers.Problem) -> answers.Problem:
    """A problem with what the caller sent in it shortened: a text of theirs may be in any part."""
    kept: answers.Problem = {
        **problem,
        "loc": [part[:LONGEST_NAME] if isinstance(part, str) else part for part in problem["loc"]],
        "msg": problem["msg"][:LONGEST_SENTENCE],
        "input": echo(problem["input"]),
    }
    if "ctx" in problem:
        kept["ctx"] = {
            name: value[:LONGEST_SENTENCE] if isinstance(value, str) else value
            for name, value in problem["ctx"].items()
        }
    return kept


def invalid(problems: Sequence[Problem]) -> Response:
    """A business rule failed: items have exactly type, loc, msg and input (and our hint where there is one)."""
    return _listed("PolarRequestValidationError", map(_item, problems))


def _item(problem: Problem) -> answers.Problem:
    kind, text = PROBLEMS[problem.code]
    where = problem.where
    given = problem.given
    if problem.code.startswith("discount_") and where == ("discount_code",):
        given = None
    elif problem.code is ProblemCode.DISCOUNT_ALREADY_REDEEMED:
        given = _wire_currencies(given)
    item: answers.Problem = {
        "type": kind,
        "loc": ["body", *where],
        "msg": text.format(field=where[-1] if where else "", **problem.params),
        "input": address(given) if isinstance(given, Address) else given,
    }
    if problem.code in HINTS:
        item["hint"] = HINTS[problem.code]
    return item


def _wire_currencies(given: object) -> object:
    """A currency, or amounts by currency, under the wire's lower-case codes."""
    if isinstance(given, Mapping):
        return {code.lower(): amount for code, amount in given.items()}
    return given.lower() if isinstance(given, str) else given


def schema(errors: Sequence[Mapping[str, object]], *, prefix: tuple[str | int, ...] = ("body",)) -> Response:
    """The request did not match the declared schema."""
    return _listed("RequestValidationError", (_schema_item(error, prefix) for error in errors))


def _schema_item(error: Mapping[str, object], prefix: tuple[str | int, ...]) -> answers.Problem:
    where, context, is_uuid = error["loc"], error.get("ctx"), error["type"] == "uuid_parsing"
    assert isinstance(where, tuple), "a place is a tuple, as Pydantic's are"
    is_word_of_list = error["type"] == "literal_error" and not LITERAL.intersection(where)
    item: answers.Problem = {
        "type": "enum" if is_word_of_list else str(error["type"]),
        "loc": [*prefix, *where],
        "msg": _uuid_text(str(error["msg"])) if is_uuid else str(error["msg"]),
        "input": error.get("input"),
    }
    if isinstance(context, Mapping):
        item["ctx"] = {
            key: {} if isinstance(value, Exception) else _plain(value)
            for key, value in context.items()
            if key != "hint"
        }
        if "hint" in context:
            item["hint"] = str(context["hint"])
        if is_uuid:
            item["ctx"] = {key: _uuid_text(str(value)) for key, value in item["ctx"].items()}
    _counted(item)
    return item


def _uuid_text(text: str) -> str:
    """What is wrong with a UUID as the original tells it: its characters are counted from one, and it has 32 of them.

    >>> _uuid_text("invalid character: found `x` at 0")
    'invalid character: found `x` at 1'
    >>> _uuid_text("invalid length: found 0")
    'invalid length: expected length 32 for simple format, found 0'
    """
    counted = _PLACE.sub(lambda found: f"{found[1]}{int(found[2]) + 1}", text)
    return counted.replace(_LENGTH, f"{_LENGTH} expected length 32 for simple format,")


def _counted(item: answers.Problem) -> None:
    """Name the number of an object's members, which Pydantic stops counting at the bound."""
    context, given = item.get("ctx"), item["input"]
    if context is not None and context.get("actual_length", 0) is None and isinstance(given, dict):
        context["actual_length"] = len(given)
        item["msg"] = item["msg"].replace("not more", f"not {len(given)}")


def _plain(value: object) -> object:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def from_validation(error: ValidationError, *, prefix: tuple[str | int, ...] = ("body",)) -> Response:
    """Pydantic's errors as they are, without links to its documentation."""
    return schema(error.errors(include_url=False), prefix=prefix)


def _not_an_object(given: object) -> Response:
    text = "Input should be a valid dictionary or object to extract fields from"
    return schema([{"type": "model_attributes_type", "loc": (), "msg": text, "input": given}])


def bad_body(error: BadBody) -> Response:
    """A body that never reached the schema."""
    if error.reason == "empty":
        return schema([{"type": "missing", "loc": (), "msg": "Field required", "input": None}])
    if error.reason in ("not_an_object", "content_type"):
        given = error.given
        return _not_an_object(given[:2000].decode("utf-8", "replace") if isinstance(given, bytes) else given)
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
        "big_number": "Value error, This number has more digits than can be read",
    }
    item: dict[str, object] = {
        "type": "value_error",
        "loc": error.where,
        "msg": messages[error.reason],
        "input": None,
        "ctx": {"error": ValueError()},
    }
    return schema([item])


def _too_many_codes(error: TooManyCodes) -> Response:
    """A limit of ours, which the original has not: so its answer says why, where the original's other 429 are empty."""
    body: answers.Error = {"error": "TooManyRequests", "detail": str(error)}
    return json_response(body, status=429, headers={"retry-after": str(error.wait_s)})


def _declined(error: PaymentDeclined) -> Response:
    said = DECLINES.get(error.decline_code, error.message)
    body: answers.PaymentError = {
        "error": "PaymentError",
        "detail": f"The payment failed: {said} Please try again with a different payment method.",
        "hint": error.advice,
        "decline_code": error.decline_code,
    }
    return json_response(body, status=400)


def _external_id_mismatch() -> answers.Problem:
    return {
        "type": "value_error",
        "loc": ["body", "external_customer_id"],
        "msg": EXTERNAL_ID_MISMATCH,
        "input": None,
    }


def of(error: CheckstandError) -> Response:
    """The answer to an error that a rule or flow raised on purpose."""
    if isinstance(error, DiscountLimitReached):
        return named(403, "DiscountRedemptionLimitReached", DISCOUNT_LIMIT)
    if isinstance(error, Invalid):
        return invalid(error.problems)
    if isinstance(error, ExternalIdTaken):
        return _listed("CheckoutCustomerExternalIdMismatch", [_external_id_mismatch()])
    if isinstance(error, PaymentDeclined):
        return _declined(error)
    if isinstance(error, TooManyCodes):
        return _too_many_codes(error)
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
