"""What the programs here have in common: jobs in, as arguments or line by line, and one line of JSON out for each.

The line is {"ok": true, "result": …} or {"ok": false, "error": {"name", "status", "message"}}. These programs run with the clients of other environments, so that
this module, which lies beside them, uses the standard library alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import reduce
from typing import Any

Job = dict[str, Any]


class NotOffered(Exception):
    """This client has no such method or type."""


def method_of(client: object, name: str) -> Callable[..., Any]:
    """The method that a job names: `checkouts.get`. Raises NotOffered."""
    try:
        found: Callable[..., Any] = reduce(getattr, name.split("."), client)
    except AttributeError as error:
        raise NotOffered(name) from error
    return found


def do_all(do: Callable[[Job], Any]) -> None:
    """Do each job of the arguments, or of the input where there are none."""
    for line in sys.argv[1:] or sys.stdin:
        try:
            answer = {"ok": True, "result": do(json.loads(line))}
        except Exception as error:  # noqa: BLE001 - whatever the client raises is the answer
            cause = f" ({error.__cause__})" if error.__cause__ else ""
            status = getattr(error, "status_code", None)
            answer = {
                "ok": False,
                "error": {"name": type(error).__name__, "status": status, "message": f"{error}{cause}"},
            }
        print(json.dumps(answer, default=str), flush=True)
