"""Give a new customer its owner: the member whom its e-mail reaches, with the fact of it in the same transaction.

A merchant's call makes customers and so does a purchase, which know nothing of each other; both give them owners by this rule.
"""

from __future__ import annotations

from checkstand.domain import member as people
from checkstand.domain.customer import Customer
from checkstand.domain.facts import Fact, FactType
from checkstand.domain.member import NewOwner
from checkstand.flows.ports import FactWriter, Ports
from checkstand.store.database import Transaction
from checkstand.store.people.members import MEMBERS


async def add_owner(
    ports: Ports, tx: Transaction, tell: FactWriter, customer: Customer, named: NewOwner | None = None
) -> list[Fact]:
    """The customer's owner as a member, and the fact of it; nothing where nobody is named and there is no e-mail."""
    owner = people.owner_of(customer, named, ports.new_id(), now=tell.now)
    if owner is None:
        return []
    await MEMBERS.insert(tx, owner)
    return [tell(FactType.MEMBER_CREATED, owner.id, shows=owner)]
