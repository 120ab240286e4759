"""The steps: each does one thing to the real shop and the same to the model, and then everything is compared.

A step never looks for something that can be done: a session that is over is confirmed too, and the model says how that is refused.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from checkstand.domain.address import Address
from checkstand.domain.checkout import Buyer, Checkout
from checkstand.domain.payment import Processing
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.expire_checkouts import expire_checkouts
from checkstand.flows.checkout.update_checkout import CheckoutChanges, update_checkout
from checkstand.flows.payments.cancel_payment import cancel_payment
from checkstand.flows.payments.refresh_payment import refresh_payment
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.flows.recovery.audit import audit_books
from checkstand.flows.recovery.reconcile import reconcile
from checkstand.store.bank_books import charges
from checkstand.store.sales import payments
from tests.machine.model import LIFETIME
from tests.machine.money_back import MoneyBack
from tests.machine.steps import LINE, PICK, one_of, same
from tests.machine.tariff import DISCOUNTS, GOODS, PAYING, accepts
from tests.machine.things import Attempt, Session

GOOD = st.sampled_from(sorted(GOODS))
COUNTRY = st.sampled_from(("DE", "US", "NL", "PT"))
DISCOUNT = st.sampled_from((None, None, *DISCOUNTS))
TOKEN = st.sampled_from((*PAYING, "visa", "visa", "refund_pends", "refund_pends", None))
LOST = st.sampled_from(
    (None, None, None, *(f"{call} {when}" for call in ("lookup", "charge", "refund", "lookup_refund") for when in ("before", "after")))
)  # fmt: skip
PASSES = st.sampled_from(
    [timedelta(seconds=s) for s in (31, 31, 61, 61, 1200, 3700)] + [timedelta(hours=h) for h in (3, 25, 74, 240)]
)
ANSWER = st.sampled_from(("approve", "approve", "fail", "cancel"))
PLACES = {
    "US": Address(country="US", line1="1 Main Street", city="San Francisco", state="US-CA", postal_code="94107"),
    "DE": Address(country="DE", line1="Ringstraße 1", city="Berlin", postal_code="10115"),
    "NL": Address(country="NL", line1="Damrak 1", city="Amsterdam", postal_code="1012 LG"),
    "PT": Address(country="PT", line1="Rua Augusta 1", city="Lisboa", postal_code="1100-048"),
}


class ShopMachine(MoneyBack):
    """One shop's life: sessions, payments, time, the worker, and what is inherited."""

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
            CartItem(product_id=world.goods[label].id, where=("products", place), quantity=quantity)
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
        same(said, world.model.why_not_discount(goods, discount))
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
        world, session = self.world, one_of(self.world.model.sessions, pick)
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
        same(said, should)
        if said == "ok":
            session.country, session.discount = country, discount or session.discount
            session.quantity = session.quantity if quantity is None else quantity
            session.chosen = chosen if chosen is not None and session.goods == "tip" else session.chosen
            world.model.changed(session)

    # ------------------------------------------------------------ paying

    @rule(pick=PICK, token=TOKEN, line=LINE)
    def pay(self, pick: int, token: str | None, line: str | None) -> None:
        payable = [one for one in self.world.model.sessions if self.world.model.confirm(one, "visa") == "ok"]
        self.step(self._confirm(one_of(payable or self.world.model.sessions, pick), token, line))

    @rule(goods=GOOD, country=COUNTRY, token=st.sampled_from(("visa", "visa", "refund_pends", "refund_fails")))
    def buy(self, goods: str, country: str, token: str) -> None:
        """What most sessions are for, so that there is something to give back."""
        self.step(self._create(goods, country, None, by_code=False))
        self.step(self._confirm(self.world.model.sessions[-1], token, None))

    @rule(pick=PICK, token=TOKEN)
    def confirm_any(self, pick: int, token: str | None) -> None:
        self.step(self._confirm(one_of(self.world.model.sessions, pick), token, None))

    @rule(pick=PICK, token=st.sampled_from(("visa", "3ds")))
    def confirm_from_an_old_page(self, pick: int, token: str) -> None:
        session = one_of(self.world.model.sessions, pick)
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
        same(said, should)

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
            self.step(self._at_once(one_of(payable, pick)))

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
        self.step(self._answer(one_of(self.waiting(), pick), answer, comes_back=comes_back))

    def waiting(self) -> list[Attempt]:
        return [one for one in self.world.model.attempts if one.charge and one.charge.waits]

    async def _answer(self, attempt: Attempt, answer: str, *, comes_back: bool) -> None:
        """The buyer answers at the bank; who does not come back leaves it to others to find out."""
        world = self.world
        real = await self._attempt(attempt)
        charge = await charges.CHARGES.by_id(world.ports.db, world.organization_id, real.gateway_key)
        assert charge is not None and attempt.charge is not None
        code = "customer_cancelled" if answer == "cancel" else "authentication_failure"
        await world.bank.decide(charge, approved=answer == "approve", code=code)
        attempt.charge.decide(approved=answer == "approve", code=code)
        if comes_back:
            verdict = await world.bank.lookup(real)
            assert verdict is not None
            await settle_payment(world.ports, real, verdict)
            world.model.look(attempt)

    @rule(pick=PICK)
    def pay_another_way(self, pick: int) -> None:
        waiting = [one for one in self.world.model.sessions if one.live]
        self.step(self._call_off(one_of(waiting or self.world.model.sessions, pick)))

    async def _call_off(self, session: Session) -> None:
        """The buyer is back from the bank and wants to pay another way: only what waits for them is called off."""
        world, attempt = self.world, session.live
        said, _ = await world.outcome(cancel_payment(world.ports, await world.checkout(session.id)))
        same(said, "ok")
        if attempt is None or attempt.is_free or attempt.status == "started":
            return
        world.model.look(attempt)
        if attempt.status == "requires_action" and attempt.charge is not None:
            attempt.charge.decide(approved=False, code="customer_cancelled")
            world.model.look(attempt)

    @rule(pick=PICK, line=st.sampled_from((None, None, "before", "after")))
    def look_at_page(self, pick: int, line: str | None) -> None:
        waiting = [one for one in self.world.model.sessions if one.live]
        self.step(self._look_at(one_of(waiting or self.world.model.sessions, pick), line))

    async def _look_at(self, session: Session, line: str | None) -> None:
        """The buyer's page asks how the payment stands."""
        world, attempt = self.world, session.live
        checkout = await world.checkout(session.id)
        said, _ = await world.outcome(refresh_payment(world.ports, checkout), lost=f"lookup {line}" if line else None)
        same(said, "ok")
        if attempt is not None and not attempt.is_free:
            world.model.look(attempt, arrives=line != "before", heard=line is None)

    @precondition(lambda self: self.world.model.attempts)
    @rule(pick=PICK, late=st.booleans())
    def settle_twice(self, pick: int, late: bool) -> None:
        self.step(self._settle(one_of(self.world.model.attempts, pick), late=late))

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
        same(said, "ok")
        world.model.reconcile(lost=lost)

    @rule()
    def worker_expires(self) -> None:
        self.step(self._expire())

    async def _expire(self) -> None:
        assert await expire_checkouts(self.world.ports, await self._organization()) == self.world.model.expire()

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


def _fitting(goods: str, discount: str | None) -> str | None:
    """How an amount is spread over a cart's lines is not this model's matter."""
    return None if goods == "cart" and discount == "THREE" else discount
