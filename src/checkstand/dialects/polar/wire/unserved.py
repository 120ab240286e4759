"""The operations that Polar has and this server has not: each answers as one that found nothing, and its `detail` says why.

Clients load a 404 as `ResourceNotFound`, with `error` and a text as `detail`, and raise something unreadable for any other body. Who
may ask is looked at first, as everywhere: that an operation is missing is told to callers whose key may use it. Paths that the
original does not know either are no concern of this module; they get its plain `{"detail": "Not Found"}` (`web/errors.py`).

These routes are asked after all others, so that they cost the others nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import Response

from checkstand.dialects.api import Rules
from checkstand.dialects.polar.wire import errors
from checkstand.dialects.polar.wire.call import Api, Call, Refused
from checkstand.domain.organization import ALL_SCOPES
from checkstand.http import not_served
from checkstand.routing import Routes

# Methods, then the path below `/v1`.
_WITH_A_KEY = """
    GET POST          /benefits/
    GET PATCH DELETE  /benefits/{id}
    GET               /benefits/{id}/files
    GET               /benefits/{id}/grants
    GET               /benefit-grants/
    GET               /customer-meters/
    GET               /customer-meters/{id}
    GET POST          /customer-seats
    DELETE            /customer-seats/{id}
    POST              /customer-seats/{id}/resend
    POST              /customer-sessions/
    GET               /disputes/
    GET               /disputes/{id}
    POST              /disputes/{id}/accept
    GET               /event-types/
    PATCH             /event-types/{id}
    GET               /events/
    GET               /events/names
    GET               /events/{id}
    POST              /events/ingest
    GET POST          /files/
    PATCH DELETE      /files/{id}
    POST              /files/{id}/uploaded
    GET               /license-keys/
    GET PATCH         /license-keys/{id}
    GET               /license-keys/{id}/activations/{activation_id}
    POST              /license-keys/{id}/rotate
    POST              /license-keys/validate
    POST              /license-keys/activate
    POST              /license-keys/deactivate
    GET POST          /members/
    GET PATCH DELETE  /members/{id}
    GET PATCH DELETE  /members/external/{external_id}
    GET POST          /meters/
    GET PATCH         /meters/{id}
    GET               /meters/{id}/quantities
    GET               /metrics/
    GET               /metrics/export
    GET               /metrics/limits
    GET POST          /metrics/dashboards
    GET PATCH DELETE  /metrics/dashboards/{id}
    POST              /orders/
    POST              /orders/{id}/finalize
    GET POST          /organization-access-tokens/
    PATCH DELETE      /organization-access-tokens/{id}
    POST              /organizations/
    GET POST          /subscriptions/
    GET               /subscriptions/export
    GET PATCH DELETE  /subscriptions/{id}
"""
# Opened by a token of the customer's own, of which there is none here that could be wrong.
_OF_CUSTOMERS = """
    GET               /customer-portal/benefit-grants/
    GET PATCH         /customer-portal/benefit-grants/{id}
    GET               /customer-portal/customer-session/introspect
    GET               /customer-portal/customer-session/user
    GET PATCH         /customer-portal/customers/me
    POST              /customer-portal/customers/me/email-update/request
    GET POST          /customer-portal/customers/me/payment-methods
    POST              /customer-portal/customers/me/payment-methods/confirm
    DELETE            /customer-portal/customers/me/payment-methods/{id}
    GET               /customer-portal/downloadables/
    GET               /customer-portal/license-keys/
    GET               /customer-portal/license-keys/{id}
    POST              /customer-portal/license-keys/{id}/rotate
    GET POST          /customer-portal/members
    PATCH DELETE      /customer-portal/members/{id}
    GET               /customer-portal/meters/
    GET               /customer-portal/meters/{id}
    GET               /customer-portal/orders/
    GET PATCH         /customer-portal/orders/{id}
    GET POST          /customer-portal/orders/{id}/invoice
    GET               /customer-portal/orders/{id}/receipt
    GET               /customer-portal/orders/{id}/payment-status
    POST              /customer-portal/orders/{id}/confirm-payment
    GET POST          /customer-portal/seats
    GET               /customer-portal/seats/subscriptions
    DELETE            /customer-portal/seats/{id}
    POST              /customer-portal/seats/{id}/resend
    GET               /customer-portal/subscriptions/
    GET PATCH DELETE  /customer-portal/subscriptions/{id}
    GET               /customer-portal/wallets/
    GET               /customer-portal/wallets/{id}
"""
_OF_EVERYBODY = """
    GET               /customer-portal/customers/me/email-update/check
    POST              /customer-portal/customers/me/email-update/verify
    POST              /customer-portal/license-keys/validate
    POST              /customer-portal/license-keys/activate
    POST              /customer-portal/license-keys/deactivate
    GET               /customer-portal/organizations/{slug}
    GET               /customer-seats/claim/{invitation_token}
    POST              /customer-seats/claim
    GET               /oauth2/authorize
    POST              /oauth2/introspect
    POST              /oauth2/register
    GET PUT DELETE    /oauth2/register/{client_id}
    POST              /oauth2/revoke
    POST              /oauth2/token
    GET               /oauth2/userinfo
"""


def _listed(table: str) -> Iterator[tuple[str, str]]:
    """Method and path of each operation, the reading ones first: a wrong method names them.

    Source: docs/behaviour/polar.md#paths-and-methods.
    """
    for line in table.strip().splitlines():
        *methods, path = line.split()
        yield from ((method, path) for method in methods)


_NOUN = {"benefit-grants": "benefits", "event-types": "events"}
_READ_ALONE = frozenset({"customer_seats", "metrics"})


def _scopes(method: str, path: str) -> tuple[str, ...]:
    """The scopes of which one opens an operation, as those of what is served: a noun's, and who may write it may read it.

    Any scope where the original's keys have none of the noun's own. Source: the vendor's OpenAPI document.
    """
    first = path.split("/")[1]
    noun = _NOUN.get(first, first.replace("-", "_"))
    verbs = ("write",) if method != "GET" else ("read",) if noun in _READ_ALONE else ("read", "write")
    return tuple(scope for verb in verbs if (scope := f"{noun}:{verb}") in ALL_SCOPES) or ALL_SCOPES


OPERATIONS = tuple(operation for table in (_WITH_A_KEY, _OF_CUSTOMERS, _OF_EVERYBODY) for operation in _listed(table))


async def _not_served(call: Call) -> Response:
    """404, in the words that clients load."""
    return errors.named(404, "ResourceNotFound", not_served(call.request, call.public_url))


async def _not_served_to_a_customer(call: Call) -> Response:
    """The same, once there is a token of any kind."""
    if "authorization" not in call.request.headers:
        raise Refused(errors.unauthorized())
    return await _not_served(call)


def _routes() -> Routes:
    """All of them in every form of their paths; the document does not name them."""
    served = Api("")
    for method, path in _listed(_WITH_A_KEY):
        is_keyed = method == "POST"
        served.serve(method, [path], Rules(handler=_not_served, scopes=_scopes(method, path), is_keyed=is_keyed))
    for table, handler in ((_OF_CUSTOMERS, _not_served_to_a_customer), (_OF_EVERYBODY, _not_served)):
        rules = Rules(handler=handler, is_public=True, reads_token=False)
        for method, path in _listed(table):
            served.serve(method, [path], rules)
    return served.routes


routes = _routes()
