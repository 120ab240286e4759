"""`/v1/customers/{id}/members` and the same by the merchant's own ids: the people of a team (docs/behaviour/polar.md#customers)."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.answers.member import Member as MemberAnswer
from checkstand.dialects.polar.customers import customer_views
from checkstand.dialects.polar.customers.customer_models import MemberCreate, MemberUpdate
from checkstand.dialects.polar.customers.customers import by_external_id, by_id, path_text
from checkstand.dialects.polar.wire import errors, paging
from checkstand.dialects.polar.wire.call import Api, Call, Refused
from checkstand.domain.customer import Customer
from checkstand.domain.member import MEMBER_ROLES, Member
from checkstand.flows.customers.save_member import (
    NotATeam,
    add_member,
    change_member,
    read_member,
    read_member_by_external_id,
    remove_member,
)
from checkstand.store.people import members

api = Api("Polar: members")
READ = ("members:read", "members:write")
WRITE = ("members:write",)
OF_ID, OF_EXTERNAL_ID = "/customers/{id}/members", "/customers/external/{external_id}/members"


class MemberListQuery(paging.PageQuery):
    sorting = paging.sorted_by(members.SORTABLE)
    role = paging.word_of(MEMBER_ROLES)


@api.route("GET", OF_EXTERNAL_ID, scopes=READ, query=MemberListQuery, answers=Page[MemberAnswer])
async def search_external(call: Call) -> Response:
    """List the members of a customer by the merchant's own id.

    404 ResourceNotFound: no such customer.
    """
    return await _search(call, await by_external_id(call))


@api.route("GET", OF_ID, scopes=READ, query=MemberListQuery, answers=Page[MemberAnswer])
async def search(call: Call) -> Response:
    """List the members of a customer.

    404 ResourceNotFound: no such customer.
    """
    return await _search(call, await by_id(call))


async def _search(call: Call, customer: Customer) -> Response:
    asked = MemberListQuery(call)
    window, wanted = asked.window(), asked.role
    page = await members.search(
        call.ports.reads,
        call.organization.id,
        customer.id,
        roles=[role for role in MEMBER_ROLES if role in wanted],
        sorting=window.sorting,
        offset=window.offset,
        limit=window.limit,
    )
    return call.json(paging.envelope([customer_views.member(item) for item in page.items], page, window.limit))


@api.route("POST", OF_EXTERNAL_ID, scopes=WRITE, body=MemberCreate, status=201, answers=MemberAnswer)
async def create_external(call: Call) -> Response:
    """Add a member to a customer by the merchant's own id.

    403 NotPermitted: the customer is no team. 404 ResourceNotFound: no such customer. 422 PolarRequestValidationError: the
    external ID is taken.
    """
    return await _create(call, await by_external_id(call))


@api.route("POST", OF_ID, scopes=WRITE, body=MemberCreate, status=201, answers=MemberAnswer)
async def create(call: Call) -> Response:
    """Add a member to a customer. Who has the e-mail already is answered as they are.

    403 NotPermitted: the customer is no team. 404 ResourceNotFound: no such customer. 422 PolarRequestValidationError: the
    external ID is taken.
    """
    return await _create(call, await by_id(call))


async def _create(call: Call, customer: Customer) -> Response:
    given = call.body(MemberCreate).given()
    try:
        made = await add_member(call.ports, call.organization, customer.id, given)
    except NotATeam:
        hint = 'Only a customer of type "team" has members. Change the type of this one first.'
        raise Refused(errors.named(403, "NotPermitted", "Not permitted", hint=hint)) from None
    return call.json(customer_views.member(made), 201)


@api.route("GET", f"{OF_EXTERNAL_ID}/{{member_external_id}}", scopes=READ, answers=MemberAnswer)
async def get_external(call: Call) -> Response:
    """Read a member by the merchant's own ids.

    404 ResourceNotFound: no such customer or member.
    """
    return call.json(customer_views.member(await _by_external_ids(call)))


@api.route("GET", f"{OF_ID}/{{member_id}}", scopes=READ, answers=MemberAnswer)
async def get(call: Call) -> Response:
    """Read a member.

    404 ResourceNotFound: no such customer or member.
    """
    return call.json(customer_views.member(await _by_ids(call)))


@api.route("PATCH", f"{OF_EXTERNAL_ID}/{{member_external_id}}", scopes=WRITE, body=MemberUpdate, answers=MemberAnswer)
async def update_external(call: Call) -> Response:
    """Change a member by the merchant's own ids.

    404 ResourceNotFound: no such customer or member. 422 PolarRequestValidationError: the e-mail address is taken; the only owner
    would be none any more.
    """
    return await _update(call, await _by_external_ids(call))


@api.route("PATCH", f"{OF_ID}/{{member_id}}", scopes=WRITE, body=MemberUpdate, answers=MemberAnswer)
async def update(call: Call) -> Response:
    """Change a member. Who becomes the owner takes over from the present one.

    404 ResourceNotFound: no such customer or member. 422 PolarRequestValidationError: the e-mail address is taken; the only owner
    would be none any more.
    """
    return await _update(call, await _by_ids(call))


async def _update(call: Call, found: Member) -> Response:
    given = call.body(MemberUpdate).given()
    saved = await change_member(call.ports, call.organization, found.customer_id, found.id, given)
    return call.json(customer_views.member(saved))


@api.route("DELETE", f"{OF_EXTERNAL_ID}/{{member_external_id}}", scopes=WRITE, status=204, refuses=(422,))
async def remove_external(call: Call) -> Response:
    """Remove a member by the merchant's own ids.

    404 ResourceNotFound: no such customer or member. 422 PolarRequestValidationError: the member is the owner.
    """
    return await _remove(call, await _by_external_ids(call))


@api.route("DELETE", f"{OF_ID}/{{member_id}}", scopes=WRITE, status=204)
async def remove(call: Call) -> Response:
    """Remove a member. The owner cannot be removed before another member is the owner.

    404 ResourceNotFound: no such customer or member. 422 PolarRequestValidationError: the member is the owner.
    """
    return await _remove(call, await _by_ids(call))


async def _remove(call: Call, found: Member) -> Response:
    await remove_member(call.ports, call.organization, found.customer_id, found.id)
    return Response(status_code=204)


async def _by_ids(call: Call) -> Member:
    customer = await by_id(call)
    return await read_member(call.ports, customer, call.path_id("member_id"))


async def _by_external_ids(call: Call) -> Member:
    customer = await by_external_id(call)
    return await read_member_by_external_id(call.ports, customer, path_text(call, "member_external_id"))
