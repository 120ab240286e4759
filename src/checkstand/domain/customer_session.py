"""Customer sessions: a token with which a buyer reaches what is theirs (docs/behaviour/polar.md#customer-sessions).

A session lives one hour and is not prolonged by use; a new one leaves older ones valid. Only a keyed hash of the token is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSession:
    """One customer's way in, until it ends. Times are the organization's."""

    id: UUID
    organization_id: UUID
    customer_id: UUID
    created_at: datetime
    expires_at: datetime
