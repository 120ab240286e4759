"""`/v1/webhooks/endpoints`. Where one may point, and how it is changed, is in `flows/webhooks/save_endpoint.py`.

Source: docs/behaviour/polar.md#webhook-endpoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import (
    UUID4,
    AfterValidator,
    AnyUrl,
    BeforeValidator,
    StringConstraints,
    UrlConstraints,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from checkstand.dialects.polar.answers import common
from checkstand.dialects.polar.answers.webhook import WebhookEndpoint
from checkstand.dialects.polar.wire import paging
from checkstand.dialects.polar.wire.call import Api, Call
from checkstand.dialects.polar.wire.models import (
    Base,
    Line,
    Many,
    listed,
)
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain.errors import Invalid
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.webhook import Endpoint
from checkstand.flows.webhooks.save_endpoint import (
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    read_endpoint,
    rotate_secret,
)
from checkstand.ops.addresses import is_address, may_reach_private, refused_host_kind
from checkstand.store.delivery import webhooks
from checkstand.store.query import Page

api = Api("Polar: webhooks")
READ = ("webhooks:read", "webhooks:write")
WRITE = ("webhooks:write",)

EventName = Literal[
    "checkout.created", "checkout.updated", "checkout.expired",
    "customer.created", "customer.updated", "customer.deleted", "customer.state_changed",
    "customer_seat.assigned", "customer_seat.claimed", "customer_seat.revoked",
    "member.created", "member.updated", "member.deleted",
    "order.created", "order.updated", "order.paid", "order.refunded",
    "subscription.created", "subscription.updated", "subscription.active", "subscription.canceled",
    "subscription.uncanceled", "subscription.cycled", "subscription.revoked", "subscription.past_due",
    "subscription.paused", "subscription.resumed", "subscription.migrated",
    "refund.created", "refund.updated",
    "product.created", "product.updated",
    "discount.created", "discount.updated", "discount.deleted",
    "benefit.created", "benefit.updated",
    "benefit_grant.created", "benefit_grant.cycled", "benefit_grant.updated", "benefit_grant.revoked",
    "organization.updated",
]  # fmt: skip
_NAMES: tuple[str, ...] = get_args(EventName)
# What a refusal lists; the newest name is read without being told, as the original does not know it yet.
TOLD_NAMES = tuple(name for name in _NAMES if name != "subscription.migrated")
_NAMES_TEXT = listed(TOLD_NAMES)
_LOCAL_RECEIVERS = (
    "Local receivers have plain http addresses, for test organizations where CHECKSTAND_PRIVATE_WEBHOOKS is on."
)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the caller's webhooks may go. `private`: to this machine and its network as well, by plain http."""

    private: bool


def _event(value: object) -> object:
    if value not in _NAMES:
        raise PydanticCustomError("enum", "Input should be {expected}", {"expected": _NAMES_TEXT})
    return value


def _receiver(value: AnyUrl, info: ValidationInfo) -> str:
    """An https address of a public host, or a plain http one of a local receiver where those are allowed.

    A host is judged by its spelling; the flow is stricter for live organizations, and each delivery asks where a name leads.
    """
    host = value.host or ""
    is_public = refused_host_kind(host, allows_private=False) is None
    reach = info.context
    if value.scheme == "http" and not is_public and isinstance(reach, Reach) and reach.private:
        return str(value)
    if value.scheme != "https":
        told = {"expected_schemes": "'https'", "hint": _LOCAL_RECEIVERS}
        raise PydanticCustomError("url_scheme", "URL scheme should be {expected_schemes}", told)
    name = host.rstrip(".")
    if not is_public and (name == "localhost" or name.endswith(".localhost") or is_address(host)):
        sentence = "Value error, Webhook URLs cannot point to localhost or private IP addresses."
        raise PydanticCustomError("value_error", sentence, {"error": ValueError(), "hint": _LOCAL_RECEIVERS})
    return str(value)


WebhookUrl = Annotated[AnyUrl, UrlConstraints(max_length=2083), AfterValidator(_receiver)]
Secret = Annotated[str, StringConstraints(min_length=32)]


class EndpointCreate(Base):
    """A new endpoint. `organization_id` is refused with an organization's own key."""

    lasting = frozenset({"secret", "api_version"})
    apart = frozenset({"organization_id"})

    url: WebhookUrl
    format: Literal["raw", "discord", "slack"]
    events: Annotated[list[Annotated[EventName, BeforeValidator(_event)]], Many]
    name: Line | None = None
    secret: Secret | None = None
    api_version: Literal["2026-04", "2026-10", "2027-01"] | None = None
    organization_id: UUID4 | None = None


class EndpointUpdate(Base):
    """Null and absent mean unchanged."""

    lasting = frozenset({"url", "format", "events", "name", "secret", "enabled", "api_version"})

    url: WebhookUrl | None = None
    format: Literal["raw", "discord", "slack"] | None = None
    events: Annotated[list[Annotated[EventName, BeforeValidator(_event)]], Many] | None = None
    name: Line | None = None
    secret: Secret | None = None
    enabled: bool | None = None
    api_version: Literal["2026-04", "2026-10", "2027-01"] | None = None


def shown(endpoint: Endpoint) -> WebhookEndpoint:
    return {
        "id": str(endpoint.id),
        "created_at": moment(endpoint.created_at),
        "modified_at": moment(endpoint.modified_at),
        "url": endpoint.url,
        "name": endpoint.name,
        "format": endpoint.format,
        "secret": endpoint.secret,
        "organization_id": str(endpoint.organization_id),
        "events": list(endpoint.events),
        "enabled": endpoint.enabled,
        "api_version": endpoint.api_version,
        "uses_standard_webhook_signature": True,
    }


def _reach(call: Call) -> Reach:
    return Reach(private=may_reach_private(call.organization.mode, allowed_here=call.ports.private_webhooks))


@api.route("POST", "/webhooks/endpoints", scopes=WRITE, body=EndpointCreate, status=201, answers=WebhookEndpoint)
async def create(call: Call) -> Response:
    """Create a webhook endpoint.

    422 PolarRequestValidationError: the address is not a plain one; an organization_id beside an organization's token.
    """
    body = call.body(EndpointCreate, context=_reach(call))
    if body.organization_id is not None:
        raise Invalid.single(ProblemCode.ORGANIZATION_WITH_TOKEN, "organization_id", given=str(body.organization_id))
    given = {"api_version": call.version, **body.given()}
    return call.json(shown(await create_endpoint(call.ports, call.organization, "polar", given)), 201)


class EndpointListQuery(paging.OrganizationQuery, paging.UnsortedQuery):
    """Endpoints have one order."""


@api.route("GET", "/webhooks/endpoints", scopes=READ, query=EndpointListQuery, answers=common.Page[WebhookEndpoint])
async def search(call: Call) -> Response:
    """List webhook endpoints, newest first."""
    asked = EndpointListQuery(call)
    window = asked.window()
    if asked.is_elsewhere():
        return call.json(paging.NOTHING)
    found = await webhooks.endpoints(call.ports.reads, call.organization.id, "polar")
    part = found[window.offset : window.offset + window.limit]
    page = Page(part, len(found))
    return call.json(paging.envelope([shown(item) for item in part], page, window.limit))


@api.route("GET", "/webhooks/endpoints/{id}", scopes=READ, answers=WebhookEndpoint)
async def get(call: Call) -> Response:
    """Read a webhook endpoint.

    404 ResourceNotFound: no such endpoint.
    """
    return call.json(shown(await read_endpoint(call.ports, call.organization, "polar", call.path_id())))


@api.route("PATCH", "/webhooks/endpoints/{id}", scopes=WRITE, body=EndpointUpdate, answers=WebhookEndpoint)
async def update(call: Call) -> Response:
    """Change a webhook endpoint.

    404 ResourceNotFound: no such endpoint. 422 PolarRequestValidationError: the address is not a plain one.
    """
    endpoint_id = call.path_id()
    given = call.body(EndpointUpdate, context=_reach(call)).given()
    return call.json(shown(await change_endpoint(call.ports, call.organization, "polar", endpoint_id, given)))


@api.route("PATCH", "/webhooks/endpoints/{id}/secret", scopes=WRITE, answers=WebhookEndpoint)
async def reset_secret(call: Call) -> Response:
    """Give an endpoint a new secret.

    404 ResourceNotFound: no such endpoint.
    """
    return call.json(shown(await rotate_secret(call.ports, call.organization, "polar", call.path_id())))


@api.route("DELETE", "/webhooks/endpoints/{id}", scopes=WRITE, status=204)
async def delete(call: Call) -> Response:
    """Remove a webhook endpoint.

    404 ResourceNotFound: no such endpoint.
    """
    await delete_endpoint(call.ports, call.organization, "polar", call.path_id())
    return Response(status_code=204)
