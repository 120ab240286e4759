"""A visit to a checkout link: what its parameters ask for, and the address of the session that is made.

What cannot be read is left out, as the original does; only a product that is no UUID is an error. What the link does not use itself
goes on to the session's page.

Source: docs/behaviour/polar.md#checkout-links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode
from uuid import UUID

from pydantic import UUID4, EmailStr, TypeAdapter, ValidationError
from starlette.requests import Request

from checkstand.code_tries import trying_code
from checkstand.dialects.api import Links, OpenedLink
from checkstand.dialects.polar.checkout.requests import LOCALE
from checkstand.dialects.polar.wire import errors
from checkstand.dialects.polar.wire.call import Refused
from checkstand.domain.checkout import Buyer
from checkstand.domain.ids import SecretPrefix
from checkstand.domain.link import CheckoutLink
from checkstand.domain.organization import Organization
from checkstand.domain.profile import POLAR
from checkstand.flows.links.open_link import LinkVisit, find_link, open_link
from checkstand.flows.ports import Ports
from checkstand.services import services_of, visitor_address

OWN = frozenset({"product_id", "amount", "customer_email", "customer_name", "discount_code", "locale", "embed_origin"})
TRACKED = ("reference_id", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
ANSWER = "custom_field_data."
LONGEST_NAME = 256
LONGEST_TRACKED = 500
LONGEST_AMOUNT = 32
LARGEST_AMOUNT = 2**53
_UUID: TypeAdapter[UUID] = TypeAdapter(UUID4)
_EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)
Pairs = Sequence[tuple[str, str]]


async def find(ports: Ports, secret: str) -> OpenedLink:
    """The link that an address names. Raises NotFound."""
    organization, link = await find_link(ports, secret)
    return OpenedLink(organization, lambda request: visit(request, organization, link))


LINKS = Links(prefix=SecretPrefix.CHECKOUT_LINK, status=307, find=find, at_root=True)


async def visit(request: Request, organization: Organization, link: CheckoutLink) -> str:
    """Make a session; the address of its page. Raises Refused, EmbedNotAllowed, Invalid."""
    ports = services_of(request).ports
    # No text of ours holds a NUL, and nobody types one.
    pairs = [(name, value) for name, value in request.query_params.multi_items() if "\0" not in name + value]
    wanted = read_visit(pairs, visitor_address(request))
    made = await open_link(ports, organization, link, wanted, dialect=POLAR.name)
    code = (wanted.discount_code or "").upper()
    with trying_code(request, made.id, code) as tried:
        tried.is_wrong = all((one.code or "").upper() != code for one in made.discounts)
    forwarded = [
        (name, value) for name, value in pairs if name not in OWN and not _is_stored(name, made.custom_field_data)
    ]
    query = f"?{urlencode(forwarded)}" if forwarded else ""
    return f"{ports.public_url()}{made.page_path}{query}"


def _is_stored(name: str, answers: Mapping[str, object]) -> bool:
    """Whether a parameter answered one of the session's questions."""
    return name.startswith(ANSWER) and name.removeprefix(ANSWER) in answers


def read_visit(pairs: Pairs, ip_address: str | None) -> LinkVisit:
    """What the parameters ask for; of several with one name the last counts. Raises Refused."""
    given = dict(pairs)
    name = given.get("customer_name", "").strip()
    return LinkVisit(
        product_id=_product_id(given["product_id"]) if "product_id" in given else None,
        amount_minor=_amount(given.get("amount", "")),
        discount_code=given.get("discount_code", "").strip() or None,
        buyer=Buyer(
            email=_email(given.get("customer_email", "")),
            name=name if 0 < len(name) <= LONGEST_NAME else None,
            ip_address=ip_address,
            locale=LOCALE,
        ),
        answers={key.removeprefix(ANSWER): value for key, value in given.items() if key.startswith(ANSWER)},
        metadata={key: given[key][:LONGEST_TRACKED] for key in TRACKED if given.get(key)},
        embed_origin=given.get("embed_origin"),
    )


def _product_id(text: str) -> UUID:
    try:
        return _UUID.validate_python(text)
    except ValidationError as error:
        raise Refused(errors.from_validation(error, prefix=("query", "product_id"))) from error


def _amount(text: str) -> int | None:
    """A number, without what follows its point; None for what is none, or is beyond all money."""
    if len(text) > LONGEST_AMOUNT:
        return None
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return int(number) if number.is_finite() and 0 <= number < LARGEST_AMOUNT else None


def _email(text: str) -> str | None:
    try:
        return _EMAIL.validate_python(text)
    except ValidationError:
        return None
