"""`/meters`: what is counted for prices by usage. What a meter counts is fixed; its words may change.

Source: docs/behaviour/dodo.md#brands-and-meters.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from checkstand.dialects.dodo.answers import meter as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.wire import paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import LONGEST_TEXT, Base, Text
from checkstand.dialects.dodo.wire.words import moment, shown
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.meter import Aggregation, Condition, Conjunction, Filter, Meter, Operator
from checkstand.flows.catalogue.save_meter import archive_meter, change_meter, create_meter, read_meter
from checkstand.store.catalogue import meters

api = Api("Dodo: meters")
READ = ("meters:read", "meters:write")
WRITE = ("meters:write",)
# The outermost filter and three levels within it.
DEEPEST_FILTER = 4

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=100)]
ConditionText = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]


class AggregationIn(Base):
    """How events become one number; everything but counting reads one key of their metadata."""

    type: Literal["count", "sum", "max", "last"]
    key: Key | None = None

    @model_validator(mode="after")
    def _has_key(self) -> AggregationIn:
        if self.type != "count" and self.key is None:
            raise PydanticCustomError("key", "A key is required when the type is not 'count'")
        return self

    def meant(self) -> Aggregation:
        return Aggregation(type=self.type, key=self.key)


class ConditionIn(Base):
    """What must hold for one key of an event's metadata."""

    key: Key
    operator: Operator
    value: ConditionText | bool | int | float

    def meant(self) -> Condition:
        return Condition(key=self.key, operator=self.operator, value=self.value)


def _is_group(value: object) -> str:
    has_clauses = "clauses" in value if isinstance(value, dict) else isinstance(value, FilterIn)
    return "group" if has_clauses else "condition"


Clause = Annotated[
    Annotated[ConditionIn, Tag("condition")] | Annotated["FilterIn", Tag("group")], Discriminator(_is_group)
]


class FilterIn(Base):
    """Conditions alone, or groups alone, of which all or any must hold."""

    conjunction: Conjunction
    clauses: Annotated[list[Clause], Field(min_length=1, max_length=10)]

    @field_validator("clauses")
    @classmethod
    def _of_one_kind(cls, value: list[Clause]) -> list[Clause]:
        if len({isinstance(clause, FilterIn) for clause in value}) > 1:
            raise PydanticCustomError("mixed", "Clauses should be conditions alone or nested filters alone")
        return value

    def depth(self) -> int:
        return 1 + max((clause.depth() for clause in self.clauses if isinstance(clause, FilterIn)), default=0)

    def meant(self) -> Filter:
        groups = tuple(clause.meant() for clause in self.clauses if isinstance(clause, FilterIn))
        conditions = tuple(clause.meant() for clause in self.clauses if isinstance(clause, ConditionIn))
        return Filter(conjunction=self.conjunction, clauses=groups or conditions)


class MeterIn(Base):
    """`POST /meters`."""

    name: Word
    event_name: Word
    measurement_unit: Word
    aggregation: AggregationIn
    description: Text = None
    filter: FilterIn | None = None

    @field_validator("filter")
    @classmethod
    def _not_too_deep(cls, value: FilterIn | None) -> FilterIn | None:
        if value is not None and value.depth() > DEEPEST_FILTER:
            raise PydanticCustomError("depth", "Filters can be nested three levels deep")
        return value


class MeterPatch(Base):
    """`PATCH /meters/{id}`."""

    lasting = frozenset({"name", "measurement_unit"})
    name: Word | None = None
    measurement_unit: Word | None = None
    description: Text = None


@api.route("POST", "/meters", scopes=WRITE, body=MeterIn, answers=answers.Meter, keyed=True, status=201)
async def create(call: Call) -> Response:
    """Create a meter."""
    made = await create_meter(call.ports, call.organization, call.body(MeterIn).given())
    answer = call.json(_shown(made))
    answer.status_code = 201
    return answer


class MeterListQuery(paging.PageQuery):
    archived = paging.flag()


@api.route("GET", "/meters", scopes=READ, query=MeterListQuery, answers=Page[answers.Meter])
async def search(call: Call) -> Response:
    """List meters, newest first: those in use, or with `archived=true` the others."""
    asked = MeterListQuery(call)
    part = asked.window()
    page = await meters.search(
        call.ports.reads,
        call.organization.id,
        is_archived=bool(asked.archived),
        offset=part.offset,
        limit=part.limit,
    )
    return call.json(paging.envelope([_shown(meter) for meter in page.items]))


@api.route("GET", "/meters/{id}", scopes=READ, answers=answers.Meter)
async def get(call: Call) -> Response:
    """Read a meter, archived or not.

    404 NOT_FOUND: no such meter.
    """
    meter_id = call.path_id(DodoPrefix.METER)
    return call.json(_shown(await read_meter(call.ports, call.organization, meter_id)))


@api.route("PATCH", "/meters/{id}", scopes=WRITE, body=MeterPatch, answers=answers.Meter)
async def change(call: Call) -> Response:
    """Change a meter's words. Absent means unchanged; null removes the description.

    404 NOT_FOUND: no such meter.
    """
    meter_id = call.path_id(DodoPrefix.METER)
    given = call.body(MeterPatch).given()
    return call.json(_shown(await change_meter(call.ports, call.organization, meter_id, given)))


@api.route("DELETE", "/meters/{id}", scopes=WRITE, status=204)
async def archive(call: Call) -> Response:
    """Archive a meter. Doing so again changes nothing.

    404 NOT_FOUND: no such meter.
    """
    await archive_meter(call.ports, call.organization, call.path_id(DodoPrefix.METER), is_archived=True)
    return Response(status_code=204)


@api.route("POST", "/meters/{id}/unarchive", scopes=WRITE, gives="nothing")
async def unarchive(call: Call) -> Response:
    """Use an archived meter again.

    404 NOT_FOUND: no such meter.
    """
    await archive_meter(call.ports, call.organization, call.path_id(DodoPrefix.METER), is_archived=False)
    return call.done()


def _shown(meter: Meter) -> answers.Meter:
    return {
        "id": shown(DodoPrefix.METER, meter.id),
        "business_id": shown(DodoPrefix.BUSINESS, meter.organization_id),
        "name": meter.name,
        "event_name": meter.event_name,
        "measurement_unit": meter.measurement_unit,
        "description": meter.description,
        "aggregation": {"type": meter.aggregation.type, "key": meter.aggregation.key},
        "filter": _filter(meter.filter) if meter.filter is not None else None,
        "created_at": moment(meter.created_at),
        "updated_at": moment(meter.modified_at),
    }


def _filter(value: Filter) -> answers.MeterFilter:
    clauses = [_filter(clause) if isinstance(clause, Filter) else _condition(clause) for clause in value.clauses]
    return {"conjunction": value.conjunction, "clauses": clauses}


def _condition(value: Condition) -> answers.MeterCondition:
    return {"key": value.key, "operator": value.operator, "value": value.value}
