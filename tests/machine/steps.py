"""What every step of the machine needs: do one thing to the real shop and to its model, then compare everything."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from checkstand.domain.refund import Refund as RealRefund
from checkstand.store.sales import refunds
from checkstand.store.sales.payments import ATTEMPTS
from tests.machine.things import Attempt
from tests.machine.world import Tally, World

T = TypeVar("T")
PICK = st.integers(min_value=0, max_value=63)
LINE = st.sampled_from((None, None, None, "before", "after", "before, killed", "after, killed"))


def one_of(things: Sequence[T], pick: int) -> T:
    return things[pick % len(things)]


class Steps(RuleBasedStateMachine):
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

    # ------------------------------------------------------------ the real ones

    async def _organization(self) -> Any:
        return await self.world.ports.cache.organization(self.world.organization_id)

    async def _attempt(self, attempt: Attempt) -> Any:
        found = await ATTEMPTS.by_id(self.world.ports.db, self.world.organization_id, UUID(attempt.id))
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


def same(said: str, should: str) -> None:
    assert said == should, f"the shop said {said}, the model {should}"


def _only(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The part of one that the other does not have."""
    return {key: value for key, value in one.items() if other.get(key) != value}
