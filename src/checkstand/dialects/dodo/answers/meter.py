"""Meters as they are answered (docs/behaviour/dodo.md#brands-and-meters)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Moment
from checkstand.domain.meter import AggregationKind, Conjunction, Operator


class MeterAggregation(TypedDict):
    """How events become one number; everything but counting reads one key of their metadata."""

    type: AggregationKind
    key: str | None


class MeterCondition(TypedDict):
    """What must hold for one key of an event's metadata."""

    key: str
    operator: Operator
    value: str | bool | int | float


class MeterFilter(TypedDict):
    """Conditions alone, or filters alone, of which all (`and`) or any (`or`) must hold."""

    conjunction: Conjunction
    clauses: list[MeterCondition | MeterFilter]


class Meter(TypedDict):
    """What is counted for prices by usage. `measurement_unit` is for people, such as `GB`."""

    id: str
    business_id: str
    name: str
    event_name: str
    measurement_unit: str
    description: str | None
    aggregation: MeterAggregation
    filter: MeterFilter | None
    created_at: Moment
    updated_at: Moment
