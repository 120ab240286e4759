"""The part of Dodo's error table that is about refunds (dodo.md 1.7, 5.7): problem code -> (status, CODE, message)."""

from __future__ import annotations

from collections.abc import Mapping

PROBLEMS: Mapping[str, tuple[int, str, str]] = {
    "refund_payment_unknown": (422, "NOT_FOUND", "{where}: payment {given} does not exist"),
    "refund_exceeds": (
        422,
        "REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT",
        "{where}: {given} is more than is left of the payment",
    ),
    "refund_item_twice": (422, "DUPLICATE_LINE_ITEMS_IN_REQUEST", "{where}: each item may be there only once"),
    "refund_item_unknown": (422, "LINE_ITEM_NOT_FOUND", "{where}: {given} is not part of the payment"),
    "refund_item_refunded": (422, "LINE_ITEM_FULLY_REFUNDED", "{where}: the item has been refunded in full already"),
    "refund_item_too_low": (422, "LINE_ITEM_REFUND_AMOUNT_TOO_LOW", "{where}: must be at least 1"),
    "refund_item_too_high": (
        422,
        "LINE_ITEM_REFUND_AMOUNT_TOO_HIGH",
        "{where}: {given} is more than is left of the item",
    ),
    "refund_currency": (422, "UNSUPPORTED_CURRENCY", "{where}: the payment was made in {paid}, not in {given}"),
}
