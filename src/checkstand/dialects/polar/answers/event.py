"""What webhooks carry (docs/behaviour/polar.md#events): an envelope, and in it the object as it was when the event happened."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from checkstand.answers import Moment
from checkstand.dialects.polar.answers.checkout import Checkout
from checkstand.dialects.polar.answers.customer import Customer, CustomerState
from checkstand.dialects.polar.answers.discount import Discount
from checkstand.dialects.polar.answers.member import Member
from checkstand.dialects.polar.answers.order import Order
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
EventType = (
    CheckoutEventType
    | CustomerEventType
    | CustomerStateEventType
    | MemberEventType
    | DiscountEventType
    | OrderEventType
    | ProductEventType
    | RefundEventType
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
    """A member of a team was made, changed or removed."""

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


Event = (
    CheckoutEvent
    | CustomerEvent
    | CustomerStateEvent
    | MemberEvent
    | DiscountEvent
    | OrderEvent
    | ProductEvent
    | RefundEvent
)
