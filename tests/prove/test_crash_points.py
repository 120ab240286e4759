"""kill -9 at every step of confirming, settling and refunding: after a restart our books and the bank's agree, and no buyer paid twice.

Every process that dies is a fork of its own with its own connections. What a restarted server does is done by the reconciler, with
the shop's clock half a minute later; then buyers whose session is open again pay, as they would.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID, uuid4

import pytest

from checkstand.domain.checkout import Checkout, CheckoutStatus
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.organizations.authenticate import Authenticator
from checkstand.flows.ports import Ports
from checkstand.flows.recovery.audit import audit_books
from checkstand.flows.recovery.reconcile import reconcile
from checkstand.flows.steps import Step
from checkstand.gateways.testbank.gateway import TestGateway
from checkstand.store import checkouts
from checkstand.store.bank_books import charges as bank
from checkstand.store.sales.payments import ATTEMPTS
from checkstand.testing.demo import DemoShop, open_demo_shop
from tests.conftest import SECRET_KEY
from tests.gateways.fake_stripe import ROOT, FakeStripe, running_fake
from tests.prove.dying import come_back, confirm, opened, refund

# One worker has them all, with the processes that they share.
pytestmark = pytest.mark.xdist_group("crash-points")

KILLS = 20
PROCESSES = 2
# What reaches a step: a card that pays, one that is declined, one whose bank asks (`at_return`: killed when the buyer comes back).
EVERY = ("visa", "declined", "3ds")
RETURNING = ("visa", "declined", "at_return")
PAYING = ("visa", "at_return")
REACHED_BY: dict[Step, Sequence[str]] = {
    Step.CONFIRM_ASKED: EVERY,
    Step.CONFIRM_CHECKED: EVERY,
    Step.SESSION_CLAIMED: EVERY,
    Step.REDEMPTION_RESERVED: EVERY,
    Step.ATTEMPT_STORED: EVERY,
    Step.CLAIM_COMMITTED: EVERY,
    Step.CHARGE_ANSWERED: EVERY,
    Step.SETTLE_ASKED: RETURNING,
    Step.VERDICT_STORED: RETURNING,
    Step.CUSTOMER_STORED: PAYING,
    Step.REDEMPTION_GIVEN_BACK: ("declined",),
    Step.ORDER_STORED: PAYING,
    Step.CHARGE_BOOKED: PAYING,
    Step.SESSION_STORED: RETURNING,
    Step.SETTLE_COMMITTED: RETURNING,
}
REFUNDING = tuple(step for step in Step if step.startswith("refund."))
NET_MINOR = 300


@dataclass(frozen=True, slots=True)
class Place:
    """A database and a gateway, with processes that are ready to die."""

    database_url: str
    fake: FakeStripe | None
    dying: tuple[subprocess.Popen[str], ...]

    @property
    def gateway(self) -> str:
        return self.fake.url if self.fake else "test"

    def token(self, kind: str) -> str:
        kind = "3ds" if kind == "at_return" else kind
        return self.fake.token(kind) if self.fake else f"ctoken_{kind}"

    def kill(self, tasks: Sequence[dict[str, object]]) -> None:
        """Let each task begin in a process and die at its step."""

        def run(number: int) -> list[str]:
            process = self.dying[number]
            assert process.stdin is not None
            assert process.stdout is not None
            answers = []
            for task in tasks[number :: len(self.dying)]:
                process.stdin.write(json.dumps(task) + "\n")
                process.stdin.flush()
                answers.append(process.stdout.readline().strip())
            return answers

        with ThreadPoolExecutor(len(self.dying)) as pool:
            answers = [answer for answered in pool.map(run, range(len(self.dying))) for answer in answered]
        assert answers == ["killed"] * len(tasks), "every process reaches its step"


@contextmanager
def opened_place(database_url: str, fake: FakeStripe | None) -> Iterator[Place]:
    command = [sys.executable, "-m", "tests.prove.dying", database_url, fake.url if fake else "test"]
    dying = tuple(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ)
        for _ in range(PROCESSES)
    )
    try:
        for process in dying:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"
        yield Place(database_url, fake, dying)
    finally:
        for process in dying:
            process.kill()
            process.wait(timeout=10)


@pytest.fixture(scope="module")
def places(quiet_database_url: str) -> Iterator[Callable[[str], Place]]:
    """The place with a gateway, made when it is first asked for: its processes take seconds to start, and stay for all steps."""
    with ExitStack() as stack:

        @cache
        def place_with(gateway: str) -> Place:
            fake = stack.enter_context(running_fake()) if gateway == "stripe" else None
            return stack.enter_context(opened_place(quiet_database_url, fake))

        yield place_with


@pytest.fixture(params=["test", "stripe"])
def place(request: pytest.FixtureRequest, places: Callable[[str], Place]) -> Place:
    return places(request.param)


# ---------------------------------------------------------------- the story of a purchase


@dataclass(frozen=True, slots=True)
class Books:
    """What the bank and we say of some sessions: charges, money taken, money given back at the bank; orders here."""

    captured: dict[UUID, list[int]]
    returned: dict[UUID, int]
    orders: dict[UUID, int]


class Story:
    """One shop, some sessions, and what happens to them."""

    def __init__(self, place: Place, ports: Ports, demo: DemoShop) -> None:
        self.place, self.ports, self.demo = place, ports, demo
        self.organization_id = demo.organization.id

    async def session(self) -> Checkout:
        """A session with a discount, so that there is a redemption to lose."""
        wanted = CartItem(product_id=self.demo.products["one_time"].id, where=("products", 0))
        discount = self.demo.discount.id
        asked = CheckoutRequest(dialect="polar", wanted=(wanted,), choose_one=True, discount_id=discount)
        return await create_checkout(self.ports, self.demo.organization, asked)

    async def restart(self) -> None:
        """What a server does when it is back and the patience with lost replies is over."""
        async with opened(self.place.database_url, self.place.gateway, later=timedelta(seconds=61)) as ports:
            await reconcile(ports, self.demo.organization)

    async def now(self, checkout: Checkout) -> Checkout:
        found = await checkouts.by_id(self.ports.db, self.organization_id, checkout.id)
        assert found is not None
        return found

    async def approve(self, checkout: Checkout) -> None:
        """The buyer says yes at the bank."""
        assert checkout.payment is not None
        attempt = await ATTEMPTS.by_id(self.ports.db, self.organization_id, checkout.payment.attempt_id)
        assert attempt is not None
        if self.place.fake is not None:
            assert attempt.action_url is not None
            self.place.fake.answer(attempt.action_url, "approve")
            return
        gateway = self.ports.gateway
        assert isinstance(gateway, TestGateway)
        charge = await bank.CHARGES.by_id(self.ports.db, self.organization_id, attempt.gateway_key)
        assert charge is not None
        await gateway.decide(charge, approved=True)

    async def go_on(self, made: Checkout) -> None:
        """What a buyer does who comes back to the page: answer the bank, or pay again where the session is open."""
        checkout = await self.now(made)
        if checkout.status is CheckoutStatus.CONFIRMED:
            await self.approve(checkout)
            await come_back(self.ports, self.organization_id, checkout.id)
        elif checkout.status is CheckoutStatus.OPEN:
            await confirm(self.ports, self.organization_id, checkout.id, self.place.token("visa"))

    async def books(self) -> Books:
        sessions = await self.ports.db.fetch(
            """
            SELECT c.id, (SELECT count(*) FROM orders AS o WHERE o.checkout_id = c.id) AS orders
            FROM checkouts AS c
            WHERE c.organization_id = $1
            """,
            self.organization_id,
        )
        captured: dict[UUID, list[int]] = {row["id"]: [] for row in sessions}
        returned = dict.fromkeys(captured, 0)
        for checkout_id, amount, back in await self._taken():
            captured[checkout_id].append(amount)
            returned[checkout_id] += back
        return Books(captured, returned, {row["id"]: row["orders"] for row in sessions})

    async def _taken(self) -> list[tuple[UUID, int, int]]:
        """(session, taken, given back) of every charge at the bank that succeeded."""
        if self.place.fake is not None:
            charges = self.place.fake.paid(organization=str(self.organization_id))
            return [(UUID(one["metadata"]["checkout"]), one["amount"], one["amount_refunded"]) for one in charges]
        rows = await self.ports.db.fetch(
            """
            SELECT a.checkout_id, g.amount_minor, coalesce((
                SELECT sum(r.amount_minor)
                FROM test_gateway_refunds AS r
                WHERE r.charge_id = g.id AND r.state = 'succeeded'
            ), 0)::bigint AS back
            FROM test_gateway_charges AS g
            JOIN payment_attempts AS a ON a.gateway_key = g.id
            WHERE g.organization_id = $1 AND g.state = 'succeeded'
            """,
            self.organization_id,
        )
        return [(row["checkout_id"], row["amount_minor"], row["back"]) for row in rows]

    async def check(self, *, at_the_end: bool = False) -> None:
        """Nothing is lost and nothing is double, in our books and in the bank's.

        Until the buyer is back from the bank, the bank alone knows what was decided there.
        """
        books = await self.books()
        for checkout_id, charges in books.captured.items():
            checkout = await checkouts.by_id(self.ports.db, self.organization_id, checkout_id)
            assert checkout is not None
            paid, due = checkout.status is CheckoutStatus.SUCCEEDED, [checkout.quote.due_minor]
            away = checkout.status is CheckoutStatus.CONFIRMED and not at_the_end
            assert charges in ([[], due] if away else [due] if paid else [[]]), (checkout.status, charges)
            assert books.orders[checkout_id] == (1 if paid else 0)
        if at_the_end:
            for check in await audit_books(self.ports, self.demo.organization):
                assert not check.problems, (check.name, check.problems)

    async def redemptions(self) -> int:
        return int(
            await self.ports.db.fetchval(
                "SELECT count(*) FROM redemptions WHERE organization_id = $1 AND discount_id = $2",
                self.organization_id,
                self.demo.discount.id,
            )
        )


def run(place: Place, tell: Callable[[Story], object]) -> None:
    async def main() -> None:
        async with opened(place.database_url, place.gateway) as ports:
            authenticator = Authenticator(SECRET_KEY.encode())
            demo = await open_demo_shop(ports, authenticator, slug=f"crash-{uuid4().hex[:12]}")
            await tell(Story(place, ports, demo))  # type: ignore[misc]  # every story is a coroutine

    asyncio.run(main())


def buy_with_kills(place: Place, step: Step, kills: int) -> None:
    """Kill that many purchases at the step; then all buyers pay who have not yet."""

    async def tell(story: Story) -> None:
        kinds = [REACHED_BY[step][number % len(REACHED_BY[step])] for number in range(kills)]
        sessions = [await story.session() for _ in kinds]
        tasks: list[dict[str, object]] = []
        for kind, session in zip(kinds, sessions, strict=True):
            task = {"step": step, "organization": str(story.organization_id), "subject": str(session.id)}
            token = place.token(kind)
            if kind == "at_return":
                await confirm(story.ports, story.organization_id, session.id, token)
                await story.approve(await story.now(session))
                tasks.append({**task, "what": "come_back"})
            else:
                tasks.append({**task, "what": "confirm", "token": token})
        await asyncio.to_thread(place.kill, tasks)
        await story.restart()
        await story.check()
        for session in sessions:
            await story.go_on(session)
        await story.check(at_the_end=True)
        assert [(await story.now(session)).status for session in sessions] == [CheckoutStatus.SUCCEEDED] * kills
        assert await story.redemptions() == kills

    run(place, tell)


def refund_with_kills(place: Place, step: Step, kills: int) -> None:
    """Kill that many refunds at the step; then each is asked for again, as a merchant would who saw no answer."""

    async def tell(story: Story) -> None:
        sessions = [await story.session() for _ in range(kills)]
        for session in sessions:
            await confirm(story.ports, story.organization_id, session.id, place.token("visa"))
        orders = [(await story.now(session)).order_id for session in sessions]
        tasks: list[dict[str, object]] = [
            {
                "step": step,
                "organization": str(story.organization_id),
                "subject": str(order_id),
                "what": "refund",
                "net_minor": NET_MINOR,
            }
            for order_id in orders
        ]
        await asyncio.to_thread(place.kill, tasks)
        await story.restart()
        await story.check()
        refunded = await given_back(story)
        for order_id in orders:
            if refunded[str(order_id)] == 0:
                assert order_id is not None
                await refund(story.ports, story.organization_id, order_id, NET_MINOR)
        await story.check(at_the_end=True)
        assert await given_back(story) == {str(order_id): NET_MINOR for order_id in orders}
        assert set((await story.books()).returned.values()) == {NET_MINOR}

    run(place, tell)


async def given_back(story: Story) -> dict[str, int]:
    """What our orders say."""
    query = "SELECT id::text, refunded_minor FROM orders WHERE organization_id = $1"
    return {row["id"]: row["refunded_minor"] for row in await story.ports.db.fetch(query, story.organization_id)}


# ---------------------------------------------------------------- the proofs


def sample(steps: Iterable[Step]) -> list[tuple[str, Step]]:
    """Every step with the test gateway; with Stripe those where it and we could think differently. All are in the long run."""
    differing = ("committed", "answered", "asked")
    return [("test", step) for step in steps] + [("stripe", step) for step in steps if step.endswith(differing)]


def test_every_step_has_its_kills() -> None:
    assert {*REACHED_BY, *REFUNDING} == set(Step)


@pytest.mark.parametrize(("place", "step"), sample(REACHED_BY), indirect=["place"])
def test_a_purchase_killed_at_this_step_is_neither_lost_nor_double(place: Place, step: Step) -> None:
    buy_with_kills(place, step, len(REACHED_BY[step]))


@pytest.mark.parametrize(("place", "step"), sample(REFUNDING), indirect=["place"])
def test_a_refund_killed_at_this_step_is_neither_lost_nor_double(place: Place, step: Step) -> None:
    refund_with_kills(place, step, 1)


@pytest.mark.prove
@pytest.mark.parametrize("step", Step)
def test_twenty_kills_at_this_step_lose_and_double_nothing(place: Place, step: Step) -> None:
    (buy_with_kills if step in REACHED_BY else refund_with_kills)(place, step, KILLS)
    print(f"{KILLS} kills at {step} through the {'Stripe' if place.fake else 'test'} gateway: 0 lost, 0 double")
