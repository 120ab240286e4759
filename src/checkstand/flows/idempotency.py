"""Idempotency keys: the same request under the same `Idempotency-Key` gets the stored answer for 24 hours.

The key is taken before the work begins: a second request that comes while the first is at work is told so, one with another body is
refused, and one that comes later gets the first answer, byte for byte. An answer that is our own fault is not kept.

Source: docs/behaviour/dodo.md#keys-and-repeated-requests.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from checkstand.flows.ports import Ports
from checkstand.store import idempotency as store

LIFE = timedelta(hours=24)
ABANDONED_AFTER = timedelta(minutes=1)
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Replay:
    """An answer given before."""

    status: int
    body: bytes


class KeyReused(Exception):
    """The key was used for another request."""


class KeyBusy(Exception):
    """The first request under this key has not finished."""


async def begin(ports: Ports, organization_id: UUID, key: str, *, method: str, path: str, body: bytes) -> Replay | None:
    """None: go on, the key is yours. A Replay: answer that. Raises KeyReused, KeyBusy."""
    digest = hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()
    now = ports.real_now()
    found = await store.take(
        ports.db, organization_id, key, digest, now=now, older_than=now - LIFE, abandoned_before=now - ABANDONED_AFTER
    )
    if found is None:
        return None
    if found.request_hash != digest:
        raise KeyReused
    if found.status is None or found.body is None:
        raise KeyBusy
    return Replay(found.status, found.body)


async def finish(ports: Ports, organization_id: UUID, key: str, *, status: int, body: bytes) -> None:
    """Keep the answer; a server error frees the key instead."""
    if status >= 500:
        await store.release(ports.db, organization_id, key)
    else:
        await store.keep(ports.db, organization_id, key, status, body)
