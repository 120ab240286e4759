"""The real test gateway behind a bad line: one kind of request, or its answer, can be lost, or kill the process that waits for it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from checkstand.domain.payment import Attempt, Unknown, Verdict
from checkstand.domain.refund import Refund, RefundUnknown, RefundVerdict
from checkstand.gateways.testbank.gateway import TestGateway

T = TypeVar("T")


class ProcessDied(BaseException):
    """As if the process was killed: nothing after it runs."""


@dataclass(slots=True)
class BadLine(TestGateway):
    """`lost` is `CALL before` (the request never arrives), `CALL after` (it does, its answer is lost), or None; `kills` ends the process."""

    lost: str | None = None
    kills: bool = False

    # Not `super()`: a class with slots is made anew, and the method would belong to the old one.
    async def charge(self, attempt: Attempt, *, return_url: str) -> Verdict:
        answer = await self._over_the_line("charge", TestGateway.charge(self, attempt, return_url=return_url))
        return answer or Unknown(reason="lost")

    async def refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict:
        answer = await self._over_the_line("refund", TestGateway.refund(self, attempt, refund))
        return answer or RefundUnknown(reason="lost")

    async def lookup(self, attempt: Attempt) -> Verdict | None:
        if not (self.lost or "").startswith("lookup "):
            return await TestGateway.lookup(self, attempt)
        await self._over_the_line("lookup", TestGateway.lookup(self, attempt))
        return Unknown(reason="lost")

    async def lookup_refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict | None:
        if not (self.lost or "").startswith("lookup_refund "):
            return await TestGateway.lookup_refund(self, attempt, refund)
        await self._over_the_line("lookup_refund", TestGateway.lookup_refund(self, attempt, refund))
        return RefundUnknown(reason="lost")

    async def _over_the_line(self, call: str, made: Awaitable[T]) -> T | None:
        """The answer, or None when it is lost."""
        if self.lost == f"{call} before":
            made.close()  # type: ignore[attr-defined]
            answer = None
        else:
            answer = await made
            if self.lost != f"{call} after":
                return answer
        if self.kills:
            raise ProcessDied
        return None
