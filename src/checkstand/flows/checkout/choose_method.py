"""Choose how a session is paid: with which saved method, what a new one is saved for, and who the buyer is at the gateway.

A saved method is named by its id and looked for among its own customer's, so an id of somebody else's names nothing. The gateway's
customer is made before the session is claimed, under a stored key: all parameters of a charge are known when the attempt is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import Invalid
from checkstand.domain.organization import Organization
from checkstand.domain.payment import Saving
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.saved_method import SavedMethod, may_pay_again, proves_customer, saving
from checkstand.flows.ports import Ports
from checkstand.store.executor import Executor
from checkstand.store.people import customers, payment_methods


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentChoice:
    """What the buyer chose beside a token: a saved method, or that the new one is saved for the next time."""

    method_id: UUID | None = None
    saves_method: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMeans:
    """How an attempt is paid.

    `method`: the saved one, None for what the token stands for. `saves`: what a new one is saved for. `gateway_customer`: its
    customer's id at the gateway, None when nothing is saved and nothing saved is used.
    """

    method: SavedMethod | None = None
    saves: Saving | None = None
    gateway_customer: str | None = None


async def offered_methods(ports: Ports, organization: Organization, checkout: Checkout) -> Sequence[SavedMethod]:
    """What the page may show of what the customer saved: nothing unless the session proves who that is.

    Which of them can pay changes with the session: `may_pay_again` says so.
    """
    customer_id = checkout.buyer.customer_id
    if customer_id is None or not proves_customer(checkout) or not ports.gateway.serves(organization.mode):
        return ()
    found = await payment_methods.of_customer(ports.db, organization.id, customer_id)
    return [one for one in found if one.is_offered]


async def choose_payment_means(
    ports: Ports, organization: Organization, checkout: Checkout, choice: PaymentChoice
) -> PaymentMeans:
    """The saved method that was chosen, or what the new one is kept for. Raises Invalid for a method that cannot pay this."""
    if not checkout.is_payment_form_required:
        return PaymentMeans()
    saves = saving(checkout, is_wished=choice.saves_method)
    if choice.method_id is not None:
        method = await usable_method(ports, ports.db, organization, checkout, choice.method_id)
        return PaymentMeans(method=method, saves=saves, gateway_customer=method.gateway_customer)
    if saves is None:
        return PaymentMeans()
    return PaymentMeans(saves=saves, gateway_customer=await _gateway_customer(ports, organization, checkout))


async def usable_method(
    ports: Ports, db: Executor, organization: Organization, checkout: Checkout, method_id: UUID, *, hold: bool = False
) -> SavedMethod:
    """The customer's method if it may pay this session now. `hold`: until the transaction ends. Raises Invalid."""
    customer_id = checkout.buyer.customer_id
    found = None
    if customer_id is not None:
        found = await payment_methods.by_id(db, organization.id, customer_id, method_id, hold=hold)
    now = ports.now(organization)
    if found is None or not may_pay_again(found, checkout, gateway=ports.gateway.name, now=now):
        raise Invalid.single(ProblemCode.PAYMENT_METHOD_UNKNOWN, "payment_method_id", given=str(method_id))
    return found


async def _gateway_customer(ports: Ports, organization: Organization, checkout: Checkout) -> str | None:
    """The gateway's name of whom the method is kept for; None when it could not be made now."""
    now, gateway = ports.now(organization), ports.gateway
    owner_id = await _owner(ports, checkout)
    key, reference = await payment_methods.gateway_customer(
        ports.db, organization.id, owner_id, gateway=gateway.name, key=ports.new_id(), now=now
    )
    if reference is not None:
        return reference
    made = await gateway.customer(organization.id, owner_id, key=key)
    if made is not None:
        await payment_methods.name_gateway_customer(
            ports.db, organization.id, owner_id, gateway=gateway.name, reference=made
        )
    return made


async def _owner(ports: Ports, checkout: Checkout) -> UUID:
    """The customer that the purchase will belong to, as far as one is known; else the session stands for them."""
    buyer = checkout.buyer
    if buyer.customer_id is not None:
        return buyer.customer_id
    if buyer.email is None or checkout.options.always_create_customer:
        return checkout.id
    known = await customers.newest_by_email(ports.db, checkout.organization_id, buyer.email)
    return known.id if known is not None else checkout.id
