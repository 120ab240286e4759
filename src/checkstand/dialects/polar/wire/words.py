"""Small words of the wire: times, currencies, countries, the address object."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload
from uuid import UUID

from checkstand.dialects.polar.answers import common
from checkstand.domain.address import Address


@overload
def moment(value: datetime) -> str: ...
@overload
def moment(value: datetime | None) -> str | None: ...
def moment(value: datetime | None) -> str | None:
    """ISO 8601 in UTC with `Z`; microseconds only when they are not zero."""
    if value is None:
        return None
    in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return in_utc.isoformat().replace("+00:00", "Z")


def uuid(value: UUID | None) -> str | None:
    return str(value) if value is not None else None


@overload
def address(value: Address) -> common.Address: ...
@overload
def address(value: Address | None) -> common.Address | None: ...
def address(value: Address | None) -> common.Address | None:
    """The address object of docs/behaviour/polar.md#billing-address; US and CA states carry their country's prefix already."""
    if value is None:
        return None
    return {
        "line1": value.line1,
        "line2": value.line2,
        "postal_code": value.postal_code,
        "city": value.city,
        "state": value.state,
        "country": value.country,
    }
