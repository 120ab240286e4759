"""Processes that die at a named step, kill -9, for tests of what remains: `python -m tests.prove.dying DATABASE GATEWAY`.

Reads one task per line, forks, and the child does it with a database connection and a gateway client of its own. It is killed when it
reaches the step; the answer per line is `killed`, or `ended` for a task that never came there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from checkstand.domain.address import Address
from checkstand.domain.refund import RefundRequest
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges
from checkstand.flows.payments.refresh_payment import refresh_payment
from checkstand.flows.ports import Ports, real_now
from checkstand.flows.refunds.refund_order import refund_order
from checkstand.flows.steps import Step
from checkstand.gateways.base import Gateway
from checkstand.gateways.stripe.gateway import StripeGateway
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.store import checkouts
from checkstand.store.cache import Cache
from checkstand.store.database import Database
from tests.gateways.fake_stripe import PUBLISHABLE_KEY, SECRET_KEY

HOME = "http://pay.test"
BUYER = CheckoutChanges(
    given=frozenset({"email", "name", "address"}), email="ada@example.com", name="Ada", address=Address(country="DE")
)


@contextlib.asynccontextmanager
async def opened(
    database_url: str,
    gateway: str,
    *,
    reached: Callable[[Step], None] = lambda step: None,
    later: timedelta = timedelta(0),
) -> AsyncIterator[Ports]:
    """Ports as a server has them. `gateway`: `test`, or the address of a stand-in for Stripe; `later`: by how much the clock is ahead."""

    def now() -> datetime:
        return real_now() + later

    async with contextlib.AsyncExitStack() as stack:
        db = await Database.connect(database_url)
        stack.push_async_callback(db.close)
        chosen: Gateway
        if gateway == "test":
            chosen = TestGateway(db=db, public_url=lambda: HOME, random_bytes=os.urandom)
        else:
            chosen = stripe = StripeGateway(
                secret_key=SECRET_KEY, publishable_key=PUBLISHABLE_KEY, api_base=gateway, timeout_s=20
            )
            stack.push_async_callback(stripe.aclose)
        yield Ports(db=db, cache=Cache(db), gateway=chosen, public_url=lambda: HOME, real_now=now, reached=reached)


async def confirm(ports: Ports, organization_id: UUID, checkout_id: UUID, token: str) -> None:
    """The buyer pays."""
    organization = await ports.cache.organization(organization_id)
    checkout = await checkouts.by_id(ports.db, organization_id, checkout_id)
    assert checkout is not None
    await confirm_checkout(ports, organization, checkout, BUYER, confirmation_token=token, return_url=f"{HOME}/back")


async def come_back(ports: Ports, organization_id: UUID, checkout_id: UUID) -> None:
    """The buyer returns from the bank."""
    checkout = await checkouts.by_id(ports.db, organization_id, checkout_id)
    assert checkout is not None
    await refresh_payment(ports, checkout)


async def refund(ports: Ports, organization_id: UUID, order_id: UUID, net_minor: int) -> None:
    """The merchant gives money back, unless it was given back already."""
    organization = await ports.cache.organization(organization_id)
    await refund_order(ports, organization, order_id, RefundRequest(net_minor=net_minor, seen_minor=0))


async def _do(database_url: str, gateway: str, task: dict[str, Any]) -> None:
    def reached(step: Step) -> None:
        if step == task["step"]:
            os.kill(os.getpid(), signal.SIGKILL)

    organization_id, subject_id = UUID(task["organization"]), UUID(task["subject"])
    async with opened(database_url, gateway, reached=reached) as ports:
        if task["what"] == "refund":
            await refund(ports, organization_id, subject_id, task["net_minor"])
        elif task["what"] == "come_back":
            await come_back(ports, organization_id, subject_id)
        else:
            await confirm(ports, organization_id, subject_id, task["token"])


def main() -> None:
    """Fork for each line, and tell how the child ended."""
    database_url, gateway = sys.argv[1:]
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                asyncio.run(_do(database_url, gateway, json.loads(line)))
            except Exception:  # noqa: BLE001  # told on stderr; the parent sees a task that was not killed
                traceback.print_exc()
            finally:
                os._exit(0)
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else "ended", flush=True)


if __name__ == "__main__":
    main()
