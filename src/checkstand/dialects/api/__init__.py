"""What every API of this server does alike, said once: a dialect is a folder that adds its own words to it.

call.py     one request: who asks, the body as a model, the answer
routes.py   from the headers to the answer: who may ask, the body, Idempotency-Key, errors; which routes there are and are documented
parts.py    a dialect as the application takes it in
examples.py calls that the dashboard shows, to be pasted

A dialect's `call.py` makes a `Call` and an `Api` of its own from these two; its `errors.py` is the `Errors` of its calls.
"""

from checkstand.dialects.api.call import Call, Errors, Refused, known_fields
from checkstand.dialects.api.parts import DialectParts, Links, OpenedLink
from checkstand.dialects.api.routes import Api, Handler, Opener, Rules

__all__ = [
    "Api",
    "Call",
    "DialectParts",
    "Errors",
    "Handler",
    "Links",
    "OpenedLink",
    "Opener",
    "Refused",
    "Rules",
    "known_fields",
]
