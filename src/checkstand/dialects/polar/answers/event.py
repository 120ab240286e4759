"""What webhooks carry (docs/behaviour/polar.md#events): an envelope, and in it the object as it was when the event happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Moment
from checkstand.dialects.polar.answers.checkout import Checkout
from checkstand.dialects.polar.answers.customer import Customer, CustomerState
from checkstand.dialects.polar.answers.discount import Discount
from checkstand.dialects.polar.answers.member import Member
from checkstand.dialects.polar.answers.order import Order
from checkstand.dialects.polar.answers.organization import Organization
from checkstand.dialects.polar.answers.product import Product
from checkstand.dialects.polar.answers.refund import Refund

CheckoutEventType = Literal["checkout.created", "checkout.updated", "checkout.expired"]
CustomerEventType = Literal["customer.created", "customer.updated", "customer.deleted"]
CustomerStateEventType = Literal["customer.state_changed"]
MemberEventType = Literal["member.created", "member.updated", "member.deleted"]
DiscountEventType = Literal["discount.created", "discount.updated", "discount.deleted"]
OrderEventType = Literal["order.created", "order.updated", "order.paid", "order.refunded"]
ProductEventType = Literal["product.created", "product.updated"]
RefundEventType = Literal["refund.created", "refund.updated"]
OrganizationEventType = Literal["organization.updated"]
EventType = (
    CheckoutEventType
    | CustomerEventType
    | CustomerStateEventType
    | MemberEventType
    | DiscountEventType
    | OrderEventType
    | ProductEventType
    | RefundEventType
    | OrganizationEventType
)


class EventBase(TypedDict):
    """The envelope of every event. `timestamp` is when it happened, `api_version` the endpoint's."""

    timestamp: Moment
    api_version: str


class CheckoutEvent(EventBase):
    """A session was made, was changed, or has expired."""

    type: CheckoutEventType
    data: Checkout


class CustomerEvent(EventBase):
    """A customer was made, changed or deleted."""

    type: CustomerEventType
    data: Customer


class CustomerStateEvent(EventBase):
    """What is active for a customer, or the customer, has changed."""

    type: CustomerStateEventType
    data: CustomerState


class MemberEvent(EventBase):
    """A member of a customer was made, changed or removed."""

    type: MemberEventType
    data: Member


class DiscountEvent(EventBase):
    """A discount was made, changed or deleted."""

    type: DiscountEventType
    data: Discount


class OrderEvent(EventBase):
    """An order was made, paid, changed or refunded. The receipt's number comes with `order.paid`."""

    type: OrderEventType
    data: Order


class ProductEvent(EventBase):
    """A product was made or changed."""

    type: ProductEventType
    data: Product


class RefundEvent(EventBase):
    """A refund was made, or has succeeded or failed."""

    type: RefundEventType
    data: Refund


class OrganizationEvent(EventBase):
    """The organization was changed."""

    type: OrganizationEventType
    data: Organization


Event = (
    CheckoutEvent
    | CustomerEvent
    | CustomerStateEvent
    | MemberEvent
    | DiscountEvent
    | OrderEvent
    | ProductEvent
    | RefundEvent
    | OrganizationEvent
)

# One line of each, for the OpenAPI document.
EVENTS_TELL: Mapping[str, str] = {
    "checkout.created": "A checkout session was made.",
    "checkout.updated": "A checkout session was changed, was confirmed, or is paid.",
    "checkout.expired": "The time of a checkout session is over.",
    "customer.created": "A customer was made.",
    "customer.updated": "A customer was changed.",
    "customer.deleted": "A customer was deleted.",
    "customer.state_changed": "What is active for a customer, or the customer, has changed.",
    "member.created": "A customer has a new member: its owner, or another one of a team.",
    "member.updated": "A member of a customer was changed.",
    "member.deleted": "A member of a customer is gone, alone or with the customer.",
    "discount.created": "A discount was made.",
    "discount.updated": "A discount was changed.",
    "discount.deleted": "A discount was deleted: its code is free.",
    "order.created": "An order was made.",
    "order.updated": "An order was paid, refunded or changed.",
    "order.paid": "An order was paid; its receipt has a number now.",
    "order.refunded": "Money of an order was given back, all or a part of it.",
    "product.created": "A product was made.",
    "product.updated": "A product or its prices were changed.",
    "refund.created": "A refund was made.",
    "refund.updated": "A refund has succeeded or failed.",
    "organization.updated": "The organization's name or details were changed.",
}
