"""The people of a team customer, as they are answered (docs/behaviour/polar.md#customers)."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Moment, Uuid
from checkstand.domain.member import MemberRole


class Member(TypedDict):
    """One person of a customer. `external_id` is the merchant's own id of them."""

    id: Uuid
    created_at: Moment
    modified_at: Moment | None
    customer_id: Uuid
    email: str
    name: str | None
    external_id: str | None
    role: MemberRole
