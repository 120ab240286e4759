"""One job for the current Polar client (`polar-sdk` 1.x): one line of JSON out, as `dodo.py` has it.

python polar1.py '{"baseUrl": "…", "token": "…", "call": "customers.update", "path": ["…"], "body": {"name": "Ada"}}'
python polar1.py '{"verify": {"body": "…", "headers": {…}, "secret": "whsec_…"}}'
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

from jobs import Job, NotOffered, do_all, method_of
from polar.v2026_04 import Polar
from polar.v2026_04.webhooks import PolarWebhookUnknownTypeError, validate_event


def call(job: Job) -> Any:
    """Call the method that `job["call"]` names."""
    method = method_of(client(job["baseUrl"], job["token"]), job["call"])
    return method(*job.get("path", []), **job.get("body", {}))


@cache
def client(url: str, token: str) -> Polar:
    """One for all jobs of a shop: each reads the world's certificate authorities anew."""
    return Polar(token, base_url=url, timeout=60)


def verify(job: Job) -> Any:
    try:
        return validate_event(**job)
    except PolarWebhookUnknownTypeError as error:
        raise NotOffered(str(error)) from error


def plain(value: Any) -> Any:
    """The value as JSON knows it."""
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def do(job: Job) -> Any:
    return plain(verify(job["verify"]) if "verify" in job else call(job))


if __name__ == "__main__":
    do_all(do)
