"""Logs tell what happened, and no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from checkstand.ops.logging import configure, redact
from tests.tables import table

SECRETS = {
    "page": "GET /checkout/polar_c_q7Wn3VbT0zLx4mKd9sPfYhRg2uJe8aCo1iNyA 200",
    "dodo page": "GET /session/cks_2JPetRaF32zzP7WAt8ia6 200",
    "polar token": "polar_oat_WusCnymxemqQg409vrsscY9wugJkL8vJULAAP1B80pA",
    "dodo key": "dodo_key_qiOImaCvsX5komAROQmpjkuZMfWBsKtLVldPL1ihrKo",
    "bearer": "Authorization: Bearer abcdefghijklmnop0123",
    "webhook secret": "whsec_tZ2bpv7xCNGmf2WGYYn0RKvWBt30Iepe",
    "stripe": "sk_live_51Habcdefghijklmnop",
    "database": "postgresql://shop:hunter2hunter2@db.internal/shop",
    "card": "4242424242424242",
    "card with blanks": "4000 0027 6000 3184",
    "amex": "3782-822463-10005",
    "query": "/portal?customer_session_token=verysecretvalue",
}
HARMLESS = (
    "GET /v1/checkouts/85357901-222d-4690-83b0-ace2c0bb80a9 200",
    "took 1763770000123456 us",
    "order 1042 of 2026-11-22 at 127.0.0.1:8080",
    "ctoken_visa",
)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Where the log goes during a test; afterwards logging is as it was."""
    root, access = logging.getLogger(), logging.getLogger("uvicorn.access")
    handlers, level, propagates = root.handlers[:], root.level, access.propagate
    access.propagate = True  # which a server without an access log, run in this process before, has switched off
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    access.propagate = propagates
    structlog.reset_defaults()


@table("kind", SECRETS)
def test_what_looks_like_a_secret_is_shortened(kind: str) -> None:
    text = SECRETS[kind]
    longest = max("".join(c if c.isalnum() else " " for c in text).split(), key=len)
    assert "…" in redact(text)
    assert longest not in redact(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("as_json", [True, False])
def test_neither_logger_tells_a_secret(lines: io.StringIO, as_json: bool) -> None:
    configure("debug", as_json=as_json, stream=lines)
    for text in SECRETS.values():
        structlog.get_logger("ours").info(text, detail=text, nested={"list": [text]}, error=ValueError(text))
        logging.getLogger("theirs").warning("seen: %s", text)
        try:
            raise ValueError(text)
        except ValueError:
            structlog.get_logger("ours").exception("failed")
    structlog.get_logger("ours").info("named", password="hunter2", card={"number": "1"}, client_secret="abc")
    told = lines.getvalue()
    for text in SECRETS.values():
        assert text not in told
    assert "hunter2" not in told
    assert '"abc"' not in told


def test_json_has_time_level_and_event_first(lines: io.StringIO) -> None:
    configure("info", as_json=True, stream=lines)
    structlog.get_logger("ours").info("order paid", amount=1000)
    logging.getLogger("theirs").debug("too fine")
    found = json.loads(lines.getvalue())
    assert list(found) == ["time", "level", "event", "amount", "logger"]
    assert (found["level"], found["event"], found["amount"]) == ("info", "order paid", 1000)


def test_a_served_request_is_one_short_line_and_health_checks_are_none(lines: io.StringIO) -> None:
    configure("info", as_json=False, stream=lines)
    access = logging.getLogger("uvicorn.access")
    access.info('%s - "%s %s HTTP/%s" %d', "10.1.2.3:99", "GET", "/v1/products/?token=verysecret", "1.1", 200)
    for quiet in ("/livez", "/healthz"):
        access.info('%s - "%s %s HTTP/%s" %d', "10.1.2.3:99", "GET", quiet, "1.1", 200)
    access.info('%s - "%s %s HTTP/%s" %d', "10.1.2.3:99", "GET", "/readyz", "1.1", 503)
    told = lines.getvalue().splitlines()
    assert [line.partition("request")[2].split() for line in told] == [
        ["method=GET", "path=/v1/products/", "status=200"],
        ["method=GET", "path=/readyz", "status=503"],
    ]
