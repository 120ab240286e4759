"""Where the buyer goes after the page: the merchant's success address with what each API promises in it.

Polar: every `{CHECKOUT_ID}` in `success_url` becomes the session's id. Dodo: `payment_id`, `status` and `email` are added to
`return_url`, whose own parameters and fragment stay (dodo.md 2.3.9). Only web addresses are followed, and for Dodo an app's own
scheme, because its mobile clients come back that way; never `javascript:` or `data:`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from checkstand.domain import ids
from checkstand.domain.checkout import Checkout
from checkstand.web.checkout.session import Visit, safe_target, with_query

CHECKOUT_ID = "{CHECKOUT_ID}"


def success_target(visit: Visit) -> str | None:
    """Where a paid session sends the buyer; None when the merchant named nothing and our own result page is the end."""
    checkout = visit.checkout
    wanted = checkout.redirects.success_url
    if checkout.dialect == "dodo":
        target = safe_target(wanted, "app")
        return with_query(target, _dodo_parameters(checkout, "succeeded")) if target else None
    target = safe_target(wanted, "web")
    if target is None:
        return None
    target = target.replace(CHECKOUT_ID, str(checkout.id))
    return None if _is_our_own(visit, target) else target


def back_target(visit: Visit) -> str | None:
    """Where the back arrow leads, when the merchant named a safe place."""
    return safe_target(visit.checkout.redirects.back_url, "app" if visit.checkout.dialect == "dodo" else "web")


def pending_target(visit: Visit) -> str | None:
    """Where a buyer goes whose payment takes days: Dodo's shops are told `status=processing` (dodo.md 8, 99), Polar's nothing."""
    checkout = visit.checkout
    target = safe_target(checkout.redirects.success_url, "app") if checkout.dialect == "dodo" else None
    return with_query(target, _dodo_parameters(checkout, "processing")) if target else None


def _dodo_parameters(checkout: Checkout, status: str) -> dict[str, str]:
    added = {}
    if checkout.order_id is not None:
        added["payment_id"] = ids.short_id(ids.DodoPrefix.PAYMENT, checkout.order_id)
    added["status"] = status
    if checkout.buyer.email:
        added["email"] = checkout.buyer.email
    return added


def _is_our_own(visit: Visit, target: str) -> bool:
    """True when the merchant's address is this session's own page, which would lead in a circle."""
    ours, theirs = urlsplit(visit.ports.public_url()), urlsplit(target)
    return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc) and theirs.path.startswith(visit.base)
