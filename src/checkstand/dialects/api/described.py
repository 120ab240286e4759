"""What the OpenAPI documents of all APIs tell in the same words."""

from __future__ import annotations

from checkstand.flows.idempotency import LONGEST_KEY
from checkstand.openapi import Json

ANY_TEXT: Json = {"type": "string", "minLength": 1}


def header(name: str, schema: Json, about: str | None = None) -> Json:
    """A header that a request may have."""
    told = {} if about is None else {"description": about}
    return {"name": name, "in": "header", "required": False, **told, "schema": schema}


def key_header(**more: object) -> Json:
    """The Idempotency-Key. `more` is said of its text."""
    schema = {"type": "string", **more, "maxLength": LONGEST_KEY}
    return header("Idempotency-Key", schema, "The same request under the same key gets the same answer.")
