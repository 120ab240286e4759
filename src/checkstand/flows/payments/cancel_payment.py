"""Cancel a payment that waits for its buyer, who came back from the bank and wants to pay another way.

The gateway is told first, so that what was cancelled can never be paid; only its word opens the session again. Where the payment
was approved in that moment, it counts, and the session is paid.
"""

from __future__ import annotations

from checkstand.domain.checkout import Checkout, CheckoutStatus
from checkstand.domain.payment import AttemptStatus
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.flows.ports import Ports
from checkstand.store import checkouts
from checkstand.store.sales.payments import ATTEMPTS


async def cancel_payment(ports: Ports, checkout: Checkout) -> Checkout:
    """The session afterwards: open, or paid; still confirmed where the gateway gave no answer or what waits cannot be cancelled."""
    if checkout.status is not CheckoutStatus.CONFIRMED or checkout.payment is None:
        return checkout
    attempt = await ATTEMPTS.by_id(ports.db, checkout.organization_id, checkout.payment.attempt_id)
    if attempt is None or attempt.gateway != ports.gateway.name or attempt.status is AttemptStatus.STARTED:
        return checkout
    verdict = await ports.gateway.cancel(attempt)
    if verdict is not None:
        return await settle_payment(ports, attempt, verdict)
    return await checkouts.by_id(ports.db, checkout.organization_id, checkout.id) or checkout
