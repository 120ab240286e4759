"""The Dodo Payments dialect: `/checkouts`, `/products`, ... at the root, its error bodies, its webhook events. Never decides."""

from checkstand.dialects.dodo import (
    addons,
    brands,
    checkouts,
    customers,
    discounts,
    disputes,
    files,
    images,
    invoices,
    meters,
    misc,
    payment_methods,
    payments,
    products,
    refunds,
    short_links,
    wallets,
    webhooks,
)
from checkstand.dialects.dodo.described import describe
from checkstand.dialects.dodo.events import Events
from checkstand.openapi import Operation
from checkstand.routing import Routes

routes = Routes()
operations: list[Operation] = []
# `/products/short_links` comes before `/products/{id}`.
for _part in (
    checkouts,
    short_links,
    products,
    addons,
    discounts,
    files,
    images,
    brands,
    meters,
    payments,
    customers,
    wallets,
    webhooks,
    misc,
    refunds,
    disputes,
    invoices,
    payment_methods,
):
    routes.include(_part.api.routes)
    operations += _part.api.operations

api = describe(operations)

__all__ = ["Events", "api", "routes"]
