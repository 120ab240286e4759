"""`/v1/organizations/`: who sells. A key sees its own organization alone."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.polar.answers import organization as answers
from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.shown.organization import organization
from checkstand.dialects.polar.wire import paging
from checkstand.dialects.polar.wire.call import Api, Call
from checkstand.domain.errors import NotFound

api = Api("Polar: organizations")
READ = ("organizations:read", "organizations:write")
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


@api.route("GET", "/organizations/{id}", scopes=READ, answers=answers.Organization)
async def get(call: Call) -> Response:
    """Read an organization.

    404 ResourceNotFound: no such organization, or another one than the token's.
    """
    if call.path_id() != call.organization.id:
        raise NotFound
    return call.json(organization(call.organization))
