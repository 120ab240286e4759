"""Audit: prove that the books agree with themselves, with each other and with the gateway's own. Nothing is changed.

Each check says how many things it compared and tells every difference in a sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from checkstand.domain.ledger import Moved
from checkstand.domain.money import format_money
from checkstand.domain.organization import Organization
from checkstand.flows.ports import Ports
from checkstand.gateways.base import GatewaySilent, StatementGateway
from checkstand.store.audit import books, gateway_moves, redemptions
from checkstand.store.audit.comparison import Compared, Difference
from checkstand.store.executor import Executor


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule, how many things were compared, and a sentence for each that breaks it."""

    name: str
    compared: int
    problems: tuple[str, ...] = ()
    note: str | None = None


Reader = Callable[[Executor, UUID], Awaitable[Compared]]
# The rule, what lists it, and how a difference is told: {name}, {expected} and {found} are filled in.
_RULES: tuple[tuple[str, Reader, str], ...] = (
    ("movements sum to zero", books.movements, "Ledger transaction {name} sums to {found}, not to zero."),
    (
        "orders = captured payments",
        books.orders_and_payments,
        "{name} is an order of {expected}, but {found} was captured for it.",
    ),
    ("orders = their items", books.orders_and_items, "{name} is {expected}, but its items sum to {found}."),
    (
        "orders = ledger",
        books.orders_and_ledger,
        "{name}: the gateway owes {expected} for it, but the ledger says {found}.",
    ),
    (
        "fees = ledger",
        books.fees_and_ledger,
        "{name}: the gateway kept {expected} of it, but the ledger's fees are {found}.",
    ),
    ("order numbers", books.order_numbers, "The last order number is {expected}, but there are {found} {name}."),
    (
        "refunds = orders' refunded",
        books.refunds_of_orders,
        "{name} says that {found} went back, but its refunds sum to {expected}.",
    ),
    (
        "refunds <= captured",
        books.refunds_beyond_payments,
        "{name} was refunded {found} more than was captured for it.",
    ),
    (
        "redemption counts",
        redemptions.redemption_counts,
        "Discount {name} counts {found} redemptions, but there are {expected}.",
    ),
    (
        "redemptions = orders",
        redemptions.redemptions_and_orders,
        "{name} has a discount's redemption without an order, or an order's discount without its redemption.",
    ),
)


async def audit_books(ports: Ports, organization: Organization) -> list[Check]:
    """Every check of one organization, in the order they are told."""
    # Our own books are the database's work, comparing with the gateway's is this process's: both at once.
    own, gateways = await asyncio.gather(_own_books(ports, organization), _gateways(ports, organization))
    return own + gateways


async def _own_books(ports: Ports, organization: Organization) -> list[Check]:
    checks = [await _totals(ports, organization)]
    for name, read, sentence in _RULES:
        compared = await read(ports.db, organization.id)
        problems = tuple(_told(sentence, difference) for difference in compared.differences)
        if compared.differing > len(problems):
            problems += (f"And {compared.differing - len(problems)} more like these.",)
        note = await _fees(ports, organization) if read is books.fees_and_ledger else None
        checks.append(Check(name=name, compared=compared.looked_at, problems=problems, note=note))
    return checks


async def _totals(ports: Ports, organization: Organization) -> Check:
    found = await books.totals(ports.db, organization.id)
    problems = tuple(
        f"In {code} debits are {format_money(debits, code)} and credits {format_money(credits, code)}."
        for code, debits, credits in found
        if debits != credits
    )
    sums = ", ".join(format_money(debits, code) for code, debits, _ in found)
    return Check(name="debits = credits", compared=len(found), problems=problems, note=sums or None)


async def _fees(ports: Ports, organization: Organization) -> str | None:
    """What gateways have kept, in each currency."""
    found = await books.fees(ports.db, organization.id)
    return ", ".join(format_money(kept, code) for code, kept in found) or None


def _told(sentence: str, difference: Difference) -> str:
    def shown(number: int) -> str:
        return format_money(number, difference.currency) if difference.currency else str(number)

    text = sentence.format(name=difference.name, expected=shown(difference.expected), found=shown(difference.found))
    return text[:1].upper() + text[1:]


async def _gateways(ports: Ports, organization: Organization) -> list[Check]:
    """Our books against the gateway's own, both ways; a gateway that cannot list its books is not asked."""
    gateway = ports.gateway
    if not isinstance(gateway, StatementGateway):
        return []
    # Ours are read first: what the gateway has and we had not may have been paid meanwhile, so that is asked for again.
    taken = await gateway_moves.captured(ports.db, organization.id, gateway.name)
    returned = await gateway_moves.refunded(ports.db, organization.id, gateway.name)
    try:
        charges, refunds = await gateway.captured(organization.id), await gateway.refunded(organization.id)
    except GatewaySilent as silent:
        problem = f"The {gateway.name} gateway did not list its books, so they were not compared: {silent}."
        return [Check(name=f"captured = {gateway.name} gateway's books", compared=0, problems=(problem,))]
    charges_unknown, refunds_unknown = _unknown(charges, taken), _unknown(refunds, returned)
    taken_since = await gateway_moves.captured(ports.db, organization.id, gateway.name, keys=charges_unknown)
    returned_since = await gateway_moves.refunded(ports.db, organization.id, gateway.name, keys=refunds_unknown)
    return [
        _matched(f"captured = {gateway.name} gateway's books", "payment", charges, ours=taken, since=taken_since),
        _matched(f"refunds = {gateway.name} gateway's books", "refund", refunds, ours=returned, since=returned_since),
    ]


def _unknown(theirs: Sequence[Moved], ours: Sequence[Moved]) -> list[UUID]:
    """The keys that the gateway's books have and ours have not."""
    known = {one.key for one in ours}
    return [one.key for one in theirs if one.key not in known]


def _matched(name: str, what: str, theirs: Sequence[Moved], *, ours: Sequence[Moved], since: Sequence[Moved]) -> Check:
    booked, known = {one.key: one for one in theirs}, {one.key for one in (*ours, *since)}
    problems = []
    for one in ours:
        other = booked.get(one.key)
        if other is None:
            problems.append(f"The gateway's books have no {what} {one.reference} of {_amount(one)}.")
        elif other.currency != one.currency or abs(other.amount_minor - one.amount_minor) >= other.step_minor:
            given = f"{_amount(one)} here and {_amount(other)} at the gateway"
            problems.append(f"{what.capitalize()} {one.reference} is {given}.")
    problems += [
        f"The gateway's books have a {what} {one.reference} of {_amount(one)} that is not in ours."
        for key, one in booked.items()
        if key not in known
    ]
    return Check(name=name, compared=len(known | booked.keys()), problems=tuple(problems))


def _amount(one: Moved) -> str:
    return format_money(one.amount_minor, one.currency)
