"""The Polar dialect: `/v1/...`, its error bodies, its webhook events. Translates; never decides."""

from fastapi import APIRouter

from checkstand.dialects.polar import checkouts, customers, orders, organizations, products, webhooks
from checkstand.dialects.polar.events import Events

router = APIRouter()
for _part in (checkouts, products, orders, customers, organizations, webhooks):
    # A wrong method is answered with the methods of the path's first route, which is the reading one (polar.md 1.1).
    _part.api.router.routes.sort(key=lambda route: "GET" not in (getattr(route, "methods", None) or ()))
    router.include_router(_part.api.router)

__all__ = ["Events", "router"]
