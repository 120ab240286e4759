"""A browser that runs no script, as far as a checkout page needs one: it reads the form of a page and posts all of it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx2


class _Form(HTMLParser):
    """The fields of a page as a browser would post them: no buttons, no boxes that are not ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and (self._select not in self.fields or "selected" in given):
            self.fields[self._select] = value
        elif tag == "textarea" and name:
            self.fields[name] = ""
        elif tag == "input" and name and ("checked" in given or given.get("type") not in ("checkbox", "radio")):
            self.fields[name] = value if "value" in given or given.get("type") != "checkbox" else "on"

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


@dataclass(slots=True)
class PaperPage:
    """A checkout page that is open. `with_parts`: as the page's own script posts and reads it."""

    client: httpx2.Client
    url: str
    with_parts: bool = False
    answer: httpx2.Response = field(init=False)
    fields: dict[str, str] = field(init=False, default_factory=dict)

    def open(self) -> PaperPage:
        """Load the page; what was shown before is forgotten."""
        return self._read(self.client.get(self.url, follow_redirects=True))

    def post(self, step: str, **typed: str) -> PaperPage:
        """Post the form with these values in it to `/update` or `/pay`, and read what is shown then."""
        path, _, query = self.url.partition("?")
        headers = {"Sec-Fetch-Site": "same-origin", **({"X-Fragment": "1"} if self.with_parts else {})}
        data = {**self.fields, **typed}
        return self._read(
            self.client.post(f"{path}{step}?{query}", data=data, headers=headers, follow_redirects=not self.with_parts)
        )

    @property
    def shown(self) -> str:
        """The mark of the total on the page; empty where there is no form any more."""
        return self.fields.get("shown", "")

    @property
    def button(self) -> str:
        """What the pay button says; empty where there is none."""
        found = re.search(r'id="pay-button"[^>]*><span>([^<]*)', self.answer.text)
        return html.unescape(found[1]) if found else ""

    @property
    def told(self) -> str:
        """The sentence above the button about a total that changed."""
        found = re.search(r'id="changed-total">.*?<span>([^<]*)', self.answer.text, re.DOTALL)
        return html.unescape(found[1]) if found else ""

    @property
    def has_paid(self) -> bool:
        """Whether the page led on to the result."""
        return self.answer.url.path.endswith("/confirmation") or '"url"' in self.answer.text[:8]

    def _read(self, answer: httpx2.Response) -> PaperPage:
        self.answer = answer
        form = _Form()
        form.feed(answer.text)
        typed = {name: self.fields[name] for name in ("csrf",) if name in self.fields}
        self.fields = {**typed, **form.fields} if "shown" in form.fields else {}
        return self
