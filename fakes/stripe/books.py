"""Everything that the stand-in stores: Stripe's objects by id, what idempotency keys were answered, events in order."""

from __future__ import annotations

import itertools
import operator
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from fakes.stripe.errors import missing

Thing = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request under an idempotency key was answered with; `status` 0 while it is still under way."""

    fingerprint: str
    status: int = 0
    body: Thing = field(default_factory=dict)


@dataclass(slots=True)
class Books:
    """One account's objects. One event loop uses them, so nothing is locked."""

    url: str
    objects: dict[str, dict[str, Thing]] = field(default_factory=dict)
    behaviours: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answered] = field(default_factory=dict)
    events: list[Thing] = field(default_factory=list)
    hides_from_search: bool = False
    books_fees_later: bool = False
    _count: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def new_id(self, prefix: str) -> str:
        """An id in Stripe's manner."""
        return f"{prefix}_fake{next(self._count):06d}{secrets.token_hex(6)}"

    def add(self, thing: Thing) -> Thing:
        """Store a new object under its kind and id."""
        self.objects.setdefault(thing["object"], {})[thing["id"]] = thing
        return thing

    def find(self, kind: str, thing_id: str, *, param: str = "id") -> Thing:
        """The object, or Stripe's word that there is none."""
        found = self.objects.get(kind, {}).get(thing_id)
        if found is None:
            raise missing(kind, thing_id, param)
        return found

    def all(self, kind: str) -> list[Thing]:
        """All objects of a kind, newest first, as Stripe lists them."""
        return list(reversed(self.objects.get(kind, {}).values()))

    def tell(self, kind: str, thing: Thing) -> Thing:
        """Note an event with the object as it is now."""
        event: Thing = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(time.time()),
            "type": kind,
            "livemode": thing.get("livemode", False),
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "data": {"object": {name: value for name, value in thing.items() if not name.startswith("_")}},
        }
        self.events.append(event)
        return event


def page(things: list[Thing], url: str, limit: int = 10, after: str | None = None) -> Thing:
    """A list as Stripe shows it: newest first, from the one that follows `after`."""
    if after is not None:
        places = [place for place, thing in enumerate(things) if thing["id"] == after]
        if not places:
            raise missing(url.removeprefix("/v1/").removesuffix("s"), after, "starting_after")
        things = things[places[0] + 1 :]
    return {"object": "list", "url": url, "has_more": len(things) > limit, "data": things[:limit]}


def matches(thing: Thing, params: dict[str, Any]) -> bool:
    """Whether a list with these filters has the object: `payment_intent`, `charge`, `customer`, and when it was `created`."""
    for name in ("payment_intent", "charge", "customer"):
        if name in params and thing.get(name) != params[name]:
            return False
    created = params.get("created", {})
    bounds = created if isinstance(created, dict) else {"gte": created, "lte": created}
    compare = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
    return all(compare[name](thing["created"], int(value)) for name, value in bounds.items())
