"""One job for a Dodo Payments client, with strict response validation: one line of JSON out.

The current one is in the tests' own environment, older ones in folders of their own, with which this program is started as PYTHONPATH.

    python dodo.py '{"baseUrl": "…", "token": "…", "call": "payments.retrieve", "path": ["pay_…"]}'
    … "call": "customers.update", "path": ["cus_…"], "body": {"name": "Ada"}
    python dodo.py '{"verify": {"body": "…", "headers": {…}, "secret": "whsec_…"}}'

Without an argument each line of the input is a job. The line is {"ok": true, "result": …} or {"ok": false, "error": {"name", "message"}};
the error `NotOffered` means that this client has no such method or type.
"""

from __future__ import annotations

import json
import warnings
from functools import cache
from typing import Any

import standardwebhooks
from dodopayments import DodoPayments
from jobs import Job, NotOffered, do_all, method_of
from pydantic import TypeAdapter

try:
    from dodopayments.types import UnwrapWebhookEvent
except ImportError:  # 1.53 has no types of events
    UnwrapWebhookEvent = None


def call(job: Job) -> Any:
    """Call the method that `job["call"]` names; a page of a list is shown as its `items`."""
    method = method_of(client(job["baseUrl"], job["token"]), job["call"])
    return method(*job.get("path", []), **job.get("body", {}))


@cache
def client(url: str, token: str) -> DodoPayments:
    """One for all jobs of a shop: each reads the world's certificate authorities anew."""
    return DodoPayments(bearer_token=token, base_url=url, max_retries=0, _strict_response_validation=True)


def verify(job: Job) -> Any:
    """The event, when its signature is right and it is one that this client has a type of."""
    event = standardwebhooks.Webhook(job["secret"]).verify(job["body"], job["headers"])
    if UnwrapWebhookEvent is None or f'"{event["type"]}"' not in json.dumps(
        TypeAdapter(UnwrapWebhookEvent).json_schema()
    ):
        raise NotOffered(event["type"])
    client("http://unused", "unused").webhooks.unwrap(job["body"], headers=job["headers"], key=job["secret"])
    return TypeAdapter(UnwrapWebhookEvent).validate_json(job["body"])


def plain(value: Any) -> Any:
    """The value as JSON knows it."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if hasattr(value, "read"):
        return len(value.read())
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def do(job: Job) -> Any:
    return plain(verify(job["verify"]) if "verify" in job else call(job))


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)  # the older way to be paid is tried all the same
    do_all(do)
