"""One job for a generated Polar client (`polar_sdk` 0.x): one line of JSON out.

The 0.x clients share their distribution's name with the current one, so each version lives in a folder of its own and
this program is started with that folder as PYTHONPATH: `.clients/polar-0.32` is the last one, `.clients/polar-0.16` the last that
can still send `product_id` in place of `products`; `scripts/lock.sh` names the others.

    python polar0.py '{"baseUrl": "…", "token": "…", "call": "checkouts.get", "kwargs": {"id": "…"}}'
    … "call": "checkouts.create", "kwargs": {"request": {"products": ["…"]}}
    python polar0.py '{"verify": {"body": "…", "headers": {…}, "secret": "whsec_…"}}'

Without an argument each line of the input is a job, for tests, which have many: loading the client takes seconds.

The line is {"ok": true, "result": …} or {"ok": false, "error": {"name", "status", "message"}}; keys are the wire's.
"""

from __future__ import annotations

import json
import sys
from functools import reduce
from typing import Any

from polar_sdk import Polar

try:
    from polar_sdk.webhooks import validate_event
except ImportError:  # 0.13 has no helper
    validate_event = None


def call(job: dict[str, Any]) -> Any:
    """Call the method that `job["call"]` names; a page of a list is shown as its `items` and `pagination`."""
    with Polar(access_token=job["token"], server_url=job["baseUrl"]) as polar:
        method = reduce(getattr, job["call"].split("."), polar)
        answer = method(**job.get("kwargs", {}))
        return getattr(answer, "result", answer)


def plain(value: Any) -> Any:
    """The value as JSON knows it, under the wire's key names."""
    return value.model_dump(mode="json", by_alias=True) if hasattr(value, "model_dump") else value


def describe(error: Exception) -> dict[str, Any]:
    cause = f" ({error.__cause__})" if error.__cause__ else ""
    return {
        "name": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "message": f"{error}{cause}",
    }


def main() -> None:
    for line in sys.argv[1:] or sys.stdin:
        job = json.loads(line)
        try:
            result = validate_event(**job["verify"]) if "verify" in job else call(job)
            answer = {"ok": True, "result": plain(result)}
        except Exception as error:  # noqa: BLE001 - whatever the client raises is the answer
            answer = {"ok": False, "error": describe(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
