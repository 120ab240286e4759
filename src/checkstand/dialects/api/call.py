"""One request to an API of this server, as the function of a route sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import CheckstandError
from checkstand.domain.organization import Organization, Principal
from checkstand.flows.ports import Ports
from checkstand.http import BadBody, ignored_fields, json_response
from checkstand.parameters import Query
from checkstand.services import Services, client_address

Model = TypeVar("Model", bound=BaseModel)


class Refused(Exception):
    """An answer that ends the request early."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class Errors(Protocol):
    """A dialect's error bodies. Its module `errors.py` is one. None of them tells more than it is given."""

    def unauthorized(self) -> Response:
        """401: the route needs a key, and none that opens something was sent."""

    def forbidden(self, scopes: Sequence[str], /) -> Response:
        """403: the key may do none of these."""

    def bad_body(self, error: BadBody, /) -> Response:
        """413 or 422: the body never reached the model."""

    def from_validation(self, error: ValidationError, /) -> Response:
        """422: the body does not fit the model."""

    def of(self, error: CheckstandError, /) -> Response:
        """The answer to what a rule or flow refused. Raises what it does not know."""

    def key_too_long(self, key: str, /) -> Response:
        """422: an Idempotency-Key is too long."""

    def key_reused(self) -> Response:
        """422: the Idempotency-Key was used for another request."""

    def key_busy(self) -> Response:
        """409: a request with the Idempotency-Key is at work."""

    def unrouted(self, status: int, detail: str, hint: str, /) -> Response:
        """404 or 405: no route answers this. `hint` says that it is not served, and where it says what is."""

    def unavailable(self, reference: str, /) -> Response:
        """503: the database cannot be used right now."""

    def fault(self, reference: str, /) -> Response:
        """500: a fault of ours, which the log has under this reference."""


@dataclass(slots=True)
class Call:
    """A request under way. `principal`: who is calling, None without a key that opens something.

    `raw` and `data` are the body, where the route takes one; `ignored` is the header that names what of it nobody read; `bought` is
    the session that the path's secret opened, and whose it is.
    """

    errors: ClassVar[Errors]

    request: Request
    services: Services
    query: type[Query] | None = None
    principal: Principal | None = None
    raw: bytes = b""
    data: object = None
    ignored: dict[str, str] | None = None
    bought: tuple[Organization, Checkout] | None = None

    @property
    def ports(self) -> Ports:
        return self.services.ports

    @property
    def organization(self) -> Organization:
        """The caller's organization; only on routes that need a key."""
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

    async def principal_of(self, token: str) -> Principal | None:
        """The token's row with its organization, whichever API it was made for. None for an unknown token."""
        address = client_address(self.request)
        return await self.services.authenticator.principal(self.ports, token, address=address)

    def fields(self) -> dict[str, object]:
        """The body as an object. Raises BadBody when it is missing or something else."""
        if self.data is None:
            raise BadBody("empty")
        if not isinstance(self.data, dict):
            raise BadBody("not_an_object", given=self.data)
        return self.data

    def body(self, model: type[Model], *, context: object = None) -> Model:
        """The body as a model; remembers which fields it does not know. `context`: what its validators have to know of the caller.

        Raises BadBody, Refused (422).
        """
        fields = self.fields()
        try:
            parsed = model.model_validate(fields, context=context)
        except ValidationError as error:
            raise Refused(self.errors.from_validation(error)) from error
        self.ignored = ignored_fields(fields, known_fields(model))
        return parsed

    def json(self, data: object, status: int = 200) -> Response:
        """An answer with this body; a header names the fields that were ignored."""
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
