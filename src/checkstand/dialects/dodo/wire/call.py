"""One request to the Dodo dialect: key, limits, and the Idempotency-Key, which has a second place.

The key comes first: who has none learns nothing of what is wrong with a body. Paths have no trailing slash; the other form is served
as well. What all APIs do alike is in `dialects/api`.

Source: docs/behaviour/dodo.md#keys-and-repeated-requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from starlette.responses import Response

from checkstand.dialects import api
from checkstand.dialects.api import Refused
from checkstand.dialects.dodo.wire import errors as bodies
from checkstand.dialects.dodo.wire import limits
from checkstand.dialects.dodo.wire.words import named
from checkstand.domain.errors import NotFound
from checkstand.domain.ids import DodoPrefix
from checkstand.ops.limiter import LimitWindow

__all__ = ["Api", "Call", "Refused"]


@dataclass(slots=True)
class Call(api.Call):
    """A request under way. `principal` is None on public routes without a key and on nothing else."""

    errors: ClassVar[api.Errors] = bodies

    window: LimitWindow | None = None

    def path_id(self, prefix: DodoPrefix, name: str = "id") -> UUID:
        """A path parameter that must be an id of this kind. Raises NotFound for a malformed one."""
        found = named(prefix, self.request.path_params[name])
        if found is None:
            raise NotFound
        return found

    def done(self) -> Response:
        """200 without a body, where clients expect none."""
        return Response(status_code=200, headers=self.ignored)


class Api(api.Api[Call]):
    """Collects routes: every path is served with and without a slash at its end."""

    calls = Call

    async def admit(self, call: Call, rules: api.Rules[Call]) -> None:
        await super().admit(call, rules)
        call.window = limits.count(call.request, call.principal)
        if call.window is not None and call.window.retry_after_s:
            raise Refused(limits.refusal(call.window))

    def finish(self, call: Call, response: Response) -> None:
        super().finish(call, response)
        if call.window is not None:
            response.headers.update(limits.headers(call.window))

    def has_text(self, raw: bytes) -> bool:
        return bool(raw.strip())

    def idempotency_key(self, call: Call) -> str | None:
        """The header's, or the field that creating a webhook has for it."""
        given = call.request.headers.get("idempotency-key")
        if given is None and isinstance(call.data, dict) and call.request.url.path.startswith("/webhooks"):
            given = call.data.get("idempotency_key")
        return given if isinstance(given, str) and given.strip() else None

    def idempotent_path(self, call: Call) -> str:
        return call.request.url.path.rstrip("/")
