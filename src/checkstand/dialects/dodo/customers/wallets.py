"""`/customers/{id}/wallets`: store credit of a customer, one wallet per currency, moved by ledger entries.

Source: docs/behaviour/dodo.md#store-credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from starlette.responses import Response

from checkstand.dialects.dodo.answers import wallet as answers
from checkstand.dialects.dodo.answers.common import Page
from checkstand.dialects.dodo.shown.products import business_id
from checkstand.dialects.dodo.wire import paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import Base, Currency, Text, whole
from checkstand.dialects.dodo.wire.words import moment, shown
from checkstand.domain.currency import DODO_CURRENCIES
from checkstand.domain.exchange import Exchange
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.organization import Organization
from checkstand.domain.wallet import LARGEST_BALANCE, Adjustment, Wallet, WalletEntry
from checkstand.flows.customers.adjust_wallet import adjust_wallet
from checkstand.flows.customers.save_customer import read_customer
from checkstand.providers.rates import RateProvider
from checkstand.store.people import wallets

api = Api("Dodo: customer wallets")
READ = ("wallets:read", "wallets:write", "customers:read", "customers:write")
WRITE = ("wallets:write", "customers:write")
DOLLARS = "USD"

Key = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)] | None,
    AfterValidator(lambda text: text or None),
]


class LedgerEntryIn(Base):
    """`POST /customers/{id}/wallets/ledger-entries`. Amounts in minor units, always more than nothing."""

    amount: Annotated[int, Field(ge=1, le=LARGEST_BALANCE), BeforeValidator(whole)]
    currency: Currency
    entry_type: Literal["credit", "debit"]
    idempotency_key: Key = None
    reason: Text = None


@api.route("GET", "/customers/{id}/wallets", scopes=READ, answers=answers.Wallets)
async def search(call: Call) -> Response:
    """The wallets of a customer, and what they hold together in US dollars.

    404 NOT_FOUND: no such customer.
    """
    customer_id = call.path_id(DodoPrefix.CUSTOMER)
    await read_customer(call.ports, call.organization, customer_id)
    found = await wallets.of_customer(call.ports.reads, call.organization.id, customer_id)
    total = await _in_dollars(found, call.ports.rates)
    answer: answers.Wallets = {"items": [_wallet(item) for item in found], "total_balance_usd": total}
    return call.json(answer)


async def _in_dollars(found: Sequence[Wallet], rates: RateProvider) -> int:
    """The sum in cents at the rates of now, without a fee; a currency that has no rate is left out."""
    total = 0
    for wallet in found:
        if wallet.currency == DOLLARS:
            total += wallet.balance_minor
        elif (rate := await rates.rate(wallet.currency, DOLLARS)) is not None:
            exchange = Exchange(base=rate.base, currency=rate.currency, rate=rate.rate, fee_ppm=0, dated=rate.dated)
            total += exchange.convert(wallet.balance_minor)
    return total


def _wallet(value: Wallet) -> answers.Wallet:
    return {
        "customer_id": shown(DodoPrefix.CUSTOMER, value.customer_id),
        "currency": value.currency,
        "balance": value.balance_minor,
        "created_at": moment(value.created_at),
        "updated_at": moment(value.modified_at),
    }


class WalletEntryListQuery(paging.PageQuery):
    currency = paging.one_of(sorted(DODO_CURRENCIES))


@api.route(
    "GET",
    "/customers/{id}/wallets/ledger-entries",
    scopes=READ,
    query=WalletEntryListQuery,
    answers=Page[answers.WalletEntry],
)
async def entries(call: Call) -> Response:
    """The movements of a customer's wallets, newest first.

    404 NOT_FOUND: no such customer.
    """
    customer_id = call.path_id(DodoPrefix.CUSTOMER)
    asked = WalletEntryListQuery(call)
    part, currency = asked.window(), asked.currency
    await read_customer(call.ports, call.organization, customer_id)
    found = await wallets.entries(
        call.ports.reads, call.organization.id, customer_id, currency=currency, offset=part.offset, limit=part.limit
    )
    return call.json(paging.envelope([_entry(item, call.organization) for item in found]))


def _entry(value: WalletEntry, organization: Organization) -> answers.WalletEntry:
    return {
        "id": shown(DodoPrefix.WALLET_ENTRY, value.id),
        "business_id": business_id(organization),
        "customer_id": shown(DodoPrefix.CUSTOMER, value.customer_id),
        "currency": value.currency,
        "amount": value.amount_minor,
        "is_credit": value.is_credit,
        "before_balance": value.before_minor,
        "after_balance": value.after_minor,
        "event_type": value.event,
        "reason": value.reason,
        "reference_object_id": None,
        "created_at": moment(value.created_at),
    }


@api.route(
    "POST",
    "/customers/{id}/wallets/ledger-entries",
    scopes=WRITE,
    body=LedgerEntryIn,
    keyed=True,
    answers=answers.Wallet,
    refuses=(400,),
)
async def adjust(call: Call) -> Response:
    """Give a customer credit, or take some back. The same `idempotency_key` counts once.

    400 INSUFFICIENT_WALLET_FUNDS: the wallet holds less than is taken. 404 NOT_FOUND: no such customer. 422
    IDEMPOTENCY_KEY_REUSED: the body's idempotency_key was used for another entry. INVALID_REQUEST_PARAMETERS: the balance would be
    too large.
    """
    customer_id = call.path_id(DodoPrefix.CUSTOMER)
    body = call.body(LedgerEntryIn)
    asked = Adjustment(
        currency=body.currency,
        amount_minor=body.amount,
        is_credit=body.entry_type == "credit",
        reason=body.reason,
        idempotency_key=body.idempotency_key,
    )
    return call.json(_wallet(await adjust_wallet(call.ports, call.organization, customer_id, asked)))
