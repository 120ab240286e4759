"""What reading a posted form comes to: complaints about fields, and the changes that were understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as made

from checkstand.domain.checkout import Checkout
from checkstand.flows.checkout.update_checkout import CheckoutChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing wrong with one field: the field's name, the key of the text, what fills its gaps."""

    field: str
    key: str
    values: Mapping[str, object] = made(default_factory=dict)


def complaint(name: str, key: str, **values: object) -> Complaint:
    """A complaint in one call."""
    return Complaint(field=name, key=key, values=values)


@dataclass(slots=True)
class Reader:
    """Collects changes and complaints while the fields are read in the order of the form."""

    checkout: Checkout
    typed: Mapping[str, str]
    changes: CheckoutChanges = made(default_factory=CheckoutChanges)
    complaints: list[Complaint] = made(default_factory=list)

    def complain(self, name: str, key: str, **values: object) -> None:
        self.complaints.append(complaint(name, key, **values))

    def change(self, name: str, value: object) -> None:
        known = replace(self.changes, **{name: value})  # type: ignore[arg-type]
        self.changes = replace(known, given=known.given | {name})

    def step(self, name: str) -> int:
        """1 or -1 when the form was sent by a stepper's button: `more_seats`, `less_0`."""
        return {f"more_{name}": 1, f"less_{name}": -1}.get(self.typed.get("do", ""), 0)
