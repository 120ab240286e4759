"""The Polar dialect: `/v1/...`, its error bodies, its webhook events. Translates; never decides."""

from fastapi import APIRouter
from starlette.routing import Route

from checkstand.dialects.polar import (
    checkouts,
    custom_fields,
    customers,
    discounts,
    links,
    members,
    order_documents,
    order_export,
    orders,
    organizations,
    payment_methods,
    products,
    refunds,
    unserved,
    webhooks,
)
from checkstand.dialects.polar.described import describe
from checkstand.dialects.polar.events import Events
from checkstand.openapi import Operation


def _reads(route: Route) -> bool:
    return "GET" in (getattr(route, "methods", None) or ())


router = APIRouter()
operations: list[Operation] = []
hot_routes: list[Route] = []
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
    refunds,
    order_documents,
    payment_methods,
):
    # A wrong method is answered with the methods of the path's first route, which is the reading one (polar.md 1.1).
    _part.api.router.routes.sort(key=lambda route: not _reads(route))
    hot_routes += sorted(_part.api.hot_routes, key=lambda route: not _reads(route))
    router.include_router(_part.api.router)
    operations += _part.api.operations

api = describe(operations)
unserved_routes = unserved.routes

__all__ = ["Events", "api", "hot_routes", "router", "unserved_routes"]
