"""A page as a browser without JavaScript sees it: its forms and their fields, its alerts, where it moves on to.

Only HTML is looked at, as far as the buyer in `browser.py` needs it; nothing here knows our templates. The rules of what a
form sends are HTML's: enabled controls with a name, ticked boxes, and the one button that was pressed.

    >>> page = read('<main data-page="checkout"><form action="/pay" method="post"><input name="email" required>'
    ...             '<button name="do" value="pay">Pay</button></form></main>')
    >>> page.kind, page.forms[0].fields[0].name, page.forms[0].buttons[0].value
    ('checkout', 'email', 'pay')
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_BUTTONS: Final = frozenset({"submit", "image"})
_BLOCK_END: Final = "\0"
_BLOCKS: Final = frozenset({"h1", "h2", "h3", "p", "li", "div", "dt", "dd"})
_REFRESH: Final = re.compile(
    r"^\s*(\d+(?:\.\d+)?)\s*(?:[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"]*)['\"]?)?\s*$", re.IGNORECASE
)
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


@dataclass(slots=True)
class Choice:
    """One option of a select."""

    value: str
    is_selected: bool = False


@dataclass(slots=True, kw_only=True)
class Field:
    """One control. `value` is what would be sent; a box or a radio button sends it only when `is_checked`.

    Bounds and lengths are as the page wrote them; a number that is typed as text has its bounds in `data-min` and `data-max`.
    """

    name: str
    kind: str
    value: str = ""
    autocomplete: str = ""
    placeholder: str = ""
    keyboard: str = ""
    minimum: str = ""
    maximum: str = ""
    shortest: str = ""
    longest: str = ""
    is_required: bool = False
    is_checked: bool = False
    choices: list[Choice] = field(default_factory=list)

    @property
    def is_hidden(self) -> bool:
        return self.kind == "hidden"

    @property
    def is_box(self) -> bool:
        return self.kind in ("checkbox", "radio")

    @property
    def purpose(self) -> str:
        """The last word of `autocomplete`, which says what belongs into the field: `billing postal-code` is `postal-code`."""
        return self.autocomplete.split()[-1].lower() if self.autocomplete.split() else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One way to send the form. `action`: empty for the form's own."""

    name: str
    value: str
    text: str
    action: str = ""


@dataclass(slots=True, kw_only=True)
class Form:
    """One form: where it goes and what is in it."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)

    def named(self, name: str) -> list[Field]:
        return [one for one in self.fields if one.name == name]

    def sent(self, button: Button | None) -> list[tuple[str, str]]:
        """What the form sends when the button is pressed, in the order of the page."""
        pairs = [(one.name, one.value) for one in self.fields if one.is_checked or not one.is_box]
        if button is not None and button.name:
            pairs.append((button.name, button.value))
        return pairs


@dataclass(slots=True, kw_only=True)
class Page:
    """What the buyer knows of a page. `kind`: what `main` calls itself; `refresh`: seconds and address of a meta refresh
    (address empty: the same page); `is_declined`: an alert is about a refused payment.
    """

    kind: str = ""
    title: str = ""
    heading: str = ""
    forms: list[Form] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    is_declined: bool = False
    refresh: tuple[float, str] | None = None
    links: list[tuple[str, str]] = field(default_factory=list)


def _sentences(text: str) -> str:
    """Blocks of text as one line: each ends like a sentence, if another follows."""
    blocks = [" ".join(block.split()) for block in text.split(_BLOCK_END)]
    blocks = [block for block in blocks if block]
    ended = [block if block.endswith((".", "!", "?", ":")) else f"{block}." for block in blocks[:-1]]
    return " ".join([*ended, *blocks[-1:]])


def read(html: str) -> Page:
    """Parse a page. Never raises: what cannot be understood is left out, as browsers do."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.join()
    return reader.page


class _Reader(HTMLParser):
    """Collects a Page. A `noscript` counts as its content, since this browser has no script; a template does not."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._form: Form | None = None
        self._by_id: dict[str, Form] = {}
        self._elsewhere: list[tuple[str, Field | Button]] = []  # controls that name their form by id
        self._select: Field | None = None
        self._textarea: Field | None = None
        self._button: tuple[dict[str, str], list[str]] | None = None
        self._disabled = 0
        self._fieldsets: list[bool] = []
        self._texts: list[tuple[str, str, list[str]]] = []  # what for, closing tag, words
        self._depths: list[int] = []
        self._mute: str | None = None

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if self._mute:
            return
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "style", "template"):
            self._mute = tag
            return
        self._begin_texts(tag, given)
        handler = getattr(self, f"_open_{tag}", None)
        if handler:
            handler(given)

    def handle_endtag(self, tag: str) -> None:
        if self._mute:
            self._mute = None if tag == self._mute else self._mute
            return
        self._end_texts(tag)
        handler = getattr(self, f"_close_{tag}", None)
        if handler:
            handler()

    def handle_data(self, data: str) -> None:
        if self._mute:
            return
        if self._textarea is not None:
            self._textarea.value += data
        if self._button is not None:
            self._button[1].append(data)
        for _what, _tag, words in self._texts:
            words.append(data)

    # ------------------------------------------------------------ texts

    def _begin_texts(self, tag: str, given: Mapping[str, str]) -> None:
        for position, (_what, ending, _words) in enumerate(self._texts):
            if ending == tag and tag not in _VOID:
                self._depths[position] += 1
        wanted = None
        if given.get("role") == "alert":
            wanted = "alert"
            self.page.is_declined |= given.get("data-kind") == "declined"
        elif tag in ("h1", "title"):
            wanted = tag
        elif tag == "a" and given.get("href"):
            wanted = f"link {given['href']}"
        if tag == "main":
            self.page.kind = given.get("data-page", "")
        if wanted and tag not in _VOID:
            self._texts.append((wanted, tag, []))
            self._depths.append(1)

    def _end_texts(self, tag: str) -> None:
        for position in reversed(range(len(self._texts))):
            what, ending, words = self._texts[position]
            if tag in _BLOCKS:
                words.append(_BLOCK_END)
            if ending != tag:
                continue
            self._depths[position] -= 1
            if self._depths[position] == 0:
                del self._texts[position], self._depths[position]
                self._keep(what, _sentences("".join(words)))

    def _keep(self, what: str, text: str) -> None:
        if what == "alert" and text:
            self.page.alerts.append(text)
        elif what == "h1":
            self.page.heading = self.page.heading or text
        elif what == "title":
            self.page.title = text
        elif what.startswith("link "):
            self.page.links.append((what[5:], text))

    # ------------------------------------------------------------ forms

    def _open_meta(self, given: Mapping[str, str]) -> None:
        if given.get("http-equiv", "").lower() == "refresh":
            found = _REFRESH.match(given.get("content", ""))
            if found:
                self.page.refresh = (float(found[1]), (found[2] or "").strip())

    def _open_form(self, given: Mapping[str, str]) -> None:
        self._form = Form(action=given.get("action", ""), method=given.get("method", "get").lower())
        self.page.forms.append(self._form)
        self._by_id.setdefault(given.get("id", ""), self._form)

    def _close_form(self) -> None:
        self._form = None

    def _open_fieldset(self, given: Mapping[str, str]) -> None:
        self._fieldsets.append("disabled" in given)
        self._disabled += "disabled" in given

    def _close_fieldset(self) -> None:
        if self._fieldsets:
            self._disabled -= self._fieldsets.pop()

    def _open_input(self, given: Mapping[str, str]) -> None:
        kind = given.get("type", "text").lower()
        if kind in _BUTTONS:
            self._add_button(given, given.get("value", ""))
        elif kind not in ("button", "reset", "file"):
            box = kind in ("checkbox", "radio")
            self._add(given, kind, given.get("value", "on" if box else ""))

    def _open_textarea(self, given: Mapping[str, str]) -> None:
        self._textarea = self._add(given, "textarea", "")

    def _close_textarea(self) -> None:
        self._textarea = None

    def _open_select(self, given: Mapping[str, str]) -> None:
        self._select = self._add(given, "select", "")

    def _open_option(self, given: Mapping[str, str]) -> None:
        if self._select is not None and "disabled" not in given:
            choice = Choice(given.get("value", ""), "selected" in given)
            if choice.is_selected or not self._select.choices:
                self._select.value = choice.value
            self._select.choices.append(choice)

    def _close_select(self) -> None:
        self._select = None

    def _open_button(self, given: Mapping[str, str]) -> None:
        if given.get("type", "submit").lower() == "submit":
            self._button = (dict(given), [])

    def _close_button(self) -> None:
        if self._button is not None:
            given, words = self._button
            self._button = None
            self._add_button(given, " ".join("".join(words).split()))

    def _add_button(self, given: Mapping[str, str], text: str) -> None:
        button = Button(
            name=given.get("name", ""), value=given.get("value", ""), text=text, action=given.get("formaction", "")
        )
        self._place(button, given)

    def _add(self, given: Mapping[str, str], kind: str, value: str) -> Field:
        added = Field(
            name=given.get("name", ""),
            kind=kind,
            value=value,
            autocomplete=given.get("autocomplete", ""),
            placeholder=given.get("placeholder", ""),
            keyboard=given.get("inputmode", ""),
            minimum=given.get("min", "") or given.get("data-min", ""),
            maximum=given.get("max", "") or given.get("data-max", ""),
            shortest=given.get("minlength", ""),
            longest=given.get("maxlength", ""),
            is_required="required" in given or given.get("aria-required") == "true",
            is_checked="checked" in given,
        )
        if added.name:
            self._place(added, given)
        return added

    def _place(self, control: Field | Button, given: Mapping[str, str]) -> None:
        if "disabled" in given or self._disabled:
            return
        if "form" in given:
            self._elsewhere.append((given["form"], control))
        elif self._form is not None:
            _put(self._form, control)

    def join(self) -> None:
        """Give controls that stand outside of their form to it."""
        for form_id, control in self._elsewhere:
            if form_id in self._by_id:
                _put(self._by_id[form_id], control)


def _put(form: Form, control: Field | Button) -> None:
    if isinstance(control, Button):
        form.buttons.append(control)
    else:
        form.fields.append(control)
