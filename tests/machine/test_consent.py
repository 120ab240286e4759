"""What was shown is what is charged: whatever the merchant, the tax office or the exchange does between showing and confirming.

Each step changes something in a real shop, or pays: by the page as a browser without a script posts it, or as its own script does; by
Polar's confirm; by Dodo's `confirm: true`. Then the bank's own books are looked at. No charge may differ from what its buyer was shown,
no total may change on an open page without a sentence, and a buyer who is asked again and agrees is not asked for ever.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Literal
from uuid import uuid4

import httpx2
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from checkstand.domain.catalog import PriceDefinition
from checkstand.domain.checkout import Checkout
from checkstand.domain.consent import total_of
from checkstand.domain.discount import AmountOff, Percentage
from checkstand.domain.errors import CheckstandError, Invalid, TotalChanged
from checkstand.domain.ids import DodoPrefix, short_id
from checkstand.domain.lines import Counts
from checkstand.flows.catalogue.save_product import create_product
from checkstand.flows.checkout.checkout_request import CartItem, CheckoutRequest
from checkstand.flows.checkout.confirm_checkout import confirm_checkout
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges, apply_changes
from checkstand.testing.demo import open_demo_shop
from tests.machine.consent_moves import ConsentMoves
from tests.machine.consent_stage import (
    CARD,
    COUNTRY,
    GOODS,
    PLACES,
    MovingRates,
    Payer,
    Stage,
    buyer,
    seats,
    to,
)
from tests.machine.steps import PICK, one_of
from tests.machine.test_machine import lives
from tests.paper import PaperPage
from tests.server import running_server

PROVED = 20_000
STEPS_OF_ONE_LIFE = 100
MEANWHILE = st.sampled_from((None, "rate", "deleted", "minimum", "tax", "price"))


class ConsentMachine(ConsentMoves):
    """A shop in which everything moves while people pay."""

    # ------------------------------------------------------------ what is shown

    @initialize()
    def offer(self) -> None:
        self.step(self._offer(Percentage(basis_points=5000)))
        self.step(self._offer(AmountOff(amounts={"USD": 250})))
        self.step(self._create("trial", "DE", None, dodo=True, quantity=1))
        self._save_a_card(self.stage.payers.pop())
        self.step(self._create("one_time", "DE", 0, dodo=False, quantity=1))

    def _save_a_card(self, payer: Payer) -> None:
        """A trial keeps its buyer's card."""
        page = self._look(payer, with_parts=False)
        assert page.post("/pay", **self._filled(page)).has_paid, page.answer.text
        headers = {"Authorization": f"Bearer {self.stage.demo.dodo_key}"}
        customer_id = self.stage.client.get("/customers", headers=headers).json()["items"][0]["customer_id"]
        kept = self.stage.client.get(f"/customers/{customer_id}/payment-methods", headers=headers).json()["items"]
        self.stage.saved = (customer_id, kept[0]["payment_method_id"])

    @rule(
        goods=st.sampled_from(GOODS),
        country=st.sampled_from((None, None, *PLACES)),
        discount=st.sampled_from((None, 0, 0, 1)),
        dodo=st.booleans(),
        quantity=st.integers(1, 3),
        opens=st.sampled_from((None, "with a script", "without")),
    )
    def create(
        self, goods: str, country: str | None, discount: int | None, dodo: bool, quantity: int, opens: str | None
    ) -> None:
        known = len(self.stage.payers)
        self.step(self._create(goods, country, discount, dodo=dodo, quantity=quantity))
        if len(self.stage.payers) > known and opens:
            self._look(self.stage.payers[-1], with_parts=opens == "with a script")

    async def _create(
        self, goods: str, country: str | None, discount: int | None, *, dodo: bool, quantity: int
    ) -> None:
        stage, applied = self.stage, self.stage.discounts[discount % 2] if discount is not None else None
        request = CheckoutRequest(
            dialect="dodo" if dodo else "polar",
            wanted=(CartItem(product_id=stage.goods[goods].id, where=("products", 0), quantity=quantity),),
            choose_one=not dodo,
            amount_minor=1500 if goods == "pay_what_you_want" and not dodo else None,
            counts=Counts(seats=quantity) if goods == "seats" and not dodo else Counts(),
            buyer=buyer(PLACES[country] if country else None),
            discount_id=applied.id if applied else None,
        )
        try:
            made = await create_checkout(stage.ports, await stage.organization(), request)
        except Invalid:
            return
        stage.payers.append(Payer(made.id, made.dialect))

    def _look(self, payer: Payer, *, with_parts: bool) -> PaperPage:
        """The page in a browser without a script, or as its script sees it."""
        path = self.runner.run(self.stage.page_of(payer))
        payer.page = PaperPage(self.stage.client, path, with_parts=with_parts).open()
        return payer.page

    def _somebody_at_a_page(self, pick: int) -> tuple[Payer, PaperPage]:
        """A buyer with a page open, however old it is; else one who opens it now."""
        waiting = [payer for payer in self.stage.payers if payer.page is not None and payer.page.shown]
        payer = one_of(waiting, pick) if waiting else self.runner.run(self.stage.payer(pick))
        return payer, payer.page if waiting and payer.page else self._look(payer, with_parts=bool(pick % 2))

    # ------------------------------------------------------------ what is charged

    @rule(
        pick=PICK,
        country=COUNTRY,
        way=st.sampled_from(("as it is", "with an address", "by the API")),
        meanwhile=MEANWHILE,
    )
    def confirm(self, pick: int, country: str, way: str, meanwhile: str | None) -> None:
        self._meanwhile(meanwhile, self.runner.run(self.stage.payer(pick)))
        if way == "as it is":
            self.step(self._confirm(pick))
        elif way == "with an address":
            self.step(self._confirm_from(pick, country))
        else:
            self._confirm_by_api(self.runner.run(self.stage.payer(pick)))
            self.tally["steps"] += 1

    async def _confirm(self, pick: int) -> None:
        """A buyer who is asked again reads the session, agrees, and is not asked a third time."""
        payer = await self.stage.payer(pick)
        checkout = await self.stage.checkout(payer)
        came_to = await self._charged(payer, checkout, CheckoutChanges(), shown=total_of(checkout.quote).mark)
        if came_to == "asked again":
            again = await self.stage.checkout(payer)
            assert total_of(again.quote).mark != total_of(checkout.quote).mark, (
                "the session shows what it would cost now"
            )
            came_to = await self._charged(payer, again, CheckoutChanges(), shown=total_of(again.quote).mark)
            assert came_to != "asked again"

    async def _confirm_from(self, pick: int, country: str) -> None:
        """By the API, in the request that confirms: the address may change what the session shows, and nothing else may."""
        stage, payer = self.stage, await self.stage.payer(pick)
        checkout = await stage.checkout(payer)
        organization = await stage.organization()
        now = stage.ports.now(organization)
        as_it_is = await apply_changes(stage.ports, organization, checkout, CheckoutChanges(), now=now, as_shown=True)
        with_address = await apply_changes(stage.ports, organization, checkout, to(country), now=now, as_shown=True)
        has_moved = total_of(as_it_is.quote) != total_of(checkout.quote)
        came_to = await self._charged(payer, checkout, to(country), shown=total_of(with_address.quote).mark)
        assert not (came_to == "charged" and has_moved)

    @rule(pick=PICK, country=COUNTRY, is_moving=st.booleans(), meanwhile=MEANWHILE)
    def change_a_field(self, pick: int, country: str, is_moving: bool, meanwhile: str | None) -> None:
        """On the page: the country, which may change the total, or the name, which may not."""
        payer, page = self._somebody_at_a_page(pick)
        self._meanwhile(meanwhile, payer)
        self._answer(payer, page, "/update", {"country": country} if is_moving else {"name": f"Ada {pick}"})

    @rule(pick=PICK, meanwhile=MEANWHILE)
    def press_with_a_field_missing_then_pay(self, pick: int, meanwhile: str | None) -> None:
        payer, page = self._somebody_at_a_page(pick)
        self._meanwhile(meanwhile, payer)
        if self._answer(payer, page, "/pay", self._filled(page) | {"card_number": "", "email": ""}) == "refused":
            self._pay(payer, page)

    @rule(pick=PICK, meanwhile=MEANWHILE)
    def pay_on_the_page(self, pick: int, meanwhile: str | None) -> None:
        """The page posts the total that it shows, however old it is; who is asked again presses again."""
        payer, page = self._somebody_at_a_page(pick)
        self._meanwhile(meanwhile, payer)
        self._pay(payer, page)

    def _pay(self, payer: Payer, page: PaperPage) -> None:
        came_to = [self._answer(payer, page, "/pay", self._filled(page))]
        while came_to[-1] == "asked again":
            came_to.append(self._answer(payer, page, "/pay", self._filled(page)))
            assert len(came_to) <= 3, "a discount may be gone, then its total is another: nothing else asks twice"

    def _filled(self, page: PaperPage) -> dict[str, str]:
        place = PLACES[page.fields.get("country") or "DE"]
        state = (place.state or "").removeprefix(f"{place.country}-")
        where = {"line1": place.line1 or "", "city": place.city or "", "postal_code": place.postal_code or ""}
        return {**CARD, **where, "country": place.country, "state": state, "email": "ada@example.com", "name": "Ada"}

    def _answer(self, payer: Payer, page: PaperPage, step: str, typed: dict[str, str]) -> str:
        """Post the page. What the bank books is what the page showed; what it shows then is that, or a sentence says why not."""
        shown, country, id_ = page.shown, page.fields.get("country", ""), payer.checkout_id
        before = self.runner.run(self.stage.booked(id_))
        if shown:  # a page that was opened after its product was gone has no form to post
            page.post(step, **typed)
        self.tally["steps"] += 1
        after = self.runner.run(self.stage.booked(id_))
        if page.has_paid:
            self.tally["charged"] += 1
            self.stage.payers.remove(payer)
            currency, _, due = shown.split("-")
            assert after == [*before, (int(due), currency)] or (after == before and not int(due))
            return "charged"
        assert after == before
        if not page.shown:  # nothing is sold any more: the page has no form
            assert page.answer.status_code == 410
            self.tally["gone"] += 1
            self.stage.payers.remove(payer)
            return "gone"
        if page.shown != shown and typed.get("country", country) == country:
            self.tally["told"] += 1
            assert page.told, f"{shown} became {page.shown} without a word"
        is_asked_again = page.answer.status_code == 409
        self.tally["asked again" if is_asked_again else "refused"] += 1
        return "asked again" if is_asked_again else "refused"

    def _confirm_by_api(self, payer: Payer) -> None:
        """Polar's confirm over HTTP, as a client's own form sends it."""
        if payer.dialect != "polar":
            return
        checkout = self.runner.run(self.stage.checkout(payer))
        total = total_of(checkout.quote)
        body = {"confirmation_token_id": "ctoken_visa", "customer_email": "ada@example.com"}
        answer = self.stage.client.post(f"/v1/checkouts/client/{checkout.client_secret}/confirm", json=body)
        booked = self.runner.run(self.stage.booked(payer.checkout_id))
        if answer.status_code == 200:
            self.stage.payers.remove(payer)
            assert booked == ([(total.due_minor, total.currency)] if total.due_minor else booked)
            assert answer.json()["total_amount"] == total.total_minor
            self.tally["charged"] += 1
        else:
            assert (answer.status_code, booked) == (422, []), answer.text
            self.tally["Invalid"] += 1

    @rule(goods=st.sampled_from(GOODS[:2]), country=COUNTRY, discount=st.sampled_from((None, 0, 1)))
    def preview_then_confirm_at_once(self, goods: str, country: str, discount: int | None) -> None:
        """Dodo's `confirm: true` with a saved card: what the preview just said is what is charged."""
        stage, place = self.stage, PLACES[country]
        body: dict[str, object] = {
            "product_cart": [{"product_id": short_id(DodoPrefix.PRODUCT, stage.goods[goods].id), "quantity": 1}],
            "customer": {"customer_id": stage.saved[0]},
            "billing_address": {
                "country": country,
                "street": place.line1,
                "city": place.city,
                "state": place.state,
                "zipcode": place.postal_code,
            },
            "discount_code": stage.discounts[discount].code if discount is not None else None,
        }
        headers = {"Authorization": f"Bearer {stage.demo.dodo_key}"}
        told = stage.client.post("/checkouts/preview", json=body, headers=headers)
        paid = {**body, "confirm": True, "payment_method_id": stage.saved[1]}
        answer = stage.client.post("/checkouts", json=paid, headers=headers)
        self.tally["steps"] += 1
        if answer.status_code != 200:
            assert answer.status_code == 422, answer.text
            return
        payment = stage.client.get(f"/payments/{answer.json()['payment_id']}", headers=headers).json()
        total, currency = told.json()["total_price"], told.json()["currency"]
        assert (payment["total_amount"], payment["currency"], payment["status"]) == (total, currency, "succeeded")
        self.tally["charged at once"] += 1

    async def _charged(
        self, payer: Payer, checkout: Checkout, changes: CheckoutChanges, *, shown: str
    ) -> Literal["charged", "refused", "asked again"]:
        """Confirm. Whatever the bank booked is what was shown."""
        stage = self.stage
        before = await self.stage.booked(payer.checkout_id)
        try:
            await confirm_checkout(
                stage.ports,
                await stage.organization(),
                checkout,
                changes,
                confirmation_token="ctoken_visa",
                return_url="http://pay.test/",
            )
        except TotalChanged:
            self.tally["asked again"] += 1
            assert await self.stage.booked(payer.checkout_id) == before
            return "asked again"
        except CheckstandError as refused:
            self.tally[type(refused).__name__] += 1
            assert await self.stage.booked(payer.checkout_id) == before
            return "refused"
        self.tally["charged"] += 1
        stage.payers.remove(payer)
        currency, total, due = shown.split("-")
        paid = await stage.checkout(payer)
        assert (paid.quote.currency, paid.quote.total_minor, paid.quote.due_minor) == (currency, int(total), int(due))
        needs_bank = paid.is_payment_form_required
        assert await self.stage.booked(payer.checkout_id) == [*before, *([(int(due), currency)] if needs_bank else [])]
        return "charged"


@contextmanager
def machine(url: str) -> Iterator[type[ConsentMachine]]:
    """A machine that opens its shops on a server of its own, whose exchange it moves."""
    rates = MovingRates()
    with (
        running_server(url, with_worker=False, world=lambda ports: replace(ports, rates=rates)) as server,
        httpx2.Client(base_url=server.url, timeout=30) as client,
    ):
        ports = server.services.ports

        async def open_stage() -> Stage:
            rates.factor = 100
            demo = await open_demo_shop(ports, server.services.authenticator, slug=f"consent-{uuid4().hex[:12]}")
            monthly = demo.products["monthly"]
            given = {field.name: getattr(monthly, field.name) for field in fields(monthly)}
            given |= {"name": "Team", "addons": ()}
            by_seat = await create_product(
                ports, demo.organization, given, [PriceDefinition(currency="USD", terms=seats(700))]
            )
            return Stage(ports, demo, rates, client, {**demo.products, "seats": by_seat})

        class Machine(ConsentMachine):
            pass

        Machine.runner, Machine.open_stage, Machine.tally = server, staticmethod(open_stage), Counter()
        yield Machine


def test_whatever_moves_between_showing_and_confirming_the_charge_is_what_was_shown(quiet_database_url: str) -> None:
    with machine(quiet_database_url) as shops:
        run_state_machine_as_test(shops, settings=lives(4, always_the_same=True))
        seen = shops.tally
        assert seen["steps"] >= 400, seen
        assert min(seen["charged"], seen["asked again"], seen["Invalid"]) > 3, seen


@pytest.mark.prove
def test_20000_steps_never_charge_another_total_than_the_one_that_was_shown(quiet_database_url: str) -> None:
    with machine(quiet_database_url) as shops:
        started, seen = time.monotonic(), shops.tally
        while seen["steps"] < PROVED:
            more = -(-(PROVED - seen["steps"]) // STEPS_OF_ONE_LIFE)
            run_state_machine_as_test(shops, settings=lives(more, always_the_same=False))
        print(
            f"\n{seen['steps']:,} steps in {time.monotonic() - started:.0f} s: {seen['charged']:,} charged as shown, "
            f"{seen['asked again']:,} asked again, {seen['Invalid']:,} refused, 0 charged otherwise"
        )
        assert min(seen["charged"], seen["asked again"]) > 250
