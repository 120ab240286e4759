"""One organization whose receivers never answer and whose names are slow, beside others that only want their webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from checkstand.store.delivery import webhooks
from checkstand.webhooks.names import Resolver, system_look_up
from checkstand.webhooks.safe_http import SafeHttp
from checkstand.worker.loop import Worker
from tests.webhooks.receiver import Answer, Received, receiving
from tests.webhooks.stage import Stage, open_stage

SLOW_NAME_S = 10.0


def look_up(host: str, port: int) -> Sequence[str]:
    """The system's look-up; names below slow.test are those of a name server that takes its time. Blocks, as the system's does."""
    if host.endswith(".slow.test"):
        time.sleep(SLOW_NAME_S)
        return ("127.0.0.1",)
    return system_look_up(host, port)


@dataclass(slots=True)
class Arrivals:
    """When each event arrived, by its note."""

    at: dict[str, float] = field(default_factory=dict)

    def answer(self, request: Received, _count: int) -> Answer:
        self.at.setdefault(json.loads(request.body)["note"], time.monotonic())
        return Answer()


@contextlib.asynccontextmanager
async def working(stage: Stage) -> AsyncIterator[None]:
    """A worker at work, with names looked up as above."""
    http = SafeHttp(private=True, resolve=Resolver(look_up=look_up))
    worker = Worker(stage.ports, stage.renderers, stage.woken, http=http, chance=lambda: 0.0)
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def waits_beside(
    url: str, *, hanging: int, slow_names: int, events: int, others: int, of_each: int, every_s: float
) -> list[float]:
    """How long each event of the others took from being committed to being received, in seconds, sorted."""
    arrivals = Arrivals()
    async with (
        open_stage(url) as stage,
        receiving(lambda _request, _count: Answer(after_s=600.0)) as silent,
        receiving(arrivals.answer) as prompt,
    ):
        for number in range(hanging):
            await stage.endpoint(f"{silent.url}/{number}")
        for number in range(slow_names):
            await stage.endpoint(f"http://n{number}.slow.test:{prompt.port}/hook")
        neighbours = [await stage.neighbour() for _ in range(others)]
        for neighbour in neighbours:
            await neighbour.endpoint(f"http://localhost:{prompt.port}/hook")
        await stage.happen(*(f"noise {number}" for number in range(events)))
        async with working(stage):
            stage.ports.wake()
            await silent.wait_for(1)
            happened = await _happenings(neighbours, of_each, every_s)
            async with asyncio.timeout(30):
                while not happened.keys() <= arrivals.at.keys():
                    await asyncio.sleep(0.02)
            await leave_nothing(stage)
    return sorted(arrivals.at[note] - moment for note, moment in happened.items())


async def _happenings(neighbours: Sequence[Stage], of_each: int, every_s: float) -> dict[str, float]:
    moments = {}
    for number in range(of_each):
        for place, neighbour in enumerate(neighbours):
            note = f"{place} {number}"
            await neighbour.happen(note)
            moments[note] = time.monotonic()
            neighbour.ports.wake()
        await asyncio.sleep(every_s)
    return moments


async def leave_nothing(stage: Stage) -> None:
    """Leave nothing behind that later tests' workers would take up."""
    db, organization_id = stage.ports.db, stage.organization.id
    for endpoint in await webhooks.endpoints(db, organization_id):
        await webhooks.delete_endpoint(db, organization_id, endpoint.id, now=await stage.now())


def percentile(waits: Sequence[float], share: float) -> float:
    """The wait that this share of all stays at or below."""
    return waits[min(len(waits) - 1, round(share * len(waits)))]
