"""Signatures, checked with the receivers' own code: Standard Webhooks, the Polar SDK, the Dodo SDK."""

from __future__ import annotations

import base64
import doctest
import json
import os
import time

import pytest
from dodopayments import DodoPayments
from polar.webhooks import PolarWebhookVerificationError, validate_event
from standardwebhooks import Webhook, WebhookVerificationError

from checkstand.domain import ids
from checkstand.domain.profile import Dialect
from checkstand.webhooks import sign
from checkstand.webhooks.sign import signature_header, signing_keys

BODY = json.dumps({"type": "order.paid", "data": {"note": "ünïcode"}}).encode()


def _steady(size: int) -> bytes:
    """The same bytes in every worker of a run: the secrets are parts of tests' names."""
    return bytes(range(100, 100 + size))


SECRET = ids.webhook_secret(random_bytes=_steady)
# As endpoints had it that were made before: 43 characters, which are no whole number of bytes in base64.
EARLIER_SECRET = ids.secret("whsec_", random_bytes=lambda size: bytes(range(size)))


def headers(dialect: Dialect, secret: str, body: bytes = BODY) -> dict[str, str]:
    now = int(time.time())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": signature_header(dialect, secret, "msg_1", now, body),
    }


def load_with_polar(given: dict[str, str], secret: str) -> dict[str, object]:
    return validate_event(BODY, given, secret, frozenset({"order.paid"}), lambda data: data)


def test_the_examples_hold() -> None:
    assert doctest.testmod(sign).failed == 0


@pytest.mark.parametrize("secret", [SECRET, EARLIER_SECRET, "a-secret-of-the-merchants-own-making!"])
def test_the_polar_sdk_accepts_every_kind_of_secret(secret: str) -> None:
    assert load_with_polar(headers("polar", secret), secret)["type"] == "order.paid"


def test_the_polar_sdk_accepts_either_signature_alone() -> None:
    both = headers("polar", SECRET)
    first, second = both["webhook-signature"].split(" ")
    for one in (first, second):
        assert load_with_polar({**both, "webhook-signature": one}, SECRET)


def test_older_polar_receivers_check_the_first_signature_with_the_whole_secret() -> None:
    raw = base64.b64encode(SECRET.encode()).decode()
    given = headers("polar", SECRET)
    first = {**given, "webhook-signature": given["webhook-signature"].split(" ")[0]}
    assert Webhook(raw).verify(BODY, first)
    assert Webhook(raw).verify(BODY, given)


@pytest.mark.parametrize("secret", [SECRET, EARLIER_SECRET])
def test_a_standard_library_given_the_secret_accepts_a_polar_delivery(secret: str) -> None:
    assert Webhook(secret).verify(BODY, headers("polar", secret))


def test_the_dodo_sdk_unwraps_a_dodo_delivery() -> None:
    client = DodoPayments(bearer_token="unused", webhook_key=SECRET)
    event = client.webhooks.unwrap(BODY.decode(), headers=headers("dodo", SECRET))
    assert str(event.type) == "order.paid"


def test_a_dodo_delivery_has_one_signature() -> None:
    assert " " not in headers("dodo", SECRET)["webhook-signature"]


def test_a_changed_body_is_refused_by_all() -> None:
    changed = BODY.replace(b"paid", b"free")
    with pytest.raises(PolarWebhookVerificationError):
        load_with_polar(headers("polar", SECRET, changed), SECRET)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(changed, headers("dodo", SECRET))


def test_another_secret_is_refused() -> None:
    with pytest.raises(PolarWebhookVerificationError):
        load_with_polar(headers("polar", SECRET), ids.webhook_secret(random_bytes=os.urandom))


def test_a_secret_that_is_no_base64_signs_with_its_text() -> None:
    own = "not base64 at all, but long enough"
    assert signing_keys("polar", own) == signing_keys("dodo", own) == (own.encode(),)
