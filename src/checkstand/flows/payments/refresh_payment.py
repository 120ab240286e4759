"""Refresh: ask the gateway how the attempt that a session waits for stands, and settle what it says.

The buyer's own page asks, so that a reply lost between the bank and us is made good by the next look, not by a timer.
"""

from __future__ import annotations

from checkstand.domain.checkout import Checkout, CheckoutStatus
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.flows.ports import Ports
from checkstand.store.sales.payments import ATTEMPTS


async def refresh_payment(ports: Ports, checkout: Checkout) -> Checkout:
    """The session after the gateway's present word; unchanged when it waits for nothing or nothing is known."""
    if checkout.status is not CheckoutStatus.CONFIRMED or checkout.payment is None:
        return checkout
    attempt = await ATTEMPTS.by_id(ports.db, checkout.organization_id, checkout.payment.attempt_id)
    if attempt is None or attempt.gateway != ports.gateway.name:
        return checkout
    verdict = await ports.gateway.lookup(attempt)
    return checkout if verdict is None else await settle_payment(ports, attempt, verdict)
