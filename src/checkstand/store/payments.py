"""Payment attempts and the ledger. An attempt is committed before the gateway hears of it; a verdict lands exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from checkstand.domain.ledger import Entry
from checkstand.domain.payment import Attempt, AttemptStatus, Fee, Instrument, Voucher
from checkstand.store.codec import decode, encode
from checkstand.store.database import Executor
from checkstand.store.query import Page, Query

_COLUMNS = """
    organization_id, id, checkout_id, order_id, purpose, status, gateway, gateway_key, gateway_reference,
    confirmation_token, amount_minor, currency, instrument, action_url, decline_code, decline_message, decided_by,
    voucher, captured_minor, created_at, modified_at, return_url, saves, method_id, gateway_method, gateway_customer
"""


def _attempt(row: asyncpg.Record) -> Attempt:
    instrument = row["instrument"]
    return Attempt(
        id=row["id"],
        organization_id=row["organization_id"],
        checkout_id=row["checkout_id"],
        order_id=row["order_id"],
        purpose=row["purpose"],
        status=AttemptStatus(row["status"]),
        gateway=row["gateway"],
        gateway_key=row["gateway_key"],
        gateway_reference=row["gateway_reference"],
        confirmation_token=row["confirmation_token"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        instrument=decode(Instrument, instrument) if instrument is not None else None,
        action_url=row["action_url"],
        decline_code=row["decline_code"],
        decline_message=row["decline_message"],
        decided_by=row["decided_by"],
        voucher=decode(Voucher, row["voucher"]) if row["voucher"] is not None else None,
        captured_minor=row["captured_minor"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        return_url=row["return_url"],
        saves=row["saves"],
        method_id=row["method_id"],
        gateway_method=row["gateway_method"],
        gateway_customer=row["gateway_customer"],
    )


async def add(db: Executor, attempt: Attempt) -> None:
    """Store a new attempt, and when its checkout was first tried. A second live one for the same checkout is refused by constraint."""
    await db.execute(
        f"""
        WITH tried AS (
            UPDATE checkouts
            SET first_tried_at = $20
            WHERE organization_id = $1
              AND id = $3
              AND first_tried_at IS NULL
        )
        INSERT INTO payment_attempts ({_COLUMNS})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::json, $14, $15, $16, $17, $18::json, $19,
                $20, $21, $22, $23, $24, $25, $26)
        """,
        attempt.organization_id,
        attempt.id,
        attempt.checkout_id,
        attempt.order_id,
        attempt.purpose,
        str(attempt.status),
        attempt.gateway,
        attempt.gateway_key,
        attempt.gateway_reference,
        attempt.confirmation_token,
        attempt.amount_minor,
        attempt.currency,
        encode(attempt.instrument) if attempt.instrument is not None else None,
        attempt.action_url,
        attempt.decline_code,
        attempt.decline_message,
        attempt.decided_by,
        encode(attempt.voucher) if attempt.voucher is not None else None,
        attempt.captured_minor,
        attempt.created_at,
        attempt.modified_at,
        attempt.return_url,
        attempt.saves,
        attempt.method_id,
        attempt.gateway_method,
        attempt.gateway_customer,
    )


async def record_verdict(
    db: Executor, attempt: Attempt, *, seen: Sequence[AttemptStatus], ask_again_at: datetime | None
) -> bool:
    """Write what the gateway said, if the attempt is still in one of the states in `seen`. False: somebody was first.

    `ask_again_at`: when to ask the gateway how an undecided one stands. The token has been used by now and is forgotten.
    """
    status = await db.execute(
        """
        UPDATE payment_attempts
        SET status = $3, gateway_reference = $4, instrument = $5::json, action_url = $6, decline_code = $7,
            decline_message = $8, modified_at = $9, decided_by = $11, voucher = $12::json,
            captured_minor = $13, ask_again_at = $14, confirmation_token = NULL
        WHERE organization_id = $1
          AND id = $2
          AND status = ANY($10::text[])
        """,
        attempt.organization_id,
        attempt.id,
        str(attempt.status),
        attempt.gateway_reference,
        encode(attempt.instrument) if attempt.instrument is not None else None,
        attempt.action_url,
        attempt.decline_code,
        attempt.decline_message,
        attempt.modified_at,
        [str(state) for state in seen],
        attempt.decided_by,
        encode(attempt.voucher) if attempt.voucher is not None else None,
        attempt.captured_minor,
        ask_again_at,
    )
    return status.endswith(" 1")


async def by_id(db: Executor, organization_id: UUID, attempt_id: UUID) -> Attempt | None:
    """One attempt of this organization."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM payment_attempts
        WHERE organization_id = $1
          AND id = $2
        """,
        organization_id,
        attempt_id,
    )
    return _attempt(row) if row is not None else None


async def by_gateway_key(db: Executor, organization_id: UUID, gateway_key: UUID) -> Attempt | None:
    """The attempt that was charged under this key: how a gateway's own word finds its way back."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM payment_attempts
        WHERE organization_id = $1
          AND gateway_key = $2
        """,
        organization_id,
        gateway_key,
    )
    return _attempt(row) if row is not None else None


async def of_checkouts(
    db: Executor, organization_id: UUID, checkout_ids: Sequence[UUID]
) -> dict[UUID, tuple[Attempt, ...]]:
    """All attempts of these checkouts, oldest first, by checkout."""
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM payment_attempts
        WHERE organization_id = $1
          AND checkout_id = ANY($2::uuid[])
        ORDER BY created_at, id
        """,
        organization_id,
        list(checkout_ids),
    )
    found: dict[UUID, list[Attempt]] = {}
    for row in rows:
        found.setdefault(row["checkout_id"], []).append(_attempt(row))
    return {checkout_id: tuple(attempts) for checkout_id, attempts in found.items()}


async def without_verdict(db: Executor, *, organization_id: UUID, before: datetime) -> Sequence[Attempt]:
    """Attempts that were started before a moment and never got an answer: a crash or a lost reply."""
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM payment_attempts
        WHERE organization_id = $1
          AND status = 'started'
          AND created_at <= $2
        ORDER BY created_at
        LIMIT 100
        """,
        organization_id,
        before,
    )
    return [_attempt(row) for row in rows]


async def to_ask_about(db: Executor, *, organization_id: UUID, now: datetime) -> Sequence[Attempt]:
    """Undecided attempts that it is time to ask about: the gateway said that it would know by now, or has not spoken for long."""
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM payment_attempts
        WHERE organization_id = $1
          AND status IN ('requires_action', 'processing', 'partially_captured')
          AND ask_again_at <= $2
        ORDER BY ask_again_at
        LIMIT 100
        """,
        organization_id,
        now,
    )
    return [_attempt(row) for row in rows]


async def ask_later(db: Executor, organization_id: UUID, attempt_id: UUID, *, at: datetime) -> None:
    """The gateway still cannot say: it is asked again at that time."""
    await db.execute(
        """
        UPDATE payment_attempts
        SET ask_again_at = $3
        WHERE organization_id = $1
          AND id = $2
          AND status IN ('requires_action', 'processing', 'partially_captured')
        """,
        organization_id,
        attempt_id,
        at,
    )


async def declines(db: Executor, organization_id: UUID, checkout_id: UUID) -> int:
    """How often this session was declined; a buyer who turned back is none."""
    return int(
        await db.fetchval(
            """
            SELECT count(*)
            FROM payment_attempts
            WHERE organization_id = $1
              AND checkout_id = $2
              AND status = 'declined'
              AND decline_code <> 'customer_cancelled'
            """,
            organization_id,
            checkout_id,
        )
    )


async def add_entries(
    db: Executor,
    organization_id: UUID,
    order_id: UUID,
    transaction_id: UUID,
    entries: Sequence[tuple[UUID, Entry]],
    now: datetime,
) -> None:
    """Write one balanced transaction into the ledger."""
    if not entries:
        return
    await db.executemany(
        """
        INSERT INTO ledger_entries (
            organization_id, id, transaction_id, order_id, account, amount_minor, currency, created_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        [
            (organization_id, entry_id, transaction_id, order_id, e.account, e.amount_minor, e.currency, now)
            for entry_id, e in entries
        ],
    )


async def lacks_fee(db: Executor, organization_id: UUID, attempt_id: UUID) -> bool:
    """Whether the gateway still has to say what it kept of a payment."""
    return bool(
        await db.fetchval(
            """
            SELECT ask_fee_at IS NOT NULL
            FROM payment_attempts
            WHERE organization_id = $1
              AND id = $2
            """,
            organization_id,
            attempt_id,
        )
    )


async def record_fee(db: Executor, attempt: Attempt, fee: Fee) -> bool:
    """Write what the gateway kept of a payment. False: that was known already."""
    status = await db.execute(
        """
        UPDATE payment_attempts
        SET fee_minor = $3, fee_currency = $4, ask_fee_at = NULL
        WHERE organization_id = $1
          AND id = $2
          AND status = 'succeeded'
          AND fee_minor IS NULL
        """,
        attempt.organization_id,
        attempt.id,
        fee.amount_minor,
        fee.currency,
    )
    return status.endswith(" 1")


async def ask_fee_later(db: Executor, attempt: Attempt, *, at: datetime) -> None:
    """The gateway cannot say yet what it kept: it is asked at that time, unless it tells before."""
    await db.execute(
        """
        UPDATE payment_attempts
        SET ask_fee_at = $3
        WHERE organization_id = $1
          AND id = $2
          AND status = 'succeeded'
          AND fee_minor IS NULL
        """,
        attempt.organization_id,
        attempt.id,
        at,
    )


async def to_ask_for_fees(db: Executor, *, organization_id: UUID, now: datetime) -> Sequence[Attempt]:
    """Payments whose fee is not known and may be asked for now."""
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM payment_attempts
        WHERE organization_id = $1
          AND ask_fee_at <= $2
        ORDER BY ask_fee_at
        LIMIT 100
        """,
        organization_id,
        now,
    )
    return [_attempt(row) for row in rows]


SORTABLE = {
    "created_at": "created_at",
    "status": "status",
    "amount": "amount_minor",
    "method": "instrument ->> 'method'",
}
_STATES = {
    "pending": ("started", "requires_action", "processing"),
    "succeeded": ("succeeded",),
    "failed": ("declined", "canceled"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFilter:
    """What a list of attempts may be narrowed by. `statuses`: pending, succeeded, failed."""

    checkout_ids: tuple[UUID, ...] = ()
    order_ids: tuple[UUID, ...] = ()
    customer_ids: tuple[UUID, ...] = ()
    statuses: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


async def search(
    db: Executor, organization_id: UUID, wanted: AttemptFilter, *, sorting: Sequence[str], offset: int, limit: int
) -> Page[Attempt]:
    """A page of attempts with the total count; what was free of charge is no payment and not listed."""
    query = Query("payment_attempts", organization_id)
    query.where("gateway <> 'none'")
    query.any_of("checkout_id", wanted.checkout_ids, "uuid")
    query.any_of("order_id", wanted.order_ids, "uuid")
    query.any_of("status", [state for status in wanted.statuses for state in _STATES[status]], "text")
    query.any_of("coalesce(instrument ->> 'method', 'card')", wanted.methods, "text")
    # As an array: the sessions are looked up first, instead of asking for each attempt whether its session is one of them.
    session = "checkout_id = ANY (ARRAY(SELECT c.id FROM checkouts AS c WHERE c.organization_id = $1"
    if wanted.customer_ids:
        query.where(f"{session} AND c.customer_id = ANY({query.bind(list(wanted.customer_ids))}::uuid[])))")
    if wanted.emails:
        folded = [email.lower() for email in wanted.emails]
        query.where(f"{session} AND lower(c.customer_email) = ANY({query.bind(folded)}::text[])))")
    query.order_by(sorting, SORTABLE)
    found = await query.page(db, _COLUMNS, offset=offset, limit=limit)
    return found.of([_attempt(row) for row in found.items])
