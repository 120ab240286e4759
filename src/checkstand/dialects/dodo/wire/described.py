"""What the OpenAPI document tells of all Dodo routes: the one error body, which statuses follow from what a route takes,
and the shapes of ids. The words of each error are in `errors.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from checkstand.dialects.api.described import ANY_TEXT, event_types, key_header
from checkstand.dialects.dodo.answers.common import Error
from checkstand.dialects.dodo.answers.event import EVENTS_TELL, Event
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.profile import DODO
from checkstand.openapi import Described, Json, Operation

ABOUT = (
    "The Dodo Payments API. Lists answer `items` and start with page 0; amounts are in the currency's smallest unit. Every path "
    "is also served with a slash at its end. A method that a path does not know is answered with 405."
)
# What `{id}` names under the first part of a path. The primary brand has its business's id.
KINDS: Mapping[str, tuple[DodoPrefix, ...]] = {
    "addons": (DodoPrefix.ADDON,),
    "brands": (DodoPrefix.BRAND, DodoPrefix.BUSINESS),
    "checkouts": (DodoPrefix.CHECKOUT_SESSION,),
    "customers": (DodoPrefix.CUSTOMER,),
    "discounts": (DodoPrefix.DISCOUNT,),
    "meters": (DodoPrefix.METER,),
    "payments": (DodoPrefix.PAYMENT,),
    "products": (DodoPrefix.PRODUCT,),
    "webhooks": (DodoPrefix.WEBHOOK_ENDPOINT,),
    "refunds": (DodoPrefix.REFUND,),
    "disputes": (DodoPrefix.DISPUTE,),
}

# The names that say it themselves, wherever they stand.
NAMED: Mapping[str, tuple[DodoPrefix, ...]] = {
    "payment_id": (DodoPrefix.PAYMENT,),
    "refund_id": (DodoPrefix.REFUND,),
    "payment_method_id": (DodoPrefix.PAYMENT_METHOD,),
}


def describe(operations: Sequence[Operation]) -> Described:
    """The whole API."""
    return Described(
        name="dodo",
        title="Dodo Payments API",
        about=ABOUT,
        operations=operations,
        errors={"Error": Error},
        refusals=_refusals,
        path_schema=_path_schema,
        headers=_headers,
        events=event_types(get_args(Event), EVENTS_TELL, DODO.webhooks),
    )


def _refusals(operation: Operation) -> Mapping[int, str | None]:
    """The errors that an operation can answer with: 404 for a malformed id in a path, 422 for bodies, queries and idempotency keys."""
    found = {429, 503}
    if not operation.is_public:
        found |= {401, 403}
    if operation.path_names:
        found.add(404)
    if operation.is_keyed:
        found.add(409)
    if operation.body is not None:
        found.add(413)
    if operation.body is not None or operation.query is not None or operation.is_keyed:
        found.add(422)
    return dict.fromkeys(found, "Error")


def _path_schema(operation: Operation, name: str) -> Json:
    kinds = KINDS.get(operation.path.split("/")[1], ()) if name == "id" else NAMED.get(name, ())
    if not kinds:
        return ANY_TEXT
    return {"type": "string", "pattern": f"^({'|'.join(kinds)})_[0-9A-Za-z]{{21}}$"}


def _headers(operation: Operation) -> list[Json]:
    return [key_header()] if operation.is_keyed else []
