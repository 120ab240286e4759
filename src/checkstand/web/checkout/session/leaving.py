"""Where the buyer goes after the page: the merchant's success address with what each API promises in it.

Polar: every `{CHECKOUT_ID}` in `success_url` becomes the session's id. Dodo: `payment_id`, `status` and `email` are added to
`return_url`, whose own parameters and fragment stay. Only web addresses are followed, and for Dodo an app's own
scheme, because its mobile clients come back that way; never `javascript:` or `data:`.

Source: docs/behaviour/dodo.md#leaving-the-page.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from checkstand.domain import ids
from checkstand.domain.checkout import Checkout
from checkstand.web.checkout.session.visit import CheckoutVisit, safe_target, with_query

CHECKOUT_ID = "{CHECKOUT_ID}"


def success_target(visit: CheckoutVisit) -> str | None:
    """Where a paid session sends the buyer; None when the merchant named nothing and our own result page is the end."""
    checkout = visit.checkout
    target = _named(visit, checkout.redirects.success_url)
    if target is None:
        return None
    if checkout.profile.tells_payment_on_return:
        return with_query(target, _payment_parameters(checkout, "succeeded"))
    target = target.replace(CHECKOUT_ID, str(checkout.id))
    return None if _is_our_own(visit, target) else target


def back_target(visit: CheckoutVisit) -> str | None:
    """Where the back arrow leads, when the merchant named a safe place."""
    return _named(visit, visit.checkout.redirects.back_url)


def pending_target(visit: CheckoutVisit) -> str | None:
    """Where a buyer goes whose payment takes days: Dodo's shops are told `status=processing`, Polar's nothing."""
    checkout = visit.checkout
    if not checkout.profile.tells_payment_on_return:
        return None
    target = _named(visit, checkout.redirects.success_url)
    return with_query(target, _payment_parameters(checkout, "processing")) if target else None


def _named(visit: CheckoutVisit, address: str | None) -> str | None:
    """The merchant's address, if it is one that may be followed."""
    return safe_target(address, "app" if visit.checkout.profile.returns_to_apps else "web")


def _payment_parameters(checkout: Checkout, status: str) -> dict[str, str]:
    added = {}
    if checkout.order_id is not None:
        added["payment_id"] = ids.short_id(ids.DodoPrefix.PAYMENT, checkout.order_id)
    added["status"] = status
    if checkout.buyer.email:
        added["email"] = checkout.buyer.email
    return added


def _is_our_own(visit: CheckoutVisit, target: str) -> bool:
    """True when the merchant's address is this session's own page, which would lead in a circle."""
    ours, theirs = urlsplit(visit.ports.public_url()), urlsplit(target)
    return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc) and theirs.path.startswith(visit.base)
