"""`/v1/organizations/`: who sells. A key sees its own organization alone.

Source: docs/behaviour/polar.md#organizations.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import EmailStr, StringConstraints
from starlette.responses import Response

from checkstand.dialects.polar.answers import organization as answers
from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.shown.organization import organization
from checkstand.dialects.polar.wire import paging
from checkstand.dialects.polar.wire.call import Api, Call
from checkstand.dialects.polar.wire.models import Base, Url
from checkstand.domain.errors import NotFound
from checkstand.flows.organizations.change_organization import change_organization
from checkstand.ops.bounds import LONGEST_LINE

api = Api("Polar: organizations")
READ = ("organizations:read", "organizations:write")
WRITE = ("organizations:write",)
SORTABLE = ("created_at", "slug", "name", "next_review_threshold", "days_in_status")


class OrganizationListQuery(paging.PageQuery):
    sorting = paging.sorted_by(SORTABLE, default="created_at")
    slug = paging.word()


@api.route("GET", "/organizations/", scopes=READ, query=OrganizationListQuery, answers=Page[answers.Organization])
async def search(call: Call) -> Response:
    """List the organizations that this key opens."""
    asked = OrganizationListQuery(call)
    window, slug = asked.window(), asked.slug
    if window.offset or slug not in (None, call.organization.slug):
        total = 1 if slug in (None, call.organization.slug) else 0
        return call.json({"items": [], "pagination": {"total_count": total, "max_page": total}})
    shown = organization(call.organization)
    return call.json({"items": [shown], "pagination": {"total_count": 1, "max_page": 1}})


class OrganizationUpdate(Base):
    """What may be changed by the API; null and absent mean unchanged. Other fields are named in the answer's header."""

    lasting = frozenset({"name", "email", "website"})

    name: Annotated[str, StringConstraints(min_length=3, max_length=LONGEST_LINE)] | None = None
    email: EmailStr | None = None
    website: Url | None = None


@api.route("PATCH", "/organizations/{id}", scopes=WRITE, body=OrganizationUpdate, answers=answers.Organization)
async def update(call: Call) -> Response:
    """Change an organization's name, e-mail address or website.

    404 ResourceNotFound: no such organization, or another one than the token's.
    """
    organization_id = call.path_id()
    given = call.body(OrganizationUpdate).given()
    if organization_id != call.organization.id:
        raise NotFound
    return call.json(organization(await change_organization(call.ports, organization_id, given)))


@api.route("GET", "/organizations/{id}", scopes=READ, answers=answers.Organization)
async def get(call: Call) -> Response:
    """Read an organization.

    404 ResourceNotFound: no such organization, or another one than the token's.
    """
    if call.path_id() != call.organization.id:
        raise NotFound
    return call.json(organization(call.organization))
