"""The Dodo Payments dialect: `/checkouts`, `/products`, ... at the root, its error bodies, its webhook events. Never decides."""

from fastapi import APIRouter
from starlette.routing import Route

from checkstand.dialects.dodo import (
    brands,
    checkouts,
    customers,
    discounts,
    images,
    meters,
    misc,
    payments,
    products,
    wallets,
    webhooks,
)
from checkstand.dialects.dodo.events import Events

router = APIRouter()
hot_routes: list[Route] = []
for _part in (checkouts, products, discounts, images, brands, meters, payments, customers, wallets, webhooks, misc):
    router.include_router(_part.api.router)
    hot_routes += _part.api.hot_routes

__all__ = ["Events", "hot_routes", "router"]
