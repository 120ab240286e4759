"""Events: which facts are told, and that name, status and error of one event never disagree, whatever came later."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from checkstand.dialects.dodo import Events
from checkstand.domain import ids
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.payment import Succeeded
from checkstand.domain.webhook import Endpoint
from checkstand.flows.payments.settle_payment import settle_payment
from checkstand.store import facts
from checkstand.store.sales.payments import ATTEMPTS
from tests.answers import event_differences
from tests.dialects.dodo_place import DodoShop


def told(dodo: DodoShop, session: str) -> list[dict[str, Any]]:
    """Every event of a session, in order, as a delivery made now would show it."""
    ports, organization = dodo.server.services.ports, dodo.demo.organization
    endpoint = Endpoint(
        id=uuid4(),
        organization_id=organization.id,
        dialect="dodo",
        url="https://example.com",
        secret="whsec_",
        created_at=datetime.now(UTC),
    )
    events = Events()
    checkout_id = ids.parse_short_id("cks", session)
    assert checkout_id is not None
    shown = []
    for fact in dodo.server.run(facts.timeline(ports.db, organization.id, checkout_id)):
        for name in events.event_types(fact.type):
            payload = dodo.server.run(events.payload(ports, organization, fact, name, endpoint))
            assert payload is not None
            shown.append(json.loads(payload))
            assert event_differences(shown[-1]) == []
    return shown


def test_a_payment_that_succeeded_is_told_in_dodos_envelope(dodo: DodoShop) -> None:
    session = dodo.session()
    dodo.pay(session)
    events = told(dodo, session)
    assert [event["type"] for event in events] == ["payment.succeeded"]
    payment = dodo.payment_of(session)
    assert set(events[0]) == {"business_id", "type", "timestamp", "data"}
    assert events[0]["business_id"] == payment["business_id"]
    assert events[0]["timestamp"].endswith("Z")
    assert events[0]["data"] == {"payload_type": "Payment", **payment}


def test_a_declined_try_is_told_as_failed_even_after_a_later_one_succeeded(dodo: DodoShop) -> None:
    session = dodo.session()
    dodo.pay(session, "ctoken_insufficient_funds")
    dodo.pay(session, "ctoken_declined")
    dodo.pay(session)
    events = told(dodo, session)
    assert [(event["type"], event["data"]["status"], event["data"]["error_code"]) for event in events] == [
        ("payment.failed", "failed", "INSUFFICIENT_FUNDS"),
        ("payment.failed", "failed", "GENERIC_DECLINE"),
        ("payment.succeeded", "succeeded", None),
    ]
    assert len({event["data"]["payment_id"] for event in events}) == 1
    assert [event["data"]["card_last_four"] for event in events] == ["4242"] * 3, "each token stands for that card"


def test_a_payment_that_is_decided_later_is_told_twice(dodo: DodoShop) -> None:
    session = dodo.session()
    dodo.pay(session, "ctoken_processing")
    assert [event["type"] for event in told(dodo, session)] == ["payment.processing"]
    ports, organization = dodo.server.services.ports, dodo.demo.organization
    checkout = dodo.stored(session)
    attempt = dodo.server.run(ATTEMPTS.by_id(ports.db, organization.id, checkout.payment.attempt_id))
    assert attempt is not None
    assert attempt.instrument is not None
    dodo.server.run(settle_payment(ports, attempt, Succeeded(reference="done", instrument=attempt.instrument)))
    events = told(dodo, session)
    assert [(event["type"], event["data"]["status"]) for event in events] == [
        ("payment.processing", "processing"),
        ("payment.succeeded", "succeeded"),
    ]


def test_a_challenge_by_the_bank_is_no_event(dodo: DodoShop) -> None:
    session = dodo.session()
    dodo.pay(session, "ctoken_3ds")
    assert told(dodo, session) == []


@pytest.mark.parametrize("kind", [FactType.CHECKOUT_CREATED, FactType.CUSTOMER_CREATED, FactType.ORDER_PAID])
def test_there_are_no_events_of_checkouts_customers_or_orders(kind: FactType) -> None:
    assert Events().event_types(kind) == ()


def test_an_event_whose_payment_is_gone_has_nothing_to_tell(dodo: DodoShop) -> None:
    ports, organization = dodo.server.services.ports, dodo.demo.organization
    fact = Fact(
        id=uuid4(),
        organization_id=organization.id,
        type=FactType.PAYMENT_SUCCEEDED,
        subject_id=uuid4(),
        occurred_at=datetime.now(UTC),
    )
    endpoint = Endpoint(
        id=uuid4(), organization_id=organization.id, dialect="dodo", url="", secret="", created_at=fact.occurred_at
    )
    told = Events().payload(ports, organization, fact, "payment.succeeded", endpoint)
    assert dodo.server.run(told) is None
