"""One request to the Polar dialect, from headers to answer: version, token, scope or secret, body, errors.

A route is a function of a `Call`; everything that all routes share happens here, so that a route reads as its own summary.
Both slash forms and the old `/api/v1` prefix are served directly. Who may not ask has a small body looked at for being JSON, which the
original tells before the missing token, and nothing else done with it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar
from uuid import UUID

from pydantic import UUID4, BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from checkstand.dialects.polar import errors
from checkstand.dialects.polar.limits import over_limit
from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import CheckstandError
from checkstand.domain.organization import Organization, Principal
from checkstand.flows import idempotency
from checkstand.flows.ports import Ports
from checkstand.http import BadBody, ignored_fields, json_response, parse_json, read_body
from checkstand.openapi import Answers, Body, Gives, Operation
from checkstand.ops.bounds import LARGEST_BODY, LARGEST_PUBLIC_BODY
from checkstand.parameters import Query
from checkstand.routing import Routes
from checkstand.services import Services, client_address, services_of

VERSIONS = ("2026-04", "2026-10", "2027-01")
DEFAULT_VERSION = VERSIONS[0]
JSON_TYPE = re.compile(r"^application/(?:[^;]+\+)?json\s*(?:;|$)", re.IGNORECASE)
_UUID4 = TypeAdapter(UUID4)
Model = TypeVar("Model", bound=BaseModel)


class Refused(Exception):
    """An answer that ends the request early."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@dataclass(slots=True)
class Call:
    """A request under way. `principal` is None on public routes and on nothing else."""

    request: Request
    services: Services
    version: str
    principal: Principal | None = None
    raw: bytes = b""
    data: object = None
    ignored: dict[str, str] | None = None
    query: type[Query] | None = None
    bought: tuple[Organization, Checkout] | None = None

    @property
    def ports(self) -> Ports:
        return self.services.ports

    @property
    def organization(self) -> Organization:
        """The caller's organization; only on routes that need a token."""
        assert self.principal is not None, "a public route asked who is calling"
        return self.principal.organization

    @property
    def buyers_session(self) -> tuple[Organization, Checkout]:
        """The session that the path's secret opened, and whose it is; only on routes that are `opened_by` one."""
        assert self.bought is not None, "a route asked for a session that it did not open"
        return self.bought

    @property
    def public_url(self) -> str:
        return self.ports.public_url()

    def path_id(self, name: str = "id") -> UUID:
        """A path parameter that must be a version 4 UUID. Raises Refused (422)."""
        text = self.request.path_params[name]
        try:
            return _UUID4.validate_python(text)
        except ValidationError as error:
            raise Refused(errors.from_validation(error, prefix=("path", name))) from error

    def body(self, model: type[Model]) -> Model:
        """The body as a model; remembers which fields nobody read. Raises Refused (422)."""
        try:
            parsed = model.model_validate(self.fields())
        except ValidationError as error:
            raise Refused(errors.from_validation(error)) from error
        self.ignored = ignored_fields(self.data, known_fields(model))
        return parsed

    def first_of(self, variants: Sequence[tuple[str, type[Model]]]) -> Model:
        """The body as the first of the forms whose key is there and which validates. Raises Refused (422) with the errors of the
        form that was meant, or with every key that would have said which.
        """
        fields = self.fields()
        meant: ValidationError | None = None
        for key, model in variants:
            if key not in fields:
                continue
            try:
                body = model.model_validate(fields)
            except ValidationError as error:
                meant = meant or error
                continue
            self.ignored = ignored_fields(fields, known_fields(model))
            return body
        if meant is not None:
            raise Refused(errors.from_validation(meant))
        missing = [{"type": "missing", "loc": (key,), "msg": "Field required", "input": fields} for key, _ in variants]
        raise Refused(errors.schema(missing))

    def fields(self) -> dict[str, object]:
        """The body as an object. Raises Refused when it is missing or something else."""
        if self.data is None:
            raise Refused(errors.schema([{"type": "missing", "loc": (), "msg": "Field required", "input": None}]))
        if not isinstance(self.data, dict):
            raise Refused(_not_an_object(self.data))
        return self.data

    def json(self, data: object, status: int = 200) -> Response:
        return json_response(data, status=status, headers=self.ignored)


@cache
def known_fields(model: type[BaseModel]) -> frozenset[str]:
    """Every name a model reads, aliases included."""
    names: set[str] = set(getattr(model, "tolerated", ()))
    for name, field in model.model_fields.items():
        names.add(name)
        alias = field.validation_alias
        if isinstance(alias, str):
            names.add(alias)
        elif alias is not None:
            names.update(str(choice) for choice in getattr(alias, "choices", ()))
    return frozenset(names)


def _not_an_object(given: object) -> Response:
    text = "Input should be a valid dictionary or object to extract fields from"
    return errors.schema([{"type": "model_attributes_type", "loc": (), "msg": text, "input": given}])


Handler = Callable[[Call], Awaitable[Response]]
Opener = Callable[[Call], Awaitable[tuple[Organization, Checkout]]]


class Api:
    """Collects routes: every path is served with and without its last slash, under `/v1` and `/api/v1`."""

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
        public: bool = False,
        opened_by: Opener | None = None,
        body: Body | None = None,
        query: type[Query] | None = None,
        status: int = 200,
        answers: Answers = None,
        gives: Gives = "json",
        refuses: Sequence[int] = (),
        also: Sequence[str] = (),
        hidden: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register a handler. `scopes`: one of them suffices. `also`: further paths that mean the same.

        `opened_by` finds what a public path's secret opens, before a body is looked at.
        `answers` (the type of the JSON body), `gives` and `refuses` (statuses of this route alone) are for the document, which
        leaves out what is `hidden`.
        """

        def register(handler: Handler) -> Handler:
            async def endpoint(request: Request) -> Response:
                return await answer(
                    request,
                    handler,
                    scopes=scopes,
                    public=public,
                    opened_by=opened_by,
                    takes_body=body is not None,
                    query=query,
                )

            endpoint.__name__ = handler.__name__
            endpoint.__doc__ = handler.__doc__
            for form in (form for place in (path, *also) for form in forms(place)):
                self.routes.add(form, endpoint, method)
            if not hidden:
                operation = Operation(
                    method=method,
                    path=f"/v1{path}",
                    handler=handler,
                    tag=self.tag,
                    status=status,
                    gives="nothing" if status == 204 else gives,
                    answers=answers,
                    body=body,
                    query=query,
                    is_public=public,
                    is_keyed=method == "POST" and not public,
                    refuses=tuple(refuses),
                )
                self.operations.append(operation)
            return handler

        return register


def forms(path: str) -> list[str]:
    """The paths under which an operation is served."""
    other = path.removesuffix("/") if path.endswith("/") else path + "/"
    return [f"/v1{path}", f"/v1{other}", f"/api/v1{path}", f"/api/v1{other}"]


async def answer(
    request: Request,
    handler: Handler,
    *,
    scopes: Sequence[str],
    public: bool,
    takes_body: bool,
    reads_token: bool = True,
    opened_by: Opener | None = None,
    query: type[Query] | None = None,
) -> Response:
    """Run a handler inside everything that all routes share.

    A token is judged on `public` routes too, unless it is of a kind that is not known here (`reads_token` is False).
    """
    version = request.headers.get("polar-version") or DEFAULT_VERSION
    if version not in VERSIONS:
        return errors.unknown_version()
    call = Call(request, services_of(request), version, query=query)
    try:
        response = await _guarded(
            call,
            handler,
            scopes=scopes,
            public=public,
            reads_token=reads_token,
            opened_by=opened_by,
            takes_body=takes_body,
        )
    except Refused as refused:
        response = refused.response
    except BadBody as error:
        response = errors.bad_body(error)
    except CheckstandError as error:
        response = errors.of(error)
    response.raw_headers.append((b"polar-version", version.encode()))
    if all(name != b"cache-control" for name, _ in response.raw_headers):
        response.raw_headers.append((b"cache-control", b"private, no-store"))
    if request.scope["path"].startswith("/api/v1"):
        response.headers["X-Polar-Deprecation-Notice"] = "The API root has moved to /v1."
    return response


async def _guarded(
    call: Call,
    handler: Handler,
    *,
    scopes: Sequence[str],
    public: bool,
    reads_token: bool,
    opened_by: Opener | None,
    takes_body: bool,
) -> Response:
    token = _bearer(call.request) if reads_token else None
    principal = None
    if token is not None:
        address = client_address(call.request)
        principal = await call.services.authenticator.principal(call.ports, token, address=address)
    if (refusal := over_limit(call.request, principal, token)) is not None:
        return refusal
    if token is not None and principal is None:
        return errors.invalid_token()
    if not public and (principal is None or not principal.may(*scopes)):
        if takes_body:
            await _refuse_broken_json(call)
        return errors.unauthorized() if principal is None else errors.insufficient_scope(scopes)
    if opened_by is not None:
        try:
            call.bought = await opened_by(call)
        except CheckstandError:
            if takes_body:
                await _refuse_broken_json(call)
            raise
    if takes_body:
        await _read(call, most=LARGEST_PUBLIC_BODY if public else LARGEST_BODY)
    if public:
        return await handler(call)
    call.principal = principal
    key = call.request.headers.get("idempotency-key") if call.request.method == "POST" else None
    return await (_once(call, handler, key) if key else handler(call))


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def _read(call: Call, *, most: int) -> None:
    _require_length(call)
    call.raw = await read_body(call.request, most=most)
    if call.raw and not JSON_TYPE.match(call.request.headers.get("content-type", "")):
        raise Refused(_not_an_object(call.raw[:2000].decode("utf-8", "replace")))
    call.data = parse_json(call.raw)


def _require_length(call: Call) -> None:
    headers = call.request.headers
    if "content-length" not in headers and "transfer-encoding" in headers:
        raise Refused(errors.named(411, "LengthRequired", "A Content-Length header is required."))


async def _refuse_broken_json(call: Call) -> None:
    """Tell somebody who may not ask that their body is no JSON, as the original does first. A large one is not looked at."""
    _require_length(call)
    try:
        body = await read_body(call.request, most=LARGEST_PUBLIC_BODY)
        if JSON_TYPE.match(call.request.headers.get("content-type", "")):
            parse_json(body)
    except BadBody as bad:
        if bad.reason in ("not_json", "not_utf8"):
            raise


async def _once(call: Call, handler: Handler, key: str) -> Response:
    """The same request under the same Idempotency-Key gets the same answer (ours; the original has no such keys)."""
    if len(key) > idempotency.LONGEST_KEY:
        item = {"type": "string_too_long", "loc": (), "msg": "String should have at most 255 characters", "input": key}
        return errors.schema([item], prefix=("header", "idempotency-key"))
    organization_id = call.organization.id
    path = call.request.scope["path"]
    try:
        replay = await idempotency.begin(
            call.ports, organization_id, key, method=call.request.method, path=path, body=call.raw
        )
    except idempotency.KeyReused:
        detail = "This Idempotency-Key was used for another request. Use a new key for a new request."
        return errors.named(422, "IdempotencyKeyReused", detail)
    except idempotency.KeyBusy:
        detail = "A request with this Idempotency-Key is at work. Ask again in a moment."
        return errors.named(409, "IdempotencyKeyBusy", detail)
    if replay is not None:
        return Response(replay.body, replay.status, {"Idempotent-Replayed": "true"}, media_type="application/json")
    status, body = 500, b""
    try:
        try:
            response = await handler(call)
        except Refused as refused:
            response = refused.response
        except CheckstandError as error:
            response = errors.of(error)
        status, body = response.status_code, bytes(response.body)
        return response
    finally:
        await idempotency.finish(call.ports, organization_id, key, status=status, body=body)
