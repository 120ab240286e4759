"""Payment attempts and the ledger. An attempt is committed before the gateway hears of it; a verdict lands exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from checkstand.domain.ledger import LedgerEntry
from checkstand.domain.payment import Attempt, AttemptStatus, Fee
from checkstand.store.executor import Executor, Reader
from checkstand.store.query import Page, Query
from checkstand.store.rows import Table

ATTEMPTS = Table("payment_attempts", Attempt)
LEDGER = Table(
    "ledger_entries", LedgerEntry, owned=("organization_id", "id", "transaction_id", "order_id", "created_at")
)
# What a gateway's word changes of an attempt.
_VERDICT = (
    "status",
    "gateway_reference",
    "instrument",
    "action_url",
    "decline_code",
    "decline_message",
    "modified_at",
    "decided_by",
    "voucher",
    "captured_minor",
)


async def add(db: Executor, attempt: Attempt) -> None:
    """Store a new attempt, and when its checkout was first tried. A second live one for the same checkout is refused by constraint."""
    await db.execute(
        f"""
        WITH made AS (
            {ATTEMPTS.insertion}
            RETURNING organization_id, checkout_id, created_at
        )
        UPDATE checkouts
        SET first_tried_at = made.created_at
        FROM made
        WHERE checkouts.organization_id = made.organization_id
          AND checkouts.id = made.checkout_id
          AND checkouts.first_tried_at IS NULL
        """,
        *ATTEMPTS.arguments(attempt),
    )


async def record_verdict(
    db: Executor, attempt: Attempt, *, seen: Sequence[AttemptStatus], ask_again_at: datetime | None
) -> bool:
    """Write what the gateway said, if the attempt is still in one of the states in `seen`. False: another write came first.

    `ask_again_at`: when to ask the gateway how an undecided one stands. The token has been used by now and is forgotten.
    """
    status = await db.execute(
        f"""
        UPDATE payment_attempts
        SET ask_again_at = $4, confirmation_token = NULL, {ATTEMPTS.assignments(*_VERDICT, first=5)}
        WHERE organization_id = $1
          AND id = $2
          AND status = ANY($3::text[])
        """,
        attempt.organization_id,
        attempt.id,
        list(seen),
        ask_again_at,
        *ATTEMPTS.arguments(attempt, *_VERDICT),
    )
    return status.endswith(" 1")


async def by_gateway_key(db: Reader, organization_id: UUID, gateway_key: UUID) -> Attempt | None:
    """The attempt that was charged under this key: how a gateway's own word finds its way back."""
    return await ATTEMPTS.one(
        db,
        f"""
        SELECT {ATTEMPTS.columns}
        FROM payment_attempts
        WHERE organization_id = $1
          AND gateway_key = $2
        """,
        organization_id,
        gateway_key,
    )


async def of_checkouts(
    db: Reader, organization_id: UUID, checkout_ids: Sequence[UUID]
) -> dict[UUID, tuple[Attempt, ...]]:
    """All attempts of these checkouts, oldest first, by checkout."""
    return await ATTEMPTS.grouped(
        db,
        "checkout_id",
        f"""
        SELECT {ATTEMPTS.columns}
        FROM payment_attempts
        WHERE organization_id = $1
          AND checkout_id = ANY($2::uuid[])
        ORDER BY created_at, id
        """,
        organization_id,
        list(checkout_ids),
    )


async def without_verdict(db: Reader, *, organization_id: UUID, before: datetime) -> Sequence[Attempt]:
    """Attempts that were started before a moment and never got an answer: a crash or a lost reply."""
    return await ATTEMPTS.all(
        db,
        f"""
        SELECT {ATTEMPTS.columns}
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


async def to_ask_about(db: Reader, *, organization_id: UUID, now: datetime) -> Sequence[Attempt]:
    """Undecided attempts that it is time to ask about: the gateway said that it would know by now, or has not spoken for long."""
    return await ATTEMPTS.all(
        db,
        f"""
        SELECT {ATTEMPTS.columns}
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


async def declines(db: Reader, organization_id: UUID, checkout_id: UUID) -> int:
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
    entries: Sequence[tuple[UUID, LedgerEntry]],
    now: datetime,
) -> None:
    """Write one balanced transaction into the ledger."""
    if not entries:
        return
    rows = [
        (organization_id, entry_id, transaction_id, order_id, now, *LEDGER.arguments(entry))
        for entry_id, entry in entries
    ]
    await db.executemany(LEDGER.insertion, rows)


async def lacks_fee(db: Reader, organization_id: UUID, attempt_id: UUID) -> bool:
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


async def to_ask_for_fees(db: Reader, *, organization_id: UUID, now: datetime) -> Sequence[Attempt]:
    """Payments whose fee is not known and may be asked for now."""
    return await ATTEMPTS.all(
        db,
        f"""
        SELECT {ATTEMPTS.columns}
        FROM payment_attempts
        WHERE organization_id = $1
          AND ask_fee_at <= $2
        ORDER BY ask_fee_at
        LIMIT 100
        """,
        organization_id,
        now,
    )


SORTABLE = {
    "created_at": "created_at",
    "status": "status",
    "amount": "amount_minor",
    "method": "instrument ->> 'method'",
}
_STATES = {
    "pending": ("started", "requires_action", "processing", "partially_captured"),
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
    db: Reader, organization_id: UUID, wanted: AttemptFilter, *, sorting: Sequence[str], offset: int, limit: int
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
    return await ATTEMPTS.page(db, query, offset=offset, limit=limit)
