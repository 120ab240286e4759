"""One request to the Dodo dialect, from headers to answer: key, permission, body, errors (dodo.md 1.2, 1.5).

A route is a function of a `Call`; everything that all routes share happens here. The key comes first: who has none learns nothing
of what is wrong with a body. Paths have no trailing slash; the other form is served as well.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from checkstand.dialects.dodo import auth, errors, limits
from checkstand.dialects.dodo.wire import named
from checkstand.domain.errors import CheckstandError, NotFound
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.organization import Organization, Principal
from checkstand.flows import idempotency
from checkstand.flows.ports import Ports
from checkstand.http import BadBody, ignored_fields, json_response, parse_json, read_body
from checkstand.openapi import Answers, Body, Gives, Operation
from checkstand.ops.limiter import Window
from checkstand.parameters import Query
from checkstand.routing import Routes
from checkstand.services import Services, services_of

JSON_TYPE = re.compile(r"^application/(?:[^;]+\+)?json\s*(?:;|$)", re.IGNORECASE)
Model = TypeVar("Model", bound=BaseModel)


class Refused(Exception):
    """An answer that ends the request early."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@dataclass(slots=True)
class Call:
    """A request under way. `principal` is None on public routes without a key and on nothing else."""

    request: Request
    services: Services
    principal: Principal | None = None
    raw: bytes = b""
    data: object = None
    ignored: dict[str, str] | None = None
    window: Window | None = None
    query: type[Query] | None = None

    @property
    def ports(self) -> Ports:
        return self.services.ports

    @property
    def organization(self) -> Organization:
        """The caller's organization; only on routes that need a key."""
        assert self.principal is not None, "a public route asked who is calling"
        return self.principal.organization

    def path_id(self, prefix: DodoPrefix, name: str = "id") -> UUID:
        """A path parameter that must be an id of this kind. Raises NotFound: a malformed one names nothing."""
        found = named(prefix, self.request.path_params[name])
        if found is None:
            raise NotFound
        return found

    def body(self, model: type[Model]) -> Model:
        """The body as a model; remembers which fields nobody read. Raises BadBody, Refused (422)."""
        if self.data is None:
            raise BadBody("empty")
        if not isinstance(self.data, dict):
            raise BadBody("not_an_object")
        try:
            parsed = model.model_validate(self.data)
        except ValidationError as error:
            raise Refused(errors.from_validation(error)) from error
        self.ignored = ignored_fields(self.data, frozenset(model.model_fields))
        return parsed

    def json(self, data: object) -> Response:
        return json_response(data, headers=self.ignored)

    def done(self) -> Response:
        """200 without a body, where clients expect none."""
        return Response(status_code=200, headers=self.ignored)


Handler = Callable[[Call], Awaitable[Response]]


class Api:
    """Collects routes: every path is served with and without a slash at its end."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.routes = Routes()
        self.operations: list[Operation] = []

    def route(
        self,
        method: str,
        path: str,
        *,
        scopes: Sequence[str] = (),
        body: Body | None = None,
        query: type[Query] | None = None,
        status: int = 200,
        answers: Answers = None,
        gives: Gives = "json",
        refuses: Sequence[int] = (),
        public: bool = False,
        keyed: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register a handler. `scopes`: one of them suffices. `keyed`: an Idempotency-Key is honoured.

        `status`, `answers` (the type of the JSON body), `gives` and `refuses` (statuses of this route alone) are for the document.
        """

        def register(handler: Handler) -> Handler:
            async def endpoint(request: Request) -> Response:
                return await answer(
                    request,
                    handler,
                    scopes=scopes,
                    takes_body=body is not None,
                    public=public,
                    keyed=keyed,
                    query=query,
                )

            endpoint.__name__ = handler.__name__
            endpoint.__doc__ = handler.__doc__
            for form in (path, f"{path}/"):
                self.routes.add(form, endpoint, method)
            operation = Operation(
                method=method,
                path=path,
                handler=handler,
                tag=self.tag,
                status=status,
                gives="nothing" if status == 204 else gives,
                answers=answers,
                body=body,
                query=query,
                is_public=public,
                is_keyed=keyed,
                refuses=tuple(refuses),
            )
            self.operations.append(operation)
            return handler

        return register


async def answer(
    request: Request,
    handler: Handler,
    *,
    scopes: Sequence[str],
    takes_body: bool,
    public: bool,
    keyed: bool,
    query: type[Query] | None = None,
) -> Response:
    """Run a handler inside everything that all routes share."""
    call = Call(request, services_of(request), query=query)
    response = await _as_response(
        lambda: _guarded(call, handler, scopes=scopes, takes_body=takes_body, public=public, keyed=keyed)
    )
    response.headers.setdefault("Cache-Control", "private, no-store")
    if call.window is not None:
        response.headers.update(limits.headers(call.window))
    return response


async def _as_response(work: Callable[[], Awaitable[Response]]) -> Response:
    """The answer, whether it was returned or raised."""
    try:
        return await work()
    except Refused as refused:
        return refused.response
    except BadBody as error:
        return errors.bad_body(error)
    except CheckstandError as error:
        return errors.of(error)


async def _guarded(
    call: Call, handler: Handler, *, scopes: Sequence[str], takes_body: bool, public: bool, keyed: bool
) -> Response:
    call.principal = await auth.caller(call.request)
    call.window = limits.count(call.request, call.principal)
    if call.window is not None and call.window.retry_after_s:
        return limits.refusal(call.window)
    if not public:
        if call.principal is None:
            return errors.unauthorized()
        if not call.principal.may(*scopes):
            return errors.forbidden(scopes)
    if takes_body:
        await _read(call)
    key = _idempotency_key(call) if keyed else None
    return await (_once(call, handler, key) if key else handler(call))


async def _read(call: Call) -> None:
    call.raw = await read_body(call.request)
    if call.raw.strip() and not JSON_TYPE.match(call.request.headers.get("content-type", "")):
        raise BadBody("content_type")
    call.data = parse_json(call.raw)


def _idempotency_key(call: Call) -> str | None:
    """The header's, or the field that creating a webhook has for it."""
    given = call.request.headers.get("idempotency-key")
    if given is None and isinstance(call.data, dict) and call.request.url.path.startswith("/webhooks"):
        given = call.data.get("idempotency_key")
    return given if isinstance(given, str) and given.strip() else None


async def _once(call: Call, handler: Handler, key: str) -> Response:
    """The same request under the same Idempotency-Key gets the same answer (dodo.md 10.3: ours, the original has none)."""
    if len(key) > idempotency.LONGEST_KEY:
        return errors.answer(422, errors.PARAMETERS, "Idempotency-Key: at most 255 characters")
    organization_id = call.organization.id
    method, path = call.request.method, call.request.url.path.rstrip("/")
    try:
        replay = await idempotency.begin(call.ports, organization_id, key, method=method, path=path, body=call.raw)
    except idempotency.KeyReused:
        message = "Idempotency-Key: it was used for another request. Use a new key for a new request."
        return errors.answer(422, "IDEMPOTENCY_KEY_REUSED", message)
    except idempotency.KeyBusy:
        message = "Idempotency-Key: a request with this key is at work. Ask again in a moment."
        return errors.answer(409, "IDEMPOTENCY_KEY_BUSY", message, {"retry-after": "1"})
    if replay is not None:
        return Response(replay.body, replay.status, {"Idempotent-Replayed": "true"}, media_type="application/json")
    status, body = 500, b""
    try:
        response = await _as_response(lambda: handler(call))
        status, body = response.status_code, bytes(response.body)
        return response
    finally:
        await idempotency.finish(call.ports, organization_id, key, status=status, body=body)
