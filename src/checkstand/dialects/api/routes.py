"""From a request's headers to its answer, the same for every API: a route is a function of a `Call`, and all else happens here.

Who asks and whether they may comes before the body, so that a stranger's ten megabytes cost nothing; then the body, then the
Idempotency-Key, then the function. What a dialect does in its own way is a method of its `Api`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from checkstand.dialects.api.call import Call, Refused
from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import CheckstandError
from checkstand.domain.organization import Organization
from checkstand.flows import idempotency
from checkstand.http import BadBody, bearer, is_json, parse_json, read_body
from checkstand.openapi import Answers, Body, Gives, Operation
from checkstand.ops.bounds import LARGEST_BODY
from checkstand.parameters import Query
from checkstand.routing import Routes
from checkstand.services import services_of

C = TypeVar("C", bound=Call)
Handler = Callable[[C], Awaitable[Response]]
Opener = Callable[[C], Awaitable[tuple[Organization, Checkout]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(Generic[C]):
    """What must hold before a route's function runs. `scopes`: one of them suffices. `is_public`: no key is needed.

    `reads_token` is False where a token is of a kind that is not known here, and is not looked at.
    """

    handler: Handler[C]
    scopes: Sequence[str] = ()
    is_public: bool = False
    is_keyed: bool = False
    takes_body: bool = False
    reads_token: bool = True
    opened_by: Opener[C] | None = None
    query: type[Query] | None = None


class Api(Generic[C]):
    """The routes of one API that its document has under one tag. `calls`: the dialect's own Call."""

    calls: type[C]
    keys_every_post: ClassVar[bool] = False  # True: an Idempotency-Key is honoured by every POST that needs a key
    takes_any_number: ClassVar[bool] = False  # True: its models bound each number, and tell which bound was missed

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.routes = Routes()
        self.operations: list[Operation] = []

    # ------------------------------------------------------------ a dialect's own

    def spellings(self, path: str) -> Sequence[str]:
        """The paths under which a path is served, with and without its last slash; the one of the document first."""
        return (path, path.removesuffix("/") if path.endswith("/") else path + "/")

    async def admit(self, call: C, rules: Rules[C]) -> None:
        """Find out who is calling. A dialect that limits requests counts them here too, and raises Refused for one too many."""
        token = bearer(call.request) if rules.reads_token else None
        call.principal = await call.principal_of(token) if token is not None else None

    def finish(self, call: C, response: Response) -> None:
        """Put on the headers that every answer has."""
        del call
        if all(name != b"cache-control" for name, _ in response.raw_headers):
            response.raw_headers.append((b"cache-control", b"private, no-store"))

    def largest_body(self, rules: Rules[C]) -> int:
        """How many bytes a route reads at most."""
        del rules
        return LARGEST_BODY

    def has_text(self, raw: bytes) -> bool:
        """Whether a body is there, which then has to be sent as JSON."""
        return bool(raw)

    async def look_before_refusing(self, call: C) -> None:
        """What is checked before a caller without permission is refused, on a route that takes a body. Raises BadBody, Refused."""

    def idempotency_key(self, call: C) -> str | None:
        """The key under which a request is answered once; only of routes that honour one."""
        return call.request.headers.get("idempotency-key") or None

    def idempotent_path(self, call: C) -> str:
        """The path as it belongs to an Idempotency-Key."""
        path: str = call.request.scope["path"]
        return path

    # ------------------------------------------------------------ the same for all

    def route(
        self,
        method: str,
        path: str,
        *,
        scopes: Sequence[str] = (),
        public: bool = False,
        keyed: bool = False,
        opened_by: Opener[C] | None = None,
        body: Body | None = None,
        query: type[Query] | None = None,
        status: int = 200,
        answers: Answers = None,
        gives: Gives = "json",
        refuses: Sequence[int] = (),
        also: Sequence[str] = (),
        hidden: bool = False,
    ) -> Callable[[Handler[C]], Handler[C]]:
        """Register a function. `scopes`: one of them suffices. `also`: further paths that mean the same. `keyed`: an
        Idempotency-Key is honoured. `opened_by` finds what a public path's secret opens, before a body is looked at.

        `status`, `answers` (the type of the JSON body), `gives` and `refuses` (statuses of this route alone) are for the document,
        which leaves out what is `hidden`.
        """

        is_keyed = keyed or (self.keys_every_post and method == "POST" and not public)

        def register(handler: Handler[C]) -> Handler[C]:
            rules = Rules(
                handler=handler,
                scopes=scopes,
                is_public=public,
                is_keyed=is_keyed,
                takes_body=body is not None,
                opened_by=opened_by,
                query=query,
            )
            self.serve(method, (path, *also), rules)
            if not hidden:
                operation = Operation(
                    method=method,
                    path=self.spellings(path)[0],
                    handler=handler,
                    tag=self.tag,
                    status=status,
                    gives="nothing" if status == 204 else gives,
                    answers=answers,
                    body=body,
                    query=query,
                    is_public=public,
                    is_keyed=is_keyed,
                    refuses=tuple(refuses),
                )
                self.operations.append(operation)
            return handler

        return register

    def serve(self, method: str, paths: Sequence[str], rules: Rules[C]) -> None:
        """Answer requests to these paths, in every spelling, under these rules."""

        async def endpoint(request: Request) -> Response:
            return await self.answer(request, rules)

        for path in paths:
            for spelling in self.spellings(path):
                self.routes.add(spelling, endpoint, method)

    async def answer(self, request: Request, rules: Rules[C]) -> Response:
        """Run a route's function inside everything that all routes share."""
        call = self.calls(request, services_of(request), rules.query)
        response = await self._as_response(call, lambda: self._guarded(call, rules))
        self.finish(call, response)
        return response

    async def _as_response(self, call: C, work: Callable[[], Awaitable[Response]]) -> Response:
        """The answer, whether it was returned or raised."""
        try:
            return await work()
        except Refused as refused:
            return refused.response
        except BadBody as error:
            return call.errors.bad_body(error)
        except CheckstandError as error:
            return call.errors.of(error)

    async def _guarded(self, call: C, rules: Rules[C]) -> Response:
        await self.admit(call, rules)
        may_ask = rules.is_public or (call.principal is not None and call.principal.may(*rules.scopes))
        if not may_ask:
            if rules.takes_body:
                await self.look_before_refusing(call)
            return call.errors.unauthorized() if call.principal is None else call.errors.forbidden(rules.scopes)
        if rules.opened_by is not None:
            try:
                call.bought = await rules.opened_by(call)
            except CheckstandError:
                if rules.takes_body:
                    await self.look_before_refusing(call)
                raise
        if rules.takes_body:
            await self.read(call, rules)
        key = self.idempotency_key(call) if rules.is_keyed else None
        return await (self._once(call, rules, key) if key else rules.handler(call))

    async def read(self, call: C, rules: Rules[C]) -> None:
        """Read the body. Raises BadBody."""
        call.raw = await read_body(call.request, most=self.largest_body(rules))
        if self.has_text(call.raw) and not is_json(call.request):
            raise BadBody("content_type", given=call.raw)
        call.data = parse_json(call.raw, any_number=self.takes_any_number)

    async def _once(self, call: C, rules: Rules[C], key: str) -> Response:
        """The same request under the same Idempotency-Key gets the same answer."""
        if len(key) > idempotency.LONGEST_KEY:
            return call.errors.key_too_long(key)
        organization_id = call.organization.id
        method, path = call.request.method, self.idempotent_path(call)
        try:
            replay = await idempotency.begin(call.ports, organization_id, key, method=method, path=path, body=call.raw)
        except idempotency.KeyReused:
            return call.errors.key_reused()
        except idempotency.KeyBusy:
            return call.errors.key_busy()
        if replay is not None:
            headers = {"Idempotent-Replayed": "true"}
            return Response(replay.body, replay.status, headers, media_type="application/json")
        status, body = 500, b""
        try:
            response = await self._as_response(call, lambda: rules.handler(call))
            status, body = response.status_code, bytes(response.body)
            return response
        finally:
            await idempotency.finish(call.ports, organization_id, key, status=status, body=body)
