"""The log of tries, and sending an event again."""

from __future__ import annotations

import asyncio

from checkstand.domain.facts import FactType
from checkstand.store.delivery import delivery_log
from checkstand.store.delivery.delivery_log import LogFilter
from tests.webhooks.receiver import always, receiving
from tests.webhooks.stage import open_stage


def test_an_event_is_sent_again_on_request_with_the_same_id_and_body(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage, receiving() as receiver:
            await stage.endpoint(receiver.url)
            await stage.happen("first")
            await stage.drain()
            delivery = (await stage.queue())[0]
            db, organization_id = stage.ports.db, stage.organization.id
            assert await delivery_log.requeue(db, organization_id, delivery.id, dialect="polar", now=await stage.now())
            assert not await delivery_log.requeue(
                db, organization_id, stage.ports.new_id(), dialect="polar", now=await stage.now()
            )
            assert await stage.drain() == (1, 0)
            first, second = receiver.received
            assert (first.id, first.body) == (second.id, second.body)
            assert len(await stage.tries(delivery.id)) == 2

    asyncio.run(story())


def test_the_log_is_searched_by_endpoint_event_outcome_code_and_text(quiet_database_url: str) -> None:
    async def story() -> None:
        async with (
            open_stage(quiet_database_url) as stage,
            receiving() as good,
            receiving(always(502, b"bad gateway")) as bad,
        ):
            first = await stage.endpoint(good.url)
            second = await stage.endpoint(bad.url)
            await stage.happen("made")
            await stage.happen("over", kind=FactType.CHECKOUT_EXPIRED)
            assert await stage.drain() == (2, 2)

            async def found(wanted: LogFilter) -> int:
                page = await delivery_log.search(
                    stage.ports.db, stage.organization.id, wanted, sorting=["-created_at"], offset=0, limit=3
                )
                assert len(page.items) == min(page.total, 3)
                return page.total

            assert await found(LogFilter(dialect="polar")) == 4
            assert await found(LogFilter(dialect="polar", endpoint_ids=(first.id,))) == 2
            assert await found(LogFilter(dialect="polar", event_types=("checkout.expired",))) == 2
            assert await found(LogFilter(dialect="polar", succeeded=False)) == 2
            assert await found(LogFilter(dialect="polar", http_code_classes=(5,))) == 2
            assert (
                await found(LogFilter(dialect="polar", http_code_classes=(2, 5), event_types=("product.created",))) == 2
            )
            assert await found(LogFilter(dialect="polar", text="BAD gate", endpoint_ids=(second.id,))) == 2
            assert await found(LogFilter(dialect="polar", not_before=await stage.now())) == 0

    asyncio.run(story())
