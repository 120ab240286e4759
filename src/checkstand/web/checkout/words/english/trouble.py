"""When something goes wrong that is not the form's: a payment whose end nobody knows yet, no page at all, a document that cannot be
opened, a total that changed by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

TROUBLE: Mapping[str, str] = {
    "unsure.heading": "We do not know yet whether you paid",
    "unsure.text": "The connection was lost while your payment was on its way. Please do not pay again: this page looks again "
    "every {seconds} seconds and goes on by itself.",
    "unsure.reference": "Reference:",
    "title.trouble": "Not available",
    "trouble.unknown_heading": "We do not know yet whether you paid",
    "trouble.unknown_text": "Our server lost its connection while your payment was on its way. Please do not pay again: your order "
    "is looked up as soon as the connection is back.",
    "trouble.away_heading": "We cannot answer right now",
    "trouble.away_text": "Our server cannot be reached for the moment. What you saved is safe.",
    "trouble.fault_heading": "Something went wrong on our side",
    "trouble.fault_text": "It has been noted. Go back and try again in a moment.",
    "trouble.nowhere_heading": "There is nothing at this address",
    "trouble.nowhere_text": "The link may be incomplete or out of date. Copy the whole link, or ask whoever sent it to you.",
    "trouble.unreadable_heading": "This request could not be read",
    "trouble.unreadable_text": "Go back, check what you entered, and try again.",
    "trouble.looks_again": "This page looks again in {seconds} seconds.",
    "trouble.look_now": "Look now",
    "trouble.back": "Back to the checkout",
    "document.invalid_heading": "This document cannot be opened",
    "document.invalid_text": "The address is incomplete or was changed. Copy the whole link from where you found it.",
    "document.expired_heading": "This link has expired",
    "document.expired_text": "Open the document anew from your order, or ask the shop for a new link.",
    "document.missing_heading": "There is no such document",
    "document.missing_text": "Copy the whole link from where you found it, or ask the shop for it.",
    "document.busy_heading": "Too many visits",
    "document.busy_text": "Documents were opened very often from your network. Wait a minute, then open this one again.",
    "unpaid.heading": "The payment was not made",
    "unpaid.text": "The connection was lost, and nothing was charged. What you typed is still here: check it and press again.",
    # a total or a product that changed while the page was open
    "title.gone": "No longer for sale",
    "changed.heading": "Please check the new amount",
    "changed.own": "The order changed and now comes to {amount}.",
    "changed.price": "The total changed from {before} to {amount} because the price changed while you were here.",
    "changed.discount": "The total changed from {before} to {amount} because a discount can no longer be used.",
    "changed.tax": "The total changed from {before} to {amount} because the tax changed while you were here.",
    "changed.currency": "The total changed from {before} to {amount} because it is charged in another currency now.",
    "changed.order": "The total changed from {before} to {amount} because the order was changed outside this page.",
    "changed.check": "Nothing was charged. Check it and press again.",
    "gone.text": "{product} is no longer sold at the price of this checkout. Nothing was charged. Ask {merchant} for a new link.",
}
