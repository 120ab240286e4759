"""Static payment links: `/buy/{product_id}` with what the buyer need not type again, and no call of the API.

Each parameter is read by itself; one that makes no sense is left out, since whoever opened the link did not write it. What the link
does not know goes on to the session's page, which reads its looks there.

Source: docs/behaviour/dodo.md#payment-links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from checkstand.dialects.api import Links, OpenedLink
from checkstand.dialects.dodo.checkout import requests
from checkstand.dialects.dodo.wire.models import (
    INT32,
    LONGEST_TEXT,
    CheckoutIn,
    Country,
    Currency,
    Email,
    Metadata,
    Url,
)
from checkstand.dialects.dodo.wire.words import named
from checkstand.domain.address import EMBARGOED
from checkstand.domain.checkout import Checkout
from checkstand.domain.errors import Invalid, NotFound
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.organization import Organization
from checkstand.domain.redirects import may_lead_to
from checkstand.flows.checkout.create_checkout import create_checkout
from checkstand.flows.ports import Ports
from checkstand.services import client_address, services_of
from checkstand.store.catalogue import products

METADATA = "metadata_"
MOST_METADATA = 50
# A parameter that can be locked, and the field of the page that it fills in.
FIELDS: Mapping[str, str] = {
    "fullName": "name",
    "firstName": "name",
    "lastName": "name",
    "email": "email",
    "country": "country",
    "addressLine": "line1",
    "city": "city",
    "state": "state",
    "zipCode": "postal_code",
}
_ADDRESS: Mapping[str, str] = {"addressLine": "street", "city": "city", "state": "state", "zipCode": "zipcode"}
_LOCKS: Mapping[str, str] = {f"disable{name[0].upper()}{name[1:]}": name for name in FIELDS}
OWN = frozenset(
    {
        "quantity",
        "redirect_url",
        "showDiscounts",
        "paymentCurrency",
        "showCurrencySelector",
        "paymentAmount",
        *FIELDS,
        *_LOCKS,
    }
)
T = TypeVar("T")
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_COUNTRY: TypeAdapter[str] = TypeAdapter(Country)
_CURRENCY: TypeAdapter[str] = TypeAdapter(Currency)
_URL: TypeAdapter[str | None] = TypeAdapter(Url)
_METADATA: TypeAdapter[dict[str, str | bool | int | float]] = TypeAdapter(Metadata)


async def find(ports: Ports, product_id: str) -> OpenedLink:
    """The link to the product that an address names. Raises NotFound."""
    found = named(DodoPrefix.PRODUCT, product_id)
    organization_id = await products.organization_of(ports.reads, found) if found is not None else None
    if organization_id is None:
        raise NotFound
    organization = await ports.cache.organization(organization_id)
    return OpenedLink(organization, lambda request: visit(request, organization, product_id))


LINKS = Links(prefix=f"{DodoPrefix.PRODUCT}_", status=303, find=find)


async def visit(request: Request, organization: Organization, product_id: str) -> str:
    """Make a session; the address of its page. Raises Invalid when the product cannot be sold."""
    ports = services_of(request).ports
    pairs = [(name, value) for name, value in request.query_params.multi_items() if "\0" not in name + value]
    made = await _create(ports, organization, product_id, dict(pairs), client_address(request))
    forwarded = [(name, value) for name, value in pairs if name not in OWN and not name.startswith(METADATA)]
    query = f"?{urlencode(forwarded)}" if forwarded else ""
    return ports.public_url() + made.page_path + query


async def _create(
    ports: Ports, organization: Organization, product_id: str, given: Mapping[str, str], ip_address: str | None
) -> Checkout:
    """The session; without the amount, the currency or the address when these are what it is refused for."""
    filled = _filled_in(organization, given)
    wishes: dict[str, object] = _wishes(organization, given, filled)
    item: dict[str, object] = {"product_id": product_id, "quantity": _number(given.get("quantity"), 1)}
    amount = _number(given.get("paymentAmount"), None)
    while True:
        cart = [item if amount is None else {**item, "amount": amount}]
        body = CheckoutIn.model_validate({"product_cart": cart, **wishes})
        try:
            request = await requests.create_request(ports, organization, body)
            buyer = replace(request.buyer, name=_name(filled), ip_address=ip_address)
            carried = {**request.carried, "locked_fields": _locked(given, filled)}
            return await create_checkout(ports, organization, replace(request, buyer=buyer, carried=carried))
        except Invalid as refused:
            named_parts = {part for problem in refused.problems for part in problem.where}
            if "amount" in named_parts and amount is not None:
                amount = None
                continue
            gone = [name for name in ("billing_currency", "billing_address") if name in named_parts and name in wishes]
            if not gone:
                raise
            wishes = {name: value for name, value in wishes.items() if name not in gone}


def _filled_in(organization: Organization, given: Mapping[str, str]) -> dict[str, str]:
    """What the link fills in on the page, by parameter. Parts of an address mean nothing without its country."""
    filled = {name: text for name in FIELDS if (text := given.get(name, "").strip()[:LONGEST_TEXT])}
    if filled.get("firstName") or filled.get("lastName"):
        filled.pop("fullName", None)
    email = _read(_EMAIL, filled.pop("email", None))
    country = _read(_COUNTRY, filled.pop("country", "").upper())
    if organization.mode == "live" and country in EMBARGOED:
        country = None
    if email:
        filled["email"] = email
    if country:
        filled["country"] = country
        return filled
    return {name: text for name, text in filled.items() if name not in _ADDRESS}


def _name(filled: Mapping[str, str]) -> str | None:
    parts = [filled[name] for name in ("firstName", "lastName", "fullName") if name in filled]
    return " ".join(parts) or None


def _wishes(organization: Organization, given: Mapping[str, str], filled: Mapping[str, str]) -> dict[str, object]:
    """The link as the body of `POST /checkouts` would say it.

    Anybody can write a link, and the buyer's e-mail address goes where it leads: only hosts that the organization lists are followed.
    """
    wishes: dict[str, object] = {
        "feature_flags": {
            "allow_discount_code": _is_on(given.get("showDiscounts")),
            "allow_currency_selection": _is_on(given.get("showCurrencySelector")),
        },
        "metadata": _metadata(given),
    }
    if "email" in filled:
        wishes["customer"] = {"email": filled["email"]}
    if "country" in filled:
        parts = {wire: filled[name] for name, wire in _ADDRESS.items() if name in filled}
        wishes["billing_address"] = {"country": filled["country"], **parts}
    url = _read(_URL, given.get("redirect_url"))
    if url and may_lead_to(organization, url):
        wishes["return_url"] = url
    if currency := _read(_CURRENCY, given.get("paymentCurrency", "").strip().upper()):
        wishes["billing_currency"] = currency
    return wishes


def _locked(given: Mapping[str, str], filled: Mapping[str, str]) -> Sequence[str]:
    """The page's fields that the link filled in and asks to lock; a field without a value is never locked."""
    asked = [name for lock, name in _LOCKS.items() if given.get(lock, "").lower() == "true" and name in filled]
    return list(dict.fromkeys(FIELDS[name] for name in asked))


def _metadata(given: Mapping[str, str]) -> dict[str, str | bool | int | float]:
    """The pairs that the API would take, the first 50 of them."""
    kept: dict[str, str | bool | int | float] = {}
    for name, value in given.items():
        if name.startswith(METADATA) and len(kept) < MOST_METADATA:
            pair = _read(_METADATA, {name.removeprefix(METADATA): value})
            kept.update(pair or {})
    return kept


def _read(kind: TypeAdapter[T], value: object) -> T | None:
    """The value as the API takes it, None for one that it would refuse."""
    try:
        return kind.validate_python(value)
    except ValidationError:
        return None


def _is_on(text: str | None) -> bool:
    return text is None or text.strip().lower() != "false"


def _number(text: str | None, otherwise: T) -> int | T:
    """A whole number that fits; `otherwise` for anything else."""
    text = (text or "").strip()
    is_number = text.isascii() and text.isdigit() and len(text) <= 10
    return int(text) if is_number and int(text) <= INT32 else otherwise
