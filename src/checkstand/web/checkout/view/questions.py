"""The merchant's own questions as fields of the form, with what is known or typed. The answers are read in `form/questions.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checkstand.domain.checkout import Checkout
from checkstand.domain.fields import Answer, AttachedField, as_text
from checkstand.domain.fields import Field as Question
from checkstand.domain.lax import iso_text, unix_moment
from checkstand.web.checkout.form.questions import ASKED, input_name
from checkstand.web.checkout.session.visit import LONGEST_ANSWER
from checkstand.web.checkout.view.fields import Field
from checkstand.web.checkout.words.markdown import marked, plain
from checkstand.web.checkout.words.texts import Texts

_INPUT_KINDS: Final = {"date": "date", "email": "email", "url": "url", "checkbox": "checkbox", "select": "select"}


def question_fields(
    checkout: Checkout, typed: Mapping[str, str], errors: Mapping[str, str], t: Texts
) -> tuple[Field, ...]:
    """The questions as the form shows them, with what is known or typed."""
    return tuple(_field(attached, checkout.custom_field_data, typed, errors, t) for attached in checkout.fields)


def _field(
    attached: AttachedField, known: Mapping[str, Answer], typed: Mapping[str, str], errors: Mapping[str, str], t: Texts
) -> Field:
    asked, properties = attached.field, attached.field.properties
    name = input_name(asked.slug)
    text = as_text(asked, known.get(asked.slug))
    is_box = asked.kind == "checkbox"
    if is_box:
        value = "true" if (name in typed if ASKED in typed else text == "true") else ""
    else:
        value = typed.get(name, text[:10] if asked.kind == "date" else text)
    label = marked(properties.form_label or asked.name)
    if attached.required == is_box:
        # Most fields are required and most boxes are not: what differs is said.
        label = marked(t("required" if is_box else "optional", label=properties.form_label or asked.name))
    kind = "textarea" if asked.kind == "text" and properties.textarea else _INPUT_KINDS.get(asked.kind, "text")
    return Field(
        name=name,
        label=label,
        value=value,
        error=errors.get(name, ""),
        hint=marked(properties.form_help_text or ""),
        kind=kind,
        is_required=attached.required,
        choices=tuple((option.value, option.label) for option in properties.options) if kind == "select" else (),
        empty_choice=properties.form_placeholder or t("questions.choose"),
        attributes=_attributes(asked, kind),
    )


def _attributes(asked: Question, kind: str) -> dict[str, str]:
    """What a browser should know: bounds, length, which keyboard. Nothing here is trusted when the answer comes back."""
    properties = asked.properties
    attributes: dict[str, str] = {}
    if kind not in ("select", "checkbox", "date") and properties.form_placeholder:
        attributes["placeholder"] = plain(properties.form_placeholder)
    if asked.kind in ("text", "email", "url"):
        attributes["maxlength"] = str(min(properties.max_length or LONGEST_ANSWER, LONGEST_ANSWER))
        if properties.min_length:
            attributes["minlength"] = str(properties.min_length)
    if asked.kind == "number":
        # A telephone's number pad has no minus sign.
        attributes |= {"inputmode": "text" if (properties.ge or 0) < 0 else "numeric", "maxlength": "20"}
        bounds = {"data-min": properties.ge, "data-max": properties.le}
        attributes |= {name: str(limit) for name, limit in bounds.items() if limit is not None}
    if asked.kind == "date":
        bounds = {"min": properties.ge, "max": properties.le}
        attributes |= {name: iso_text(unix_moment(limit))[:10] for name, limit in bounds.items() if limit is not None}
    if asked.kind in ("email", "url"):
        attributes |= {"inputmode": asked.kind, "spellcheck": "false", "autocapitalize": "off"}
    return {"autocomplete": "off", **attributes}
