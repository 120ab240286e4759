"""Deliveries of five organizations beside one whose receivers never answer and whose names take ten seconds, for a minute."""

from __future__ import annotations

import asyncio

import pytest

from tests.webhooks.neighbours import percentile, waits_beside


@pytest.mark.prove
def test_what_is_slow_in_one_organization_is_not_felt_in_the_others(quiet_database_url: str) -> None:
    waits = asyncio.run(
        waits_beside(quiet_database_url, hanging=90, slow_names=8, events=12, others=5, of_each=200, every_s=0.25)
    )
    p50, p99 = percentile(waits, 0.5), percentile(waits, 0.99)
    print(
        f"90 receivers that never answer, 8 names of 10 s: {len(waits)} deliveries of 5 other organizations, "
        f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms"
    )
    assert p99 < 1.0
