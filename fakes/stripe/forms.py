"""Form fields with brackets, as Stripe's API takes them.

>>> decode("metadata[order]=7&expand[]=a&expand[]=b&automatic_payment_methods[enabled]=true")
{'metadata': {'order': '7'}, 'expand': ['a', 'b'], 'automatic_payment_methods': {'enabled': 'true'}}
>>> decode("expand[0]=latest_charge")
{'expand': ['latest_charge']}
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"\[([^\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """The fields as nested dictionaries and lists of texts."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = [name.partition("[")[0], *_PART.findall(name)]
        at = found
        for part in path[:-1]:
            at = at.setdefault(part, {})
        last = path[-1]
        at[str(len(at)) if last == "" else last] = value
    return {name: _tidy(value) for name, value in found.items()}


def _tidy(value: Any) -> Any:
    """Dictionaries whose keys count from 0 are lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key == str(position) for position, key in enumerate(value)):
        return [_tidy(item) for item in value.values()]
    return {key: _tidy(item) for key, item in value.items()}
