"""Fair shares: how much of something bounded one tenant may hold at a time. Whatever a tenant can make slow goes through here.

A delivery to a receiver that never answers, a name whose server is asleep: each takes a place for as long as it really lasts. One
owner holds at most its share, and never more than a quarter of what is still free: the more owners are at it, the less each of them
has, and whoever comes next finds a place.

    >>> shares = Shares(places=32, most_of_one=4)
    >>> [shares.take("slow") for _ in range(6)]
    [True, True, True, True, False, False]
    >>> shares.take("quick"), shares.free
    (True, 27)

What the places are for is the caller's; nothing here waits for anything but a place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field

# An owner may hold one place for so many that are free.
FREE_FOR_ONE = 4


@dataclass(slots=True)
class Shares:
    """A number of places and who holds them. Used from one event loop; `owner` is mostly an organization's id."""

    places: int
    most_of_one: int
    _held: dict[Hashable, int] = field(default_factory=dict)
    _waiting: list[tuple[Hashable, asyncio.Future[None]]] = field(default_factory=list)
    _taken: int = 0

    @property
    def free(self) -> int:
        """How many places are free."""
        return self.places - self._taken

    def held(self, owner: Hashable) -> int:
        """Places that this owner holds."""
        return self._held.get(owner, 0)

    def room(self, owner: Hashable) -> int:
        """How many more places the owner may take now."""
        held = now = self.held(owner)
        while now - held < self.free and now < self._share(self.free - (now - held)):
            now += 1
        return now - held

    def is_beyond(self, owner: Hashable) -> bool:
        """Whether the owner holds more than its share has become, since others came: it should give back what it can."""
        return self.held(owner) > self._share(self.free)

    def take(self, owner: Hashable) -> bool:
        """Take a place, to be given back with `release`. False when the owner has its share, or nothing is free."""
        if not self.free or self.held(owner) >= self._share(self.free):
            return False
        self._held[owner] = self.held(owner) + 1
        self._taken += 1
        return True

    async def wait(self, owner: Hashable) -> None:
        """Take a place as soon as the owner may; who waits longest comes first. Bounded by the caller's own time-out."""
        if self.take(owner):
            return
        turn = asyncio.get_running_loop().create_future()
        entry = (owner, turn)
        self._waiting.append(entry)
        try:
            await turn
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            elif turn.done() and not turn.cancelled():  # it was given a place in the same moment
                self.release(owner)
            raise

    def release(self, owner: Hashable) -> None:
        """Give one place back, and wake the waiter that may have it."""
        left = self._held[owner] - 1
        if left:
            self._held[owner] = left
        else:
            del self._held[owner]
        self._taken -= 1
        for entry in list(self._waiting):
            if not self.free:
                break
            if not entry[1].done() and self.take(entry[0]):
                self._waiting.remove(entry)
                entry[1].set_result(None)

    def _share(self, free: int) -> int:
        """The most that one owner may hold while so many places are free."""
        return min(self.most_of_one, max(1, free // FREE_FOR_ONE))
