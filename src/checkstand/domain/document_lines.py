"""The lines of a document and its tax rows: what an invoice has to tell of each supply (Article 226, Directive 2006/112/EC).

Rule: each line tells the price of one without tax, which times their number is its amount, and each tax has a row with its rate, the
amount it was taken on and what it came to. Where some prices contain their tax and others do not, every amount on the lines is
without tax: sums are of one kind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from checkstand.domain.money import price_of_one
from checkstand.domain.order import OrderItem
from checkstand.domain.quote import QuoteLine, is_mixed, net_discount
from checkstand.domain.refund import RefundItem
from checkstand.domain.tax import TaxReason, TaxShare

# Reasons that a document states although no tax is collected.
_STATED: frozenset[TaxReason] = frozenset({"reverse_charge", "zero_rated", "product_exempt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One line, in minor units. `amount_minor` is before discount and contains the tax where `tax_inclusive`.

    `unit_net`: the price of one without tax, a decimal number as text; None where no number is told (refunds) and in documents from
    before it was kept; `is_average`: some of them cost more and others less. `taxes` are the parts of `tax_minor`; `tax_rate_ppm` and
    `tax_name` are all of them together.
    """

    item_id: UUID | None
    label: str
    quantity: int | None
    amount_minor: int
    net_minor: int
    tax_minor: int
    tax_rate_ppm: int = 0
    tax_name: str | None = None
    tax_reason: TaxReason | None = None
    tax_inclusive: bool = False
    taxes: tuple[TaxShare, ...] = ()
    unit_net: str | None = None
    is_average: bool = False

    @property
    def tax_shares(self) -> tuple[TaxShare, ...]:
        """Its taxes one by one; all of them as one in a document from before they were kept apart."""
        if self.taxes or not (self.tax_rate_ppm or self.tax_minor):
            return self.taxes
        return (TaxShare(name=self.tax_name or "", rate_ppm=self.tax_rate_ppm, amount_minor=self.tax_minor),)

    @property
    def unit_net_minor(self) -> str | None:
        """The price of one without tax, worked out where the document does not keep it."""
        if self.unit_net is not None or not self.quantity:
            return self.unit_net
        contained_ppm = self.tax_rate_ppm if self.tax_inclusive else 0
        return price_of_one(self.amount_minor, self.quantity, contained_ppm=contained_ppm)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRow:
    """One tax's share: what it was taken on, and what it came to."""

    name: str | None
    rate_ppm: int
    reason: TaxReason | None
    net_minor: int
    tax_minor: int


def tax_rows(lines: Iterable[DocumentLine]) -> tuple[TaxRow, ...]:
    """The taxes of lines, one row a tax, in the order of the lines. Lines without tax have one only when that is to be said."""
    found: dict[tuple[str | None, int, TaxReason | None], TaxRow] = {}
    for line in lines:
        shares = line.tax_shares
        if not shares and line.tax_reason in _STATED:
            shares = (TaxShare(name=line.tax_name or "", rate_ppm=0, amount_minor=0),)
        for share in shares:
            key = (share.name or None, share.rate_ppm, line.tax_reason)
            before = found.get(key)
            found[key] = TaxRow(
                name=share.name or None,
                rate_ppm=share.rate_ppm,
                reason=line.tax_reason,
                net_minor=line.net_minor + (before.net_minor if before else 0),
                tax_minor=share.amount_minor + (before.tax_minor if before else 0),
            )
    return tuple(found.values())


def billed_lines(
    items: Sequence[OrderItem], lines: Sequence[QuoteLine], currency: str, averaged: Collection[UUID] = ()
) -> tuple[DocumentLine, ...]:
    """An order's items with the lines that they came from, one for one. `averaged`: prices of several rates."""
    is_net = is_mixed(lines)
    return tuple(
        _billed(item, line, currency, is_net=is_net and line.tax_inclusive, is_average=line.price_id in averaged)
        for item, line in zip(items, lines, strict=True)
    )


def _billed(item: OrderItem, line: QuoteLine, currency: str, *, is_net: bool, is_average: bool) -> DocumentLine:
    """One line; `is_net`: its amount is shown without the tax that its price contains."""
    discount = 0 if line.is_deferred else net_discount(line, currency)
    made = DocumentLine(
        item_id=item.id,
        label=item.label if line.is_deferred else line.label,
        quantity=item.quantity,
        amount_minor=item.net_minor + discount if is_net else item.amount_minor,
        net_minor=item.net_minor,
        tax_minor=item.tax_minor,
        tax_rate_ppm=line.tax_rate_ppm,
        tax_name=line.tax_name,
        tax_reason=line.tax_reason,
        tax_inclusive=line.tax_inclusive and not is_net,
        taxes=item.taxes,
        is_average=is_average and not line.is_deferred,
    )
    return replace(made, unit_net=made.unit_net_minor)


def credited_line(billed: DocumentLine | None, item: RefundItem) -> DocumentLine:
    """What goes back of one line: its net, with the tax in a row of its own."""
    return DocumentLine(
        item_id=item.order_item_id,
        label=billed.label if billed else "Refund",
        quantity=None,
        amount_minor=item.net_minor,
        net_minor=item.net_minor,
        tax_minor=item.tax_minor,
        tax_rate_ppm=billed.tax_rate_ppm if billed else 0,
        tax_name=billed.tax_name if billed else None,
        tax_reason=billed.tax_reason if billed else None,
        taxes=item.taxes,
    )
