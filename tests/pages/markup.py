"""What a page's HTML says by itself: text, names, what is hidden, and what a form sends. Style is not known here."""

from __future__ import annotations

from collections.abc import Sequence

from bs4 import Tag

_BLOCKS = {"address", "article", "br", "caption", "dd", "div", "dl", "dt", "fieldset", "footer", "form", "h1", "h2", "h3", "h4"} | {
    "header", "hr", "label", "legend", "li", "main", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "td",
    "th", "tr", "ul",
}  # fmt: skip


def plain(text: str) -> str:
    return " ".join(text.split())


def inner_text_of(element: Tag) -> str:
    parts: list[str] = []
    for node in element.descendants:
        if isinstance(node, Tag):
            parts.append(" " if node.name in _BLOCKS else "")
        elif node.parent is not None and node.parent.name not in ("script", "style", "template"):
            parts.append(str(node))
            parts.append(" " if node.parent.name in _BLOCKS else "")
    return plain("".join(parts))


def name_of(element: Tag) -> str:
    """The accessible name, as far as it is written in the element itself."""
    return plain(
        str(
            element.get("aria-label")
            or element.get("value" if element.name == "input" else "", "")
            or element.get_text()
        )
    )


def is_hidden(element: Tag) -> bool:
    """Whether the HTML hides it for good. What is folded may be shown by style, on a wide screen."""
    return element.get("type") == "hidden" or element.has_attr("hidden") or element.find_parent(hidden=True) is not None


def is_shown(element: Tag) -> bool:
    """Whether nothing in the HTML hides or folds it."""
    if is_hidden(element):
        return False
    inner, at = element, element.parent
    while at is not None:
        if at.name == "details" and not at.has_attr("open") and inner.name != "summary":
            return False
        inner, at = at, at.parent
    return True


def sent_by(control: Tag, pressed: Tag | None) -> Sequence[tuple[str, str]]:
    """What a control sends: nothing without a name, disabled, unticked or not pressed."""
    name, kind = str(control.get("name") or ""), str(control.get("type") or "")
    if not name or control.has_attr("disabled") or control.find_parent("fieldset", disabled=True):
        return ()
    if control.name == "button" or kind in ("submit", "button", "image"):
        return ((name, str(control.get("value", ""))),) if control is pressed else ()
    if kind in ("checkbox", "radio"):
        return ((name, str(control.get("value", "on"))),) if control.has_attr("checked") else ()
    value = value_of(control)
    return ((name, value),) if value or pressed is not None else ()


def value_of(control: Tag) -> str:
    if control.name == "select":
        options = control.select("option")
        chosen = next((one for one in options if one.has_attr("selected")), options[0] if options else None)
        return "" if chosen is None else str(chosen.get("value", chosen.get_text()))
    if control.name == "textarea":
        return control.get_text().removeprefix("\n").replace("\r\n", "\n")
    return str(control.get("value", ""))
