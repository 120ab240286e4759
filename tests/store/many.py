"""A shop with as many sessions and sales as a test wants: copies of a real one, made by SQL in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID

import asyncpg

# What each copy has of its own. Ids are made from the original's and the copy's number, so copies refer to each other as it does.
_OWN = "md5({column}::text || i)::uuid"
_SALE: Mapping[str, Mapping[str, str]] = {
    "checkouts": {
        "id": _OWN,
        "order_id": _OWN,
        "client_secret": "{column} || i",
        "created_at": "{column} - i * interval '1 second'",
        "first_tried_at": "{column} - i * interval '1 second'",
        "customer_email": "CASE WHEN i % 2 = 0 THEN 'buyer' || i || '@example.com' END",
    },
    "payment_attempts": {
        "id": _OWN,
        "checkout_id": _OWN,
        "order_id": _OWN,
        "gateway_key": _OWN,
        "created_at": "{column} - i * interval '1 second'",
    },
    "test_gateway_charges": {"id": _OWN},
    "orders": {
        "id": _OWN,
        "checkout_id": _OWN,
        "number": "{column} + i",
        "receipt_number": "{column} + i",
        "created_at": "{column} - i * interval '1 second'",
    },
    "order_items": {"id": _OWN, "order_id": _OWN},
    "ledger_entries": {"id": _OWN, "transaction_id": _OWN, "order_id": _OWN},
}
_SESSION: Mapping[str, Mapping[str, str]] = {
    "checkouts": {**_SALE["checkouts"], "status": "CASE WHEN i % 3 = 0 THEN 'open' ELSE 'expired' END"}
}


async def copy_sessions(url: str, organization_id: UUID, copies: int) -> None:
    """Copies of the organization's sessions: a third of them open, half with an e-mail address."""
    await _copy(url, organization_id, copies, _SESSION)


async def copy_sales(url: str, organization_id: UUID, copies: int) -> None:
    """Copies of the organization's sales with all that belongs to them; orders are numbered on."""
    await _copy(url, organization_id, copies, _SALE)


async def _copy(url: str, organization_id: UUID, copies: int, tables: Mapping[str, Mapping[str, str]]) -> None:
    connection = await asyncpg.connect(url)
    try:
        # References are right as they are made; looking each up again would take most of the time. And a vacuum can tell of rows that
        # everybody sees them only once their commit is written.
        await connection.execute("SET session_replication_role = replica; SET synchronous_commit = on")
        for table, own in tables.items():
            columns = await connection.fetch(
                "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND is_identity = 'NO'", table
            )
            names = [row["column_name"] for row in columns]
            values = [own.get(name, "{column}").format(column=f"t.{name}") for name in names]
            await connection.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "
                f"FROM {table} AS t, generate_series(1, {copies}) AS i WHERE t.organization_id = '{organization_id}'"
            )
        if "orders" in tables:
            await connection.execute(
                "UPDATE organizations SET last_order_number = last_order_number + $2, "
                "last_receipt_number = last_receipt_number + $2 WHERE id = $1",
                organization_id,
                copies,
            )
        for table in tables:
            await _vacuum(connection, table)
    finally:
        await connection.close()


async def _vacuum(connection: asyncpg.Connection, table: str) -> None:
    """Vacuum until nearly all rows are marked as visible to all: an open snapshot may be in the way at first."""
    for _ in range(50):
        await connection.execute(f"VACUUM ANALYZE {table}")
        pages = await connection.fetchrow(
            "SELECT relpages, relallvisible FROM pg_class WHERE oid = $1::regclass", table
        )
        assert pages is not None
        if pages["relallvisible"] >= pages["relpages"] * 0.98 - 2:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{table} is not vacuumed: {pages}")
