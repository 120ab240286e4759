"""From facts to Polar's events: names, order and payloads. The object is shown as it was at the event.

Source: docs/behaviour/polar.md#events.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from checkstand.dialects.polar.answers.checkout import Checkout as CheckoutAnswer
from checkstand.dialects.polar.answers.discount import Discount as DiscountAnswer
from checkstand.dialects.polar.answers.event import Event, EventBase, EventType, OrderEventType
from checkstand.dialects.polar.answers.order import Order as OrderAnswer
from checkstand.dialects.polar.answers.product import Product as ProductAnswer
from checkstand.dialects.polar.customers import customer_views
from checkstand.dialects.polar.orders import refunds
from checkstand.dialects.polar.shown import checkouts as translate_checkouts
from checkstand.dialects.polar.shown import discounts as translate_discounts
from checkstand.dialects.polar.shown import organization as translate_organizations
from checkstand.dialects.polar.shown import products as translate_products
from checkstand.dialects.polar.shown import sales
from checkstand.dialects.polar.webhooks.chat import chat_body
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain.catalog import Product
from checkstand.domain.checkout import Checkout
from checkstand.domain.customer import Customer
from checkstand.domain.discount import Discount
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.member import Member
from checkstand.domain.order import Sale
from checkstand.domain.organization import Organization
from checkstand.domain.refund import Refund
from checkstand.domain.webhook import Endpoint
from checkstand.flows.orders.read_sale import sale_of_order
from checkstand.flows.ports import Ports
from checkstand.store import checkouts
from checkstand.store.catalogue.discounts import DISCOUNTS
from checkstand.store.catalogue.products import PRODUCTS
from checkstand.store.codec import decode
from checkstand.store.people.customers import CUSTOMERS
from checkstand.store.people.members import MEMBERS
from checkstand.store.sales.refunds import REFUNDS

# The events of a fact, in the order in which they are sent.
EVENTS: Mapping[FactType, tuple[EventType, ...]] = {
    FactType.CHECKOUT_CREATED: ("checkout.created",),
    FactType.CHECKOUT_UPDATED: ("checkout.updated",),
    FactType.CHECKOUT_CONFIRMED: ("checkout.updated",),
    FactType.CHECKOUT_REOPENED: ("checkout.updated",),
    FactType.CHECKOUT_SUCCEEDED: ("checkout.updated",),
    FactType.CHECKOUT_EXPIRED: ("checkout.expired",),
    FactType.CUSTOMER_CREATED: ("customer.created", "customer.state_changed"),
    FactType.CUSTOMER_UPDATED: ("customer.updated", "customer.state_changed"),
    FactType.CUSTOMER_DELETED: ("customer.deleted", "customer.state_changed"),
    FactType.MEMBER_CREATED: ("member.created",),
    FactType.MEMBER_UPDATED: ("member.updated",),
    FactType.MEMBER_DELETED: ("member.deleted",),
    FactType.DISCOUNT_CREATED: ("discount.created",),
    FactType.DISCOUNT_UPDATED: ("discount.updated",),
    FactType.DISCOUNT_DELETED: ("discount.deleted",),
    FactType.ORDER_PAID: ("order.created", "order.updated", "order.paid"),
    FactType.PRODUCT_CREATED: ("product.created",),
    FactType.PRODUCT_UPDATED: ("product.updated",),
    FactType.REFUND_CREATED: ("refund.created",),
    # The processor's report that a refund has succeeded or failed: the original sends one too when that was known at once.
    FactType.REFUND_SUCCEEDED: ("refund.updated",),
    FactType.REFUND_FAILED: ("refund.updated",),
    FactType.ORDER_REFUNDED: ("order.updated", "order.refunded"),
    FactType.ORDER_UPDATED: ("order.updated",),
    FactType.ORDER_INVOICED: ("order.updated",),
    FactType.ORGANIZATION_UPDATED: ("organization.updated",),
}


class Events:
    """Satisfies `webhooks.render.Renderer`."""

    fixes_payload = True

    def event_types(self, fact_type: FactType) -> tuple[str, ...]:
        return EVENTS.get(fact_type, ())

    async def payload(
        self, ports: Ports, organization: Organization, fact: Fact, event_type: str, endpoint: Endpoint
    ) -> str | None:
        name = next((name for name in EVENTS.get(fact.type, ()) if name == event_type), None)
        event = await _event(ports, organization, fact, name, endpoint) if name else None
        if event is None:
            return None
        if endpoint.format != "raw":
            return chat_body(endpoint.format, organization.name, event)
        return orjson.dumps(event).decode()


async def _event(
    ports: Ports, organization: Organization, fact: Fact, name: EventType, endpoint: Endpoint
) -> Event | None:
    """The event with the object as it was, read anew where no snapshot was kept. None when there is nothing to tell."""
    told: EventBase = {"timestamp": moment(fact.occurred_at), "api_version": endpoint.api_version}
    match name:
        case "checkout.created" | "checkout.updated" | "checkout.expired":
            checkout = await _checkout(ports, organization, fact)
            return {"type": name, **told, "data": checkout} if checkout else None
        case "customer.created" | "customer.updated" | "customer.deleted":
            customer = await _customer(ports, organization, fact)
            return {"type": name, **told, "data": customer_views.customer(customer)} if customer else None
        case "customer.state_changed":
            customer = await _customer(ports, organization, fact)
            return {"type": name, **told, "data": customer_views.customer_state(customer)} if customer else None
        case "member.created" | "member.updated" | "member.deleted":
            member = await _member(ports, organization, fact)
            return {"type": name, **told, "data": customer_views.member(member)} if member else None
        case "discount.created" | "discount.updated" | "discount.deleted":
            discount = await _discount(ports, organization, fact)
            return {"type": name, **told, "data": discount} if discount else None
        case "order.created" | "order.updated" | "order.paid" | "order.refunded":
            return {"type": name, **told, "data": await _order(ports, organization, fact, name)}
        case "product.created" | "product.updated":
            product = await _product(ports, organization, fact)
            return {"type": name, **told, "data": product} if product else None
        case "refund.created" | "refund.updated":
            refund = await _refund(ports, organization, fact)
            return {"type": name, **told, "data": refunds.refund(refund)} if refund else None
        case "organization.updated":
            changed = decode(Organization, fact.snapshot) if fact.snapshot else organization
            return {"type": name, **told, "data": translate_organizations.organization(changed)}


async def _order(ports: Ports, organization: Organization, fact: Fact, name: OrderEventType) -> OrderAnswer:
    """The order as it was. The number of its receipt is told with `order.paid`, not before."""
    sale = decode(Sale, fact.snapshot) if fact.snapshot else await sale_of_order(ports, organization, fact.subject_id)
    shown = sales.order(sale, organization)
    has_receipt = name == "order.paid" or fact.type is not FactType.ORDER_PAID
    return shown if has_receipt else {**shown, "receipt_number": None}


async def _checkout(ports: Ports, organization: Organization, fact: Fact) -> CheckoutAnswer | None:
    """The session as it was; the other API's are none of these events."""
    found = (
        decode(Checkout, fact.snapshot)
        if fact.snapshot
        else await checkouts.by_id(ports.reads, organization.id, fact.subject_id)
    )
    if found is None or found.dialect != "polar":
        return None
    return translate_checkouts.checkout(
        found, organization, public_url=ports.public_url(), publishable_key=ports.gateway.publishable_key
    )


async def _customer(ports: Ports, organization: Organization, fact: Fact) -> Customer | None:
    if fact.snapshot:
        return decode(Customer, fact.snapshot)
    return await CUSTOMERS.by_id(ports.reads, organization.id, fact.subject_id)


async def _member(ports: Ports, organization: Organization, fact: Fact) -> Member | None:
    if fact.snapshot:
        return decode(Member, fact.snapshot)
    return await MEMBERS.by_id(ports.reads, organization.id, fact.subject_id)


async def _discount(ports: Ports, organization: Organization, fact: Fact) -> DiscountAnswer | None:
    """The discount as it was, with the products it names as they are now."""
    found = (
        decode(Discount, fact.snapshot)
        if fact.snapshot
        else await DISCOUNTS.by_id(ports.reads, organization.id, fact.subject_id)
    )
    if found is None:
        return None
    named = await PRODUCTS.by_ids(ports.reads, organization.id, found.product_ids) if found.product_ids else {}
    return translate_discounts.discount(found, organization, named)


async def _refund(ports: Ports, organization: Organization, fact: Fact) -> Refund | None:
    if fact.snapshot:
        return decode(Refund, fact.snapshot)
    return await REFUNDS.by_id(ports.reads, organization.id, fact.subject_id)


async def _product(ports: Ports, organization: Organization, fact: Fact) -> ProductAnswer | None:
    found = (
        decode(Product, fact.snapshot)
        if fact.snapshot
        else (await PRODUCTS.by_ids(ports.reads, organization.id, [fact.subject_id])).get(fact.subject_id)
    )
    return translate_products.product(found, ports.public_url()) if found else None
