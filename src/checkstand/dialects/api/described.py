"""What the OpenAPI documents of all APIs tell in the same words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checkstand.domain.profile import WebhookRules
from checkstand.domain.retries import FixedWaits, Retries
from checkstand.flows.idempotency import LONGEST_KEY
from checkstand.openapi import Answers, EventTypes, Json

ANY_TEXT: Json = {"type": "string", "minLength": 1}


def header(name: str, schema: Json, about: str | None = None) -> Json:
    """A header that a request may have."""
    told = {} if about is None else {"description": about}
    return {"name": name, "in": "header", "required": False, **told, "schema": schema}


def key_header(**more: object) -> Json:
    """The Idempotency-Key. `more` is said of its text."""
    schema = {"type": "string", **more, "maxLength": LONGEST_KEY}
    return header("Idempotency-Key", schema, "The same request under the same key gets the same answer.")


def event_types(types: Sequence[Answers], tells: Mapping[str, str], rules: WebhookRules) -> EventTypes:
    """The API's events with what holds for every delivery: signed as Standard Webhooks are, and sent again until it is received."""
    signature = (
        "`v1,` and the base64 of HMAC-SHA256 of `id.timestamp.body`. The key is the bytes in the secret's base64 part"
    )
    if rules.signs_with_whole_secret:
        signature += "; before it, with a space between, stands one whose key is the whole secret as text"
    form = "a UUID" if rules.id_prefix is None else f"it begins with `{rules.id_prefix}_`"
    return EventTypes(
        types=types,
        tells=tells,
        headers=[
            _sent("webhook-id", {"type": "string"}, f"The event's id, the same at every try; {form}."),
            _sent(
                "webhook-timestamp",
                {"type": "string", "pattern": "^[0-9]+$"},
                "When this try was signed, in Unix seconds.",
            ),
            _sent("webhook-signature", {"type": "string"}, f"{signature}."),
        ],
        received=f"Received. Answer within {rules.within_s:g} seconds; the body is not read as an answer.",
        again=f"Any other status, a redirect, or no answer in time: it is sent again. {waits_text(rules.retries)}",
    )


def _sent(name: str, schema: Json, about: str) -> Json:
    return {**header(name, schema, about), "required": True}


def waits_text(retries: Retries) -> str:
    """When something that failed is tried again.

    >>> waits_text(FixedWaits.of_seconds(0, 5, 300))
    '3 retries follow the first try: at once, after 5 s, after 5 min.'
    """
    if isinstance(retries, FixedWaits):
        waits = [_wait_text(wait.total_seconds()) for wait in retries.waits]
        return f"{len(waits)} retries follow the first try: {', '.join(waits)}."
    first, longest = 2 * retries.base_s, 2 * retries.longest_base_s
    return (
        f"{retries.tries} tries in all, {first:g} to {2 * first:g} seconds apart at first, twice as long each time, at most "
        f"{longest / 60:g} minutes."
    )


def _wait_text(seconds: float) -> str:
    if seconds == 0:
        return "at once"
    size, unit = next(pair for pair in ((3600, "h"), (60, "min"), (1, "s")) if seconds >= pair[0])
    return f"after {seconds / size:g} {unit}"
