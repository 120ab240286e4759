"""`/v1/custom-fields/` (docs/behaviour/polar.md#custom-fields): the questions a merchant may attach to products."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from checkstand.dialects.polar.answers import custom_field as answers
from checkstand.dialects.polar.answers.common import Page
from checkstand.dialects.polar.catalogue.field_models import CREATE, UPDATE
from checkstand.dialects.polar.shown.fields import custom_field
from checkstand.dialects.polar.wire import errors, paging
from checkstand.dialects.polar.wire.call import Api, Call, Refused, known_fields
from checkstand.dialects.polar.wire.models import (
    Base,
)
from checkstand.domain.errors import Invalid
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.catalogue.save_field import change_field, create_field, delete_field, read_field
from checkstand.http import ignored_fields
from checkstand.store.catalogue import custom_fields

api = Api("Polar: custom fields")
READ = ("custom_fields:read", "custom_fields:write")
WRITE = ("custom_fields:write",)
KINDS = ("text", "number", "date", "checkbox", "select")
Body = TypeVar("Body", bound=Base)


def _body(call: Call, kinds: TypeAdapter[Body]) -> Body:
    """The body as the model of its `type`; schema errors carry the kind, as in the original. Raises Refused (422)."""
    given = call.fields()
    try:
        body = kinds.validate_python(given)
    except ValidationError as error:
        raise Refused(errors.from_validation(error)) from error
    call.ignored = ignored_fields(given, known_fields(type(body)))
    return body


@api.route("POST", "/custom-fields/", scopes=WRITE, body=CREATE, status=201, answers=answers.CustomField)
async def create(call: Call) -> Response:
    """Create a custom field.

    422 PolarRequestValidationError: the slug is taken; an organization_id beside an organization's token.
    """
    body = _body(call, CREATE)
    if body.organization_id is not None:
        raise Invalid.single(ProblemCode.ORGANIZATION_WITH_TOKEN, "organization_id", given=str(body.organization_id))
    return call.json(custom_field(await create_field(call.ports, call.organization, body.given())), 201)


class CustomFieldListQuery(paging.ListQuery):
    sorting = paging.sorted_by(custom_fields.SORTABLE, default="slug")
    query = paging.word()
    type = paging.words_of(KINDS, "CustomFieldType")


@api.route("GET", "/custom-fields/", scopes=READ, query=CustomFieldListQuery, answers=Page[answers.CustomField])
async def search(call: Call) -> Response:
    """List custom fields."""
    asked = CustomFieldListQuery(call)
    window = asked.window()
    wanted = custom_fields.FieldFilter(text=asked.query, kinds=asked.type)
    page = await asked.found(window, custom_fields.search, wanted)
    return call.json(paging.envelope([custom_field(item) for item in page.items], page, window.limit))


@api.route("GET", "/custom-fields/{id}", scopes=READ, answers=answers.CustomField)
async def get(call: Call) -> Response:
    """Read a custom field.

    404 ResourceNotFound: no such field.
    """
    return call.json(custom_field(await read_field(call.ports, call.organization, call.path_id())))


@api.route("PATCH", "/custom-fields/{id}", scopes=WRITE, body=UPDATE, answers=answers.CustomField)
async def update(call: Call) -> Response:
    """Change a custom field. A new slug renames the key of every answer.

    404 ResourceNotFound: no such field. 422 PolarRequestValidationError: the slug is taken; another type.
    """
    field_id = call.path_id()
    given = _body(call, UPDATE).given()
    return call.json(custom_field(await change_field(call.ports, call.organization, field_id, given)))


@api.route("DELETE", "/custom-fields/{id}", scopes=WRITE, status=204)
async def delete(call: Call) -> Response:
    """Delete a custom field. Products stop asking it; answers stay.

    404 ResourceNotFound: no such field.
    """
    await delete_field(call.ports, call.organization, call.path_id())
    return Response(status_code=204)
