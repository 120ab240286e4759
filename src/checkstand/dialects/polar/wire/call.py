"""One request to the Polar dialect: version, token, the slash forms, and what is told before the token.

Both slash forms and the old `/api/v1` prefix are served directly. Who may not ask has a small body looked at for being JSON, which the
original tells before the missing token, and nothing else done with it. What all APIs do alike is in `dialects/api`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar
from uuid import UUID

from pydantic import UUID4, BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from checkstand.dialects import api
from checkstand.dialects.api import Refused, known_fields
from checkstand.dialects.polar.wire import errors as bodies
from checkstand.dialects.polar.wire.errors import DEFAULT_VERSION, VERSIONS
from checkstand.dialects.polar.wire.limits import over_limit
from checkstand.http import BadBody, bearer, ignored_fields, is_json, parse_json, read_body
from checkstand.ops.bounds import LARGEST_BODY, LARGEST_PUBLIC_BODY

__all__ = ["DEFAULT_VERSION", "VERSIONS", "Api", "Call", "Refused", "known_fields"]

_UUID4 = TypeAdapter(UUID4)
Model = TypeVar("Model", bound=BaseModel)


def _version(request: Request) -> str:
    return request.headers.get("polar-version") or DEFAULT_VERSION


@dataclass(slots=True)
class Call(api.Call):
    """A request under way. `principal` is None on public routes and on nothing else."""

    errors: ClassVar[api.Errors] = bodies

    @property
    def version(self) -> str:
        """The version of the API that the request asks for."""
        return _version(self.request)

    def path_id(self, name: str = "id") -> UUID:
        """A path parameter that must be a version 4 UUID. Raises Refused (422)."""
        text = self.request.path_params[name]
        try:
            return _UUID4.validate_python(text)
        except ValidationError as error:
            raise Refused(bodies.from_validation(error, prefix=("path", name))) from error

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
            raise Refused(bodies.from_validation(meant))
        missing = [{"type": "missing", "loc": (key,), "msg": "Field required", "input": fields} for key, _ in variants]
        raise Refused(bodies.schema(missing))


class Api(api.Api[Call]):
    """Collects routes: every path is served with and without its last slash, under `/v1` and `/api/v1`."""

    calls = Call
    keys_every_post = True
    takes_any_number = True

    def spellings(self, path: str) -> Sequence[str]:
        one, other = super().spellings(path)
        return (f"/v1{one}", f"/v1{other}", f"/api/v1{one}", f"/api/v1{other}")

    async def answer(self, request: Request, rules: api.Rules[Call]) -> Response:
        if _version(request) not in VERSIONS:
            return bodies.unknown_version()
        return await super().answer(request, rules)

    async def admit(self, call: Call, rules: api.Rules[Call]) -> None:
        """A token is judged on public routes too, which take no notice of whose it is."""
        token = bearer(call.request) if rules.reads_token else None
        principal = await call.principal_of(token) if token is not None else None
        if (refusal := over_limit(call.request, principal, token)) is not None:
            raise Refused(refusal)
        if token is not None and principal is None:
            raise Refused(bodies.invalid_token())
        call.principal = None if rules.is_public else principal

    def finish(self, call: Call, response: Response) -> None:
        response.raw_headers.append((b"polar-version", call.version.encode()))
        super().finish(call, response)
        if response.status_code == 204:
            response.raw_headers.append(
                (b"content-type", b"application/json")
            )  # as the original's, which has no body either
        if call.request.scope["path"].startswith("/api/v1"):
            response.headers["X-Polar-Deprecation-Notice"] = "The API root has moved to /v1."

    def largest_body(self, rules: api.Rules[Call]) -> int:
        return LARGEST_PUBLIC_BODY if rules.is_public else LARGEST_BODY

    async def look_before_refusing(self, call: Call) -> None:
        """Refuse a body that is no JSON before the missing permission, as the original does. A large one is not looked at."""
        _require_length(call)
        try:
            body = await read_body(call.request, most=LARGEST_PUBLIC_BODY)
            if is_json(call.request):
                parse_json(body)
        except BadBody as bad:
            if bad.reason in ("not_json", "not_utf8"):
                raise

    async def read(self, call: Call, rules: api.Rules[Call]) -> None:
        _require_length(call)
        await super().read(call, rules)


def _require_length(call: Call) -> None:
    headers = call.request.headers
    if "content-length" not in headers and "transfer-encoding" in headers:
        raise Refused(bodies.named(411, "LengthRequired", "A Content-Length header is required."))
