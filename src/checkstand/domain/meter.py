"""Meters: which events of a customer are counted, and how (docs/behaviour/dodo.md#brands-and-meters). Prices by usage refer to them.

A meter reads the events of one name that fit its filter, and takes their number, or the sum, the largest or the last of what stands
under one key of their metadata. An archived meter is not offered any more; prices that refer to it keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

AggregationKind = Literal["count", "sum", "max", "last"]
Conjunction = Literal["and", "or"]
Operator = Literal[
    "equals",
    "not_equals",
    "greater_than",
    "greater_than_or_equals",
    "less_than",
    "less_than_or_equals",
    "contains",
    "does_not_contain",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation:
    """How events become one number. `key` names the metadata that is read; counting needs none."""

    type: AggregationKind
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold for one key of an event's metadata."""

    key: str
    operator: Operator
    value: str | bool | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions, or groups of them, of which all (`and`) or any (`or`) must hold."""

    conjunction: Conjunction
    clauses: tuple[Condition, ...] | tuple[Filter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What is counted. `measurement_unit` is for people: requests, GB, minutes."""

    id: UUID
    organization_id: UUID
    name: str
    event_name: str
    measurement_unit: str
    description: str | None = None
    aggregation: Aggregation
    filter: Filter | None = None
    created_at: datetime
    modified_at: datetime
    archived_at: datetime | None = None
