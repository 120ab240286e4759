"""What a dialect tells the outside of a fact. Each dialect owns the table from facts to its event names and payloads."""

from __future__ import annotations

from typing import Protocol

from checkstand.domain.facts import Fact, FactType
from checkstand.domain.organization import Organization
from checkstand.domain.webhook import Endpoint
from checkstand.flows.ports import Ports


class Renderer(Protocol):
    """One dialect's view of facts. `fixes_payload`: the object as it was at the event (Polar), else as it is at each try (Dodo)."""

    fixes_payload: bool

    def event_types(self, fact_type: FactType) -> tuple[str, ...]:
        """The events a fact causes, in the order they are sent; empty for most facts."""
        ...

    async def payload(
        self, ports: Ports, organization: Organization, fact: Fact, event_type: str, endpoint: Endpoint
    ) -> str | None:
        """The JSON text of one event, in the endpoint's format; None when its object is gone and there is nothing to tell."""
        ...
