"""What moves under buyers who have a page open: discounts, taxes, currencies, goods, and the session itself by its merchant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from checkstand.domain.catalog import Fixed, PriceDefinition
from checkstand.domain.discount import AmountOff, Percentage
from checkstand.domain.errors import CheckstandError
from checkstand.domain.lines import Counts
from checkstand.domain.organization import OrganizationSettings
from checkstand.flows.catalogue.save_discount import change_discount, create_discount, delete_discount
from checkstand.flows.catalogue.save_product import PriceList, change_product
from checkstand.flows.checkout.update_checkout import update_checkout
from checkstand.flows.organizations.change_settings import change_settings
from checkstand.store.catalogue.products import PRODUCTS
from tests.machine.consent_stage import (
    COUNTRY,
    GOODS,
    REGISTERED,
    Payer,
    Stage,
    seats,
    to,
)
from tests.machine.steps import PICK
from tests.server import RunningServer


class ConsentMoves(RuleBasedStateMachine):
    """A shop in which everything moves."""

    runner: ClassVar[RunningServer]
    open_stage: ClassVar[Any]
    tally: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.stage: Stage = self.runner.run(type(self).open_stage())

    def step(self, doing: Coroutine[Any, Any, None]) -> None:
        self.runner.run(doing)
        self.tally["steps"] += 1

    async def _offer(self, takes: Percentage | AmountOff) -> None:
        stage, organization = self.stage, await self.stage.organization()
        code = f"C{uuid4().hex[:8]}".upper()
        given = {"name": code, "code": code, "takes": takes}
        stage.discounts.append(await create_discount(stage.ports, organization, given))

    @rule(pick=PICK, percent=st.sampled_from((0, 1, 10, 50, 90)), how=st.sampled_from(
        ("rate", "rate", "other product", "minimum", "ended", "one left", "first time", "deleted")))  # fmt: skip
    def change_discount(self, pick: int, percent: int, how: str) -> None:
        self.step(self._change_discount(pick % 2, percent, how))

    async def _change_discount(self, place: int, percent: int, how: str) -> None:
        stage, organization = self.stage, await self.stage.organization()
        ports, one = stage.ports, stage.discounts[place]
        now = ports.now(organization)
        changes: dict[str, dict[str, Any]] = {
            "other product": {"product_ids": (stage.demo.products["free"].id,)},
            "minimum": {"minimum_subtotals": {"USD": 90_000}},
            "ended": {"ends_at": now - timedelta(days=1)},
            "one left": {"max_redemptions": 1},
            "first time": {"eligibility": "first_time"},
        }
        takes = Percentage(basis_points=percent * 100) if percent else AmountOff(amounts={"USD": 100})
        if how == "deleted":
            await delete_discount(ports, organization, one.id)
        else:
            wanted = changes.get(how, {"takes": takes})
            await change_discount(ports, organization, one.id, wanted)
        if how in ("deleted", "ended", "one left"):
            await self._offer(takes)
            stage.discounts[place] = stage.discounts.pop()

    @rule(place=st.sampled_from(REGISTERED), behaviour=st.sampled_from((None, "location", "inclusive", "exclusive")))
    def tax(self, place: str, behaviour: str | None) -> None:
        self._tax(place, behaviour)

    def _tax(self, place: str, behaviour: str | None) -> None:
        def change(settings: OrganizationSettings) -> OrganizationSettings:
            after = tuple(sorted({place} ^ set(settings.tax_registrations)))
            kept = behaviour or settings.default_tax_behavior
            return replace(settings, tax_registrations=after, default_tax_behavior=kept)  # type: ignore[arg-type]

        self.step(self._settle(change))

    @rule(adaptive=st.booleans(), fee=st.booleans(), factor=st.sampled_from((80, 100, 130)))
    def currencies(self, adaptive: bool, fee: bool, factor: int) -> None:
        self.stage.rates.factor = factor
        self.step(self._settle(lambda settings: replace(settings, adaptive_currency=adaptive, adaptive_fee=fee)))

    async def _settle(self, change: Any) -> None:
        await change_settings(self.stage.ports, self.stage.demo.organization.id, change)

    @rule(goods=st.sampled_from(GOODS), amount=st.integers(50, 9_000), how=st.sampled_from(
        ("price", "tax category", "archived", "trial")))  # fmt: skip
    def change_goods(self, goods: str, amount: int, how: str) -> None:
        self.step(self._change_goods(goods, amount, how))

    async def _change_goods(self, goods: str, amount: int, how: str) -> None:
        stage, organization = self.stage, await self.stage.organization()
        product_id = stage.goods[goods].id
        found = (await PRODUCTS.by_ids(stage.ports.db, organization.id, [product_id]))[product_id]
        given: dict[str, object] = {"is_archived": False}  # what was archived is until the next change
        if how == "price":
            terms = seats(amount) if goods == "seats" else Fixed(amount_minor=amount)
            prices = PriceList(add=(PriceDefinition(currency="USD", terms=terms),))
            await change_product(stage.ports, organization, found.id, given, prices)
        elif how == "tax category":
            await change_product(stage.ports, organization, found.id, {**given, "tax_category": "e_book"})
        elif how == "trial":
            await change_product(stage.ports, organization, found.id, {**given, "trial": None})
        elif goods != "seats":  # which whoever comes to an empty shop buys
            await change_product(stage.ports, organization, found.id, {"is_archived": True})

    @rule(pick=PICK, country=COUNTRY, seats=st.integers(1, 5))
    def merchant_changes_the_session(self, pick: int, country: str, seats: int) -> None:
        self.step(self._merchant(pick, country, seats))

    async def _merchant(self, pick: int, country: str, seats: int) -> None:
        stage, payer = self.stage, await self.stage.payer(pick)
        checkout = await stage.checkout(payer)
        changes = replace(to(country), counts=Counts(seats=seats) if checkout.seats else Counts())
        try:
            await update_checkout(stage.ports, await stage.organization(), checkout, changes, by_merchant=True)
        except CheckstandError as refused:
            self.tally[type(refused).__name__] += 1

    def _meanwhile(self, what: str | None, payer: Payer) -> None:
        """Something moves under a payer, so that most of them meet a change."""
        checkout = self.runner.run(self.stage.checkout(payer))
        if what in ("rate", "deleted", "minimum"):
            mine = {one.id for one in checkout.discounts}
            place = next((at for at, one in enumerate(self.stage.discounts) if one.id in mine), 0)
            self.step(self._change_discount(place, 10, what))
        elif what == "tax":
            here = checkout.buyer.address.country if checkout.buyer.address else "DE"
            self._tax("US-WA" if here == "US" else here, "exclusive")
        elif what == "price":
            sold = [name for name, one in self.stage.goods.items() if one.id == checkout.selected.id]
            self.step(self._change_goods(sold[0], 4321, "price"))
