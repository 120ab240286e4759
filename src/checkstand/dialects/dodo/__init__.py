"""The Dodo Payments dialect: `/checkouts`, `/products`, ... at the root, its error bodies, its webhook events. Never decides."""

from fastapi import APIRouter

from checkstand.dialects.dodo import checkouts, customers, misc, payments, products, webhooks
from checkstand.dialects.dodo.events import Events

router = APIRouter()
for _part in (checkouts, products, payments, customers, webhooks, misc):
    router.include_router(_part.api.router)

__all__ = ["Events", "router"]
