"""What a browser's form sent: read once, bounded, decoded strictly. What a field means is its page's business.

>>> Form([("name", " Pro "), ("scopes", "a"), ("scopes", "b")]).text("name")
'Pro'
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from starlette.requests import Request

from checkstand.http import BadBody, read_body

MOST_FIELDS = 500


class Form:
    """Fields by name; a name may come several times."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def text(self, name: str) -> str:
        """The first value without blanks around it; empty when the field is absent."""
        return self._values.get(name, [""])[0].strip()

    def raw(self, name: str) -> str:
        """The first value exactly as it was typed: passwords keep their blanks."""
        return self._values.get(name, [""])[0]

    def every(self, name: str) -> list[str]:
        """All values of a name, in order, without blanks around them."""
        return [value.strip() for value in self._values.get(name, [])]

    def has(self, name: str) -> bool:
        """Whether the field was sent at all, as a button's is only when it was pressed."""
        return name in self._values


async def read_form(request: Request) -> Form:
    """The form in a request's body. Raises BadBody when it is too large, no form, or holds text that cannot be stored."""
    body = await read_body(request)
    if body and not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise BadBody("not_a_form")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise BadBody("not_a_form") from error
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise BadBody("bad_text")
    return Form([(name, value.replace("\r\n", "\n")) for name, value in pairs])
