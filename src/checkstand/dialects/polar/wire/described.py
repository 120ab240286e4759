"""What the OpenAPI document tells of all Polar routes: the error bodies, which statuses follow from what a route takes,
the shapes of ids, and the two headers. The words of each error are in `errors.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from checkstand.dialects.api.described import ANY_TEXT, event_types, header, key_header
from checkstand.dialects.polar.answers.error import Error, PaymentError, TokenError, UnknownPath, ValidationError
from checkstand.dialects.polar.answers.event import EVENTS_TELL, Event
from checkstand.dialects.polar.wire.call import DEFAULT_VERSION, VERSIONS
from checkstand.domain.profile import POLAR
from checkstand.openapi import Described, Json, Operation

ABOUT = (
    "The Polar API. Lists answer `items` and `pagination`; amounts are in the currency's smallest unit. Every path is also "
    "served with or without its last slash. A method that a path does not know is answered with 405."
)
ERRORS: Mapping[str, object] = {
    "Error": Error,
    "Unauthorized": TokenError | Error,
    "NotFound": Error | UnknownPath,
    "Refused": PaymentError | Error,
    "Invalid": ValidationError | Error,
}


def describe(operations: Sequence[Operation]) -> Described:
    """The whole API."""
    return Described(
        name="polar",
        title="Polar API",
        about=ABOUT,
        operations=operations,
        errors=ERRORS,
        refusals=_refusals,
        path_schema=_path_schema,
        headers=_headers,
        events=event_types(get_args(Event), EVENTS_TELL, POLAR.webhooks),
    )


def _refusals(operation: Operation) -> Mapping[int, str | None]:
    """A bad token is refused on public routes too, and an unknown version is a path that does not exist.

    429 has no body, save where wrong codes are counted (`refuses`), which tells why.
    """
    found: dict[int, str | None] = {401: "Unauthorized", 404: "NotFound", 429: None, 503: "Error"}
    if not operation.is_public:
        found[403] = "Unauthorized"
    if operation.is_keyed:
        found[409] = "Error"
    if operation.body is not None:
        found |= {411: "Error", 413: "Error"}
    if 400 in operation.refuses:
        found[400] = "Refused"
    if 429 in operation.refuses:
        found[429] = "Error"
    names_id = any(_is_uuid(name) for name in operation.path_names)
    takes_something = operation.body is not None or operation.query is not None or operation.is_keyed or names_id
    if takes_something or 422 in operation.refuses:
        found[422] = "Invalid"
    return found


def _is_uuid(name: str) -> bool:
    return name == "id" or (name.endswith("_id") and "external" not in name)


def _path_schema(_: Operation, name: str) -> Json:
    return {"type": "string", "format": "uuid4"} if _is_uuid(name) else ANY_TEXT


def _headers(operation: Operation) -> list[Json]:
    version: Json = {"type": "string", "enum": list(VERSIONS), "default": DEFAULT_VERSION}
    keys = [key_header(minLength=1)] if operation.is_keyed else []
    return [header("Polar-Version", version), *keys]
