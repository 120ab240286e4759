"""What was shown is what is charged: whatever the merchant, the tax office or the exchange does between showing and confirming.

Each step changes something in a real shop, or confirms a session that was shown before; then the bank's own books are looked at. No
charge may differ from what its buyer was shown, and a buyer who is asked again and agrees is not asked a third time.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar, Literal
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from checkstand.domain.address import Address
from checkstand.domain.catalog import Fixed, PriceDefinition, Product
from checkstand.domain.checkout import Buyer, Checkout
from checkstand.domain.consent import total_of
from checkstand.domain.discount import AmountOff, Discount, Percentage
from checkstand.domain.errors import CheckstandError, Invalid, TotalChanged
from checkstand.domain.lines import Counts
from checkstand.domain.organization import Organization, OrganizationSettings
from checkstand.domain.terms import SeatBased, SeatTier, Terms
from checkstand.flows.authenticate import Authenticator
from checkstand.flows.change_settings import change_settings
from checkstand.flows.checkout_request import CheckoutRequest, Wanted
from checkstand.flows.confirm_checkout import confirm_checkout
from checkstand.flows.create_checkout import create_checkout
from checkstand.flows.ports import Ports
from checkstand.flows.save_discount import change_discount, create_discount, delete_discount
from checkstand.flows.save_product import PriceList, change_product, create_product
from checkstand.flows.update_checkout import CheckoutChanges, apply_changes, update_checkout
from checkstand.gateways.test import TestGateway
from checkstand.providers.rates import EmbeddedRates, Rate
from checkstand.store import checkouts, products
from checkstand.store.cache import Cache
from checkstand.store.database import Database
from checkstand.testing.demo import DemoShop, open_demo_shop
from tests.conftest import SECRET_KEY
from tests.machine.steps import PICK, one_of
from tests.machine.test_machine import lives

PROVED = 20_000
STEPS_OF_ONE_LIFE = 100
GOODS = ("one_time", "monthly", "trial", "pay_what_you_want", "seats")
PLACES: Mapping[str, Address] = {
    "DE": Address(country="DE", line1="Markt 1", city="Jena", postal_code="07743"),
    "JP": Address(country="JP", line1="1-1 Chiyoda", city="Tokyo", state="JP-13", postal_code="100-0001"),
    "US": Address(country="US", line1="305 Harrison St", city="Seattle", state="US-WA", postal_code="98109"),
}
COUNTRY = st.sampled_from(sorted(PLACES))
REGISTERED = ("EU", "DE", "JP", "US-WA")
BOOKED = """
    SELECT charges.amount_minor, charges.currency
    FROM test_gateway_charges AS charges
    JOIN payment_attempts ON payment_attempts.gateway_key = charges.id
    WHERE charges.organization_id = $1
      AND payment_attempts.checkout_id = $2
"""


@dataclass(slots=True)
class MovingRates:
    """An exchange whose rates move: a provider like any other."""

    factor: int = 100

    async def rate(self, base: str, currency: str) -> Rate | None:
        found = await EmbeddedRates().rate(base, currency)
        return found and replace(found, rate=str(round(float(found.rate) * self.factor / 100, 6)))


@dataclass(slots=True)
class Payer:
    """Somebody with a session. `seen`: the total on a page that they have open, and the country that it is for."""

    checkout_id: UUID
    seen: str | None = None
    country: str = "DE"


@dataclass(slots=True)
class Stage:
    """One shop with everything that can move in it."""

    ports: Ports
    demo: DemoShop
    rates: MovingRates
    goods: dict[str, Product]
    discounts: list[Discount] = field(default_factory=list)
    payers: list[Payer] = field(default_factory=list)

    async def organization(self) -> Organization:
        return await self.ports.cache.organization(self.demo.organization.id)

    async def payer(self, pick: int) -> Payer:
        """One of those who have an open session; a new one where there is none."""
        if not self.payers:
            request = CheckoutRequest(
                dialect="polar",
                wanted=(Wanted(product_id=self.goods["seats"].id, where=("products", 0)),),
                choose_one=True,
                counts=Counts(seats=1),
                buyer=_buyer(None),
            )
            made = await create_checkout(self.ports, await self.organization(), request)
            self.payers.append(Payer(made.id))
        return one_of(self.payers, pick)

    async def checkout(self, payer: Payer) -> Checkout:
        found = await checkouts.by_id(self.ports.db, self.demo.organization.id, payer.checkout_id)
        assert found is not None
        return found


class ConsentMachine(RuleBasedStateMachine):
    """A shop in which everything moves while people pay."""

    runner: ClassVar[asyncio.Runner]
    open_stage: ClassVar[Any]
    tally: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.stage: Stage = self.runner.run(type(self).open_stage())

    def step(self, doing: Coroutine[Any, Any, None]) -> None:
        self.runner.run(doing)
        self.tally["steps"] += 1

    # ------------------------------------------------------------ what is shown

    @initialize()
    def offer(self) -> None:
        self.step(self._offer(Percentage(basis_points=5000)))
        self.step(self._offer(AmountOff(amounts={"USD": 250})))
        self.step(self._create("one_time", "DE", 0, dodo=False, quantity=1))

    async def _offer(self, takes: Percentage | AmountOff) -> None:
        stage, organization = self.stage, await self.stage.organization()
        code = f"C{uuid4().hex[:8]}".upper()
        draft = Discount(
            id=uuid4(),
            organization_id=organization.id,
            name=code,
            code=code,
            takes=takes,
            created_at=organization.created_at,
        )
        stage.discounts.append(await create_discount(stage.ports, organization, draft))

    @rule(
        goods=st.sampled_from(GOODS),
        country=st.sampled_from((None, None, *PLACES)),
        discount=st.sampled_from((None, 0, 0, 1)),
        dodo=st.booleans(),
        quantity=st.integers(1, 3),
    )
    def create(self, goods: str, country: str | None, discount: int | None, dodo: bool, quantity: int) -> None:
        self.step(self._create(goods, country, discount, dodo=dodo, quantity=quantity))

    async def _create(
        self, goods: str, country: str | None, discount: int | None, *, dodo: bool, quantity: int
    ) -> None:
        stage, applied = self.stage, self.stage.discounts[discount % 2] if discount is not None else None
        request = CheckoutRequest(
            dialect="dodo" if dodo else "polar",
            wanted=(Wanted(product_id=stage.goods[goods].id, where=("products", 0), quantity=quantity),),
            choose_one=not dodo,
            amount_minor=1500 if goods == "pay_what_you_want" and not dodo else None,
            counts=Counts(seats=quantity) if goods == "seats" and not dodo else Counts(),
            buyer=_buyer(PLACES[country] if country else None),
            discount_id=applied.id if applied else None,
        )
        try:
            made = await create_checkout(stage.ports, await stage.organization(), request)
        except Invalid:
            return
        stage.payers.append(Payer(made.id))

    @rule(pick=PICK, country=COUNTRY)
    def open_the_page(self, pick: int, country: str) -> None:
        self.step(self._look(pick, country))

    async def _look(self, pick: int, country: str) -> None:
        """The page shows what the session comes to in a country that is chosen on it; nothing is stored."""
        stage, organization = self.stage, await self.stage.organization()
        payer = await stage.payer(pick)
        shown = await apply_changes(
            stage.ports, organization, await stage.checkout(payer), _to(country), now=stage.ports.now(organization)
        )
        payer.seen, payer.country = total_of(shown.quote).mark, country

    # ------------------------------------------------------------ what moves meanwhile

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
            await change_discount(ports, organization, one.id, lambda found: replace(found, **wanted))
        if how in ("deleted", "ended", "one left"):
            await self._offer(takes)
            stage.discounts[place] = stage.discounts.pop()

    @rule(place=st.sampled_from(REGISTERED), behaviour=st.sampled_from((None, "location", "inclusive", "exclusive")))
    def tax(self, place: str, behaviour: str | None) -> None:
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
        product = (await products.by_ids(stage.ports.db, organization.id, [product_id]))[product_id]
        if how == "price":
            terms = _seats(amount) if goods == "seats" else Fixed(amount_minor=amount)
            prices = PriceList(add=(PriceDefinition(currency="USD", terms=terms),))
            await change_product(stage.ports, organization, product, prices)
        elif how == "tax category":
            await change_product(stage.ports, organization, replace(product, tax_category="e_book"), None)
        elif how == "trial":
            await change_product(stage.ports, organization, replace(product, trial=None), None)
        else:
            await change_product(stage.ports, organization, replace(product, is_archived=True), None)
            await change_product(stage.ports, organization, product, None)

    @rule(pick=PICK, country=COUNTRY, seats=st.integers(1, 5))
    def merchant_changes_the_session(self, pick: int, country: str, seats: int) -> None:
        self.step(self._merchant(pick, country, seats))

    async def _merchant(self, pick: int, country: str, seats: int) -> None:
        stage, payer = self.stage, await self.stage.payer(pick)
        checkout = await stage.checkout(payer)
        changes = replace(_to(country), counts=Counts(seats=seats) if checkout.seats else Counts())
        try:
            await update_checkout(stage.ports, await stage.organization(), checkout, changes, by_merchant=True)
        except CheckstandError as refused:
            self.tally[type(refused).__name__] += 1

    # ------------------------------------------------------------ what is charged

    @rule(pick=PICK)
    def confirm_what_the_session_shows(self, pick: int) -> None:
        self.step(self._confirm(pick))

    async def _confirm(self, pick: int) -> None:
        """Whoever is asked again reads the session, agrees, and is not asked a third time."""
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

    @rule(pick=PICK, country=COUNTRY)
    def confirm_with_an_address(self, pick: int, country: str) -> None:
        self.step(self._confirm_from(pick, country))

    async def _confirm_from(self, pick: int, country: str) -> None:
        """By the API, in the request that confirms: the address may change what the session shows, and nothing else may."""
        stage, payer = self.stage, await self.stage.payer(pick)
        checkout = await stage.checkout(payer)
        organization = await stage.organization()
        now = stage.ports.now(organization)
        as_it_is = await apply_changes(stage.ports, organization, checkout, CheckoutChanges(), now=now, as_shown=True)
        with_address = await apply_changes(stage.ports, organization, checkout, _to(country), now=now, as_shown=True)
        has_moved = total_of(as_it_is.quote) != total_of(checkout.quote)
        came_to = await self._charged(payer, checkout, _to(country), shown=total_of(with_address.quote).mark)
        assert not (came_to == "charged" and has_moved)

    @rule(pick=PICK)
    def pay_on_the_page(self, pick: int) -> None:
        self.step(self._pay(pick))

    async def _pay(self, pick: int) -> None:
        """The page posts the total that it shows, however old it is."""
        payer = await self.stage.payer(pick)
        if payer.seen is None:
            await self._look(self.stage.payers.index(payer), payer.country)
        assert payer.seen is not None
        checkout = await self.stage.checkout(payer)
        await self._charged(payer, checkout, _to(payer.country), shown=payer.seen, says_so=True)
        payer.seen = None

    async def _charged(
        self, payer: Payer, checkout: Checkout, changes: CheckoutChanges, *, shown: str, says_so: bool = False
    ) -> Literal["charged", "refused", "asked again"]:
        """Confirm. Whatever the bank booked is what was shown."""
        stage = self.stage
        before = await self._booked(payer)
        try:
            await confirm_checkout(
                stage.ports,
                await stage.organization(),
                checkout,
                changes,
                confirmation_token="ctoken_visa",
                return_url="http://pay.test/",
                agreed=shown if says_so else None,
            )
        except TotalChanged:
            self.tally["asked again"] += 1
            assert await self._booked(payer) == before
            return "asked again"
        except CheckstandError as refused:
            self.tally[type(refused).__name__] += 1
            assert await self._booked(payer) == before
            return "refused"
        self.tally["charged"] += 1
        stage.payers.remove(payer)
        currency, total, due = shown.split("-")
        paid = await stage.checkout(payer)
        assert (paid.quote.currency, paid.quote.total_minor, paid.quote.due_minor) == (currency, int(total), int(due))
        needs_bank = paid.is_payment_form_required
        assert await self._booked(payer) == [*before, *([(int(due), currency)] if needs_bank else [])]
        return "charged"

    async def _booked(self, payer: Payer) -> list[tuple[int, str]]:
        """What the bank took for a session, by its own books."""
        rows = await self.stage.ports.db.fetch(BOOKED, self.stage.demo.organization.id, payer.checkout_id)
        return [(row["amount_minor"], row["currency"]) for row in rows]


def _to(country: str) -> CheckoutChanges:
    return CheckoutChanges(given=frozenset({"address"}), address=PLACES[country])


def _buyer(address: Address | None) -> Buyer:
    return Buyer(email="ada@example.com", name="Ada", address=address)


def _seats(unit_minor: int) -> Terms:
    return SeatBased(model="volume", tiers=(SeatTier(minimum=1, maximum=None, unit_minor=unit_minor),))


@contextmanager
def machine(url: str) -> Iterator[type[ConsentMachine]]:
    """A machine that opens its shops in this database."""
    with asyncio.Runner() as runner:
        db = runner.run(Database.connect(url, max_size=4))
        cache = Cache(db)

        async def open_stage() -> Stage:
            rates = MovingRates()
            bank = TestGateway(db=db, public_url=lambda: "http://pay.test", random_bytes=os.urandom)
            ports = Ports(db=db, cache=cache, gateway=bank, public_url=lambda: "http://pay.test", rates=rates)
            demo = await open_demo_shop(ports, Authenticator(SECRET_KEY.encode()), slug=f"consent-{uuid4().hex[:12]}")
            draft = replace(demo.products["monthly"], id=uuid4(), name="Team", prices=(), addons=())
            seats = await create_product(
                ports, demo.organization, draft, [PriceDefinition(currency="USD", terms=_seats(700))]
            )
            return Stage(ports, demo, rates, {**demo.products, "seats": seats})

        class Machine(ConsentMachine):
            pass

        Machine.runner, Machine.open_stage, Machine.tally = runner, staticmethod(open_stage), Counter()
        try:
            yield Machine
        finally:
            runner.run(cache.close())
            runner.run(db.close())


def test_whatever_moves_between_showing_and_confirming_the_charge_is_what_was_shown(quiet_database_url: str) -> None:
    with machine(quiet_database_url) as shops:
        run_state_machine_as_test(shops, settings=lives(6, always_the_same=True))
        seen = shops.tally
        assert seen["steps"] >= 500
        assert min(seen["charged"], seen["asked again"], seen["Invalid"]) > 5, seen


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
