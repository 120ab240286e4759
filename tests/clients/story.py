"""One client's way through everything that is served: each operation is called with it and its outcome kept.

A story (`polar_story.py`, `dodo_story.py`) names an operation as the API does and gives what the request carries; how this client spells
such a call is here. Where the client cannot, the same request goes over plain HTTP, so that what comes after can be tried all the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2

from tests.clients.receiver import Receiver
from tests.clients.runner import HERE, ask
from tests.clients.versions import OfficialClient

Outcome = Literal["works", "fails", "not offered"]
ADAPTER_WAYS = ("checkout", "static checkout", "dynamic checkout", "sign-up")
_CALLING, _VERIFYING = "call", "verify"
_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(slots=True)
class Story:
    """What one client makes of one shop. `outcomes`: by operation or event, in the order they were tried; `reasons`: of what fails."""

    client: OfficialClient
    url: str
    key: str
    receiver: Receiver
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def call(
        self,
        name: str,
        request: str,
        *ids: object,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        as_: str = "",
    ) -> Any:
        """What the operation answers. `name`: as clients call it, `customers.update`; `request`: method and path; `ids`: what the path
        names, in its order; `as_`: the parameter that generated clients have for the body, where it is not the only one.
        """
        method, path = request.split()
        named = dict(zip(_PARAMETER.findall(path), ids, strict=True))
        if self.client.language == "adapters":  # they have ways of their own
            return self.plainly(method, path.format(**named), body=body, query=query)
        answer = self._ask(name, named, {**(query or {})}, body, as_)
        self._note(name, answer)
        if answer.get("ok"):
            return answer["result"]
        return self.plainly(method, path.format(**named), body=body, query=query)

    def plainly(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, query: Mapping[str, Any] | None = None
    ) -> Any:
        """The same over plain HTTP."""
        headers = {"Authorization": f"Bearer {self.key}"}
        given = {"json": body} if body is not None else {}
        found = httpx2.request(method, self.url + path, params=query, headers=headers, timeout=60, **given)
        gone = (
            method == "DELETE" and found.status_code == 404
        )  # a client that threw over the answer has deleted it all the same
        assert found.status_code < 400 or gone, f"{method} {path}: {found.status_code} {found.text[:500]}"
        is_json = found.content and found.headers.get("content-type", "").startswith("application/json")
        return found.json() if is_json else None

    def verify(self, secret: str, events: Sequence[str]) -> None:
        """Have the client verify and load the first delivery of each of these events; one that never came fails."""
        came = {hook.event["type"]: hook for hook in reversed(self.receiver.hooks)}
        for event in events:
            answer: dict[str, Any] = {"error": {"name": "NeverCame", "message": f"of {', '.join(came)}"}}
            if event in came:
                verify = {"body": came[event].body, "headers": came[event].headers, "secret": secret}
                answer = self._ask_script(_VERIFYING, verify)
            self._note(f"event {event}", answer)

    def go_ways(self, product: str) -> None:
        """Start a checkout, and sign up, as an adapter lets a merchant's users do it."""
        for way in ADAPTER_WAYS:
            self._note(way, self._ask_script(_CALLING, {"way": way, "product": product}))

    def _note(self, name: str, answer: Mapping[str, Any]) -> None:
        """Keep an outcome; of an operation that is called twice the worse one."""
        if answer.get("ok"):
            self.outcomes.setdefault(name, "works")
        elif answer["error"]["name"] == "NotOffered":
            self.outcomes.setdefault(name, "not offered")
        else:
            self.outcomes[name] = "fails"
            self.reasons.setdefault(name, f"{answer['error']['name']}: {answer['error']['message']}"[:1500])

    def _ask(
        self, name: str, named: Mapping[str, object], query: Mapping[str, Any], body: Mapping[str, Any] | None, as_: str
    ) -> dict[str, Any]:
        client = self.client
        if client.is_generated and client.language == "python":
            # Before 0.14 what is a checkout now was a custom one.
            call = re.sub(r"^checkouts\.", "checkouts.custom.", name) if client.numbers < (0, 14) else name
            job: dict[str, Any] = {"call": call, "kwargs": {**named, **query}}
            return self._ask_script(_CALLING, job | ({} if body is None else {"body": body}))
        if client.language == "python":
            return self._ask_script(
                _CALLING, {"call": name, "path": list(named.values()), "body": {**query, **(body or {})}}
            )
        if client.is_generated:
            parts = {**_camel(named), **_camel(query)}
            if body is not None:
                parts = {**parts, _camel_word(as_): _camel(body)} if named else _camel(body)
            return self._ask_script(_CALLING, {"call": _camel_word(name), "args": [parts]})
        both = {**query, **(body or {})}
        return self._ask_script(
            _CALLING, {"call": _camel_word(name), "args": [*named.values(), *([both] if both else [])]}
        )

    def _ask_script(self, way: str, job: dict[str, Any]) -> dict[str, Any]:
        client, place = self.client, {"baseUrl": self.url, "token": self.key}
        if client.language == "adapters":
            command = ("node", "--conditions=svelte", str(HERE / "adapters" / "adapters.mjs"))
            webhook = {"way": "webhook"} if way == _VERIFYING else {}
            return ask(command, HERE / "adapters", "", {**place, "adapter": client.place, **webhook, **job})
        script = "polar0" if client.is_generated else "polar1" if client.api == "polar" else "dodo"
        if client.language == "python":
            whole = {"verify": job} if way == _VERIFYING else {**place, **job}
            return ask((sys.executable, str(HERE / "python" / f"{script}.py")), HERE, client.python_path, whole)
        job = {**job, "client": client.place}
        if way == _VERIFYING:
            return ask(("node", str(HERE / "js" / "verify-webhook.mjs")), HERE / "js", "", {**job, "helper": script})
        return ask(("node", str(HERE / "js" / f"{script}.mjs")), HERE / "js", "", {**place, "retries": 0, **job})


def pick(answer: Any, key: str) -> Any:
    """A value of an answer, which a client may have renamed to camel case."""
    return answer[key] if key in answer else answer[_camel_word(key)]


def _camel_word(word: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), word)


def _camel(value: Any) -> Any:
    """The value with its keys in camel case, but for metadata's, which are the merchant's own."""
    if isinstance(value, Mapping):
        return {_camel_word(key): item if key == "metadata" else _camel(item) for key, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value
