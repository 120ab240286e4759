"""One job for a generated Polar client (`polar_sdk` 0.x): one line of JSON out.

The 0.x clients share their distribution's name with the current one, so each version lives in a folder of its own and
this program is started with that folder as PYTHONPATH: `.clients/polar-0.32` is the last one; `tests/clients/versions.toml` names the
others.

    python polar0.py '{"baseUrl": "…", "token": "…", "call": "checkouts.get", "kwargs": {"id": "…"}}'
    … "call": "checkouts.create", "kwargs": {"request": {"products": ["…"]}}
    python polar0.py '{"verify": {"body": "…", "headers": {…}, "secret": "whsec_…"}}'

Without an argument each line of the input is a job, for tests, which have many: loading the client takes seconds.

With "body" in the job it goes into the first parameter that "kwargs" does not name. The line is {"ok": true, "result": …} or
{"ok": false, "error": {"name", "status", "message"}}; keys are the wire's. The error `NotOffered` means that this client has no such
method or type.
"""

from __future__ import annotations

import base64
import json
from inspect import signature
from typing import Any

import standardwebhooks
from jobs import Job, NotOffered, do_all, method_of
from polar_sdk import Polar, models
from pydantic import ValidationError

try:
    from polar_sdk.webhooks import validate_event
except ImportError:  # 0.13 has no helper
    validate_event = None


def call(job: Job) -> Any:
    """Call the method that `job["call"]` names; a page of a list is shown as its `items` and `pagination`."""
    with Polar(access_token=job["token"], server_url=job["baseUrl"]) as polar:
        method = method_of(polar, job["call"])
        given = job.get("kwargs", {})
        if "body" in job:
            # what the method has beside what is given already: `request`, or the body under a name of its own
            given[next(name for name in signature(method).parameters if name not in given)] = job["body"]
        answer = method(**given)
        return getattr(answer, "result", answer)


def verify(job: Job) -> Any:
    """The event, when its signature is right and it is one that this client has a type of."""
    kind = json.loads(job["body"])["type"]
    words = "".join(word.title() for part in kind.split(".") for word in part.split("_"))
    payload = getattr(models, f"Webhook{words}Payload", None)
    if payload is None:
        raise NotOffered(kind)
    try:
        if validate_event:
            return validate_event(**job)
        secret = base64.b64encode(job["secret"].encode()).decode()
        standardwebhooks.Webhook(secret).verify(job["body"], job["headers"])
        return payload.model_validate_json(job["body"])
    except ValidationError as error:
        if any(one["type"] == "union_tag_invalid" and not one["loc"] for one in error.errors()):
            raise NotOffered(kind) from error
        raise


def plain(value: Any) -> Any:
    """The value as JSON knows it, under the wire's key names."""
    return value.model_dump(mode="json", by_alias=True) if hasattr(value, "model_dump") else value


def do(job: Job) -> Any:
    return plain(verify(job["verify"]) if "verify" in job else call(job))


if __name__ == "__main__":
    do_all(do)
