"""The steps: each does one thing to the real shop and the same to the model, and then everything is compared.

A step never looks for something that can be done: a session that is over is confirmed too, and the model says how that is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from checkstand.domain.address import Address
from checkstand.domain.checkout import Buyer, Checkout
from checkstand.domain.payment import Processing
from checkstand.domain.refund import AskedItem, RefundRequest, RefundUnknown
from checkstand.domain.refund import Refund as RealRefund
from checkstand.flows.audit import audit_books
from checkstand.flows.checkout_request import CheckoutRequest, Wanted
from checkstand.flows.confirm_checkout import confirm_checkout
from checkstand.flows.create_checkout import create_checkout
from checkstand.flows.dispute_payment import move_dispute, open_dispute
from checkstand.flows.expire_checkouts import expire_checkouts
from checkstand.flows.reconcile import reconcile
from checkstand.flows.refresh_payment import refresh_payment
from checkstand.flows.refund_order import refund_order
from checkstand.flows.settle_payment import settle_payment
from checkstand.flows.settle_refund import settle_refund
from checkstand.flows.update_checkout import CheckoutChanges, update_checkout
from checkstand.store import disputes, payments, refunds, test_gateway
from tests.machine.model import LIFETIME, PATIENCE, Attempt, Dispute, Refund, RefundAsked, Session
from tests.machine.tariff import DISCOUNTS, GOODS, PAYING, accepts
from tests.machine.world import Tally, World

T = TypeVar("T")
PICK = st.integers(min_value=0, max_value=63)
GOOD = st.sampled_from(sorted(GOODS))
COUNTRY = st.sampled_from(("DE", "US", "NL", "PT"))
DISCOUNT = st.sampled_from((None, None, *DISCOUNTS))
TOKEN = st.sampled_from((*PAYING, "visa", "visa", "refund_pends", "refund_pends", None))
LINE = st.sampled_from((None, None, None, "before", "after", "before, killed", "after, killed"))
LOST = st.sampled_from(
    (None, None, None, *(f"{call} {when}" for call in ("lookup", "charge", "refund", "lookup_refund") for when in ("before", "after")))
)  # fmt: skip
PASSES = st.sampled_from(
    [timedelta(seconds=s) for s in (31, 31, 61, 61, 1200, 3700)] + [timedelta(hours=h) for h in (3, 25, 74, 240)]
)
ANSWER = st.sampled_from(("approve", "approve", "fail", "cancel"))
END = st.sampled_from(("opened", "challenged", "accepted", "cancelled", "expired", "won", "lost"))
PLACES = {
    "US": Address(country="US", line1="1 Main Street", city="San Francisco", state="US-CA", postal_code="94107"),
    "DE": Address(country="DE", line1="Ringstraße 1", city="Berlin", postal_code="10115"),
    "NL": Address(country="NL", line1="Damrak 1", city="Amsterdam", postal_code="1012 LG"),
    "PT": Address(country="PT", line1="Rua Augusta 1", city="Lisboa", postal_code="1100-048"),
}


def _of(things: Sequence[T], pick: int) -> T:
    return things[pick % len(things)]


class ShopMachine(RuleBasedStateMachine):
    """One shop's life. The class is handed its runner and a way to open shops by the test that runs it."""

    runner: ClassVar[asyncio.Runner]
    open_shop: ClassVar[Any]
    tally: ClassVar[Tally]

    def __init__(self) -> None:
        super().__init__()
        self.world: World = self.runner.run(type(self).open_shop())
        self.is_whole = True

    def step(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do one thing, then compare everything."""
        self.is_whole = False
        self.runner.run(self._step(doing))
        self.is_whole = True
        self.tally.steps += 1

    async def _step(self, doing: Coroutine[Any, Any, None]) -> None:
        await self.world.tick()
        await doing
        self._name_orders(seen := await self.world.look())
        expected = self.world.expected()
        for what, should in expected.items():
            assert seen[what] == should, (
                f"{what}: the database has {_only(seen[what], should)}, the model {_only(should, seen[what])}"
            )

    def _name_orders(self, seen: dict[str, Any]) -> None:
        """The product chooses its orders' ids: one for each session that the model calls paid."""
        ids = {row[0]: order_id for order_id, row in seen["orders"].items()}
        for order in self.world.model.orders:
            order.id = order.id or ids.get(order.attempt.session.id, "missing")

    # ------------------------------------------------------------ sessions

    @initialize(first=GOOD, second=GOOD)
    def open_doors(self, first: str, second: str) -> None:
        self.step(self._create(first, "US", None, by_code=False))
        self.step(self._create(second, "DE", None, by_code=False))

    @rule(goods=GOOD, country=COUNTRY, discount=DISCOUNT, by_code=st.booleans())
    def create(self, goods: str, country: str, discount: str | None, by_code: bool) -> None:
        self.step(self._create(goods, country, discount, by_code=by_code))

    async def _create(self, goods: str, country: str, discount: str | None, *, by_code: bool) -> None:
        world, sold = self.world, GOODS[goods]
        discount = _fitting(goods, discount)
        wanted = tuple(
            Wanted(product_id=world.goods[label].id, where=("products", place), quantity=quantity)
            for place, (label, _, quantity, _) in enumerate(sold.lines)
        )
        request = CheckoutRequest(
            dialect="dodo" if sold.dialect == "dodo" else "polar",
            wanted=wanted,
            choose_one=sold.dialect == "polar",
            amount_minor=1500 if goods == "tip" else None,
            currency=sold.currency,
            buyer=Buyer(address=PLACES[country]),
            discount_id=world.discounts[discount].id if discount and not by_code else None,
            discount_codes=(discount,) if discount and by_code else (),
        )
        said, made = await world.outcome(create_checkout(world.ports, await self._organization(), request))
        _same(said, world.model.why_not_discount(goods, discount))
        if made is not None:
            quantity = sold.lines[0][2]
            session = Session(
                str(made.id), goods, country, discount, world.model.now + LIFETIME, chosen=1500, quantity=quantity
            )
            world.created[session.id] = made
            world.model.sessions.append(session)

    @rule(pick=PICK, country=COUNTRY, discount=DISCOUNT, chosen=st.sampled_from((None, 499, 500, 2345)),
          quantity=st.sampled_from((None, 0, 1, 3)), by_merchant=st.booleans())  # fmt: skip
    def change(
        self, pick: int, country: str, discount: str | None, chosen: int | None, quantity: int | None, by_merchant: bool
    ) -> None:
        self.step(self._change(pick, country, discount, chosen, quantity, by_merchant=by_merchant))

    async def _change(
        self,
        pick: int,
        country: str,
        discount: str | None,
        chosen: int | None,
        quantity: int | None,
        *,
        by_merchant: bool,
    ) -> None:
        world, session = self.world, _of(self.world.model.sessions, pick)
        discount, quantity = _fitting(session.goods, discount), quantity if session.goods == "cart" else None
        given = {"address", *(("discount_code",) if discount else ())}
        changes = CheckoutChanges(
            given=frozenset(given),
            address=PLACES[country],
            discount_code=discount,
            amount_minor=chosen,
            quantities={} if quantity is None else {0: quantity},
        )
        should = world.model.change(session, by_merchant=by_merchant, discount=discount, chosen=chosen)
        checkout = await world.checkout(session.id)
        said, _ = await world.outcome(
            update_checkout(world.ports, await self._organization(), checkout, changes, by_merchant=by_merchant)
        )
        _same(said, should)
        if said == "ok":
            session.country, session.discount = country, discount or session.discount
            session.quantity = session.quantity if quantity is None else quantity
            session.chosen = chosen if chosen is not None and session.goods == "tip" else session.chosen
            world.model.changed(session)

    # ------------------------------------------------------------ paying

    @rule(pick=PICK, token=TOKEN, line=LINE)
    def pay(self, pick: int, token: str | None, line: str | None) -> None:
        payable = [one for one in self.world.model.sessions if self.world.model.confirm(one, "visa") == "ok"]
        self.step(self._confirm(_of(payable or self.world.model.sessions, pick), token, line))

    @rule(goods=GOOD, country=COUNTRY, token=st.sampled_from(("visa", "visa", "refund_pends", "refund_fails")))
    def buy(self, goods: str, country: str, token: str) -> None:
        """What most sessions are for, so that there is something to give back."""
        self.step(self._create(goods, country, None, by_code=False))
        self.step(self._confirm(self.world.model.sessions[-1], token, None))

    @rule(pick=PICK, token=TOKEN)
    def confirm_any(self, pick: int, token: str | None) -> None:
        self.step(self._confirm(_of(self.world.model.sessions, pick), token, None))

    @rule(pick=PICK, token=st.sampled_from(("visa", "3ds")))
    def confirm_from_an_old_page(self, pick: int, token: str) -> None:
        session = _of(self.world.model.sessions, pick)
        self.step(self._confirm(session, token, None, old=self.world.created[session.id]))

    async def _confirm(
        self, session: Session, token: str | None, line: str | None, *, old: Checkout | None = None
    ) -> None:
        world, model = self.world, self.world.model
        checkout = old or await world.checkout(session.id)
        should = model.confirm(session, token, old_page=old is not None)
        when, kills = (line or "").partition(",")[0], (line or "").endswith("killed")
        said, _ = await world.outcome(
            self._confirming(checkout, session, token), lost=f"charge {when}" if when else None, kills=kills
        )
        if should == "ok":
            attempt = model.claim(session, await self._newest_attempt(session, said), token)
            reaches = not attempt.is_free and accepts(attempt.token, session.country, session.goods)
            should = model.charge(attempt, arrives=when != "before", heard=not when)
            should = "died" if kills and reaches else should
        _same(said, should)

    async def _confirming(self, checkout: Checkout, session: Session, token: str | None) -> object:
        world = self.world
        changes = CheckoutChanges(
            given=frozenset({"email", "name", "address"}),
            email=f"buyer{int(session.id[:2], 16) % 5}@example.com",
            name="Ada",
            address=PLACES[session.country],
        )
        return await confirm_checkout(
            world.ports,
            await self._organization(),
            checkout,
            changes,
            confirmation_token=world.tokens[token] if token else None,
            return_url="http://pay.test/",
        )

    @rule(pick=PICK)
    def confirm_twice_at_once(self, pick: int) -> None:
        payable = [one for one in self.world.model.sessions if self.world.model.confirm(one, "visa") == "ok"]
        if payable:
            self.step(self._at_once(_of(payable, pick)))

    async def _at_once(self, session: Session) -> None:
        """Exactly one of two gets through."""
        world = self.world
        checkout = await world.checkout(session.id)
        twice = [world.outcome(self._confirming(checkout, session, "visa")) for _ in range(2)]
        said = sorted([(await one)[0] for one in asyncio.as_completed(twice)])
        assert "ok" in said and set(said) - {"ok"} <= {"NotOpen", "Locked", "Invalid:discount_no_longer_redeemable"}, (
            said,
            world.refusal,
        )
        assert said != ["ok", "ok"]
        world.model.charge(world.model.claim(session, await self._newest_attempt(session, "ok"), "visa"))

    async def _newest_attempt(self, session: Session, said: str) -> str:
        world = self.world
        tries = await payments.of_checkouts(world.ports.db, world.organization_id, [UUID(session.id)])
        known = {one.id for one in session.attempts}
        new = [str(one.id) for one in tries.get(UUID(session.id), ()) if str(one.id) not in known]
        assert len(new) == 1, f"{len(new)} new attempts, where one was expected; the shop said {said} {world.refusal}"
        return new[0]

    @precondition(lambda self: self.waiting())
    @rule(pick=PICK, answer=ANSWER, comes_back=st.booleans())
    def answer_bank(self, pick: int, answer: str, comes_back: bool) -> None:
        self.step(self._answer(_of(self.waiting(), pick), answer, comes_back=comes_back))

    def waiting(self) -> list[Attempt]:
        return [one for one in self.world.model.attempts if one.charge and one.charge.waits]

    async def _answer(self, attempt: Attempt, answer: str, *, comes_back: bool) -> None:
        """The buyer answers at the bank; who does not come back leaves it to others to find out."""
        world = self.world
        real = await self._attempt(attempt)
        charge = await test_gateway.charge_by_key(world.ports.db, world.organization_id, real.gateway_key)
        assert charge is not None and attempt.charge is not None
        code = "customer_cancelled" if answer == "cancel" else "authentication_failure"
        await world.bank.decide(charge, approved=answer == "approve", code=code)
        attempt.charge.decide(approved=answer == "approve", code=code)
        if comes_back:
            verdict = await world.bank.lookup(real)
            assert verdict is not None
            await settle_payment(world.ports, real, verdict)
            world.model.look(attempt)

    @rule(pick=PICK, line=st.sampled_from((None, None, "before", "after")))
    def look_at_page(self, pick: int, line: str | None) -> None:
        waiting = [one for one in self.world.model.sessions if one.live]
        self.step(self._look_at(_of(waiting or self.world.model.sessions, pick), line))

    async def _look_at(self, session: Session, line: str | None) -> None:
        """The buyer's page asks how the payment stands."""
        world, attempt = self.world, session.live
        checkout = await world.checkout(session.id)
        said, _ = await world.outcome(refresh_payment(world.ports, checkout), lost=f"lookup {line}" if line else None)
        _same(said, "ok")
        if attempt is not None and not attempt.is_free:
            world.model.look(attempt, arrives=line != "before", heard=line is None)

    @precondition(lambda self: self.world.model.attempts)
    @rule(pick=PICK, late=st.booleans())
    def settle_twice(self, pick: int, late: bool) -> None:
        self.step(self._settle(_of(self.world.model.attempts, pick), late=late))

    async def _settle(self, attempt: Attempt, *, late: bool) -> None:
        """The bank's word comes twice; or a word that is older than what is known already."""
        world = self.world
        real = await self._attempt(attempt)
        verdict = None if attempt.is_free else await world.bank.lookup(real)
        if verdict is not None:
            world.model.look(attempt)
            await settle_payment(world.ports, real, verdict)
            await settle_payment(world.ports, real, verdict)
        if late and real.instrument is not None and attempt.status in ("succeeded", "declined"):
            await settle_payment(world.ports, real, Processing(reference="late", instrument=real.instrument))

    # ------------------------------------------------------------ time and the worker

    @rule(by=PASSES)
    def time_passes(self, by: timedelta) -> None:
        self.step(self.world.advance(by))

    @rule(lost=LOST)
    def worker_reconciles(self, lost: str | None) -> None:
        self.step(self._reconcile(lost))

    async def _reconcile(self, lost: str | None) -> None:
        world = self.world
        said, _ = await world.outcome(reconcile(world.ports, await self._organization()), lost=lost)
        _same(said, "ok")
        world.model.reconcile(lost=lost)

    @rule()
    def worker_expires(self) -> None:
        self.step(self._expire())

    async def _expire(self) -> None:
        assert await expire_checkouts(self.world.ports, await self._organization()) == self.world.model.expire()

    # ------------------------------------------------------------ money that goes back

    @precondition(lambda self: self.world.model.orders)
    @rule(
        pick=PICK,
        how=st.sampled_from(("rest", "net", "total", "item", "item part")),
        share=st.integers(1, 120),
        line=LINE,
    )
    def refund(self, pick: int, how: str, share: int, line: str | None) -> None:
        self.step(self._refund(pick, how, share, line))

    async def _refund(self, pick: int, how: str, share: int, line: str | None) -> None:
        """`share`: percent of what is left, so that some ask for too much."""
        world, model = self.world, self.world.model
        refundable = [one for one in model.orders if model.why_not_refund(one, RefundAsked()) == "ok"]
        order = _of(refundable if refundable and pick % 4 else model.orders, pick)
        items = order.attempt.price.items
        product, sold = _of(items, share)
        sold = 0 if order.total == 0 else sold
        amount = max(1, (order.left[0] if how == "net" else sum(order.left)) * share // 100)
        asked = RefundAsked(
            net=amount if how == "net" else None,
            total=amount if how in ("total", "item part") else None,
            item=(product, sold) if how.startswith("item") else None,
        )
        request = RefundRequest(
            net_minor=asked.net,
            total_minor=amount if how == "total" else None,
            items=(AskedItem(product_id=world.goods[product].id, amount_minor=asked.total),) if asked.item else (),
        )
        should = model.why_not_refund(order, asked)
        when, kills = (line or "").partition(",")[0], (line or "").endswith("killed")
        organization = await self._organization()
        said, _ = await world.outcome(
            refund_order(world.ports, organization, UUID(order.id), request),
            lost=f"refund {when}" if when else None,
            kills=kills,
        )
        _same(said, "died" if should == "ok" and kills else should)
        if should == "ok":
            made = await self._newest_refund(order.id)
            names = await self._item_names(order.id)
            parts = {names[item.order_item_id]: item.total_minor for item in made.items}
            refund = Refund(str(made.id), order, made.net_minor, made.tax_minor, parts, model.now + PATIENCE)
            model.reserve(refund, asked)
            model.send(refund, arrives=when != "before", heard=not when)

    @precondition(lambda self: any(one.booked for one in self.world.model.refunds))
    @rule(pick=PICK, succeeded=st.booleans(), times=st.integers(1, 2))
    def bank_decides_refund(self, pick: int, succeeded: bool, times: int) -> None:
        booked = [one for one in self.world.model.refunds if one.booked]
        self.step(self._decide_refund(_of(booked, pick), succeeded=succeeded, times=times))

    async def _decide_refund(self, refund: Refund, *, succeeded: bool, times: int) -> None:
        world = self.world
        real = await refunds.by_id(world.ports.db, world.organization_id, UUID(refund.id))
        assert real is not None and refund.booked is not None
        verdict = await world.bank.decide_refund(real, succeeded=succeeded)
        assert not isinstance(verdict, RefundUnknown)
        if refund.booked.state != "failed":
            refund.booked.state = "succeeded" if succeeded else "failed"
        world.model.hear_refund(refund)
        for _ in range(times):
            await settle_refund(world.ports, real, verdict)

    @precondition(lambda self: self.world.model.orders)
    @rule(pick=PICK, amount=st.sampled_from((None, None, 1, 400, 5000)))
    def bank_disputes(self, pick: int, amount: int | None) -> None:
        self.step(self._dispute(pick, amount))

    async def _dispute(self, pick: int, amount: int | None) -> None:
        world, model = self.world, self.world.model
        paid = [one for one in model.orders if one.total]
        order = _of(paid if paid and pick % 4 else model.orders, pick)
        should = model.why_not_dispute(order, amount)
        organization = await self._organization()
        said, made = await world.outcome(open_dispute(world.ports, organization, UUID(order.id), amount_minor=amount))
        if should == "open already":
            assert made is not None and str(made.id) in {one.id for one in order.disputes if one.is_open}
            return
        _same(said, should)
        if made is not None:
            left = sum(order.left) - order.held
            order.disputes.append(Dispute(str(made.id), order, left if amount is None else amount))
            model.told["dispute.opened"] += 1

    @precondition(lambda self: self.world.model.disputes)
    @rule(pick=PICK, end=END)
    def bank_moves_dispute(self, pick: int, end: Any) -> None:
        self.step(self._move_dispute(_of(self.world.model.disputes, pick), end))

    async def _move_dispute(self, dispute: Dispute, end: Any) -> None:
        world = self.world
        real = await disputes.by_id(world.ports.db, world.organization_id, UUID(dispute.id))
        assert real is not None
        await move_dispute(world.ports, await self._organization(), real, end)
        await move_dispute(world.ports, await self._organization(), real, end)  # the bank says it twice
        world.model.move_dispute(dispute, end)

    # ------------------------------------------------------------ the end

    def teardown(self) -> None:
        """Whatever was lost is found out; then nothing is undecided that the bank has decided, and the books are audited."""
        if not self.is_whole or not self.world.model.sessions:
            return
        for _ in range(2):
            self.step(self.world.advance(timedelta(hours=2)))
            self.step(self._reconcile(None))
        for session in [one for one in self.world.model.sessions if one.live]:
            self.step(self._look_at(session, None))
        self.runner.run(self._audit())
        model, seen = self.world.model, self.tally.seen
        seen.update(purchases=len(model.orders), refunds=len(model.refunds), disputes=len(model.disputes))

    async def _audit(self) -> None:
        checks = await audit_books(self.world.ports, await self._organization())
        assert [problem for check in checks for problem in check.problems] == []

    # ------------------------------------------------------------ the real ones

    async def _organization(self) -> Any:
        return await self.world.ports.cache.organization(self.world.organization_id)

    async def _attempt(self, attempt: Attempt) -> Any:
        found = await payments.by_id(self.world.ports.db, self.world.organization_id, UUID(attempt.id))
        assert found is not None
        return found

    async def _newest_refund(self, order_id: str) -> RealRefund:
        world = self.world
        known = {one.id for one in world.model.refunds}
        stored = (await refunds.of_orders(world.ports.db, world.organization_id, [UUID(order_id)]))[UUID(order_id)]
        new = [one for one in stored if str(one.id) not in known]
        assert len(new) == 1, "a refund is stored once"
        return new[0]

    async def _item_names(self, order_id: str) -> dict[UUID, str]:
        """The items of an order by what they are in the model's tables."""
        world = self.world
        labels = {product.id: label for label, product in world.goods.items()}
        rows = await world.ports.db.fetch(
            "SELECT id, product_id FROM order_items WHERE organization_id = $1 AND order_id = $2",
            world.organization_id,
            UUID(order_id),
        )
        return {row["id"]: labels[row["product_id"]] for row in rows}


def _same(said: str, should: str) -> None:
    assert said == should, f"the shop said {said}, the model {should}"


def _fitting(goods: str, discount: str | None) -> str | None:
    """How an amount is spread over a cart's lines is not this model's matter."""
    return None if goods == "cart" and discount == "THREE" else discount


def _only(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The part of one that the other does not have."""
    return {key: value for key, value in one.items() if other.get(key) != value}
