"""The Dodo Payments dialect: `/checkouts`, `/products`, ... at the root, its error bodies, its webhook events. Never decides."""

from checkstand.dialects.api import DialectParts
from checkstand.dialects.dodo.catalogue import addons, brands, discounts, files, images, meters, products
from checkstand.dialects.dodo.checkout import (
    checkouts,
    countries,
    examples,
    one_time_payments,
    short_links,
    static_links,
)
from checkstand.dialects.dodo.customers import customers, payment_methods, wallets
from checkstand.dialects.dodo.orders import disputes, invoices, payments, refunds
from checkstand.dialects.dodo.webhooks import webhooks
from checkstand.dialects.dodo.webhooks.events import Events
from checkstand.dialects.dodo.wire import errors
from checkstand.dialects.dodo.wire.described import describe
from checkstand.domain.profile import DODO
from checkstand.openapi import Operation
from checkstand.routing import Routes

# Where the original has something, served here or not.
PATHS = (
    "/addons",
    "/balances",
    "/blocklist",
    "/brands",
    "/checkouts",
    "/credit-entitlements",
    "/customers",
    "/discounts",
    "/disputes",
    "/entitlements",
    "/events",
    "/grants",
    "/invoices",
    "/license",
    "/locales",
    "/meters",
    "/moderation",
    "/payments",
    "/payouts",
    "/product-collections",
    "/products",
    "/refunds",
    "/subscriptions",
    "/webhooks",
)
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
    one_time_payments,
    customers,
    wallets,
    webhooks,
    countries,
    refunds,
    disputes,
    invoices,
    payment_methods,
):
    routes.include(_part.api.routes)
    operations += _part.api.operations

api = describe(operations)
PARTS = DialectParts(
    profile=DODO,
    paths=PATHS,
    routes=routes,
    described=api,
    errors=errors,
    events=Events(),
    links=static_links.LINKS,
    examples=examples.EXAMPLES,
)

__all__ = ["PARTS", "Events", "api", "routes"]
