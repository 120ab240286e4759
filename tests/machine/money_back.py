"""The steps of money that goes back: refunds, what the bank says of them, and disputes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from checkstand.domain.refund import AskedItem, RefundRequest, RefundUnknown
from checkstand.flows.payments.record_dispute import move_dispute, open_dispute
from checkstand.flows.refunds.refund_order import refund_order
from checkstand.flows.refunds.settle_refund import settle_refund
from checkstand.store.sales.disputes import DISPUTES
from checkstand.store.sales.refunds import REFUNDS
from tests.machine.model import PATIENCE
from tests.machine.steps import LINE, PICK, Steps, one_of, same
from tests.machine.things import Dispute, Refund, RefundAsked

END = st.sampled_from(("opened", "challenged", "accepted", "cancelled", "expired", "won", "lost"))


class MoneyBack(Steps):
    """Refunds and disputes."""

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
        order = one_of(refundable if refundable and pick % 4 else model.orders, pick)
        items = order.attempt.price.items
        product, sold = one_of(items, share)
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
        same(said, "died" if should == "ok" and kills else should)
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
        self.step(self._decide_refund(one_of(booked, pick), succeeded=succeeded, times=times))

    async def _decide_refund(self, refund: Refund, *, succeeded: bool, times: int) -> None:
        world = self.world
        real = await REFUNDS.by_id(world.ports.db, world.organization_id, UUID(refund.id))
        assert real is not None and refund.booked is not None
        verdict = await world.bank.decide_refund(real, succeeded=succeeded)
        assert not isinstance(verdict, RefundUnknown)
        if refund.booked.state != "failed":
            refund.booked.state = "succeeded" if succeeded else "failed"
        world.model.handle_refund_event(refund)
        for _ in range(times):
            await settle_refund(world.ports, real, verdict)

    @precondition(lambda self: self.world.model.orders)
    @rule(pick=PICK, amount=st.sampled_from((None, None, 1, 400, 5000)))
    def bank_disputes(self, pick: int, amount: int | None) -> None:
        self.step(self._dispute(pick, amount))

    async def _dispute(self, pick: int, amount: int | None) -> None:
        world, model = self.world, self.world.model
        paid = [one for one in model.orders if one.total]
        order = one_of(paid if paid and pick % 4 else model.orders, pick)
        should = model.why_not_dispute(order, amount)
        organization = await self._organization()
        said, made = await world.outcome(open_dispute(world.ports, organization, UUID(order.id), amount_minor=amount))
        if should == "open already":
            assert made is not None and str(made.id) in {one.id for one in order.disputes if one.is_open}
            return
        same(said, should)
        if made is not None:
            left = sum(order.left) - order.held
            order.disputes.append(Dispute(str(made.id), order, left if amount is None else amount))
            model.told["dispute.opened"] += 1

    @precondition(lambda self: self.world.model.disputes)
    @rule(pick=PICK, end=END)
    def bank_moves_dispute(self, pick: int, end: Any) -> None:
        self.step(self._move_dispute(one_of(self.world.model.disputes, pick), end))

    async def _move_dispute(self, dispute: Dispute, end: Any) -> None:
        world = self.world
        real = await DISPUTES.by_id(world.ports.db, world.organization_id, UUID(dispute.id))
        assert real is not None
        await move_dispute(world.ports, await self._organization(), real, end)
        await move_dispute(world.ports, await self._organization(), real, end)  # the bank says it twice
        world.model.move_dispute(dispute, end)
