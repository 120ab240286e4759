"""The stand-in for Stripe as a process of its own, and what a test says to it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

SECRET_KEY = "sk_test_standin0123456789"
PUBLISHABLE_KEY = "pk_test_standin0123456789"
WEBHOOK_SECRET = "whsec_standin0123456789"
ROOT = Path(__file__).parents[2]
METHODS = {
    "visa": "pm_card_visa",
    "declined": "pm_card_chargeDeclined",
    "insufficient_funds": "pm_card_chargeDeclinedInsufficientFunds",
    "expired": "pm_card_chargeDeclinedExpiredCard",
    "3ds": "pm_card_authenticationRequired",
    "processing": "pm_usBankAccount_processing",
    "disputed": "pm_card_createDispute",
    "inquired": "pm_card_createDisputeInquiry",
    "refund_fails": "pm_card_refundFail",
    "refund_pends": "pm_card_pendingRefund",
}


@dataclass(frozen=True, slots=True)
class FakeStripe:
    """One running stand-in."""

    url: str
    client: httpx2.Client

    def settings(self, mode: str = "test") -> dict[str, str]:
        """The settings of a server that charges through it."""
        return {
            "gateway": "stripe",
            "stripe_secret_key": SECRET_KEY.replace("test", mode),
            "stripe_publishable_key": PUBLISHABLE_KEY.replace("test", mode),
            "stripe_webhook_secret": WEBHOOK_SECRET,
            "stripe_api_base": self.url,
        }

    def token(self, kind: str = "visa") -> str:
        """A confirmation token, made by Stripe's own helper for tests."""
        headers = {"Authorization": f"Bearer {SECRET_KEY}"}
        path = "/v1/test_helpers/confirmation_tokens"
        return str(self.client.post(path, data={"payment_method": METHODS[kind]}, headers=headers).json()["id"])

    def fault(self, kind: str, times: int = 1, match: str = "POST /v1/payment_intents", **more: Any) -> None:
        """Let something go wrong for the next requests."""
        body = {"kind": kind, "times": times, "match": match, **more}
        assert self.client.post("/_fake/faults", json=body).status_code == 200

    def switch(self, **more: Any) -> None:
        """Set a switch of the stand-in."""
        assert self.client.post("/_fake/faults", json=more).status_code == 200

    def met(self) -> int:
        """How many requests met a fault so far."""
        return int(self.books()["met"])

    def recover(self) -> int:
        """No more faults; how many requests met one so far."""
        return int(self.client.delete("/_fake/faults").json()["met"])

    def send_webhooks_to(self, url: str, secret: str = WEBHOOK_SECRET) -> None:
        """From now on, events go there."""
        assert self.client.post("/_fake/webhooks", json={"url": url, "secret": secret}).status_code == 200

    def deliver(self) -> list[tuple[str, int]]:
        """Send all events that are due; type and answer of each delivery."""
        return [tuple(one) for one in self.client.post("/_fake/webhooks/settle", timeout=300).json()["sent"]]

    def books(self) -> dict[str, Any]:
        """Everything that moved money."""
        found: dict[str, Any] = self.client.get("/_fake/list").json()
        return found

    def paid(self, **metadata: str) -> list[dict[str, Any]]:
        """The charges that succeeded with this metadata."""
        return [
            charge
            for charge in self.books()["charges"]
            if charge["status"] == "succeeded" and metadata.items() <= charge["metadata"].items()
        ]

    def answer(self, action_url: str, answer: str) -> str:
        """What the buyer presses on the bank's page; where the buyer is sent then."""
        done = self.client.post(action_url, data={"answer": answer}, follow_redirects=False)
        assert done.status_code == 303
        return str(done.headers["location"])

    def finish(self, intent: str, outcome: str = "succeeded") -> None:
        """The end of a payment that takes days."""
        assert self.client.post(f"/_fake/intents/{intent}/finish", json={"outcome": outcome}).status_code == 200

    def refund_by_hand(self, intent: str, amount: int | None = None, **more: str) -> str:
        """Refund by hand, as in Stripe's dashboard; the refund's id."""
        body = {"payment_intent": intent, **({"amount": str(amount)} if amount else {}), **more}
        answer = self.client.post("/v1/refunds", data=body, headers={"Authorization": f"Bearer {SECRET_KEY}"})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def finish_refund(self, refund: str, outcome: str = "succeeded") -> None:
        """What the buyer's bank says of a refund later."""
        assert self.client.post(f"/_fake/refunds/{refund}/finish", json={"outcome": outcome}).status_code == 200

    def dispute(self, intent: str, **more: Any) -> str:
        """A buyer disputes a payment; the dispute's id."""
        return str(self.client.post("/_fake/disputes", json={"payment_intent": intent, **more}).json()["id"])

    def move_dispute(self, dispute: str, status: str) -> None:
        """The next state of a dispute, by Stripe's name."""
        assert self.client.post(f"/_fake/disputes/{dispute}", json={"status": status}).status_code == 200

    def book_fees(self) -> int:
        """The fees that were put off by the switch `fees_later`; how many."""
        return int(self.client.post("/_fake/fees").json()["booked"])


@contextlib.contextmanager
def running_fake() -> Iterator[FakeStripe]:
    """The stand-in on a free port, until the block ends."""
    command = [sys.executable, "-m", "fakes.stripe", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with httpx2.Client(base_url=url, timeout=30) as client:
            yield FakeStripe(url, client)
    finally:
        process.terminate()
        process.wait(timeout=10)
