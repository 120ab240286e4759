"""The Polar dialect: `/v1/...`, its error bodies, its webhook events. Translates; never decides."""

from starlette.routing import Route

from checkstand.dialects.api import DialectParts
from checkstand.dialects.polar.catalogue import custom_fields, discounts, organizations, products
from checkstand.dialects.polar.checkout import checkouts, examples, link_visits, links
from checkstand.dialects.polar.customers import customers, members, payment_methods
from checkstand.dialects.polar.orders import order_documents, order_export, orders, refunds
from checkstand.dialects.polar.webhooks import deliveries, webhooks
from checkstand.dialects.polar.webhooks.events import Events
from checkstand.dialects.polar.wire import errors, health, unserved
from checkstand.dialects.polar.wire.cors import PolarCors
from checkstand.dialects.polar.wire.described import describe
from checkstand.domain.profile import POLAR
from checkstand.openapi import Operation
from checkstand.routing import Routes


def _reads(route: Route) -> bool:
    return "GET" in (route.methods or ())


routes = Routes()
operations: list[Operation] = []
for _part in (
    checkouts,
    links,
    products,
    custom_fields,
    discounts,
    order_export,  # before `/orders/{id}`
    orders,
    customers,
    members,
    organizations,
    webhooks,
    deliveries,
    refunds,
    order_documents,
    payment_methods,
):
    # A wrong method is answered with the methods of the path's first route, which is the reading one.
    # Source: docs/behaviour/polar.md#paths-and-methods.
    _part.api.routes.all.sort(key=lambda route: not _reads(route))
    routes.include(_part.api.routes)
    operations += _part.api.operations

routes.include(health.routes)
api = describe(operations)
PARTS = DialectParts(
    profile=POLAR,
    paths=("/v1", "/api/v1/"),
    routes=routes,
    described=api,
    errors=errors,
    events=Events(),
    links=link_visits.LINKS,
    examples=examples.EXAMPLES,
    last_routes=unserved.routes,
    around=PolarCors,
)

__all__ = ["PARTS", "Events", "api", "routes"]
