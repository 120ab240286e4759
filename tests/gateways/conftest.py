"""A stand-in for Stripe for each module that wants one: its books and faults are shared by nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways.fake_stripe import FakeStripe, running_fake


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeStripe]:
    """A stand-in of the module's own."""
    with running_fake() as running:
        yield running
