"""One job for the current Polar client (`polar-sdk` 1.x): one line of JSON out, as `dodo.py` has it.

python polar1.py '{"baseUrl": "…", "token": "…", "call": "customers.update", "path": ["…"], "body": {"name": "Ada"}}'
python polar1.py '{"verify": {"body": "…", "headers": {…}, "secret": "whsec_…"}}'
"""

from __future__ import annotations

import dataclasses
import json
import sys
from functools import cache, reduce
from typing import Any

from polar.v2026_04 import Polar
from polar.v2026_04.webhooks import PolarWebhookUnknownTypeError, validate_event


class NotOffered(Exception):
    """This client has no such method or type."""


def call(job: dict[str, Any]) -> Any:
    """Call the method that `job["call"]` names."""
    try:
        method = reduce(getattr, job["call"].split("."), client(job["baseUrl"], job["token"]))
    except AttributeError as error:
        raise NotOffered(job["call"]) from error
    return method(*job.get("path", []), **job.get("body", {}))


@cache
def client(url: str, token: str) -> Polar:
    """One for all jobs of a shop: each reads the world's certificate authorities anew."""
    return Polar(token, base_url=url, timeout=60)


def verify(job: dict[str, Any]) -> Any:
    try:
        return validate_event(**job)
    except PolarWebhookUnknownTypeError as error:
        raise NotOffered(str(error)) from error


def plain(value: Any) -> Any:
    """The value as JSON knows it."""
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def main() -> None:
    for line in sys.argv[1:] or sys.stdin:
        job = json.loads(line)
        try:
            answer = {"ok": True, "result": plain(verify(job["verify"]) if "verify" in job else call(job))}
        except Exception as error:  # noqa: BLE001 - whatever the client raises is the answer
            answer = {"ok": False, "error": {"name": type(error).__name__, "message": str(error)}}
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
